"""Every page for those who are signed in: money, people, tokens, and one's own data."""

from becta.market.web.work.claims.pages import CLAIM_PAGES
from becta.market.web.work.commitments import commit, list_commitments, new_commitment
from becta.market.web.work.deciding import approve, decline, show_commitment, withdraw
from becta.market.web.work.invited import accept, show_invitation
from becta.market.web.work.joining import ask, ask_form, look
from becta.market.web.work.joining import take_back as take_request_back
from becta.market.web.work.members import change_roles, end, show_member
from becta.market.web.work.people import new_invitation, people, send_invitation, take_back
from becta.market.web.work.privacy import ask_to_erase, download, erase, erased, own_data, register
from becta.market.web.work.requests import confirm, refuse, show_request
from becta.market.web.work.schemes import show_scheme
from becta.market.web.work.setting import edit_scheme, set_it
from becta.market.web.work.shortlists.pages import SHORTLIST_PAGES
from becta.market.web.work.tokens import list_tokens, make, new_token, revoke, rotate, show_token

WORK_PAGES = (
    list_commitments,
    new_commitment,
    commit,
    show_commitment,
    approve,
    decline,
    withdraw,
    show_scheme,
    edit_scheme,
    set_it,
    people,
    new_invitation,
    send_invitation,
    take_back,
    show_member,
    change_roles,
    end,
    show_request,
    confirm,
    refuse,
    look,
    ask_form,
    ask,
    take_request_back,
    show_invitation,
    accept,
    list_tokens,
    new_token,
    make,
    show_token,
    rotate,
    revoke,
    register,
    own_data,
    download,
    ask_to_erase,
    erase,
    erased,
    *SHORTLIST_PAGES,
    *CLAIM_PAGES,
)
