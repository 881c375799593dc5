"""Checks a large OneRoster package in this process and tells what that took.

Run as `python -m tests.compliance.conformance.oneroster_csv.big 1000000`, so that only the check uses memory.
"""

import sys
import tempfile
import time
from pathlib import Path

from becta.compliance.conformance.oneroster.csv_runner import RUNNERS
from becta.market.bench.rosters import write_package


def main() -> None:
    """Write a package and tell what checking it takes."""
    enrolments = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = write_package(Path(folder) / "big.zip", enrolments=enrolments)
        start = time.perf_counter()
        report = RUNNERS[0].run(path)
        took = time.perf_counter() - start
        peak = _peak()
        told = f"{report.outcome}, {report.errors} errors, {report.warnings} warnings, {report.facts}"
        print(f"{told}: {took:.1f} s, peak {peak} MiB")


def _peak() -> int:
    """The most memory of this process in MiB; getrusage would tell of the process that started it too."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) // 1024


if __name__ == "__main__":
    main()
