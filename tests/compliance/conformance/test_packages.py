"""Zip files that mean harm are refused with a sentence that names the entry; honest ones are read as they are."""

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from becta.compliance.conformance.packages import PackageLimits, open_package
from becta.compliance.conformance.reports import Refused

LOCAL = b"PK\x03\x04"
CENTRAL = b"PK\x01\x02"


def zipped(entries: dict[str, bytes], path: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def with_info(path: Path, name: str, change: Callable[[zipfile.ZipInfo], None]) -> Path:
    info = zipfile.ZipInfo(name)
    change(info)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(info, b"content")
    return path


def patched(path: Path, *changes: tuple[bytes, int, bytes]) -> Path:
    """Overwrite bytes at an offset from the first appearance of a signature."""
    data = bytearray(path.read_bytes())
    for signature, offset, new in changes:
        at = data.index(signature) + offset
        data[at : at + len(new)] = new
    path.write_bytes(bytes(data))
    return path


def contents_of(path: Path, limits: PackageLimits) -> list[bytes]:
    with open_package(path, limits) as package:
        return [package.read(name) for name in package.names]


def opened(path: Path, limits: PackageLimits) -> tuple[str, ...]:
    with open_package(path, limits) as package:
        return package.names


def refusal(path: Path, limits: PackageLimits | None = None, *, read: bool = False) -> str:
    """Why it is refused: on opening, or only on reading if so asked."""
    limits = limits or PackageLimits()
    if read:
        assert opened(path, limits)
    with pytest.raises(Refused) as refused:
        (contents_of if read else opened)(path, limits)
    return str(refused.value)


def test_an_honest_package_is_listed_and_read_without_its_folders(tmp_path: Path) -> None:
    path = zipped(
        {"folder/": b"", "folder/a.txt": b"one", "é b.csv": b"two" * 1_000, "inner.zip": b"PK\x03\x04"},
        tmp_path / "a.zip",
    )

    with open_package(path) as package:
        assert package.names == ("folder/a.txt", "é b.csv", "inner.zip")
        assert package.size("é b.csv") == 3_000
        assert package.read("folder/a.txt") == b"one"
        assert package.read("é b.csv") == b"two" * 1_000
        with package.open("é b.csv") as stream:
            assert stream.read(3) == b"two"
        with pytest.raises(KeyError):
            package.read("missing")


def test_an_empty_zip_has_no_names(tmp_path: Path) -> None:
    with open_package(zipped({}, tmp_path / "a.zip")) as package:
        assert package.names == ()


@pytest.mark.parametrize("content", [b"", b"sourcedId\n", b"%PDF-1.7", b"MZ" + b"\0" * 100], ids=repr)
def test_what_is_no_zip_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)

    assert refusal(path) == "the file is not a zip: it does not begin as one"


def test_a_zip_behind_another_file_is_refused(tmp_path: Path) -> None:
    path = zipped({"a": b"x"}, tmp_path / "a.zip")
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())

    assert refusal(path) == "the file is not a zip: it does not begin as one"


def test_a_zip_cut_short_is_refused(tmp_path: Path) -> None:
    path = zipped({"a": b"x" * 100}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-30])

    assert refusal(path).startswith("the zip is broken: ")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("/etc/passwd", "the entry '/etc/passwd' has an absolute path"),
        ("C:/windows", "the entry 'C:/windows' begins with a drive letter"),
        ("c:evil", "the entry 'c:evil' begins with a drive letter"),
        ("../up", "the entry '../up' leaves the package by `..`"),
        ("a/../../up", "the entry 'a/../../up' leaves the package by `..`"),
        ("a/..", "the entry 'a/..' leaves the package by `..`"),
        ("a\\b", "the entry 'a\\\\b' has a backslash in its name"),
        ("..\\up", "the entry '..\\\\up' has a backslash in its name"),
        ("a//b", "the entry 'a//b' has an empty step or a `.` in its path"),
        ("./a", "the entry './a' has an empty step or a `.` in its path"),
        ("a\nb", "the entry 'a\\nb' has a control character in its name"),
        ("a\x85b", "the entry 'a\\x85b' has a control character in its name"),
    ],
)
def test_names_that_lead_elsewhere_are_refused(name: str, reason: str, tmp_path: Path) -> None:
    assert refusal(zipped({"good": b"", name: b"x"}, tmp_path / "a.zip")) == reason


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    path = zipped({"a.csv_b.exe": b"x"}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes().replace(b"a.csv_b", b"a.csv\0b"))

    assert refusal(path) == "the entry 'a.csv\\x00b.exe' has a control character in its name"


