"""Reading files: rows and their lines, in CSV and JSON Lines, plain or gzipped; what cannot be read is named."""

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.files import csv_text

from becta.catalogue.imports.rows import MAX_LINE, RawRow, UnreadableFile, read_rows


def rows(path: Path, content: str | bytes) -> list[RawRow]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_rows(path))


def told(read: list[RawRow]) -> list[tuple[int, object]]:
    return [(row.line, row.fault.problem if row.fault else row.values) for row in read]


def test_csv_and_json_lines_give_the_same_rows(tmp_path: Path) -> None:
    in_csv = rows(tmp_path / "a.csv", "a,b\n1,é\n2,\n")
    in_json = rows(tmp_path / "a.jsonl", '{"a": "1", "b": "é"}\n{"a": "2", "b": ""}\n')

    assert (
        [row.values for row in in_csv] == [row.values for row in in_json] == [{"a": "1", "b": "é"}, {"a": "2", "b": ""}]
    )
    assert [row.line for row in in_csv] == [2, 3]
    assert [row.line for row in in_json] == [1, 2]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", b"a,b\n1,2\n"),
        ("a.csv", b"a,b\r\n1,2\r\n"),
        ("a.csv", b"a,b\r1,2"),
        ("a.csv", b"  a , b\n1,2\n"),
        ("A.CSV", b'"a","b"\n"1","2"\n'),
        ("a.tsv", b"a\tb\n1\t2\n"),
        ("a.csv", b"a;b\n1;2\n"),
        ("a.csv", b"a\tb\n1\t2\n"),
        ("a.tsv", b"a,b\n1,2\n"),
        ("a.csv", b"sep=;\r\na;b\r\n1;2\r\n"),
        ("a.csv", b"SEP=,\na,b\n1,2\n"),
        ("a.csv", b'"sep=;"\na;b\n1;2\n'),
        ("a.csv", b"sep=\t\na\tb\n1\t2\n"),
        ("a.jsonl", b'{"a": "1", "b": "2"}'),
        ("a.ndjson", b'{"a": "1", "b": "2"}\r\n'),
    ],
)
@pytest.mark.parametrize("zipped", [False, True], ids=["as it is", "gzipped"])
def test_every_way_of_writing_the_same_row(
    name: str, content: bytes, mark: bytes, tmp_path: Path, *, zipped: bool
) -> None:
    whole = mark + content
    read = rows(tmp_path / f"{name}.gz", gzip.compress(whole)) if zipped else rows(tmp_path / name, whole)

    assert [row.values for row in read] == [{"a": "1", "b": "2"}]


def test_lines_are_those_of_the_file_although_cells_run_over_several(tmp_path: Path) -> None:
    content = 'a,b\n1,"one\ntwo\nthree"\n2,x\n\n  \n,\n3,"p\r\nq"\n4,y,z\n5,z\n'

    assert told(rows(tmp_path / "a.csv", content)) == [
        (2, {"a": "1", "b": "one\ntwo\nthree"}),
        (5, {"a": "2", "b": "x"}),
        (7, "has 1 cells where the header has 2"),
        (9, {"a": "3", "b": "p\r\nq"}),
        (11, "has 3 cells where the header has 2"),
        (12, {"a": "5", "b": "z"}),
    ]


def test_a_row_that_cannot_be_read_does_not_hold_up_the_next(tmp_path: Path) -> None:
    content = b'{"a": 1}\n{"a": \n\n"text"\n[1]\n{"a": "\xe9"}\n{"a": "\\ud800"}\n{"a": 1} {"a": 2}\n{"a": 2}\n'

    read = told(rows(tmp_path / "a.jsonl", content))

    assert [line for line, _ in read] == [1, 2, 4, 5, 6, 7, 8, 9]
    assert [line for line, what in read if str(what).startswith("is not a JSON object: ")] == [2, 4, 5, 7, 8]
    assert dict(read)[6] == "is not UTF-8 text"
    assert (dict(read)[1], dict(read)[9]) == ({"a": 1}, {"a": 2})


def test_text_of_another_encoding_is_named_with_what_can_be_read_of_it(tmp_path: Path) -> None:
    (good, bad) = rows(tmp_path / "a.csv", b"a,b\n1,caf\xc3\xa9\n2,caf\xe9\n")

    assert good.values == {"a": "1", "b": "café"}
    assert bad.fault is not None
    assert (bad.line, bad.fault.field, bad.fault.value, bad.fault.mend) == (
        3,
        "(row)",
        "caf�",
        "save the file as UTF-8",
    )


