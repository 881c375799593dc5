"""What somebody can do here besides looking after their account, as links."""

from becta.kernel.actor import Actor, Scope
from becta.market.web.views import Link

OVER_API = frozenset(
    {
        Scope.LISTINGS_WRITE,
        Scope.OFFERS_WRITE,
        Scope.SUPPLIERS_WRITE,
        Scope.LISTINGS_DECIDE,
        Scope.AUDIT_READ,
    }
)
"""Work that has no pages yet."""


def works_over_api(actor: Actor) -> bool:
    """Whether some of an actor's work has no pages."""
    return not OVER_API.isdisjoint(actor.scopes)


def tasks_of(actor: Actor) -> tuple[Link, ...]:
    """The pages open to an actor, most used first."""
    tasks = []
    if Scope.COMMITMENTS_MAKE in actor.scopes:
        tasks.append(Link(text="Commit an amount", href="/commitments/new"))
    if Scope.COMMITMENTS_READ in actor.scopes:
        tasks += [Link(text="Commitments", href="/commitments"), Link(text="Who may commit how much", href="/scheme")]
    if Scope.SHORTLISTS_READ in actor.scopes:
        tasks.append(Link(text="Shortlists", href="/shortlists"))
    if Scope.BADGES_CLAIM in actor.scopes and actor.bound_to is not None:
        tasks += [Link(text="Badge claims", href="/claims"), Link(text="Conformance tests", href="/claims/runs")]
    if Scope.BADGES_DECIDE in actor.scopes:
        tasks.append(Link(text="Claims to check", href="/checking"))
    if actor.organisation_id is not None:
        tasks += [Link(text="People", href="/people"), Link(text="API tokens", href="/tokens")]
    return (
        *tasks,
        Link(text="Join an organisation", href="/join"),
        Link(text="Your data", href="/account/data"),
    )