def test_an_entry_without_name_is_refused(tmp_path: Path) -> None:
    path = zipped({"a": b""}, tmp_path / "a.zip")
    data = path.read_bytes()
    at = data.index(CENTRAL)
    nameless = data[at : at + 28] + bytes(2) + data[at + 30 : at + 46]  # its length of name set to nothing
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 1, 1, len(nameless), at, 0)
    path.write_bytes(data[:at] + nameless + end)

    assert refusal(path) == "the entry '' has no name"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        (stat.S_IFLNK, "is a symbolic link"),
        (stat.S_IFCHR, "is a device or another special file"),
        (stat.S_IFBLK, "is a device or another special file"),
        (stat.S_IFIFO, "is a device or another special file"),
        (stat.S_IFSOCK, "is a device or another special file"),
    ],
)
def test_links_and_devices_are_refused(kind: int, reason: str, tmp_path: Path) -> None:
    path = with_info(tmp_path / "a.zip", "link", lambda info: setattr(info, "external_attr", (kind | 0o777) << 16))

    assert refusal(path) == f"the entry 'link' {reason}"


@pytest.mark.parametrize(
    ("flags", "reason"),
    [(0x1, "is encrypted"), (0x41, "is encrypted"), (0x2001, "is encrypted"), (0x20, "is a patch of another file")],
)
def test_entries_that_need_a_key_or_another_file_are_refused(flags: int, reason: str, tmp_path: Path) -> None:
    path = zipped({"secret": b"x"}, tmp_path / "a.zip")

    assert refusal(patched(path, (CENTRAL, 8, struct.pack("<H", flags)))) == f"the entry 'secret' {reason}"


@pytest.mark.parametrize("method", [1, 9, 12, 14, 93, 95, 98, 99])
def test_methods_other_than_stored_and_deflated_are_refused(method: int, tmp_path: Path) -> None:
    path = patched(zipped({"odd": b"x"}, tmp_path / "a.zip"), (CENTRAL, 10, struct.pack("<H", method)))

    assert refusal(path) == f"the entry 'odd' is packed by method {method}; only stored (0) and deflated (8) are read"


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (("a.csv", "A.CSV"), "the zip has the same name twice: 'a.csv' and 'A.CSV'"),
        (("straße", "STRASSE"), "the zip has the same name twice: 'stra\\xdfe' and 'STRASSE'"),
        (("caf\u00e9", "cafe\u0301"), "the zip has the same name twice: 'caf\\xe9' and 'cafe\\u0301'"),
        (("a", "a/"), "the zip has the same name twice: 'a' and 'a/'"),
        (("a", "a/b"), "the entry 'a/b' lies in a folder that is also a file"),
        (("x/A", "x/a/b/c"), "the entry 'x/a/b/c' lies in a folder that is also a file"),
    ],
)
def test_names_that_a_disk_could_take_for_one_are_refused(names: tuple[str, str], reason: str, tmp_path: Path) -> None:
    assert refusal(zipped(dict.fromkeys(names, b""), tmp_path / "a.zip")) == reason


