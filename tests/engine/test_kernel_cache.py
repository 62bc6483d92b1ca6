"""The cache of compiled kernels: what is damaged is set aside, what cannot be kept is not said to be."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engine.compiled import kernels
from simulator.engine.compiled.kernels import Kernel

MODULE = "simulator.kinds.gather.compiled.kernels"
CACHES = (kernels._base_folder, kernels._cache_folder, kernels._sound_folder, kernels._note_once)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    for found in CACHES:
        found.cache_clear()
    yield tmp_path
    monkeypatch.undo()
    for found in CACHES:
        found.cache_clear()


def noted() -> Path:
    """A folder with a file of a kernel, whose checksum is noted."""
    folder = kernels._cache_folder(MODULE)
    (folder / "below").mkdir(parents=True)
    (folder / "below" / "kernels.run_gather-1.nbi").write_bytes(b"index")
    kernels._note_once(Kernel("gather", MODULE, lambda: None))
    kernels._sound_folder.cache_clear()
    return folder


@pytest.mark.usefixtures("cache")
def test_a_sound_cache_is_used() -> None:
    assert noted() == kernels._sound_folder(MODULE)
    assert Kernel("gather", MODULE, lambda: None).cached


@pytest.mark.parametrize(("name", "content"), [("below/kernels.run_gather-1.nbi", b"indey"), ("sums.json", b"{"), ("sums.json", b"[]")])
@pytest.mark.usefixtures("cache")
def test_a_damaged_cache_is_set_aside(name: str, content: bytes) -> None:
    folder = noted()
    (folder / name).write_bytes(content)
    assert kernels._sound_folder(MODULE) == folder
    assert not folder.exists()
    assert not Kernel("gather", MODULE, lambda: None).cached


def test_a_cache_that_cannot_be_written_is_one_of_this_process(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "file").write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(cache / "file" / "below"))
    monkeypatch.setattr("tempfile.tempdir", str(cache))
    folder = kernels._cache_folder(MODULE)
    assert folder.parent.parent == cache
    assert folder.parent.name.startswith("sparsim-kernels-")
    assert not kernels.kernels_kept()
    assert os.environ["NUMBA_CACHE_DIR"] == str(folder.parent)  # as workers inherit it
