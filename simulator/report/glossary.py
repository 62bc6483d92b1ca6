"""The glossary: every term that a table, a plot or a file uses, collected from where it is declared.

Footnotes, `sparsim explain` and docs/metrics.md read it; a term is added where its counter, metric or component is.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.activity import BOUND_TERMS, CAUSE_TERMS, COUNTER_TERMS
from simulator.cost.words import AROUND
from simulator.errors import ConfigError
from simulator.kinds import KINDS
from simulator.result import DETAILS, METRICS, OBJECTIVE, OperationResult
from simulator.result.bandwidth import LEVELS
from simulator.specs import nearest
from simulator.terms import SECTIONS, ComponentWords, Section, Term

_OF_TABLES = (
    Term(
        "cycles_over_bound",
        "metric",
        "cycles ÷ largest bound",
        "",
        "1 if the busiest part never waited; the rest is lost by parts that wait for one another",
    ),
    Term(
        "ideal_saving",
        "metric",
        "time that it costs",
        "%",
        "the share of its cycles that a run saves when that part is made perfect (--ideal)",
    ),
)
"""What tables work out beside the metrics."""


OBJECTIVE_IN_SHORT = "E×t×A"
"""Energy × time × area, over a column."""
IN_SHORT: Mapping[str, str] = {"time": "seconds", "energy": "energy_pj", "area": "fabric_area_mm2", OBJECTIVE_IN_SHORT: OBJECTIVE}
"""Heading of the short table of runs → the metric below it."""
_HEADINGS: Mapping[str, str] = {**IN_SHORT, "largest loss": "unit_cycles"}
"""What stands over a column and is neither the name nor the label of its term."""


def _figure(name: str, label: str, unit: str, short: str) -> Term:
    return Term(name, "pattern", label, unit, short)


_PATTERN = (
    _figure("shape", "shape", "", "W is M output features × K input features, X is K input features × N tokens"),
    _figure("nnz", "nonzeros", "", "entries of the operand that are not zero"),
    _figure("density", "density", "%", "nonzeros ÷ size; sparsity = 1 − density"),
    _figure("row_degree_cv", "row CV", "", "skew of the rows: standard deviation ÷ mean of the nonzeros a row, empty rows included"),
    _figure("col_degree_cv", "col CV", "", "skew of the columns: standard deviation ÷ mean of the nonzeros a column, empty ones included"),
    _figure("row_max_over_mean", "row max", "", "nonzeros of the fullest row ÷ their mean over all rows"),
    _figure("col_max_over_mean", "col max", "", "nonzeros of the fullest column ÷ their mean over all columns"),
    _figure("empty", "empty", "", "rows + columns without a nonzero (`empty_rows`, `empty_cols` in JSON)"),
)


def components() -> tuple[ComponentWords, ...]:
    """Components of all kinds of machines that are registered; one that several kinds have stands once."""
    return tuple(dict.fromkeys((*(entry for kind in KINDS for entry in kind.components), *AROUND)))


def roles() -> dict[str, str]:
    """Component → the one whose colour and legend entry it shares."""
    return {entry.name: entry.role for entry in components()}


def by_role(values: Mapping[str, float]) -> dict[str, float]:
    """Figures by component, of which those that share a role are added up."""
    known = roles()
    added: dict[str, float] = {}
    for name, value in values.items():
        role = known.get(name, name)
        added[role] = added.get(role, 0.0) + value
    return added


def all_terms() -> tuple[Term, ...]:
    """All terms, in the order of the docs. `drain_bus` is both a level and a component, `unit_cycles` a metric and a bound."""
    return (
        *(entry.term for entry in (*METRICS.values(), *DETAILS.values(), OperationResult.compute_cycles)),
        *_OF_TABLES,
        *CAUSE_TERMS,
        *BOUND_TERMS,
        *LEVELS,
        *components(),
        *_PATTERN,
        *COUNTER_TERMS,
    )


def term(name: str, section: Section | None = None) -> Term:
    """The first term of that name (and section). Raises ConfigError with the nearest name where there is none."""
    return terms(name, section)[0]


def terms(name: str, section: Section | None = None) -> tuple[Term, ...]:
    """All terms of that name, then those of that label: the same word may be a metric and a bound.

    Where there is none, the term of that heading of the short table, or the components of that branch of the area tree.
    """
    wanted = name.strip().lower().replace("-", "_").replace(" ", "_")
    pool = [entry for entry in all_terms() if section is None or entry.section == section]
    named = [entry for entry in pool if entry.name == wanted]
    labelled = [entry for entry in pool if entry not in named and _slug(entry.label) == wanted]
    if named or labelled:
        return (*named, *labelled)
    headed = {name for heading, name in _HEADINGS.items() if _slug(heading) == wanted.replace("_×_", "×")}
    meant = [entry for entry in pool if entry.name in headed and entry.section == "metric"]
    branch = [entry for entry in pool if isinstance(entry, ComponentWords) and _slug(entry.branch) == wanted]
    if meant or branch:
        return (*meant, *branch)
    names = {entry.name: entry.name for entry in pool} | {_slug(entry.label): entry.name for entry in pool}
    near = nearest(wanted, names)
    hint = f"; did you mean {names[near]}?" if near else "; `sparsim explain --full` lists all"
    raise ConfigError(f"no metric is called {name!r}{hint}")


def label(name: str, section: Section) -> str:
    """What tables and plots call it; the name itself, spaced, where the glossary has none."""
    return next((entry.label for entry in all_terms() if entry.name == name and entry.section == section), name.replace("_", " "))


def to_markdown() -> str:
    """The whole glossary as docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "What every number in a table, a plot or a result file means. `sparsim explain NAME` prints an entry; this page is made",
        "from the same text.",
        "",
    ]
    for section, heading in SECTIONS.items():
        lines += [f"## {heading}", "", "| name | unit | meaning |", "| --- | --- | --- |"]
        for entry in all_terms():
            if entry.section == section:
                meaning = f"{entry.short}. {entry.more}".rstrip() if entry.more else entry.short
                lines.append(f"| `{entry.name}` ({entry.label}) | {entry.unit or '1'} | {meaning} |")
        lines.append("")
    return "\n".join(lines)


def _slug(text: str) -> str:
    return text.lower().replace("-", "_").replace(" ", "_")
