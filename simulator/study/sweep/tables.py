"""Tables of a sweep for the terminal and for table.txt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from simulator.report.glossary import term
from simulator.report.layout import Stacked
from simulator.report.numbers import common_scale, counted, percent, significant, times
from simulator.study.sizing.quantities import METRIC_OF
from simulator.study.sweep.analysis import best_points, by_workload, fronts, label_within, main_effects, thinned
from simulator.study.sweep.keys import labelled, short, shown
from simulator.study.sweep.point import FAILURES
from simulator.study.sweep.spec import EqualSpec
from simulator.study.sweep.study import Robustness, Row, Study, over_the_bands
from simulator.study.sweep.verdict import sweep_sentences

_MOST = 20
_WORST = 5
_MOST_WORKLOADS, _LEAST = 12, 3
"""Workloads whose fronts and best points are shown, evenly spread, and points of each front at the least."""
_HYPERVOLUME = "share of the box from the best to the worst figures (logarithms) that the front dominates"


def study_table(study: Study) -> RenderableType:
    """The verdict, fronts, best points, effects and failures."""
    sentences = [Text(sentence) for sentence in sweep_sentences(study)]
    parts: list[RenderableType] = [*sentences, Text(), _headline(study)]
    found = _front(study), _best(study), _sizes(study), _standings(study), _effects(study)
    for part in (*found, _cut_short(study.rows), failure_list(study.rows)):
        if part is not None:
            parts += [Text(), part]
    return Group(*parts)


_SHORT = 6
"""Points of a front that are shown first."""


def study_summary(study: Study) -> RenderableType:
    """What a terminal shows first: the verdict, the front of the first workload, how many points failed and why the first did."""
    sentences = [Text(sentence, style="bold" if place == 0 else "") for place, sentence in enumerate(sweep_sentences(study))]
    parts: list[RenderableType] = [*sentences, Text(), _headline(study)]
    objectives = study.spec.objectives
    found = fronts(study.rows, objectives)
    if found:
        front = found[0]
        on = f" on {front.workload}" if len(found) > 1 else ""
        labels = [label_within(row) if len(found) > 1 else row.label for row in front.rows]
        title = f"Pareto front{on} ({counted(len(front.rows), 'point')})" if len(objectives) > 1 else f"Best point{on}"
        table = _figures(title, front.rows[:_SHORT], objectives, labels)
        left = len(front.rows) - _SHORT, len(found) - 1
        more = [
            counted(left[0], "more point") if left[0] > 0 else "",
            f"the fronts of {counted(left[1], 'more workload')}" if left[1] else "",
        ]
        parts += [table, *([Text(f"… and {' and '.join(filter(None, more))}", style="dim")] if any(more) else [])]
    failures = [row for row in study.rows if row.failure is not None]
    if failures:
        reason = failures[0].reason.splitlines()[0] if failures[0].reason else "no reason given"
        parts.append(Text(f"{len(failures)} of {len(study.rows)} points failed; the first, {failures[0].label}: {reason}", style="red"))
    return Group(*parts)


def failure_list(rows: Sequence[Row]) -> RenderableType | None:
    """How many points failed, why, and the first few of each kind."""
    failures = [row for row in rows if row.failure is not None]
    if not failures:
        return None
    kinds = Counter(str(row.failure) for row in failures)
    lines = [Text(f"{len(failures)} of {len(rows)} points failed", style="bold red")]
    for kind, count in kinds.most_common():
        lines.append(Text(f"  {count} {kind}: {FAILURES.get(kind, '')}"))  # type: ignore[call-overload]
        for row in [row for row in failures if row.failure == kind][:_WORST]:
            lines.append(Text(f"    {row.label}: {row.reason.splitlines()[0] if row.reason else 'no reason given'}", style="dim"))
        if count > _WORST:
            lines.append(Text(f"    … and {count - _WORST} more (sparsim results lists them)", style="dim"))
    return Group(*lines)


def _cut_short(rows: Sequence[Row]) -> RenderableType | None:
    """Searches for the best sizes that ended with their budget."""
    cut = [row for row in rows if row.unexamined]
    if not cut:
        return None
    lines = [Text("Searches for the best sizes that their budget cut short: designs that could be better", style="yellow")]
    lines += [Text(f"  {row.label}: {row.unexamined:,}") for row in cut[:_MOST]]
    lines += [Text(f"  … and {len(cut) - _MOST} more")] if len(cut) > _MOST else []
    return Group(*lines)


def _headline(study: Study) -> Text:
    ran = sum(row.record is not None for row in study.rows)
    feasible = sum(row.feasible for row in study.rows)
    text = f"{study.spec.name}: {counted(len(study.rows), 'point')}, {ran} with figures"
    if study.spec.constraints:
        text += f", {feasible} within {'; '.join(study.spec.constraints)}"
    if study.excluded:
        text += f"; {study.excluded} combinations left out by where"
    return Text(text, style="bold")


def _front(study: Study) -> RenderableType | None:
    objectives = study.spec.objectives
    found = fronts(study.rows, objectives)
    if not found or len(objectives) == 1:
        return None
    several, most = len(found) > 1, max(_LEAST, _MOST // len(found))
    parts: list[RenderableType] = []
    for front in thinned(found, _MOST_WORKLOADS):
        on = f" on {front.workload}" if several else ""
        labels = [label_within(row) if several else row.label for row in front.rows]
        table = _figures(f"Pareto front{on} ({counted(len(front.rows), 'point')})", front.rows[:most], objectives, labels)
        if len(front.rows) > most:
            table.add_row(f"… and {len(front.rows) - most} more", *[""] * len(objectives))
        parts += [table, Text(f"hypervolume {front.hypervolume:.3f}{'' if several else f': {_HYPERVOLUME}'}", style="dim")]
    if len(found) > _MOST_WORKLOADS:
        parts.append(Text(f"… and the fronts of {len(found) - _MOST_WORKLOADS} more workloads (fronts.csv has them)"))
    return Group(*parts, *([Text(f"hypervolume: {_HYPERVOLUME}", style="dim")] if several else []))


def _best(study: Study) -> RenderableType | None:
    groups = by_workload(study.rows)
    lines: list[RenderableType] = []
    for workload, rows in thinned(list(groups.items()), _MOST_WORKLOADS):
        lines += _best_on(study, rows, workload if len(groups) > 1 else "")
    return Group(*lines) if lines else None


def _best_on(study: Study, rows: Sequence[Row], workload: str) -> list[RenderableType]:
    """The best points among rows of one workload, which is named where there are several."""
    lines: list[RenderableType] = []
    name = label_within if workload else attrgetter("label")
    for best in best_points(rows, study.spec.objectives, study.spec.constraints):
        entry = term(best.objective, "metric")
        factor, unit = common_scale([best.row.metric(best.objective)], entry.unit)
        band = best.row.band(best.objective)
        over = f" (band {significant(band[0] * factor)}–{significant(band[1] * factor)})" if band else ""
        figure = f"{significant(best.row.metric(best.objective) * factor)} {unit}{over}"
        scaled = f" (scaled: {labelled(best.row.sizes)})" if best.row.sizes else ""
        lines.append(Text(f"best {entry.label}{f' on {workload}' if workload else ''}: {figure} at {name(best.row)}{scaled}"))
        open_at = [text for text in over_the_bands(study.spec, best.row) if text not in best.row.broken]
        lines += [Text(f"  over the bands of the constants it may break {text}", style="yellow") for text in open_at]
        for constraint, row in best.without.items():
            ratio = row.metric(best.objective) / best.row.metric(best.objective)
            lines.append(Text(f"  without {constraint}: {times(ratio)} of that, at {name(row)}", style="dim"))
    return lines


def _sizes(study: Study) -> RenderableType | None:
    """What searches for the best sizes found at each point."""
    if not isinstance(study.spec.equal, EqualSpec) or study.spec.equal.best is None:
        return None
    rows = [row for row in study.rows if row.record is not None]
    if not rows:
        return None
    sizes = [labelled(row.sizes) or "as in its file" for row in rows]
    labels = [row.label for row in rows]
    by = term(METRIC_OF[study.spec.equal.best], "metric").label
    table = _figures(f"Best sizes by {by}", rows[:_MOST], study.spec.objectives, labels, {"sizes": sizes})
    note = Text("sizes that are not those of the machine's file", style="dim")
    return Group(table, note) if len(rows) <= _MOST else Group(table, Text(f"… and {len(rows) - _MOST} more (points.csv has them)"), note)


def _figures(
    title: str, rows: Sequence[Row], objectives: Mapping[str, str], labels: Sequence[str], more: Mapping[str, Sequence[str]] | None = None
) -> Table:
    """A line a point: what it is, the figure of each objective, and what else there is to say."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    table.add_column("point", overflow="fold")
    scales = {name: common_scale([row.metric(name) for row in rows], term(name, "metric").unit) for name in objectives}
    for name, way in objectives.items():
        table.add_column(f"{term(name, 'metric').label}\n{scales[name][1]} ({way})", justify="right", no_wrap=True)
    texts = more or {}
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for index, row in enumerate(rows):
        figures = [significant(row.metric(name) * factor) for name, (factor, _) in scales.items()]
        table.add_row(labels[index], *figures, *[column[index] for column in texts.values()])
    return table


