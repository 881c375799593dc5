"""What was done to a thing, as its page tells it."""

from collections.abc import Mapping
from uuid import UUID

from sqlmodel import Session

from becta.kernel.actor import Actor
from becta.market.audit.queries import history
from becta.market.web.work.views import Happening
from becta.market.web.work.words import NOBODY

MOST_HAPPENINGS = 50


def happenings(
    session: Session, actor: Actor, object_type: str, object_id: UUID, words: Mapping[str, str]
) -> tuple[Happening, ...]:
    """The latest of it, newest first; `words` are for actions of the trail."""
    found = history(session.connection(), actor, object_type, object_id, before=None, limit=MOST_HAPPENINGS)
    return tuple(
        Happening(
            at=one.at, who=one.actor_label or NOBODY, what=words.get(one.action, one.action), reason=one.reason or ""
        )
        for one in found
    )
