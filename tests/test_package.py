"""What is said of the package outside it: its page at an index, its citation, its container."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
REPOSITORY = "https://example.org/sparsim"


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The hook, which only a build has the base class of."""
    base = ModuleType("hatchling.metadata.plugin.interface")
    base.MetadataHookInterface = object  # type: ignore[attr-defined]
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, base.__name__, base)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_release_has_whole_links_and_a_checkout_its_own(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = build.ReadmeHook()
    hook.root = str(ROOT)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for address, urls in (("", None), (f"{REPOSITORY}/", {"Repository": f"{REPOSITORY}/"})):
        monkeypatch.setenv("REPOSITORY_URL", address)
        metadata: dict[str, Any] = {"version": "1.2"}
        hook.update(metadata)
        assert metadata.get("urls") == urls
        text = metadata["readme"]["text"]
        assert (text == readme) == (not address)
    assert f"]({REPOSITORY}/raw/v1.2/docs/images/tradeoff.png)" in text
    assert f"[LICENSE]({REPOSITORY}/blob/v1.2/LICENSE)" in text
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    assert len(targets) > 20
    assert [target for target in targets if not target.startswith(("https://", "#"))] == []


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert (citation["version"], citation["license"]) == (PROJECT["project"]["version"], PROJECT["project"]["license"])


def test_a_container_is_given_all_that_a_wheel_is_made_of() -> None:
    copied = {
        name
        for line in re.findall(r"^COPY (.+) /sparsim/", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
        for name in line.split()
    }
    assert all((ROOT / name).exists() for name in copied)
    assert {
        *PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"],
        "pyproject.toml",
        "hatch_build.py",
        "README.md",
    } <= copied


def test_what_readme_first_shows_needs_no_extra() -> None:
    """Its `pip install` lines name none for the page, whose drawings come from another package."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {re.split(r"[<>=]", requirement)[0] for requirement in PROJECT["project"]["dependencies"]}
    assert "--html" in readme.split("First steps")[1].split("```")[1]
    assert "plotly" in names
