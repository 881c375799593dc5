"""Writing all our releases into a folder: packages of releases and records, JSON Lines and a table.

The folder is written beside its place and put there whole, so that nobody ever finds half of one.
"""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp

from msgspec import Struct

from becta.market.db import Database
from becta.market.ocds.packages import Publisher, csv_head, csv_row, record_package, release_package
from becta.market.ocds.queries import processes, releases_after, releases_of

IN_A_FILE = 100
"""How many releases or records a package holds."""
LINES, TABLE = "releases.jsonl", "releases.csv"


class Exported(Struct, kw_only=True):
    """How many releases and records were written."""

    releases: int = 0
    records: int = 0


class NotOurs(Exception):
    """A folder that holds something else is in the way."""


def export(db: Database, folder: Path, publisher: Publisher, *, now: datetime) -> Exported:
    """Write everything published so far into a folder, in place of an earlier export; raises NotOurs or OSError."""
    folder = folder.absolute()
    if folder.exists() and not _is_export(folder):
        raise NotOurs(f"{folder} holds something that is no export; name another folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        told = Exported(
            releases=_releases(db, made, publisher, now=now), records=_records(db, made, publisher, now=now)
        )
        made.chmod(0o755)
        _put(made, folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)
    return told


def _is_export(folder: Path) -> bool:
    return folder.is_dir() and ((folder / LINES).is_file() or not any(folder.iterdir()))


def _put(made: Path, folder: Path) -> None:
    """Rename into place; what was there is thrown away once the new one stands."""
    if not folder.exists():
        made.rename(folder)
        return
    old = Path(mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    folder.rename(old / folder.name)
    try:
        made.rename(folder)
    except OSError:
        (old / folder.name).rename(folder)
        raise
    finally:
        shutil.rmtree(old, ignore_errors=True)


def _releases(db: Database, made: Path, publisher: Publisher, *, now: datetime) -> int:
    after = count = 0
    with (made / LINES).open("w", encoding="utf-8") as lines, (made / TABLE).open("w", encoding="utf-8") as table:
        table.write(csv_head())
        name = _names(made / "releases")
        while True:
            with db.read() as session:
                rows = releases_after(session, after, IN_A_FILE)
            if not rows:
                return count
            path = name()
            bodies = [row.body for row in rows]
            path.write_bytes(release_package(bodies, publisher, uri=_uri(publisher, path), published=now))
            lines.writelines(f"{body}\n" for body in bodies)
            table.writelines(csv_row(row.body, row.notice) for row in rows)
            after, count = rows[-1].number, count + len(rows)


def _records(db: Database, made: Path, publisher: Publisher, *, now: datetime) -> int:
    after = count = 0
    name = _names(made / "records")
    while True:
        with db.read() as session:
            keys = processes(session, after, IN_A_FILE)
            found = releases_of(session, [key.ocid for key in keys])
        if not keys:
            return count
        path = name()
        bodies = [[row.body for row in rows] for rows in found.values()]
        path.write_bytes(record_package(bodies, publisher, uri=_uri(publisher, path), published=now))
        after, count = keys[-1].number, count + len(keys)


def _names(folder: Path) -> Callable[[], Path]:
    """Names of the pages of packages: 00001.json and so on."""
    folder.mkdir()
    pages = iter(range(1, 10**6))
    return lambda: folder / f"{next(pages):05}.json"


def _uri(publisher: Publisher, path: Path) -> str:
    return f"{publisher.origin}/ocds/{path.parent.name}/{path.name}"
