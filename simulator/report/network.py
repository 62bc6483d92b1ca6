"""The folder of a network study: numbers as JSON and CSV, the curve as PNG and SVG."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from simulator.report.folder import MARKER, new_folder, write_json
from simulator.study.load_latency import NetworkCurve


def write_network(curve: NetworkCurve, folder: Path, made: Mapping[str, Any], *, force: bool) -> None:
    """Write a curve into a folder, whole or not at all, and run.json with `made`.

    Raises OutputError where the folder may not be written.
    """
    from simulator.report.plots.load_latency import load_latency_figure
    from simulator.report.plots.style import save

    with new_folder(folder, force=force) as draft:
        write_json(draft / "network.json", curve.to_dict())
        with (draft / "network.csv").open("w", newline="", encoding="utf-8") as file:
            rows = [asdict(point) for point in curve.points]
            writer = csv.DictWriter(file, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        save(load_latency_figure(curve), draft, "load_latency")
        write_json(draft / MARKER, made)
