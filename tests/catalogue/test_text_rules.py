"""Text is measured, and holds no control characters."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from becta.catalogue.text_rules import reference_faults, text_faults


@pytest.mark.parametrize(
    ("_case", "text", "problems"),
    [
        ("as short as may be", "abc", []),
        ("as long as may be", "a" * 10, []),
        ("nothing", "", ["is empty"]),
        ("only blanks", "  \n ", ["is empty"]),
        ("too short", "ab", ["is shorter than 3 characters"]),
        ("too short once trimmed", " ab ", ["is shorter than 3 characters"]),
        ("too long", "a" * 11, ["is 11 characters long"]),
        ("letters of any script, one each", "é木🙂" * 3, []),
        ("lines and tabs", "a\r\nb\tc", []),
        ("NUL", "abc\0", ["holds control characters"]),
        ("escape", "abc\x1b[31m", ["holds control characters"]),
        ("a C1 control", "abc\x85", ["holds control characters"]),
        ("half a surrogate pair", "abc\ud83d", ["holds control characters"]),
        ("too long and holding controls", "\0" * 11, ["is 11 characters long", "holds control characters"]),
    ],
)
def test_text_is_measured_and_free_of_controls(_case: str, text: str, problems: list[str]) -> None:
    faults = text_faults("title", text, at_least=3, at_most=10)

    assert [(fault.field, fault.problem) for fault in faults] == [("title", problem) for problem in problems]


@given(st.text(st.characters(codec="utf-8"), max_size=30))
def test_text_without_faults_fits_and_can_be_stored(text: str) -> None:
    if text_faults("title", text, at_least=1, at_most=20) == []:
        assert 1 <= len(text.strip()) <= len(text) <= 20
        assert {c for c in text if unicodedata.category(c) == "Cc"} <= set("\r\n\t")
    else:
        assert not text.strip() or len(text) > 20 or any(unicodedata.category(c) == "Cc" for c in text)


def test_a_fault_of_long_text_shows_its_beginning_only() -> None:
    (fault,) = text_faults("title", "x" * 500, at_most=300)

    assert (fault.value, fault.mend) == ("x" * 60 + "…", "shorten it to 300 characters or fewer")


@pytest.mark.parametrize(
    ("reference", "problems"),
    [("a", []), ("Ab 1/2", []), ("x" * 120, []), ("", ["is empty"]), ("x" * 121, ["is 121 characters long"])],
)
def test_a_suppliers_own_reference_has_1_to_120_characters(reference: str, problems: list[str]) -> None:
    assert [(fault.field, fault.problem) for fault in reference_faults(reference)] == [
        ("reference", problem) for problem in problems
    ]
