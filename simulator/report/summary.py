"""summary.csv: one row a run, one column a metric."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from simulator.result import Result


def summary_rows(results: Sequence[Result]) -> list[dict[str, float | str]]:
    """Flat rows: names, scalar metrics, then `section.name` for bounds, causes, components and bandwidths."""
    return [_row(result) for result in results]


def summary_csv(results: Sequence[Result]) -> str:
    """The rows as CSV; a column that a machine does not have is empty."""
    rows = summary_rows(results)
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _row(result: Result) -> dict[str, float | str]:
    row: dict[str, float | str] = {
        "machine": result.machine.name,
        "ideal": result.ideal,
        "workload": result.workload.name,
        "technology": result.technology,
        "engine": result.engine,
        **result.metrics(),
    }
    sections: dict[str, Mapping[str, float]] = {
        "bound": result.bounds,
        "unit_cycles": result.unit_cycles,
        "area_mm2": result.area_mm2_by_component,
        "energy_pj": result.energy_pj_by_component,
        "power_w": {name: power.total_w for name, power in result.power_by_component.items()},
        "power_density_w_per_mm2": result.power_density_by_component,
        "gb_per_s_used": {level: value.used for level, value in result.bandwidth_gb_per_s.items()},
        "gb_per_s_available": {level: value.available for level, value in result.bandwidth_gb_per_s.items()},
    }
    for section, values in sections.items():
        row |= {f"{section}.{name}": value for name, value in values.items()}
    return row
