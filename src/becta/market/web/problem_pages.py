"""A page for each type of problem: what it means and how to mend it. The API's errors point here."""

from litestar import Response, get
from litestar.params import FromPath

from becta.kernel.errors import NotFound
from becta.market.api.access import PUBLIC
from becta.market.problems import KINDS, TOKEN_IN_ADDRESS
from becta.market.web.rendering import Rendering
from becta.market.web.views import ProblemTypePage

HELP: dict[str, tuple[str, tuple[str, ...]]] = {
    "invalid": (
        "Something in the request breaks a rule. Each entry of errors names one field of the body (pointer) or one "
        "parameter, what is wrong with it and how to mend it. Nothing was stored.",
        ("mend every entry of errors, they are all told at once", "send the request again"),
    ),
    "token-in-address": (
        "The address holds an API token. Addresses are kept in logs, histories and referrers, so it was not looked at. "
        "Nothing was stored.",
        ("rotate the token: others may have read it", "send the header Authorization: Bearer followed by the new one"),
    ),
    "not-signed-in": (
        "This needs a valid API token. None came with the request, or it is unknown, has expired or was revoked.",
        (
            "send the header Authorization: Bearer followed by your token",
            "make a new token under API tokens in your account, or ask whoever manages those of your organisation",
        ),
    ),
    "forbidden": (
        "The token is valid but may not do this: it lacks a scope, the thing belongs to another organisation, or a "
        "rule that detail names forbids it.",
        (
            "read in detail what is missing",
            "use a token that has it: make one under API tokens in your account, or ask whoever manages your "
            "organisation's tokens",
        ),
    ),
    "not-found": (
        "There is nothing at this address, or nothing with this identifier that you may see. "
        "Products that were withdrawn are no longer shown.",
        ("check the address and the identifier", "look it up again in the list it came from"),
    ),
    "method-not-allowed": (
        "The address exists but does not take this method.",
        ("see in the API browser which methods the address takes",),
    ),
    "not-acceptable": (
        "The answer cannot be given in a form that the Accept header asks for.",
        ("accept application/json, or leave the Accept header out",),
    ),
    "conflict": (
        "The thing is not in a state in which this can be done, or something with this reference already exists. "
        "Nothing was changed.",
        ("read it again to see its state", "take the step that detail says is possible from there"),
    ),
    "changed-since": (
        "Somebody changed the thing after you read it, so your change was held back. Nothing was changed.",
        ("read it again", "make your change to what you then have, and send its ETag as If-Match"),
    ),
    "too-large": (
        "The body of the request is larger than this address takes.",
        ("send less at once, for instance in several requests",),
    ),
    "media-type": (
        "The body is not declared as JSON.",
        ("send JSON, with the header Content-Type: application/json",),
    ),
    "key-reused": (
        "A request with the same Idempotency-Key was answered before, and it asked for something else. "
        "Nothing was changed.",
        ("use a fresh key for every new thing you ask for", "send the very same request to have its answer again"),
    ),
    "too-many-requests": (
        "You have sent more requests than are allowed in this time.",
        ("wait as many seconds as the Retry-After header says", "ask for more items in each request"),
    ),
    "unexpected": (
        "Something failed on our side. It was logged, and nothing of the request was stored.",
        ("try again in a few minutes", "report it with the time and address if it goes on"),
    ),
}
STATUSES = {slug: (status, title) for status, (slug, title) in [*KINDS.items(), (400, TOKEN_IN_ADDRESS)]}


@get("/problems/{slug:str}", opt={"access": PUBLIC}, sync_to_thread=True)
def problem_type(pages: Rendering, slug: FromPath[str]) -> Response[str]:
    """What a type of problem means."""
    if slug not in STATUSES:
        raise NotFound("problem", slug)
    status, title = STATUSES[slug]
    meaning, mends = HELP[slug]
    page = ProblemTypePage(title=title, status=status, type=f"/problems/{slug}", meaning=meaning, mends=mends)
    return pages.response(page)