def test_the_very_same_name_twice_is_refused(tmp_path: Path) -> None:
    path = zipped({"one": b"1", "two": b"2"}, tmp_path / "a.zip")
    path.write_bytes(path.read_bytes().replace(b"two", b"one"))

    assert refusal(path) == "the zip has the same name twice: 'one' and 'one'"


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (PackageLimits(entries=2), "the zip has 3 entries, more than 2"),
        (PackageLimits(archive_bytes=100), "the file is larger than 100 bytes"),
        (PackageLimits(directory_bytes=60), "the zip's directory is larger than 60 bytes"),
        (PackageLimits(largest_bytes=4), "the entry 'c' unpacks to 5 bytes, more than 4"),
        (PackageLimits(total_bytes=9), "the package unpacks to 10 bytes, more than 9; its largest entry is 'c'"),
    ],
)
def test_what_passes_a_limit_is_refused(limits: PackageLimits, reason: str, tmp_path: Path) -> None:
    path = zipped({"a": b"1", "b": b"1234", "c": b"12345"}, tmp_path / "a.zip")

    assert refusal(path, limits) == reason


def test_a_directory_too_large_is_refused_before_it_is_built(tmp_path: Path) -> None:
    path = zipped({f"{number:01200}": b"" for number in range(1_700)}, tmp_path / "a.zip")

    assert refusal(path) == "the zip's directory is larger than 2,000,000 bytes"


def test_a_large_read_of_one_entry_is_refused(tmp_path: Path) -> None:
    with open_package(zipped({"a": b"12345"}, tmp_path / "a.zip")) as package:
        assert package.read("a", 5) == b"12345"
        with pytest.raises(Refused, match=r"^the entry 'a' holds more than 4 bytes$"):
            package.read("a", 4)


def test_a_bomb_that_grows_a_thousandfold_is_refused_unread(tmp_path: Path) -> None:
    path = zipped({"zeros": bytes(20_000_000)}, tmp_path / "a.zip")

    assert path.stat().st_size < 25_000
    assert refusal(path) == "the entry 'zeros' grows more than 200 times when unpacked, as a zip bomb does"


def test_small_entries_may_be_as_regular_as_they_like(tmp_path: Path) -> None:
    with open_package(zipped({"zeros": bytes(900_000)}, tmp_path / "a.zip")) as package:
        assert package.read("zeros") == bytes(900_000)


