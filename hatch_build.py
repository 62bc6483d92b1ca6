"""What a package says of itself: README, with absolute links where the address of the repository is known.

A package index shows no files beside a README, so that its pictures and pages must be named whole. Whoever builds a release says
where they are: `REPOSITORY_URL=https://… python -m build`. Without it, as in an editable install, README is as it stands.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)(?P<label>\[[^\]]*\])\((?P<target>(?![a-z]+:|#)[^)\s]+)\)")


def whole_links(text: str, repository: str, revision: str) -> str:
    """Markdown whose relative links lead into a repository: pictures to the raw file, others to its page."""

    def whole(link: re.Match[str]) -> str:
        kind = "raw" if link["picture"] else "blob"
        return f"{link['picture']}{link['label']}({repository.rstrip('/')}/{kind}/{revision}/{link['target']})"

    return _LINK.sub(whole, text)


class ReadmeHook(MetadataHookInterface):
    """Fills in `readme`, and the address of the repository where it is known."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Called by the build."""
        text, repository = (Path(self.root) / "README.md").read_text(encoding="utf-8"), os.environ.get("REPOSITORY_URL", "")
        if repository:
            text = whole_links(text, repository, f"v{metadata['version']}")
            metadata["urls"] = {"Repository": repository}
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
