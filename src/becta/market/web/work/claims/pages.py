"""Every page of claims, runs and checking."""

from becta.market.web.work.claims.checking import show_check, show_queue
from becta.market.web.work.claims.claiming import claim, mend, mending, new_claim
from becta.market.web.work.claims.deciding import decide, recheck, release, take
from becta.market.web.work.claims.listing import list_claims, show_claim
from becta.market.web.work.claims.proving import add, evidence_form, fetch
from becta.market.web.work.claims.runs import ask, list_runs, new_run

CLAIM_PAGES = (
    list_claims,
    new_claim,
    claim,
    show_claim,
    mending,
    mend,
    evidence_form,
    add,
    list_runs,
    new_run,
    ask,
    show_queue,
    show_check,
    fetch,
    take,
    release,
    decide,
    recheck,
)
