"""The plots of any result folder, from its files alone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from simulator.errors import OutputError
from simulator.report.folder import MARKER, write_whole
from simulator.report.pictures import PictureFormat, PictureStyle, in_style
from simulator.report.plots import FIGURES
from simulator.report.plots.style import save
from simulator.result import Result
from simulator.study.breakeven.answer import FILE as ANSWER
from simulator.study.breakeven.answer import BreakEven
from simulator.study.breakeven.plots import break_even_figure, break_even_files, break_evens_csv, break_evens_figure, load_break_evens
from simulator.study.sweep.folder import FILE
from simulator.study.sweep.plots import FIGURES as SWEEP_FIGURES
from simulator.study.sweep.study import Study

_STACKED = ("area_mm2", "energy_pj")
_PLOTTED = ("fabric_area_mm2", "seconds", *_STACKED)
"""Metrics that plots of every sweep show, beside its objectives."""


def redraw(folder: Path, target: Path, formats: Sequence[PictureFormat] = ("png",), style: PictureStyle = "screen") -> list[str]:
    """Draw all that a folder's files can show into `target`; return the names of the plots.

    Raises OutputError where they show nothing, and where `target` is another report, whose plots would be lost.
    """
    if folder.is_file():
        raise OutputError(f"{folder}: a file; allowed: the folder of a result, {folder.parent}")
    if (target / MARKER).is_file() and target.resolve() != folder.resolve():
        raise OutputError(f"{target}: holds another report, whose plots would be replaced; choose another one with -o")
    try:
        with in_style(style), np.errstate(over="raise", invalid="raise", divide="raise"):
            figures = _figures(folder)
            target.mkdir(parents=True, exist_ok=True)
            for name, figure in figures.items():
                save(figure, target, name, formats)
        several = break_even_files(folder)
        if several:
            write_whole(target / "breakevens.csv", break_evens_csv(load_break_evens(several)).encode())
    except OSError as error:
        raise OutputError(f"{target}: cannot be written: {error.strerror or error}") from error
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, ArithmeticError, RecursionError) as error:
        # files are checked for their keys, not for the type of every value: what cannot be drawn was not written by sparsim
        raise OutputError(f"{folder}: a file of it is damaged: a value is not what sparsim writes, and cannot be drawn") from error
    return list(figures)


def _figures(folder: Path) -> dict[str, Figure]:
    if (folder / FILE).is_file():
        study = _study(folder / FILE)
        drawn = {name: draw(study) for name, draw in SWEEP_FIGURES.items()}
        return {name: figure for name, figure in drawn.items() if figure is not None}
    if (folder / ANSWER).is_file():
        curves = break_even_figure(BreakEven.load(folder / ANSWER))
        return {} if curves is None else {"breakeven": curves}
    several = break_even_files(folder)
    if several:
        entries = load_break_evens(several)
        if not entries:
            raise OutputError(f"{folder}: nothing to draw: none of its {len(several)} break-evens has any figures")
        return {"breakevens": break_evens_figure(entries)}
    results = _results(folder)
    return {name: draw(results) for name, draw in FIGURES.items()}


def _study(file: Path) -> Study:
    """A sweep whose points have all that plots show. Raises OutputError."""
    study = Study.load(file)
    needed = [*dict.fromkeys([*study.spec.objectives, *_PLOTTED]), *(f"{name}_by_component" for name in _STACKED)]
    for row in study.rows:
        lacking = [name for name in needed if row.record is not None and name not in row.record]
        if lacking:
            raise OutputError(f"{file}: not a sweep of sparsim: the point {row.label} has no {lacking[0]}")
    return study


def _results(folder: Path) -> list[Result]:
    """Results of a `run` or `compare` folder, in the order of its plots."""
    if (folder / "result.json").is_file():
        return [Result.load(folder / "result.json"), *map(Result.load, sorted(folder.glob("result-ideal-*.json")))]
    try:
        files = json.loads((folder / "comparison.json").read_text(encoding="utf-8"))["files"]
        results = [Result.load(folder / name) for name in files.values()]
    except OSError as error:
        raise OutputError(f"{folder}: no result folder: it has neither {FILE}, result.json nor comparison.json") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OutputError(f"{folder / 'comparison.json'}: not a comparison of sparsim") from error
    shown = [result for result in results if result.ideal == "none"]
    if not shown:
        raise OutputError(f"{folder / 'comparison.json'}: nothing to draw: it names no result without an ideal part")
    return shown
