"""The tables of docs/performance.md are those of the figures that `make bench` found last, and every table has its place."""

import re
import runpy
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"


def test_the_page_holds_the_figures_of_the_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    before = set(sys.modules)
    try:
        main = runpy.run_path(str(FOLDER / "__main__.py"))
        page = main["PAGE"].read_text(encoding="utf-8")
        found = main["known"]()
        assert set(found) <= set(main["PARTS"])
        assert main["filled"](page, found) == page
        assert set(re.findall(r"<!-- bench: (.*) -->", page)) == set(main["PARTS"])
        with pytest.raises(ValueError, match="has no place for the table"):
            main["filled"]("", found)
    finally:
        for name in set(sys.modules) - before:
            if getattr(sys.modules[name], "__file__", None) and Path(sys.modules[name].__file__ or "").parent == FOLDER:
                del sys.modules[name]
