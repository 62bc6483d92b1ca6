"""The report of `sparsim synth`: a table, and a folder with it, pieces as CSV, the whole as JSON, figures for `validate`, a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from simulator.report.folder import MARKER, as_text, csv_text, new_folder, write_json
from simulator.report.layout import Stacked
from simulator.report.numbers import counted, significant
from simulator.report.pictures import PictureFormat
from simulator.specs import as_yaml
from simulator.synthesis.synthesise import Synthesis, Synthesised

_WIDTH = 140
_HEADINGS = ("piece", "copies", "GE", "model", "ratio", "FO4", "model", "ratio")
_MEANING = (
    "GE: areas of the library's smallest NAND of two inputs, mapped for area, with buffers where an output drives more than {most} inputs\n"
    "ratio: model ÷ synthesis\n"
    "FO4: longest path between registers, mapped for it, without wires, registers and set-up; -: the delay model has no such path"
)


def synthesis_tables(synthesis: Synthesis) -> Group:
    """How far the models are, the library, all pieces, and what was left out."""
    gate = f"{synthesis.nand2} of {significant(synthesis.nand2_area, 4)} µm²"
    units = f"a gate is {gate}, a FO4 {significant(synthesis.fo4_ps, 3)} ps"
    head = f"{synthesis.machine} ({synthesis.technology}) with {synthesis.library}: {units}"
    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in _HEADINGS:
        table.add_column(heading, justify="left" if heading == "piece" else "right", no_wrap=heading != "piece")
    for piece in synthesis.pieces:
        table.add_row(*_cells(piece))
    reasons = dict.fromkeys(unbuilt.reason for unbuilt in synthesis.unbuilt)
    left = [f"left out, {why}: {', '.join(of.name for of in synthesis.unbuilt if of.reason == why)}" for why in reasons]
    return Group(
        Text(synthesis_sentence(synthesis), style="bold"),
        Text(f"{head}\n"),
        Stacked(table),
        Text(f"{_MEANING.format(most=synthesis.most_driven)}\n", style="dim"),
        Text("\n".join(left), style="dim"),
    )


def synthesis_sentence(synthesis: Synthesis) -> str:
    """The range of model ÷ synthesis over the pieces: of gates, and of longest paths."""
    spans = [
        f"{min(found):.2f} to {max(found):.2f} of synthesis in {what} ({counted(len(found), 'piece')})"
        for what, ratios in (("gates", [piece.ratio for piece in synthesis.pieces]), ("delay", [p.depth_ratio for p in synthesis.pieces]))
        if (found := [ratio for ratio in ratios if ratio is not None])
    ]
    return f"The models of {synthesis.machine} are {' and '.join(spans)}." if spans else f"No piece of {synthesis.machine} was synthesised."


def write_synthesis(
    synthesis: Synthesis, folder: Path, made: Mapping[str, Any], formats: Sequence[PictureFormat] = ("png",), *, force: bool
) -> None:
    """Write pieces.csv, summary.json, table.txt, figures.yaml and the picture into a folder, whole or not at all, and run.json with `made`.

    Raises OutputError where the folder may not be written. A synthesis without figures writes no list of them.
    """
    from simulator.report.plots.style import save
    from simulator.report.plots.synthesis import synthesis_figure

    with new_folder(folder, force=force) as draft:
        write_json(draft / "summary.json", synthesis.to_dict())
        (draft / "pieces.csv").write_bytes(csv_text([piece.to_dict() for piece in synthesis.pieces], end="\r\n").encode())
        (draft / "table.txt").write_text(as_text(synthesis_tables(synthesis), _WIDTH), encoding="utf-8")
        if synthesis.figures:
            figures = as_yaml({"figures": list(synthesis.figures)}, width=1000)
            (draft / "figures.yaml").write_text(figures, encoding="utf-8")
        save(synthesis_figure(synthesis), draft, "synthesis", formats)
        write_json(draft / MARKER, made)


def _cells(piece: Synthesised) -> tuple[str, ...]:
    depth = "-" if piece.model_depth is None else f"{piece.model_depth:.1f}"
    ratio = "-" if piece.depth_ratio is None else f"{piece.depth_ratio:.2f}"
    gates = f"{piece.gates:,.0f}", f"{piece.model_gates:,.0f}", f"{piece.ratio:.2f}"
    return piece.name, f"{piece.copies:,}", *gates, f"{piece.depth:.1f}", depth, ratio
