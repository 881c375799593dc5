"""The schema: its history runs both ways on both databases, and what it makes is what the models say."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from becta.catalogue.products.rules import TRANSITIONS as LISTING_MOVES
from becta.catalogue.products.rules import ListingState
from becta.catalogue.suppliers.rules import SupplierDetails
from becta.catalogue.suppliers.service import register_supplier
from becta.compliance.badges.rules import TRANSITIONS as CLAIM_MOVES
from becta.compliance.badges.rules import ClaimState
from becta.kernel import clock
from becta.kernel.actor import Actor
from becta.kernel.tables import EnumText
from becta.market.db import Database

GUARDS = {
    "guard_listing_state",
    "guard_listing_content",
    "guard_listing_kept",
    "guard_package_content",
    "guard_package_kept",
    "guard_claim_state",
    "guard_claim_content",
    "guard_claim_kept",
    "guard_offer_ended",
    "guard_offer_kept",
    "guard_audit_unchanged",
    "guard_audit_kept",
    "guard_join_request_state",
    "guard_join_request_kept",
    "guard_member_ended",
    "guard_member_kept",
    "guard_person_erased",
    "guard_person_kept",
    "guard_token_revoked",
    "guard_commitment_asked",
    "guard_commitment_decided",
    "guard_commitment_kept",
    "guard_commitment_released",
    "guard_commitment_state",
    "guard_hold_kept",
    "guard_hold_two_people",
    "guard_hold_unchanged",
    "guard_scheme_kept",
    "guard_scheme_unchanged",
    "guard_shortlist_state",
    "guard_shortlist_ended",
    "guard_shortlist_made",
    "guard_shortlist_chosen",
    "guard_shortlist_kept",
    "guard_entry_open",
    "guard_entry_frozen",
    "guard_entry_unchanged",
    "guard_entry_kept",
    "guard_claim_two_people",
    "guard_evidence_open",
    "guard_evidence_unchanged",
    "guard_evidence_kept",
    "guard_history_unchanged",
    "guard_history_kept",
    "guard_badge_issued",
    "guard_badge_kept",
    "guard_badge_key_ended",
    "guard_badge_key_kept",
    "guard_run_done",
    "guard_run_asked",
    "guard_run_kept",
    "guard_release_unchanged",
    "guard_release_kept",
    "guard_notice_unchanged",
    "guard_notice_kept",
    "guard_notice_award_unchanged",
    "guard_notice_award_kept",
    "guard_alert_unchanged",
    "guard_alert_kept",
    "guard_interest_ended",
    "guard_interest_kept",
    "guard_ocds_head_grows",
    "guard_award_summaries",
    "guard_award_published",
    "guard_threshold_kept",
    "guard_contract_published",
    "guard_pledge_state",
    "guard_pledge_ended",
    "guard_pledge_made",
    "guard_pledge_gathering",
    "guard_pledge_kept",
    "guard_cap_whose",
    "guard_cap_kept",
    "guard_pledge_question_unchanged",
    "guard_pledge_question_kept",
    "guard_bid_state",
    "guard_bid_made",
    "guard_bid_sealed",
    "guard_bid_in_time",
    "guard_bid_kept",
    "guard_opened_bid_in_time",
    "guard_opened_bid_unchanged",
    "guard_opened_bid_kept",
    "guard_officer_key",
    "guard_officer_named",
    "guard_opening_officer_kept",
    "guard_deadline_once_opening",
    "guard_late_bid_unchanged",
    "guard_late_bid_kept",
    "guard_tender_outage_unchanged",
    "guard_tender_outage_kept",
    "guard_bid_file_unchanged",
    "guard_bid_file_kept",
    "guard_evaluator_appointed",
    "guard_score_declared",
    "guard_score_alone",
    "guard_consensus_moderated",
    "guard_consensus_made",
    "guard_exclusion_state",
    "guard_exclusion_made",
    "guard_evaluation_score_insert_open",
    "guard_moderation_insert_open",
    "guard_consensus_insert_open",
    "guard_consensus_update_open",
    "guard_bid_exclusion_insert_open",
    "guard_bid_exclusion_update_open",
    "guard_evaluation_score_unchanged",
    "guard_moderation_unchanged",
    "guard_evaluator_kept",
    "guard_evaluation_score_kept",
    "guard_moderation_kept",
    "guard_consensus_kept",
    "guard_bid_exclusion_kept",
    "guard_framework_state",
    "guard_framework_reopened",
    "guard_framework_made",
    "guard_framework_said",
    "guard_framework_awarded",
    "guard_framework_deadline",
    "guard_framework_ended",
    "guard_framework_kept",
    "guard_framework_terms_same",
    "guard_framework_terms_kept",
    "guard_framework_round_done",
    "guard_framework_round_kept",
    "guard_framework_lot_added",
    "guard_framework_lot_said",
    "guard_framework_lot_kept",
    "guard_fw_application_state",
    "guard_fw_application_made",
    "guard_fw_application_said",
    "guard_fw_application_judged",
    "guard_fw_application_told",
    "guard_fw_application_final",
    "guard_fw_application_until",
    "guard_fw_application_kept",
}


def guards(connection: Connection) -> set[str]:
    """The names of the triggers there are."""
    if connection.dialect.name == "sqlite":
        return set(connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    return set(connection.scalars(text("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")))


def types_and_functions(connection: Connection) -> set[str]:
    """What else PostgreSQL could keep of ours beside tables."""
    if connection.dialect.name == "sqlite":
        return set()
    ours = "SELECT oid FROM pg_namespace WHERE nspname = 'public'"
    functions = connection.scalars(text(f"SELECT proname FROM pg_proc WHERE pronamespace IN ({ours})"))
    enums = connection.scalars(text("SELECT typname FROM pg_type WHERE typtype = 'e'"))
    return {*functions, *enums}


def test_the_newest_schema_is_exactly_what_the_models_say(db: Database) -> None:
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": _compare_type})
        assert compare_metadata(context, SQLModel.metadata) == []


def _compare_type(_context: object, _column: object, _ours: object, _found: object, declared: object) -> bool | None:
    return False if isinstance(declared, EnumText) else None  # the database knows it as VARCHAR(32)


def test_every_step_can_be_undone_and_done_again(db: Database) -> None:
    config = db.alembic_config()
    with db.engine.connect() as connection:
        before = {
            table: inspect(connection).get_columns(table) for table in sorted(inspect(connection).get_table_names())
        }
        guarded = guards(connection)

    command.downgrade(config, "base")
    with db.engine.connect() as connection:
        left = set(inspect(connection).get_table_names()) - {"alembic_version"}
        assert (left, guards(connection), types_and_functions(connection)) == (set(), set(), set())
        if connection.dialect.name == "sqlite":
            assert connection.scalar(text("SELECT count(*) FROM sqlite_master WHERE name LIKE 'ix_%'")) == 0

    command.upgrade(config, "head")
    with db.engine.connect() as connection:
        after = {
            table: inspect(connection).get_columns(table) for table in sorted(inspect(connection).get_table_names())
        }
        assert repr(after) == repr(before)
        assert guards(connection) == guarded >= GUARDS


def test_each_step_can_be_taken_back_alone(db: Database) -> None:
    config = db.alembic_config()
    steps = list(ScriptDirectory.from_config(config).walk_revisions())

    for step in steps:
        command.downgrade(config, str(step.down_revision or "base"))
        command.upgrade(config, step.revision)
        command.downgrade(config, str(step.down_revision or "base"))
    command.upgrade(config, "head")

    with db.engine.connect() as connection:
        assert guards(connection) >= GUARDS


def test_the_history_is_one_line_and_each_step_says_what_it_is(db: Database) -> None:
    scripts = ScriptDirectory.from_config(db.alembic_config())

    assert len(scripts.get_heads()) == 1
    for step in scripts.walk_revisions():
        assert step.doc
        assert step.doc.endswith(".")


def test_every_guard_is_there(db: Database) -> None:
    with db.engine.connect() as connection:
        assert guards(connection) >= GUARDS


def test_a_migration_keeps_what_is_stored(db: Database, operator: Actor) -> None:
    with db.write() as session:
        register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=clock.now())

    db.migrate()  # a second time does nothing

    with db.engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM supplier")) == 1


def _version(db: Database, state: str) -> None:
    """A bare version in a state, past all use cases."""
    now = "2026-09-01 09:00:00+00:00"
    with db.engine.begin() as connection:
        ids = {"s": uuid4().hex, "p": uuid4().hex, "v": uuid4().hex, "now": now, "state": state}
        connection.execute(
            text(
                "INSERT INTO supplier (id, reference, name, legal_name, website, summary, town, contacts, revision,"
                " created_at) VALUES (:s, 'larch', 'x', '', '', '', '', '[]', 1, :now)"
            ),
            ids,
        )
        connection.execute(
            text(
                "INSERT INTO product (id, supplier_id, reference, kind, revision, created_at)"
                " VALUES (:p, :s, 'cb', 'device', 1, :now)"
            ),
            ids,
        )
        connection.execute(
            text(
                "INSERT INTO listing_version (id, product_id, number, state, title, summary, description, cpv_code,"
                " category, phases, features, attributes, brand, model, part_number, gtins, content_hash, reasons,"
                " created_at) VALUES (:v, :p, 1, :state, 'x', '', '', '30213100', 'chromebooks', '[]', '[]', '{}',"
                " '', '', '', '[]', 'x', '[]', :now)"
            ),
            ids,
        )


def _claim(db: Database, state: str) -> None:
    """A bare claim in a state, past all use cases."""
    now = "2026-09-01 09:00:00+00:00"
    with db.engine.begin() as connection:
        ids = {"s": uuid4().hex, "c": uuid4().hex, "now": now, "state": state}
        connection.execute(
            text(
                "INSERT INTO supplier (id, reference, name, legal_name, website, summary, town, contacts, revision,"
                " created_at) VALUES (:s, 'larch', 'x', '', '', '', '', '[]', 1, :now)"
            ),
            ids,
        )
        connection.execute(
            text(
                "INSERT INTO badge_claim (id, supplier_id, state, standard, standard_version, role, level, scope,"
                " certificate_reference, evidence_url, evidence_note, issued_on, reasons, revision, created_at)"
                " VALUES (:c, :s, :state, 'cyber-essentials', 'Willow', '', 'certified', '', 'x', '', '',"
                " '2026-01-05', '[]', 1, :now)"
            ),
            ids,
        )


@pytest.mark.parametrize(
    ("table", "make", "moves", "states"),
    [
        ("listing_version", _version, LISTING_MOVES, ListingState),
        ("badge_claim", _claim, CLAIM_MOVES, ClaimState),
    ],
)
def test_the_database_allows_the_moves_the_rules_allow_and_no_other(
    db: Database,
    table: str,
    make: Callable[[Database, str], None],
    moves: dict[str, frozenset[str]],
    states: type[ListingState | ClaimState],
) -> None:
    for current in states:
        for wanted in states:
            if wanted is current:
                continue
            make(db, current.value)
            move = text(f"UPDATE {table} SET state = :wanted WHERE state = :current")
            allowed = True
            try:
                with db.engine.begin() as connection:
                    connection.execute(move, {"wanted": wanted.value, "current": current.value})
            except IntegrityError:
                allowed = False
                with db.engine.begin() as connection:
                    assert connection.scalar(text(f"SELECT count(*) FROM {table} WHERE state = '{current}'"))
            assert (current, wanted, allowed) == (current, wanted, wanted in moves[current])
            _clear(db)


def _clear(db: Database) -> None:
    """Empty the tables past their guards."""
    with db.engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("TRUNCATE supplier CASCADE"))
            return
        kept = list(connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")))
        for name, _ in kept:
            connection.execute(text(f"DROP TRIGGER {name}"))
        for table in ("badge_claim", "listing_version", "product", "supplier"):
            connection.execute(text(f"DELETE FROM {table}"))
        for _, sql in kept:
            connection.exec_driver_sql(sql)


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET action = 'x.y'", "DELETE FROM audit_event"])
def test_the_audit_trail_cannot_be_rewritten(db: Database, operator: Actor, statement: str) -> None:
    with db.write() as session:
        register_supplier(session, operator, "larch", SupplierDetails(name="Larch"), now=clock.now())

    with pytest.raises(IntegrityError, match="the audit trail only grows"), db.engine.begin() as connection:
        connection.execute(text(statement))

    with db.engine.connect() as connection:
        assert list(connection.scalars(text("SELECT action FROM audit_event"))) == ["supplier.registered"]