def test_json_nested_without_end_is_a_bad_row_and_no_crash(tmp_path: Path) -> None:
    read = told(rows(tmp_path / "a.jsonl", '{"a": ' + "[" * 100_000 + '\n{"a": 1}\n'))

    assert [line for line, _ in read] == [1, 2]
    assert str(read[0][1]).startswith("is not a JSON object: ")


def test_an_endless_line_is_refused_and_the_next_is_read(tmp_path: Path) -> None:
    read = rows(tmp_path / "a.jsonl", '{"a": "' + "x" * (2 * MAX_LINE + 5) + '"}\n{"a": 1}\n')

    assert told(read) == [(1, "is longer than 4,000,000 characters"), (2, {"a": 1})]


def test_broken_quoting_is_named_where_the_row_begins(tmp_path: Path) -> None:
    read = told(rows(tmp_path / "a.csv", 'a,b\n1,"x"y\n2,z\n3,"never closed\n4,z\n'))

    assert [line for line, _ in read] == [2, 3, 4, 5]
    assert (read[1], read[3]) == ((3, {"a": "2", "b": "z"}), (5, {"a": "4", "b": "z"}))
    assert str(read[0][1]).startswith("is not CSV: ")
    assert str(read[2][1]) == "is not CSV: unexpected end of data"


@pytest.mark.parametrize(
    ("_case", "content", "expected"),
    [
        ("to the end of the file", 'a,b\n1,"x\n2,y\n', [(2, "is not CSV: "), (3, {"a": "2", "b": "y"})]),
        (
            "up to another quote",
            'a,b\n1,"x\n2,y\n3,"z"\n4,w\n',
            [(2, "is not CSV: "), (3, {"a": "2", "b": "y"}), (4, {"a": "3", "b": "z"}), (5, {"a": "4", "b": "w"})],
        ),
        (
            "with a number of cells that gives it away",
            'a,b,c\n1,"x,p\n2,y,q\n3,z,"\n4,w,r\n',
            [
                (2, "has 2 cells where"),
                (3, {"a": "2", "b": "y", "c": "q"}),
                (4, "is not CSV: "),
                (5, {"a": "4", "b": "w", "c": "r"}),
            ],
        ),
        (
            "and the tail of a cell is no row",
            'a,b\n1,"p\nq",r\n2,"one\ntwo"\n',
            [(2, "has 3 cells where"), (3, "is not CSV: a quote within a cell"), (4, {"a": "2", "b": "one\ntwo"})],
        ),
        (
            "twice",
            'a,b\n"1,x\n2,y\n3,"z\n4,w\n',
            [(2, "is not CSV: "), (3, {"a": "2", "b": "y"}), (4, "is not CSV: "), (5, {"a": "4", "b": "w"})],
        ),
    ],
)
def test_an_open_quote_swallows_no_good_row(
    _case: str, content: str, expected: list[tuple[int, object]], tmp_path: Path
) -> None:
    read = told(rows(tmp_path / "a.csv", content))

    assert [line for line, _ in read] == [line for line, _ in expected]
    for (_, what), (_, wanted) in zip(read, expected, strict=True):
        assert what == wanted if isinstance(wanted, dict) else str(what).startswith(str(wanted))


def test_lines_and_faults_of_a_file_parted_otherwise(tmp_path: Path) -> None:
    read = rows(tmp_path / "a.csv", 'sep=;\na;b\n1;"x;y"\n2;y;z\n3;a,b\n')

    assert told(read) == [
        (3, {"a": "1", "b": "x;y"}),
        (4, "has 3 cells where the header has 2"),
        (5, {"a": "3", "b": "a,b"}),
    ]
    assert read[1].fault is not None
    assert (read[1].fault.mend, read[1].fault.value) == (
        "quote cells that hold semicolons; leave empty cells empty",
        "2;y;z",
    )


@pytest.mark.parametrize("at", [2, 1_000, 1_500, 5_001])
def test_an_open_quote_in_a_long_file_costs_its_own_row_only(at: int, tmp_path: Path) -> None:
    lines = ["a,b", *(f'{number},"x{number}\nmore"' if number % 7 == 0 else f"{number},x" for number in range(5_000))]
    content = "\n".join(lines).split("\n")
    content.insert(at - 1, 'bad,"never closed')
    good = [row.values for row in rows(tmp_path / "good.csv", "\n".join(lines))]

    read = rows(tmp_path / "a.csv", "\n".join(content))

    named = [row.line for row in read if row.fault]
    kept = [row.values for row in read if not row.fault]
    assert at in named
    assert len(named) <= 2
    assert [row for row in good if row not in kept] == []