def overlapping(path: Path, count: int) -> Path:
    """Many directory entries over one kernel of data, the idea of the bombs of D. Fifield (WOOT 2019)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(90_000)
    kernel = packer.compress(content) + packer.flush()
    sizes = struct.pack("<LLL", zlib.crc32(content), len(kernel), len(content))
    local = LOCAL + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HH", 1, 0) + b"0"
    directory = b"".join(
        CENTRAL
        + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21)
        + sizes
        + struct.pack("<HHHHHLL", 2, 0, 0, 0, 0, 0, 0)
        + f"{number:02}".encode()
        for number in range(count)
    )
    at = len(local) + len(kernel)
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, count, count, len(directory), at, 0)
    path.write_bytes(local + kernel + directory + end)
    return path


def quoting(path: Path) -> Path:
    """Two entries of which the first's data hold the second's local header, as a stored deflate block."""

    def local(name: bytes, data: bytes, content: bytes) -> bytes:
        sizes = struct.pack("<LLL", zlib.crc32(content), len(data), len(content))
        return LOCAL + struct.pack("<HHHHH", 20, 0, 8, 0, 0x21) + sizes + struct.pack("<HH", 1, 0) + name

    def central(name: bytes, data: bytes, content: bytes, at: int) -> bytes:
        sizes = struct.pack("<LLL", zlib.crc32(content), len(data), len(content))
        head = CENTRAL + struct.pack("<HHHHHH", 20, 20, 0, 8, 0, 0x21)
        return head + sizes + struct.pack("<HHHHHLL", 1, 0, 0, 0, 0, 0, at) + name

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    content = bytes(50_000)
    kernel = packer.compress(content) + packer.flush()
    second = local(b"b", kernel, content)
    quote = b"\0" + struct.pack("<HH", len(second), len(second) ^ 0xFFFF)  # a stored block that is not the last
    first_data, first_content = quote + second + kernel, second + content
    first = local(b"a", first_data, first_content)
    body = first + first_data
    directory = central(b"a", first_data, first_content, 0) + central(b"b", kernel, content, len(first) + len(quote))
    end = b"PK\x05\x06" + struct.pack("<HHHHLLH", 0, 0, 2, 2, len(directory), len(body), 0)
    path.write_bytes(body + directory + end)
    return path


def test_entries_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = overlapping(tmp_path / "a.zip", 50)

    assert path.stat().st_size < 5_000
    assert refusal(path).endswith(" overlaps what follows it, as a zip bomb's do")


def test_an_entry_that_quotes_the_next_one_s_header_is_refused(tmp_path: Path) -> None:
    path = quoting(tmp_path / "a.zip")
    with zipfile.ZipFile(path) as archive:
        assert [len(archive.read(name)) for name in ("a", "b")] == [50_031, 50_000]  # it is a working zip

    assert refusal(path) == "the entry 'a' overlaps what follows it, as a zip bomb's do"


def test_a_header_that_lies_about_the_size_is_caught_by_counting(tmp_path: Path) -> None:
    lie = struct.pack("<L", 10)
    path = patched(zipped({"liar": bytes(500_000)}, tmp_path / "a.zip"), (LOCAL, 22, lie), (CENTRAL, 24, lie))

    assert refusal(path, read=True) == "the entry 'liar' does not hold the 10 bytes its header claims"


def test_a_lie_with_a_checksum_to_match_is_caught_too(tmp_path: Path) -> None:
    path = zipped({"liar": bytes(500_000)}, tmp_path / "a.zip")
    lie = struct.pack("<L", 10)
    sum_of_ten = struct.pack("<L", zlib.crc32(bytes(10)))
    patched(path, (LOCAL, 22, lie), (CENTRAL, 24, lie), (LOCAL, 14, sum_of_ten), (CENTRAL, 16, sum_of_ten))

    assert refusal(path, read=True) == "the entry 'liar' does not hold the 10 bytes its header claims"


def test_a_header_that_claims_more_than_there_is_is_caught(tmp_path: Path) -> None:
    claim = struct.pack("<L", 900)
    path = patched(zipped({"liar": b"123" * 100}, tmp_path / "a.zip"), (CENTRAL, 24, claim))

    assert refusal(path, read=True) == "the entry 'liar' does not hold the 900 bytes its header claims"


def test_real_bytes_of_all_entries_are_counted_however_often_one_is_read(tmp_path: Path) -> None:
    path = zipped({"a": bytes(1_000), "b": bytes(1_000)}, tmp_path / "a.zip")

    with open_package(path, PackageLimits(total_bytes=2_000)) as package:
        for _ in range(3):
            assert package.read("a") == package.read("b") == bytes(1_000)


def test_damaged_content_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = zipped({"a.txt": b"some text to be damaged"}, tmp_path / "a.zip", zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"damaged", b"DAMAGED"))

    assert refusal(path, read=True) == "the entry 'a.txt' is broken: Bad CRC-32 for file 'a.txt'"


def test_a_local_header_of_another_name_is_refused_when_it_is_read(tmp_path: Path) -> None:
    path = zipped({"good.csv": b"x"}, tmp_path / "a.zip")

    assert refusal(patched(path, (LOCAL, 30, b"evil")), read=True).startswith(
        "the entry 'good.csv' is broken: File name"
    )


def test_a_missing_file_is_the_caller_s_business(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_package(tmp_path / "none.zip"):
        pass


def sample() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("one.csv", "a,b\n" * 50)
        archive.writestr("folder/two.txt", b"two")
    return out.getvalue()


SAMPLE = sample()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, len(SAMPLE) - 1), st.integers(0, 255)), max_size=6), st.integers(0, 40))
def test_a_damaged_zip_is_read_or_refused_and_nothing_else(
    tmp_path: Path, changes: list[tuple[int, int]], cut: int
) -> None:
    data = bytearray(SAMPLE)
    for place, value in changes:
        data[place] = value
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(data[: len(data) - cut]))

    try:
        with open_package(path) as package:
            contents = [package.read(name) for name in package.names]
    except Refused:
        return
    assert sum(map(len, contents)) <= 203
