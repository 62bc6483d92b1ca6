"""The answer: figures worked out, sentences that follow from them, and what would overturn them. No figure is typed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from simulator.errors import ConfigError
from simulator.report.numbers import significant
from simulator.specs import nearest_hint
from simulator.study.questions.estimate import Estimate, constant, on_what, words_of
from simulator.study.questions.evidence import Evidence
from simulator.study.questions.figures import Found
from simulator.study.questions.spec import QuestionSpec, Saying
from simulator.study.questions.table import Rival, rivals
from simulator.study.sweep.expression import Expression

_HOLE = re.compile(r"\{([A-Za-z_]\w*)(?:\.(\w+))?(?::([%xn]))?\}")
_NAMED = 4
"""Constants that are named of those that turn an answer."""


@dataclass(frozen=True)
class Answer:
    """What came out."""

    figures: Mapping[str, Found]
    verdict: str
    """One short sentence."""
    sentences: tuple[str, ...]
    """The figures that it rests on, with their bands."""
    overturned_by: tuple[str, ...]
    rivals: tuple[Rival, ...] = ()

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The verdict, and its sentences where there are any."""
        return (self.verdict, " ".join(self.sentences)) if self.sentences else (self.verdict,)

    @property
    def text(self) -> str:
        """Verdict and sentences, one after another."""
        return " ".join(self.paragraphs)


def answered(spec: QuestionSpec, evidence: Evidence) -> Answer:
    """Figures in the order of the file, then the sentences that hold. Raises ConfigError that names the figure or the sentence."""
    figures: dict[str, Found] = {}
    for name, figure in spec.figures.items():
        try:
            figures[name] = figure.found(evidence, figures)
        except ConfigError as error:
            raise ConfigError(f"{spec.name}: figures.{name}: {error}") from error
    verdict = said((spec.verdict,), figures)
    if not verdict:
        raise ConfigError(f"{spec.name}: verdict: none of its conditions holds; give a last sentence without `when`")
    return Answer(figures, verdict[0], said(spec.answer, figures), overturning(spec, figures, evidence.factors), _rivals(spec, evidence))


def _rivals(spec: QuestionSpec, evidence: Evidence) -> tuple[Rival, ...]:
    try:
        return rivals(spec.table, evidence) if spec.table is not None else ()
    except ConfigError as error:
        raise ConfigError(f"{spec.name}: table: {error}") from error


def said(groups: Sequence[Sequence[Saying]], figures: Mapping[str, Found]) -> tuple[str, ...]:
    """Of each group the first sentence whose condition holds. Raises ConfigError for a name that means nothing."""
    lookup = _lookup(figures)
    found = []
    for group in groups:
        chosen = next((each for each in group if each.when is None or Expression.parse(each.when).holds(lookup)), None)
        if chosen is not None:
            found.append(filled(chosen.say, figures))
    return tuple(found)


def holes(text: str) -> list[tuple[str, str]]:
    """Figures, and words of them, that a sentence names."""
    return [(match[1], match[2] or "") for match in _HOLE.finditer(text)]


def filled(text: str, figures: Mapping[str, Found]) -> str:
    """The sentence with its figures."""
    lookup = _lookup(figures)

    def value(match: re.Match[str]) -> str:
        name, word, form = match[1], match[2], match[3] or ""
        if word:
            found = lookup(f"{name}.{word}")
            return FORMS[form](constant(found, 0)) if isinstance(found, float) else str(found)
        estimate = figures[name].estimate if name in figures else None
        if estimate is None:
            raise ConfigError(f"{{{name}}}: is no number; allowed: {', '.join(f'{name}.{each}' for each in figures[name].words)}")
        return FORMS[form](estimate)

    return _HOLE.sub(value, text)


def _lookup(figures: Mapping[str, Found]) -> Callable[[str], Any]:
    def value(name: str) -> Any:
        head, _, word = name.partition(".")
        if head not in figures:
            raise LookupError(f"{name}: no such figure; allowed: {', '.join(figures)}{nearest_hint(head, list(figures))}")
        found = figures[head]
        words = {**(words_of(found.estimate) if found.estimate is not None else {}), **found.words}
        word = word or "value"
        if word not in words:
            raise LookupError(f"{name}: no such word; allowed: {', '.join(words)}{nearest_hint(word, list(words))}")
        return words[word]

    return value


def overturning(spec: QuestionSpec, figures: Mapping[str, Found], factors: Sequence[str]) -> tuple[str, ...]:
    """Constants that alone, within their bands, turn what the answer rests on; then what the file says."""
    lines = []
    for name, words in spec.rests_on.items():
        estimate = figures[name].estimate
        if estimate is None:
            lines.append(f"{words}: {figures[name].words.get('band', '')}".rstrip(": "))
            continue
        if estimate.nominal <= 0 or not estimate.banded:
            lines.append(f"{words}: {FORMS['n'](estimate)}; no constant moves it, only timing would")
            continue
        turning, movers = on_what(estimate, factors)
        shown = f"{words}: {FORMS['x'](estimate)}"
        if turning:
            more = f" and {len(turning) - _NAMED} more" if len(turning) > _NAMED else ""
            lines.append(f"{shown}; passes 1 within the band of {', '.join(turning[:_NAMED])}{more}")
        else:
            together = ", but several together may" if estimate.band.low < 1 < estimate.band.high else ""
            lines.append(f"{shown}; no constant alone takes it past 1{together}; {', '.join(movers)} move it most")
    return (*lines, spec.overturned_by)


def _with_band(show: Callable[[float], str], unit: str = "") -> Callable[[Estimate], str]:
    def shown(estimate: Estimate) -> str:
        value = show(estimate.nominal)
        tail = unit or (f" {estimate.unit}" if estimate.unit else "")
        low, high = show(estimate.band.low), show(estimate.band.high)
        if not estimate.banded or low == value == high:
            return f"{value}{tail}"
        return f"{value}{tail} ({low} to {high})"

    return shown


def _number(value: float) -> str:
    return f"−{significant(-value)}" if value < 0 else significant(value)


FORMS: Mapping[str, Callable[[Estimate], str]] = {
    "": _with_band(_number),
    "%": _with_band(lambda value: _number(100 * value), " %"),
    "x": _with_band(_number, "×"),
    "n": lambda estimate: f"{_number(estimate.nominal)}{f' {estimate.unit}' if estimate.unit else ''}",
}
"""How a figure is shown: plain, per cent, a ratio, without its band."""
