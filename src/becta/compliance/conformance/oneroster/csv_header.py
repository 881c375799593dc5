"""The header row of a data file."""

from becta.compliance.conformance.oneroster.csv_reading import Find
from becta.compliance.conformance.oneroster.csv_tables import Table

METADATA = "metadata."


def is_header(table: Table, row: list[str]) -> bool:
    """Whether a row names a column of the table; a row of data must not be told of as if its cells were names."""
    return any(column.name in row for column in table.columns)


def check_header(table: Table, header: list[str], find: Find) -> None:
    """Find what is wrong with a header row."""
    names = [column.name for column in table.columns]
    if header[: len(names)] == names and all(_is_metadata(name) for name in header[len(names) :]):
        extra = header[len(names) :]
        if len(set(extra)) == len(extra):
            return
    for name in names:
        if name not in header:
            find("column-missing", f"the column {name} is missing", mend="add it, in its place", line=1, field=name)
    for place, name in enumerate(header):
        if name in header[:place]:
            message = f"the column {name[:80]} comes twice"
            find("column-twice", message, mend="leave one out", line=1, field=name[:80])
        elif name not in names and not _is_metadata(name):
            message = f"the column {name[:80]!r} is not of the table"
            mend = f"leave it out, or call it {METADATA}{name[:80]} and put it last"
            find("column-unknown", message, mend=mend, line=1, field=name[:80])
    present = list(dict.fromkeys(name for name in header if name in names or _is_metadata(name)))
    wanted = [name for name in names if name in present] + [name for name in present if _is_metadata(name)]
    for name, right in zip(present, wanted, strict=True):
        if name != right:
            message = f"the column {name[:80]} stands where {right[:80]} belongs"
            find("column-order", message, mend="order the columns as in the table", line=1, field=name[:80])
            return


def _is_metadata(name: str) -> bool:
    return name.startswith(METADATA) and len(name) > len(METADATA)
