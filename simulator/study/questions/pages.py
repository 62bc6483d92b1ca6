"""Answers in a page of one's own: what stands between `<!-- study: NAME -->` and `<!-- /study -->` is that study's last answer."""

from __future__ import annotations

import os
import re
from pathlib import Path

from simulator.errors import OutputError
from simulator.report.folder import write_whole
from simulator.study.questions.answer import Answer


def block(name: str) -> re.Pattern[str]:
    """Where a page has the answer of a study."""
    return re.compile(rf"(<!-- study: {re.escape(name)} -->\n).*?(<!-- /study -->)", re.DOTALL)


def update_page(page: Path, name: str, answer: Answer, folder: Path) -> None:
    """Put an answer and its picture into a page, whole or not at all. Raises OutputError where it has no place for it."""
    try:
        text = page.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{page}: cannot be read: {error}") from error
    if block(name).search(text) is None:
        raise OutputError(f"{page}: has no place for this answer; allowed: the lines <!-- study: {name} --> and <!-- /study -->")
    picture = Path(os.path.relpath(folder / "picture.png", page.parent)).as_posix()
    verdict, *sentences = answer.paragraphs
    answered = "\n\n".join((f"**{verdict}**", *sentences, f"![{name}]({picture})"))
    write_whole(page, block(name).sub(lambda match: f"{match[1]}{answered}\n{match[2]}", text).encode())
