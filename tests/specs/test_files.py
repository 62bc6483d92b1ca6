"""Which file a bare name means, in a checkout and in an installed package."""

from pathlib import Path

import pytest

from simulator.errors import ConfigError
from simulator.specs import config_names, config_path, data_folder, files, workload_path


def test_a_checkout_uses_the_folders_that_users_edit() -> None:
    root = Path(__file__).parents[2]
    assert data_folder("configs") == root / "configs"
    assert config_path("machines", "crossbar") == root / "configs" / "machines" / "crossbar.yaml"
    assert workload_path("tinygpt") == root / "workloads" / "tinygpt.yaml"
    assert "systolic" in config_names("machines")


def test_an_installed_package_uses_its_own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machines = tmp_path / "simulator" / "_data" / "configs" / "machines"
    machines.mkdir(parents=True)
    (machines / "mine.yaml").write_text("name: mine\n")
    monkeypatch.setattr(files, "_PACKAGE", tmp_path / "simulator")
    assert config_path("machines", "mine") == machines / "mine.yaml"


def test_a_path_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert config_path("machines", "my/crossbar") == Path("my/crossbar")
    assert config_path("machines", "mine.yml") == Path("mine.yml")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "crossbar").write_text("")
    assert config_path("machines", "crossbar") == Path("crossbar")


def test_a_file_of_the_same_name_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.yaml").write_text("")
    with pytest.raises(ConfigError, match=r"; a file of yours goes by its whole name: mine\.yaml$"):
        config_path("machines", "mine")


def test_a_folder_of_results_does_not_hide_a_shipped_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = config_path("machines", "crossbar"), workload_path("tinygpt")
    monkeypatch.chdir(tmp_path)
    for name in ("crossbar", "tinygpt"):
        (tmp_path / name).mkdir()
    assert (config_path("machines", "crossbar"), workload_path("tinygpt")) == shipped
    assert config_path("machines", "./crossbar") == Path("crossbar"), "what is typed as a path is one"
    (tmp_path / "tinygpt" / "workload.yaml").write_text("")
    assert workload_path("tinygpt") == Path("tinygpt/workload.yaml"), "that of an import is a workload"


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"^crosbar: neither a file nor a name in configs/machines; allowed: .*; nearest: crossbar$"):
        config_path("machines", "crosbar")
