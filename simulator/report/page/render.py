"""A page as one HTML file that loads nothing: figures as text for readers without scripts, and as JSON for the drawings."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable, Mapping
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from simulator.report.numbers import significant
from simulator.report.page.page import Answers, Column, Drawing, Page, Point

_HERE = Path(__file__).parent
_MANY = 8
"""Points above which a card of a narrow screen is folded."""
_NARROW = "(max-width: 40rem)"
"""Screens that page.css calls narrow."""
PAGE = "report.html"
"""What it is called in a folder of results."""


def drawing_script() -> str:
    """The text of plotly.js, which draws."""
    package = find_spec("plotly")  # found, not imported: that takes longer than the page
    assert package is not None
    assert package.origin is not None
    return (Path(package.origin).parent / "package_data" / "plotly.min.js").read_text(encoding="utf-8")


def rendered(page: Page, script: str) -> str:
    """The file. `script`: what `drawing_script` gives."""
    holes = {
        "TITLE": escape(page.title),
        "STYLE": _own("page.css"),
        "SENTENCES": _sentences(page),
        "LABELS": _labels(page),
        "ANSWERS": "" if page.answers is None else f'<section id="answers"><div class="wide">{_answers(page.answers)}</div></section>',
        "DRAWINGS": "".join(map(_drawing, page.drawings)),
        "LISTS": "".join(f"<section><h2>{escape(title)}</h2><ul>{_lines(lines)}</ul></section>" for title, lines in page.lists),
        "TABLE": _table(page),
        "BARS": "".join(
            f'<section><h2>{escape(bars.title)}</h2><div class="bars" id="bars-{n}"></div><p class="legend"></p></section>'
            for n, bars in enumerate(page.bars)
        ),
        "FILES": "".join(f"<details><summary>{escape(name)}</summary><pre>{escape(text)}</pre></details>" for name, text in page.files),
        "MADE": "".join(f"<dt>{escape(what)}</dt><dd>{escape(value)}</dd>" for what, value in page.made),
        "COMMAND": " ".join(f"<span>{escape(word)}</span>" for word in page.command.split(" ")),
        "DATA": _data(page),
        "PLOTLY": script.replace("</script", "<\\/script"),
        "SCRIPT": _own("page.js"),
    }
    parts = _own("page.html").split("@@")
    return "".join(holes[part] if place % 2 else part for place, part in enumerate(parts))


def _own(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


def _sentences(page: Page) -> str:
    first, *others = page.sentences or [""]
    return f'<p class="verdict">{escape(first)}</p>' + "".join(f"<p>{escape(sentence)}</p>" for sentence in others)


def _answers(answers: Answers) -> str:
    head = "".join(f"<th>{escape(name)} <small>{escape(unit)}</small></th>" for name, unit in answers.heads)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in answers.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


def _drawing(drawing: Drawing) -> str:
    """The wide picture, or on a narrow screen the narrow one; its title stands in it."""
    wide, narrow = (f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}" for png in (drawing.wide, drawing.narrow))
    return (
        f'<section class="drawing"><picture><source media="{_NARROW}" srcset="{narrow}">'
        f'<img src="{wide}" alt="{escape(drawing.title)}"></picture></section>'
    )


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"<li>{escape(line)}</li>" for line in lines)


def _table(page: Page) -> str:
    words = _varied(page)
    noted = any(point.note for point in page.points)
    # what only some points have, such as the sizes of one kind of machine, stands behind a click
    of_all = [word for word in words if all(point.labels.get(word) for point in page.points)]
    kinds_of = {word: "word" if word in of_all else "word more" for word in words}
    head = ["<th><button>name</button></th>"]
    head += [f'<th class="{kind}"><button>{escape(word)}</button></th>' for word, kind in kinds_of.items()]
    head += [
        f'<th class="{_shown(column)}" title="{escape(column.meaning)}"><button>{escape(column.title)}</button></th>'
        for column in page.columns
    ]
    head += ["<th><button>note</button></th>"] if noted else []
    rows = "".join(f"<tr>{_row(page, point, kinds_of, noted=noted)}</tr>" for point in page.points)
    told = bool(of_all) and all(point.labels.get(word, "") in point.name for point in page.points for word in of_all)
    kinds = " ".join(["told"] * told + ["many"] * (len(page.points) > _MANY))
    return f'<table class="{kinds}"><thead><tr>{"".join(head)}</tr></thead><tbody>{rows}</tbody></table>'


def _labels(page: Page) -> str:
    """Rules by which the cells of a card, which has no heading, say what they are."""
    titles = [*_varied(page), *(column.title for column in page.columns), "note"]
    texts = ["".join(f"\\{ord(mark):x} " if mark in '\\"<\n' else mark for mark in title) for title in titles]
    return "".join(f'#figures td:nth-child({place})::before {{ content: "{text}"; }}\n' for place, text in enumerate(texts, 2))


def _varied(page: Page) -> list[str]:
    """Words that tell points apart."""
    words = dict.fromkeys(name for point in page.points for name in point.labels)
    return [word for word in words if len({point.labels.get(word) for point in page.points}) > 1]


def _row(page: Page, point: Point, words: Mapping[str, str], *, noted: bool) -> str:
    cells = [
        f'<th title="{escape(point.name)}">{escape(point.name)}</th>',
        *(f'<td class="{kind}">{escape(point.labels.get(word, ""))}</td>' for word, kind in words.items()),
    ]
    for column in page.columns:
        value = _scaled(point, column)
        text = "" if value is None else significant(value, 4)
        cells.append(f'<td class="number {_shown(column)}" data-value="{"" if value is None else repr(value)}">{text}</td>')
    return "".join(cells) + (f'<td class="note">{escape(point.note)}</td>' if noted else "")


def _shown(column: Column) -> str:
    return "main" if column.main else "more"


def _scaled(point: Point, column: Column) -> float | None:
    """None where the point has no such figure, or no finite one."""
    value = point.figures.get(column.name)
    return None if value is None or not math.isfinite(value) else float(value) * column.factor


def _data(page: Page) -> str:
    """JSON in which no tag can end."""
    record: dict[str, Any] = {
        "axes": page.axes,
        "columns": [{"name": column.name, "title": column.title, "better": column.better} for column in page.columns],
        "points": [
            {
                "name": point.name,
                "labels": dict(point.labels),
                "work": point.work,
                "colour": point.colour,
                "mark": point.mark,
                "note": point.note,
                "figures": {column.name: _scaled(point, column) for column in page.columns},
            }
            for point in page.points
        ],
        "bars": [
            {
                "unit": bars.unit,
                "names": list(bars.names),
                "parts": [
                    {"label": part.label, "colour": part.colour, "meaning": part.meaning, "values": list(part.values)}
                    for part in bars.parts
                ],
            }
            for bars in page.bars
        ],
    }
    return json.dumps(record, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
