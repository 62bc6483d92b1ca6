"""What `mkdocs build` makes the site of: the pages where they stand in the repository, so that their links lead where they lead there.

MkDocs knows one folder of pages. Here README, CONTRIBUTING.md and the reports stand beside it, as in the repository; nothing is copied.
Links to what is no page (machine files, notebooks, licence) become links to the repository, where `REPOSITORY_URL` tells it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File, Files

import simulator

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
_PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "reports/README.md")
_PICTURES = ("docs/images/*.png", "reports/**/*.png")
_LINK = re.compile(r"(?<!!)\[(?P<label>[^\]]*)\]\((?P<target>(?![a-z]+:|#)[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
_KINDS: dict[str, Callable[[str], bool]] = {
    "Functions": str.islower,
    "Types": lambda name: not name.islower() and not name.endswith("Error"),
    "Errors": lambda name: name.endswith("Error"),
}
"""Sections of the reference, and which public names each has."""


def reference() -> str:
    """The page of the Python API: every public name, where it is written, with its docstring."""
    names = [name for name in simulator.__all__ if not name.startswith("_")]
    parts = ["# Reference", "What `import sparsim` gives; [the guide](docs/python.md) shows it at work."]
    for kind, belongs in _KINDS.items():
        parts += [f"## {kind}", *(f"::: {_home(name)}.{name}" for name in names if belongs(name))]
    return "\n\n".join(parts) + "\n"


def _home(name: str) -> str:
    """The module that a name is written in."""
    home: str = getattr(simulator, name).__module__
    return home


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """The files of the repository that are pages and pictures, by their paths in it, and the reference of the Python API."""
    theme = [file for file in files if file.abs_src_path is None or not Path(file.abs_src_path).is_relative_to(ROOT / "docs")]
    found = [path for pattern in (*_PAGES, *_PICTURES) for path in sorted(ROOT.glob(pattern))]
    here = [File.generated(config, path.relative_to(ROOT).as_posix(), abs_src_path=str(path)) for path in found]
    return Files([*theme, *here, File.generated(config, "api.md", content=reference())])


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """The text, in which links to what is no page lead to the repository; without its address their labels stand alone."""
    repository = os.environ.get("REPOSITORY_URL", "").rstrip("/")
    folder = Path(page.file.src_uri).parent

    def led(link: re.Match[str]) -> str:
        target = os.path.normpath(folder / link["target"])
        if files.get_file_from_path(target) is not None or not (ROOT / target).exists():
            return link[0]
        return f"[{link['label']}]({repository}/blob/main/{target})" if repository else link["label"]

    return _LINK.sub(led, markdown)
