"""What a script or a notebook calls: runs, comparisons, sweeps and break-evens of machines and workloads, by name, file or as they are.

    import sparsim as sim
    sim.simulate("crossbar", "tinygpt").cycles
    sim.sweep({"machine": "crossbar", "workload": "spmm-1024", "axes": {"fabric.window": [4, 8, 16]}}).to_frame()
    sim.breakeven("workload.density", ("crossbar", "systolic"))

They run in this process unless `workers` is given, show nothing, and write no file but a `store` that is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, get_args

from simulator.errors import ConfigError
from simulator.machine import Machine, load_machine
from simulator.specs import as_json, check_choice
from simulator.specs.documents import called
from simulator.workload import Workload, load_workload

if TYPE_CHECKING:
    from simulator.engine.engines import EngineName
    from simulator.result import Ideal, Result
    from simulator.run.run import Progress
    from simulator.study.breakeven.answer import BreakEven
    from simulator.study.breakeven.crossings import Scale
    from simulator.study.breakeven.pruned import PruneRule
    from simulator.study.comparison import Comparison
    from simulator.study.executors import Report
    from simulator.study.questions.run import Answered
    from simulator.study.sweep.run import Options, SweepRun
    from simulator.study.sweep.store import Store

MachineLike = Machine | str | Path | dict[str, Any]
"""A machine, its file, a name in configs/machines, or what a file would hold."""
WorkloadLike = Workload | str | Path
"""A workload, its file, or a name in workloads/."""

_DENSITY = 2.0**-10, 1.0


def simulate(
    machine: MachineLike,
    workload: WorkloadLike,
    *,
    engine: EngineName = "compiled",
    ideal: Ideal = "none",
    reuse_tiles: bool = True,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a workload on a machine and price what it did.

    `ideal` makes a part perfect: network, dram, trunks, or both (network and DRAM). `reuse_tiles` simulates what is equal once,
    which is exact; `threads` (all cores unless told) changes the wall time only. Raises ConfigError or OperandError for a
    file that cannot be used, MappingError where the machine cannot hold the workload.
    """
    from simulator import pipeline

    _check_run(engine, ideal)
    return pipeline.simulate(
        _machine(machine), _workload(workload), engine=engine, ideal=ideal, reuse_tiles=reuse_tiles, threads=threads, progress=progress
    )


def compare(
    machines: Sequence[MachineLike],
    workload: WorkloadLike,
    *,
    engine: EngineName = "compiled",
    ideal: Ideal = "none",
    jobs: int = 1,
    progress: Report | None = None,
) -> Comparison:
    """Run a workload on every machine, and again with an `ideal` part where one is named, in so many processes.

    `progress` is called with a run's name and the fraction of it that is done. Raises ConfigError for no machine or two of one
    name, and as `simulate`.
    """
    from simulator.study import comparison

    _check_run(engine, ideal)
    _check_count("jobs", jobs, 1)
    models = [_machine(machine) for machine in ([machines] if isinstance(machines, str) else machines)]
    return comparison.compare(models, _workload(workload), engine=engine, ideal=ideal, jobs=jobs, progress=progress)


def sweep(
    spec: str | Path | Mapping[str, Any], *, settings: Sequence[str] = (), workers: int = 0, store: str | Path | None = None
) -> SweepRun:
    """Run all points of a sweep: of its file, of a name in configs/sweeps, or of a mapping with what a file would hold.

    In a mapping, `name` may be left out, and a machine may be a Machine or a mapping of its own. `settings` are `key=value` texts
    that replace keys. What a `store` holds is not run again; without one nothing is kept. A point that fails is a row with its
    reason. Raises ConfigError for a sweep that cannot be run.
    """
    from simulator.specs.documents import apply_overrides, validated
    from simulator.specs.parse import parse
    from simulator.study.sweep.reading import load_sweep, space_of
    from simulator.study.sweep.run import run_sweep
    from simulator.study.sweep.spec import SweepSpec

    with ExitStack() as stack:
        base = stack.enter_context(_store(store))
        if isinstance(spec, Mapping):
            files = _Files(stack)
            record = {"name": "sweep", **files.named(spec)}
            root = apply_overrides(parse(as_json(record, "a sweep"), "sweep", lines=False), settings)
            space = space_of(validated(root, SweepSpec), files.folder)
        elif isinstance(spec, str | Path):
            space = load_sweep(spec, settings)
        else:
            raise ConfigError(f"found {type(spec).__name__} as a sweep; allowed: a name or a file, or a dictionary of what a file holds")
        return run_sweep(space, base, _options(workers))


