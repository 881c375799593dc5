"""Badges as pictures: baked with their credential, and honest about one that holds no more."""

from becta.compliance.badges.credentials import ISSUER_NAME
from becta.compliance.badges.rules import Level, Standing
from becta.compliance.openbadges.baking import bake_png, bake_svg
from becta.compliance.openbadges.pictures import Face, draw_png, draw_svg
from becta.market.ledger.schemas import BadgeRecord

PROOF = {
    Level.CERTIFIED: "Certified",
    Level.TESTED_BY_US: "Tested by us",
    Level.SELF_DECLARED: "Self-declared",
}
HOLDS = frozenset({Standing.VALID, Standing.EXPIRING})
_GONE = {
    Standing.EXPIRED: "NO LONGER VALID: expired",
    Standing.SUSPENDED: "NOT VALID NOW: suspended",
    Standing.REVOKED: "NO LONGER VALID: withdrawn",
    Standing.NOT_YET: "NOT VALID YET",
}


def face_of(badge: BadgeRecord) -> Face:
    """What the picture of a badge says now."""
    role = f", {badge.role}" if badge.role else ""
    return Face(
        standard=f"{badge.name}{role}",
        level=_GONE.get(badge.standing, PROOF[badge.level]),
        holder=badge.holder_name,
        issuer=ISSUER_NAME,
        valid_until=badge.expires_on,
    )


def svg_of(badge: BadgeRecord, credential: str) -> bytes:
    """The badge as SVG with its credential inside."""
    return bake_svg(draw_svg(face_of(badge)), credential)


def png_of(badge: BadgeRecord, credential: str) -> bytes:
    """The badge as PNG with its credential inside."""
    return bake_png(draw_png(face_of(badge)), credential)
