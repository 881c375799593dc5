"""1EdTech's examples are judged, each with its reason; every one was computed, none is known by name."""

from datetime import UTC, datetime

import pytest
from tests.support.shared import shared_data

from becta.compliance.openbadges.verifying import verify

AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "problems"),
    [
        ("simple.json", []),
        ("simple_v1.json", []),
        ("simple-json.svg", []),
        # its own proof and dates hold; its endorsements ended in 2020 and name a suite that never was
        ("complete.json", ["endorsement"] * 5),
        ("simple-err-expired.json", ["expired"]),
        # these four have no achievement either, which breaks the published schema
        ("simple-err-type.json", ["type", "schema", "proof"]),
        ("simple-err-context.json", ["context", "context", "schema", "proof"]),
        ("simple-noproof.json", ["schema", "proof"]),
        ("simple.jwt", ["context", "context", "schema", "proof"]),
    ],
)
def test_an_example_is_refused_for_what_is_wrong_with_it(name: str, problems: list[str]) -> None:
    verdict = verify(shared_data(f"interop/openbadges/ob30/{name}").read_bytes(), at=AT)

    assert [problem.check for problem in verdict.problems] == problems
    assert verdict.valid is (problems == [])


@pytest.mark.parametrize("name", ["simple.json", "simple_v1.json", "complete.json", "simple-json.svg"])
def test_that_the_examples_keys_are_their_issuers_could_not_be_checked_and_is_said(name: str) -> None:
    verdict = verify(shared_data(f"interop/openbadges/ob30/{name}").read_bytes(), at=AT)

    assert [warning.message for warning in verdict.warnings if warning.check == "proof"] == [
        f"nothing checked offline shows that the proof's key belongs to the issuer {verdict.issuer_id}"
    ]


def test_the_end_of_the_expired_example_is_the_end() -> None:
    data = shared_data("interop/openbadges/ob30/simple-err-expired.json").read_bytes()
    end = datetime(2010, 1, 1, tzinfo=UTC)

    assert verify(data, at=end).valid_until == end
    assert {problem.check for problem in verify(data, at=datetime(2009, 12, 31, tzinfo=UTC)).problems} == {
        "not_yet_valid"
    }
