"""`make bench`: every figure of docs/performance.md, into benchmarks/results.json, and from there into the tables of the page.

`python benchmarks [PART…] [--repeats N] [--page]`. Without parts all of them; what others have found before stays. `--page` measures
nothing, and fills the page from what the file holds. Every part runs from a fresh clone, without other simulators: those are measured
where the environment names them (`others.py`).
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from measuring import conditions

HERE = Path(__file__).parent
RESULTS, PAGE = HERE / "results.json", HERE.parent / "docs" / "performance.md"
PARTS = ("waits", "networks", "sweeps", "growth", "kernels", "others")
"""Modules of this folder: `measure` finds figures, `tables` makes Markdown of them."""


def filled(page: str, found: dict[str, Any]) -> str:
    """The page with all tables that figures are known for, each between `<!-- bench: NAME -->` and `<!-- /bench -->`.

    Raises ValueError for a table that the page has no place for.
    """
    for part, of_part in found.items():
        where = of_part["where"]
        said = "{date}, {processor}, {processors} processors, load {load}, Python {python}".format(**where)
        for name, table in importlib.import_module(part).tables(of_part["figures"]).items():
            place = re.compile(rf"(<!-- bench: {name} -->\n).*?(<!-- /bench -->)", re.DOTALL)
            if not place.search(page):
                raise ValueError(f"{PAGE}: has no place for the table {name}")
            page = place.sub(lambda found, text=f"{table}\n\n*{said}.*\n": found[1] + text + found[2], page)
    return page


def known() -> dict[str, Any]:
    """What has been found so far, by part."""
    found: dict[str, Any] = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return found


def main() -> None:
    """Measure what is asked for, and fill the page."""
    parser = argparse.ArgumentParser(prog="python benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; without, all")
    parser.add_argument("--repeats", type=int, default=3, help="runs, or pairs, whose median is taken (3)")
    parser.add_argument("--page", action="store_true", help="measure nothing")
    asked = parser.parse_args()
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"found {', '.join(sorted(unknown))}; allowed: {', '.join(PARTS)}")
    for part in () if asked.page else asked.parts or PARTS:
        sys.stdout.write(f"{part}\n")
        sys.stdout.flush()
        where = conditions()
        figures = importlib.import_module(part).measure(asked.repeats)
        # each as soon as it is known: all of them take minutes
        found = known() | {part: {"where": where, "figures": figures}}
        text = json.dumps({each: found[each] for each in PARTS if each in found}, indent=1, ensure_ascii=False)
        RESULTS.write_text(text + "\n", encoding="utf-8")
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), known()), encoding="utf-8")


if __name__ == "__main__":
    main()
