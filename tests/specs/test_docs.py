"""The documents of the file formats name every key."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from simulator.kinds.systolic.machine import SystolicFabric
from simulator.kinds.units.machine import Network, UnitsFabric, UnitsMapping
from simulator.machine.model import Datatypes, Dram, Machine, Trunks
from simulator.study.questions.spec import ColumnSpec, QuestionSpec, Saying
from simulator.study.sweep.spec import AxisSpec, EqualSpec, SearchSpec, SweepSpec
from simulator.workload.patterns import ACTIVATION_PATTERNS, pattern_at
from simulator.workload.spec import (
    ActivationSpec,
    Blocks,
    ExpertsSpec,
    FuseSpec,
    OperationSpec,
    PrunedSpec,
    Shape,
    WeightSpec,
    WorkloadSpec,
)
from simulator.workload.storage import StorageSpec

DOCS = Path(__file__).parents[2] / "docs"
MACHINE = (Machine, Datatypes, Dram, Trunks, UnitsFabric, Network, SystolicFabric, UnitsMapping)
STUDY = (QuestionSpec, ColumnSpec, Saying)
SWEEP = (SweepSpec, AxisSpec, EqualSpec, SearchSpec)
PATTERNS = tuple(map(pattern_at, ACTIVATION_PATTERNS.values()))
WORKLOAD = (WorkloadSpec, OperationSpec, Shape, WeightSpec, PrunedSpec, ActivationSpec, Blocks, StorageSpec, ExpertsSpec, FuseSpec)


@pytest.mark.parametrize(
    ("page", "models"),
    [("machines.md", MACHINE), ("formats.md", WORKLOAD), ("patterns.md", PATTERNS), ("sweeps.md", SWEEP), ("studies.md", STUDY)],
)
def test_every_key_is_documented(page: str, models: tuple[type[BaseModel], ...]) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    keys = [name for model in models for name in model.model_fields]
    assert [name for name in keys if f"| `{name}` |" not in text] == []


def test_every_pattern_is_documented() -> None:
    text = (DOCS / "patterns.md").read_text(encoding="utf-8")
    assert [name for name in ACTIVATION_PATTERNS if f"| `{name}` |" not in text] == []


def test_the_index_lists_every_page() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in sorted(DOCS.glob("*.md")) if page.name != "README.md" and f"({page.name})" not in index] == []


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in DOCS.glob("*.md"))])
def test_every_link_leads_somewhere(page: str) -> None:
    file = DOCS.parent / page
    targets = re.findall(r"\]\(([^)#:]+)(?:#[\w-]+)?\)", file.read_text(encoding="utf-8"))
    assert [target for target in targets if not (file.parent / target).exists()] == []