def test_looking_back_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    line = "n," + "x" * 1_000
    path.write_text("a,b\n" + '1,"open\n' + f"{line}\n" * 30_000)

    tracemalloc.start()
    read = sum(1 for _ in read_rows(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert read == 30_001
    assert peak < 16_000_000


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "a.csv: is empty; its first line must name the columns"),
        ("a.csv", b"\xef\xbb\xbf", "a.csv: is empty; its first line must name the columns"),
        ("a.csv", b",,\n1,2,3\n", "a.csv: is empty; its first line must name the columns"),
        ("a.csv", b"a,b,a\n1,2,3\n", "a.csv: names a column twice: a; name each once"),
        ("a.csv", "a,b\n1,2\n".encode("utf-16"), 'a.csv: is UTF-16 text; save it as "CSV UTF-8"'),
        ("a.csv", b"\xfe\xff\0a", 'a.csv: is UTF-16 text; save it as "CSV UTF-8"'),
        ("a.csv.gz", gzip.compress(b"\xff\xfea\0", mtime=0), 'a.csv.gz: is UTF-16 text; save it as "CSV UTF-8"'),
        ("a.jsonl", "{}\n".encode("utf-16"), "a.jsonl: is UTF-16 text; save it as UTF-8"),
        ("a.csv", b"sep=;\n", "a.csv: is empty; its first line must name the columns"),
        ("a.xlsx", b"PK", "a.xlsx: cannot tell its format; name it .csv or .jsonl (.gz may follow)"),
        ("a", b"a\n1\n", "a: cannot tell its format; name it .csv or .jsonl (.gz may follow)"),
        ("a.gz", b"a\n1\n", "a.gz: cannot tell its format; name it .csv or .jsonl (.gz may follow)"),
    ],
)
def test_a_file_that_is_of_no_use_is_refused_whole(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as refused:
        rows(tmp_path / name, content)

    assert str(refused.value) == message


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "a.csv"

    with pytest.raises(UnreadableFile) as refused:
        list(read_rows(missing))

    assert str(refused.value) == f"{missing}: there is no such file"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "a.csv").mkdir()

    with pytest.raises(UnreadableFile, match="there is no such file"):
        list(read_rows(tmp_path / "a.csv"))


def test_an_empty_json_lines_file_has_no_rows(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.jsonl", "\n \n") == []


WHOLE = gzip.compress(b"a,b\n" + b"".join(b"%d,%d\n" % (n * 7919, n * 104729) for n in range(20_000)), mtime=0)


@pytest.mark.parametrize(
    ("_case", "damaged"),
    [
        ("cut off", WHOLE[: len(WHOLE) // 2]),
        ("cut off in its first bytes", WHOLE[:5]),
        ("not gzip", b"a,b\n1,2\n"),
        ("damaged within", WHOLE[: len(WHOLE) // 2] + b"\xff" * 64 + WHOLE[len(WHOLE) // 2 + 64 :]),
        ("of a wrong checksum", WHOLE[:-8] + b"\0" * 8),
        ("with rubbish after it", WHOLE + b"rubbish"),
    ],
)
def test_a_damaged_gzip_file_is_named_so(_case: str, damaged: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"^a\.csv\.gz: is not a whole gzip file \(.+\); compress it again$"):
        rows(tmp_path / "a.csv.gz", damaged)


cells = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.fixed_dictionaries({"a": cells, "b": cells, "c": cells}), min_size=1, max_size=8))
def test_whatever_is_written_to_csv_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, written: list[dict[str, str]]
) -> None:
    read = rows(tmp_path_factory.mktemp("csv") / "a.csv", csv_text(written))  # type: ignore[arg-type]

    assert [row.fault for row in read] == [None] * len(read)
    assert [row.values for row in read] == [row for row in written if any(row.values())]


@given(st.binary(max_size=300))
def test_no_bytes_make_reading_fail_otherwise(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    for name in ("a.csv", "a.jsonl"):
        path = tmp_path_factory.mktemp("bytes") / name
        path.write_bytes((b"column\n" if name == "a.csv" else b"{}\n") + content)
        read = list(read_rows(path))

        assert all(row.values == {} or row.fault is None for row in read)
        assert [row.line for row in read] == sorted({row.line for row in read})
