"""Kernels on the disk: what is not what was written is compiled again, what cannot be kept is not said to be."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from simulator.engine.compiled import kernel_files, kernels
from simulator.engine.compiled.kernels import Kernel
from simulator.engine.compiled.switch.engine import SWITCH_KERNEL

MODULE = SWITCH_KERNEL.module
CODE = b"machine code"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, in a process that has loaded nothing."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(kernels, "_LOADED", {})
    for found in (kernel_files._folder, kernel_files._file):
        found.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    for found in (kernel_files._folder, kernel_files._file):
        found.cache_clear()


def test_what_was_written_is_read(cache: Path) -> None:
    assert not SWITCH_KERNEL.ready
    kernel_files.write("switch", MODULE, CODE)
    assert kernel_files.read("switch", MODULE) == CODE
    assert SWITCH_KERNEL.ready
    assert [path.suffix for path in cache.iterdir()] == [".kernel"]  # and no draft


@pytest.mark.parametrize("damage", [b"", b"machine", lambda content: content[:-1] + b"?", lambda content: b"?" + content[1:]])
def test_what_is_not_what_was_written_is_not_run(cache: Path, damage: object) -> None:
    kernel_files.write("switch", MODULE, CODE)
    (file,) = cache.iterdir()
    file.write_bytes(damage(file.read_bytes()) if callable(damage) else damage)  # type: ignore[arg-type]
    assert kernel_files.read("switch", MODULE) is None
    assert not SWITCH_KERNEL.ready


@pytest.mark.usefixtures("cache")
def test_a_kernel_of_another_processor_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_files.write("switch", MODULE, CODE)
    monkeypatch.setattr(kernel_files, "_processor", lambda: ("other", "+avx2"))
    kernel_files._file.cache_clear()
    assert kernel_files.read("switch", MODULE) is None


def test_a_cache_that_cannot_be_written_is_one_of_this_process(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache / "file" / "below"))
    monkeypatch.setattr("tempfile.tempdir", str(cache))
    folder = kernel_files._file("switch", MODULE).parent
    assert folder.parent == cache
    assert folder.name.startswith("sparsim-kernels-")
    assert not kernels.kernels_kept()
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder)  # as workers inherit it


def test_a_kernel_takes_the_arrays_that_it_was_compiled_for() -> None:
    """Machine code would take any address for any type."""
    memory, sinks = np.zeros(4, dtype=np.int64), np.zeros(4, dtype=np.int32)
    for wrong in (sinks.astype(np.int64), sinks.astype(np.uint32), sinks[::2]):
        with pytest.raises(TypeError, match="run_switch takes contiguous arrays of int64, int32"):
            SWITCH_KERNEL(memory, wrong, 0)
    with pytest.raises(ValueError, match="argument"):
        SWITCH_KERNEL(memory, 0)


def test_a_kernel_that_could_raise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it would call of Python is not in its file, and the process would end when it is loaded."""
    from simulator.engine.compiled.building import machine_code

    (tmp_path / "raising_kernel.py").write_text(
        "def run_raising(memory, most):\n    if most < 0:\n        raise ValueError\n    memory[0] = most\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TypeError, match=r"run_raising would call .*: a kernel calls nothing outside, and raises nothing"):
        machine_code("raising", "raising_kernel", ("int64",))


def test_a_small_kernel_from_source_to_run(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "source").mkdir()
    (cache / "source" / "adding_kernel.py").write_text(
        "def run_adding(memory, bytes_, most):\n    for place in range(most):\n        memory[place] += bytes_[place]\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(cache / "source")
    adding = Kernel("adding", "adding_kernel", ("int64", "uint8"))
    for ready in (False, True):  # compiled, and read
        monkeypatch.setattr(kernels, "_LOADED", {})
        assert adding.ready is ready
        memory = np.arange(4)
        adding(memory, np.array([255, 1, 2, 3], dtype=np.uint8), 3)
        assert memory.tolist() == [255, 2, 4, 3]


def test_a_kernel_that_is_kept_needs_no_numba() -> None:
    SWITCH_KERNEL.warm_up()
    code = (
        "import sys\nfrom simulator.engine.compiled.switch import engine\nfrom simulator.network import NetworkSpec\n"
        "from simulator.network.traffic import draw_arrivals\nspec = NetworkSpec(2, 2)\n"
        "print(engine.drive(spec, draw_arrivals(spec, 'uniform', 0.5, 9, seed=0), 1).load, 'numba' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "0.5 False\n"
