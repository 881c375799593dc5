"""What a recorder keeps can be stored, whatever strangers write."""

import msgspec

from becta.compliance.conformance.reports import Check, Recorder

CHECK = Check(id="odd", title="Nothing is odd", clause="1")
ODD = "a\0b\ud800c\udc00"
PLAIN = "a␀b\ufffdc\ufffd"


def test_nul_and_lone_surrogates_are_shown_by_other_signs_in_every_text() -> None:
    recorder = Recorder([CHECK])
    recorder.find("odd", ODD, mend=ODD, file=ODD, field=ODD, value=ODD)
    recorder.facts[ODD] = ODD
    recorder.facts["rows"] = 3

    report = recorder.report(runner="r", version="1", refusal=ODD)

    (found,) = report.findings
    assert (found.message, found.mend, found.file, found.field, found.value) == (PLAIN,) * 5
    assert report.facts == {PLAIN: PLAIN, "rows": 3}
    assert report.refusal == PLAIN
    assert b"\\u0000" not in msgspec.json.encode(report)


def test_long_texts_are_cut_and_say_so() -> None:
    recorder = Recorder([CHECK])
    recorder.find("odd", "m" * 501, field="f" * 201, value="v" * 201)
    recorder.find("odd", "m" * 500, field="f" * 200, value="v" * 200)

    cut, whole = recorder.report(runner="r", version="1").findings

    assert (cut.message, cut.field, cut.value) == ("m" * 499 + "…", "f" * 199 + "…", "v" * 199 + "…")
    assert (whole.message, whole.field, whole.value) == ("m" * 500, "f" * 200, "v" * 200)