def breakeven(
    axis: str,
    between: tuple[MachineLike, MachineLike],
    workload: str | Path = "spmm-1024",
    *,
    metrics: Sequence[str] = ("seconds", "energy_pj"),
    between_values: tuple[float, float] | None = None,
    linear: bool = False,
    points: int = 11,
    tolerance: float = 0.02,
    equal_area: bool = False,
    prune: PruneRule | None = None,
    settings: Sequence[str] = (),
    workers: int = 0,
    store: str | Path | None = None,
) -> BreakEven:
    """Find where the better one of two machines changes along an axis, such as `workload.density` or `fabric.replicas`.

    Args:
        axis: key path, as in a sweep.
        between: two machines.
        workload: file, or a name in workloads/; a folder that an import made.
        metrics: names of metrics of which less is better.
        between_values: ends of the axis; of a density 1/1024 and 1 unless told.
        linear: divide the axis evenly instead of by ratios.
        points: values of the coarse scan.
        tolerance: width of an answer: 0.02 is 2 %, or with `linear` of the range.
        equal_area: scale machines by their size alone to the fabric area of the first one.
        prune: magnitude or row: the workload is a checkpoint, a matrix or an imported trace, pruned anew at every density.
        settings: `key=value` texts, for both machines or as `workload.key=value`.
        workers: processes; with 0 everything runs in this one.
        store: what it holds is not run again.

    Raises:
        ConfigError: a name or a key that does not exist, or an axis without ends.
    """
    from simulator.study.breakeven.breakeven import Question, find_break_even
    from simulator.study.breakeven.pruned import PruneRule, prunable

    ends = between_values or (_DENSITY if axis.endswith("density") else None)
    if ends is None:
        raise ConfigError(f"{axis}: needs between_values=(LOW, HIGH); only a density has a default")
    metrics = (metrics,) if isinstance(metrics, str) else tuple(dict.fromkeys(metrics))
    scale = _scale(axis, ends, linear=linear)
    _check_scan(between, workload, metrics, points, tolerance)
    if prune is not None:
        check_choice("prune", prune, get_args(PruneRule))
    with ExitStack() as stack:
        base = stack.enter_context(_store(store))
        files = _Files(stack)
        first, second = (files.name_of(machine) for machine in between)
        if prune is not None:
            workload = stack.enter_context(prunable(str(workload), prune)).file
        asked = (metrics, scale, points, tolerance, equal_area, tuple(settings), files.folder)
        question = Question(axis, (first, second), str(workload), *asked)
        return find_break_even(question, base, _options(workers))


def answer(
    study: str | Path, *, cut: bool = False, settings: Sequence[str] = (), workers: int = 0, store: str | Path | None = None
) -> Answered:
    """Answer the question of a study: of its file, or of a name in configs/studies.

    With `cut` only the small part of it that the file names. `settings` are `key=value` texts that replace keys. What a `store`
    holds is not run again. Raises ConfigError for a study that cannot be run, or a figure that cannot be worked out.
    """
    from simulator.study.questions.reading import load_question
    from simulator.study.questions.run import answer_question

    question = load_question(study, settings, cut=cut)
    with _store(store) as base:
        return answer_question(question, base, _options(workers), lambda spec: nullcontext(lambda event: None))


def _check_count(what: str, given: Any, least: int) -> None:
    """Raise ConfigError for what is no number of things, or too few."""
    if isinstance(given, bool) or not isinstance(given, int) or given < least:
        raise ConfigError(f"{what}: found {given!r}; allowed: an integer of at least {least}")


def _check_run(engine: str, ideal: str) -> None:
    from simulator.activity import Ideal
    from simulator.engine.engines import EngineName

    check_choice("engine", engine, get_args(EngineName))
    check_choice("ideal", ideal, get_args(Ideal))


