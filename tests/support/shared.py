"""The real data beside the repository, and what to do where it is absent."""

import os
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"


def require_all() -> bool:
    """Whether nothing may be skipped, as in CI."""
    return os.environ.get("REQUIRE_ALL") == "1"


def shared_data(relative: str) -> Path:
    """A file of the shared data; skips the test with a reason where it is absent."""
    path = SHARED / relative
    if not path.exists():
        if require_all():
            pytest.fail(f"{relative} is missing although REQUIRE_ALL=1")
        pytest.skip(f"the shared data are not beside this checkout: {relative}")
    return path