def _standings(study: Study) -> RenderableType | None:
    """Whether the best points stay the best over the bands of the constants."""
    if not study.robustness:
        return None
    lines = [Text("Over the bands of the constants", style="bold")]
    for objective, group in groupby(study.robustness, key=lambda found: found.objective):
        own = list(group)
        label = term(objective, "metric").label
        if own[0].workload:
            lines.append(Text(f"best {label} on each workload, against the runner-up:"))
            lines += [Text(f"  {found.workload}: {found.best} than ") + _against(found) for found in own]
        else:
            lines.append(Text(f"best {label}, {own[0].best}, against the runner-up and the best at each other value of the first axis:"))
            lines += [Text("  than ") + _against(found) for found in own]
    lines.append(Text("ratio: rival ÷ best, each constant at one value in both", style="dim"))
    return Group(*lines)


def _against(found: Robustness) -> Text:
    band = f"{times(found.ratio)}, combined {significant(found.low)}–{significant(found.high)}"
    held = Text("robust", style="green") if found.robust else Text(found.turns_on, style="yellow")
    return Text(f"{found.rival} ({band}): ") + held


def _effects(study: Study) -> RenderableType | None:
    effects = main_effects(study.rows, list(study.spec.objectives))
    if not effects:
        return None
    table = Table(title="Main effects", title_justify="left", box=None, pad_edge=False)
    for heading in ("metric", "axis", "of variance", "most/least", "least at", "most at"):
        table.add_column(heading, justify="left" if heading in ("metric", "axis") else "right", no_wrap=True)
    for effect in effects:
        low, high = (select(effect.means, key=lambda value: effect.means[value]) for select in (min, max))
        table.add_row(
            term(effect.metric, "metric").label, short(effect.path), percent(effect.share), times(effect.ratio), shown(low), shown(high)
        )
    return Group(Stacked(table), Text("geometric means over all other axes; share of the variance of the logarithm", style="dim"))
