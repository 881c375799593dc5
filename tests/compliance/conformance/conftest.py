"""What tests of the runners share."""

from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def drafts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for what Hypothesis writes over and over."""
    return tmp_path_factory.mktemp("drafts")
