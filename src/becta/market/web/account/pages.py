"""Every page of signing in and of one's account."""

from becta.market.web.account.account import account, leave, leave_everywhere
from becta.market.web.account.organisation import choose_elsewhere, chosen_elsewhere, organisations, pick
from becta.market.web.account.outbox import outbox
from becta.market.web.account.signing_in import ask, check_email, come_back, go_to_issuer, open_link, sign_in, use

ACCOUNT_PAGES = (
    sign_in,
    ask,
    check_email,
    open_link,
    use,
    go_to_issuer,
    come_back,
    organisations,
    pick,
    choose_elsewhere,
    chosen_elsewhere,
    account,
    leave,
    leave_everywhere,
    outbox,
)
