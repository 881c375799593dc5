"""Guards in the database: transitions of state, frozen content, and an audit trail that only grows.

Revision: 20261122_1610
Follows: 20261122_1600
"""

from becta.migrations.guards import create_guard, differ, drop_guard

revision = "20261122_1610"
down_revision = "20261122_1600"
branch_labels = None
depends_on = None

_LISTING_MOVES = (
    "('draft','submitted'), ('draft','withdrawn'), ('submitted','published'), ('submitted','returned'), "
    "('submitted','withdrawn'), ('returned','draft'), ('returned','withdrawn'), ('published','superseded'), "
    "('published','withdrawn')"
)
_CLAIM_MOVES = "('claimed','accepted'), ('claimed','refused'), ('accepted','revoked')"
_CONTENT = (
    "product_id",
    "number",
    "title",
    "summary",
    "description",
    "cpv_code",
    "category",
    "phases",
    "features",
    "attributes",
    "brand",
    "model",
    "part_number",
    "gtins",
    "content_hash",
)
_CLAIM = (
    "supplier_id",
    "product_id",
    "standard",
    "standard_version",
    "role",
    "level",
    "scope",
    "certificate_reference",
    "evidence_url",
    "evidence_note",
    "issued_on",
    "expires_on",
)


def _guards() -> list[tuple[str, str, str, str, str]]:
    """(name, event, table, when, message) of every guard."""
    version_state = "(SELECT state FROM listing_version WHERE id = OLD.version_id)"
    return [
        (
            "guard_listing_state",
            "UPDATE",
            "listing_version",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_LISTING_MOVES})",
            "a listing cannot make this move",
        ),
        (
            "guard_listing_content",
            "UPDATE",
            "listing_version",
            f"OLD.state <> 'draft' AND {differ(_CONTENT)}",
            "a listing changes only as a draft",
        ),
        ("guard_listing_kept", "DELETE", "listing_version", "OLD.state <> 'draft'", "a listing version is kept"),
        (
            "guard_package_content",
            "UPDATE",
            "connectivity_package",
            f"{version_state} <> 'draft'",
            "a package changes only as a draft",
        ),
        (
            "guard_package_kept",
            "DELETE",
            "connectivity_package",
            f"{version_state} <> 'draft'",
            "a package changes only as a draft",
        ),
        (
            "guard_claim_state",
            "UPDATE",
            "badge_claim",
            f"OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (VALUES {_CLAIM_MOVES})",
            "a badge claim cannot make this move",
        ),
        ("guard_claim_content", "UPDATE", "badge_claim", differ(_CLAIM), "a badge claim is not edited"),
        ("guard_claim_kept", "DELETE", "badge_claim", "1 = 1", "a badge claim is kept"),
        ("guard_offer_ended", "UPDATE", "offer", "OLD.state = 'ended'", "an ended offer is kept as it was"),
        ("guard_offer_kept", "DELETE", "offer", "1 = 1", "an offer is ended, not deleted"),
        ("guard_audit_unchanged", "UPDATE", "audit_event", "1 = 1", "the audit trail only grows"),
        ("guard_audit_kept", "DELETE", "audit_event", "1 = 1", "the audit trail only grows"),
    ]


def upgrade() -> None:
    """Create the triggers."""
    for guard in _guards():
        create_guard(*guard)


def downgrade() -> None:
    """Drop the triggers."""
    for name, _, table, _, _ in reversed(_guards()):
        drop_guard(name, table)
