"""The plots of any result folder, from its files alone."""

from __future__ import annotations

import json
from pathlib import Path

from matplotlib.figure import Figure

from simulator.errors import OutputError
from simulator.explore.break_evens import break_even_files, break_evens_csv, load_break_evens
from simulator.explore.breakeven import FILE as ANSWER
from simulator.explore.breakeven import BreakEven
from simulator.explore.plots import FIGURES as SWEEP_FIGURES
from simulator.explore.plots.break_evens import break_evens_figure
from simulator.explore.plots.curves import break_even_figure
from simulator.explore.study import FILE, Study
from simulator.report.plots import FIGURES
from simulator.report.plots.style import save
from simulator.result import Result


def redraw(folder: Path, target: Path) -> list[str]:
    """Draw what the folder's command drew into `target`; return the names of the plots. Raises OutputError."""
    figures = _figures(folder)
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name, figure in figures.items():
            save(figure, target, name)
        several = break_even_files(folder)
        if several:
            (target / "breakevens.csv").write_text(break_evens_csv(load_break_evens(several)), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    return list(figures)


def _figures(folder: Path) -> dict[str, Figure]:
    if (folder / FILE).is_file():
        study = Study.load(folder / FILE)
        drawn = {name: draw(study) for name, draw in SWEEP_FIGURES.items()}
        return {name: figure for name, figure in drawn.items() if figure is not None}
    if (folder / ANSWER).is_file():
        curves = break_even_figure(BreakEven.load(folder / ANSWER))
        return {} if curves is None else {"breakeven": curves}
    several = break_even_files(folder)
    if several:
        return {"breakevens": break_evens_figure(load_break_evens(several))}
    results = _results(folder)
    return {name: draw(results) for name, draw in FIGURES.items()}


def _results(folder: Path) -> list[Result]:
    """Results of a `run` or `compare` folder, in the order of its plots."""
    if (folder / "result.json").is_file():
        return [Result.load(folder / "result.json"), *map(Result.load, sorted(folder.glob("result-ideal-*.json")))]
    try:
        files = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))["files"]
    except OSError as error:
        raise OutputError(f"{folder}: no result folder: it has neither {FILE}, result.json nor comparison.json") from error
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{folder / 'comparison.json'}: not a comparison of sparsim") from error
    results = [Result.load(folder / name) for name in files.values()]
    return [result for result in results if result.ideal == "none"]