def _scale(axis: str, ends: Sequence[Any], *, linear: bool) -> Scale:
    """The ends of a break-even's axis. Raises ConfigError for what are none."""
    from simulator.study.breakeven.breakeven import fault_of_range
    from simulator.study.breakeven.crossings import Scale

    try:
        low, high = (float(end) for end in ends)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"between_values: found {ends!r}; allowed: two numbers, as (0.001, 1)") from error
    fault = fault_of_range(axis, low, high, linear=linear)
    if fault:
        raise ConfigError(f"between_values={low:g}, {high:g}: {fault.format(linear='linear=True')}")
    return Scale(low, high, logarithmic=not linear)


def _check_scan(between: Any, workload: Any, metrics: Sequence[str], points: Any, tolerance: Any) -> None:
    """Raise ConfigError for what a break-even cannot be looked for with."""
    from simulator.study.breakeven import FINEST, MOST_POINTS

    if isinstance(between, str) or len(between) != 2:
        raise ConfigError(f"between: found {between!r}; allowed: two machines, as ('crossbar', 'systolic')")
    if not isinstance(workload, str | Path):
        raise ConfigError(f"found {type(workload).__name__} as a workload; allowed: a name or a file, which every point reads anew")
    if not metrics:
        raise ConfigError("metrics: found none; allowed: at least one, as 'energy_pj'")
    if not isinstance(points, int) or not 2 <= points <= MOST_POINTS:
        raise ConfigError(f"points: found {points!r}; allowed: an integer from 2 to {MOST_POINTS}")
    if not isinstance(tolerance, int | float) or not FINEST <= tolerance <= 1:
        raise ConfigError(f"tolerance: found {tolerance!r}; allowed: a number from {FINEST:g} to 1")


def _machine(machine: MachineLike) -> Machine:
    if not isinstance(machine, Machine | str | Path | dict):
        found = type(machine).__name__
        raise ConfigError(f"found {found} as a machine; allowed: a Machine, a name or a file, or a dictionary of what a file holds")
    return machine if isinstance(machine, Machine) else load_machine(machine)


def _workload(workload: WorkloadLike) -> Workload:
    if not isinstance(workload, WorkloadLike):
        found = type(workload).__name__
        raise ConfigError(f"found {found} as a workload; allowed: a Workload (from_scipy makes one of a matrix), a name or a file")
    return workload if isinstance(workload, Workload) else load_workload(workload)


class _Files:
    """Machines of a script as files, for what reads machines by their names; messages tell these, and no file."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="sparsim-machines-")))

    def path_of(self, machine: MachineLike) -> Path | str:
        """The file of a machine; a file or a name as it is. Raises ConfigError where another one has the name of a machine."""
        if not isinstance(machine, Machine | dict):
            return machine
        model = _machine(machine)
        file, text = self.folder / f"{model.name}.yaml", model.model_dump_json(exclude_unset=True)
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise ConfigError(f"two machines are called {model.name!r}; give one of them another name, as with_(name='other')")
        file.write_text(text, encoding="utf-8")
        self._stack.enter_context(called(file, model.name))
        return file

    def name_of(self, machine: MachineLike) -> str:
        """What a sweep in the folder calls a machine."""
        found = self.path_of(machine)
        return found.name if isinstance(found, Path) and found.parent == self.folder else str(found)

    def named(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """A sweep in which every machine is a name or a file."""
        return {key: self._named(key, value) for key, value in spec.items()}

    def _named(self, key: str, value: Any) -> Any:
        """What a key holds, with the name of each machine in it: a Machine, or a mapping that the key `machine` has."""
        if isinstance(value, Machine) or (key == "machine" and isinstance(value, Mapping) and "fabric" in value):
            return self.name_of(value if isinstance(value, Machine) else dict(value))
        if isinstance(value, Workload):
            raise ConfigError(f"{key}: found a Workload; allowed: a name or a file, which every point reads anew")
        if isinstance(value, Mapping):
            return {inner: self._named(key if inner == "values" else inner, held) for inner, held in value.items()}
        return [self._named(key, item) for item in value] if isinstance(value, list | tuple) else value


@contextmanager
def _store(file: str | Path | None) -> Iterator[Store]:
    """The store of that file; without one, a store that ends with the block."""
    from simulator.study.sweep.store import Store

    with TemporaryDirectory(prefix="sparsim-store-") as folder, Store(Path(file) if file is not None else Path(folder) / "store") as base:
        yield base


def _options(workers: int) -> Options:
    from simulator.study.sweep.run import Options

    _check_count("workers", workers, 0)
    return Options("processes", workers) if workers else Options()
