"""Runs Digital Bazaar's Node libraries, which judge our badges independently of our code."""

import fcntl
import json
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from becta.market.web import assets
from tests.support.shared import require_all

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "tests" / "node"
INSTALLED = ROOT / ".build" / "npm-tests"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")


@cache
def node_libraries() -> tuple[str, ...]:
    """The command of Node, with the libraries of tests/node installed; skips the test where there is no Node."""
    try:
        tools = assets.find_tools()
    except assets.NodeMissingError as error:
        if require_all():
            pytest.fail(f"{error} It may not be missing when REQUIRE_ALL=1.")
        pytest.skip(str(error))
    INSTALLED.mkdir(parents=True, exist_ok=True)
    with (INSTALLED / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _install(tools)
    return tools.node


def ask_node(request: dict[str, Any]) -> Any:
    """What judge.mjs answers to a request."""
    node = node_libraries()
    shutil.copyfile(SOURCES / "judge.mjs", INSTALLED / "judge.mjs")
    done = subprocess.run(
        [*node, "judge.mjs"], cwd=INSTALLED, input=json.dumps(request), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _install(tools: assets.Tools) -> None:
    wanted = "".join((SOURCES / name).read_text(encoding="utf-8") for name in NPM_FILES)
    stamp = INSTALLED / "installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    stamp.unlink(missing_ok=True)
    for name in NPM_FILES:
        shutil.copyfile(SOURCES / name, INSTALLED / name)
    command = [*tools.npm, "ci", "--ignore-scripts", "--omit=optional", "--loglevel=error"]
    subprocess.run(command, cwd=INSTALLED, check=True, capture_output=True)
    stamp.write_text(wanted, encoding="utf-8")
