"""Where the shipped configs and workloads are, and which file a name means."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from simulator.errors import ConfigError
from simulator.specs.nearest import nearest_hint

_PACKAGE = Path(__file__).resolve().parent.parent
_SUFFIXES = (".yaml", ".yml")


def data_folder(name: str) -> Path:
    """Return the shipped folder `configs` or `workloads`.

    An installed package carries it as data; in a checkout it stands beside the package, for users to edit.
    """
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def config_path(folder: str, name_or_path: str | Path, other: Collection[str] = ()) -> Path:
    """Return the file of configs/<folder> that a bare name means; a path stays as it is.

    `other` names the files of the folder that are of another kind, which no name means. Raises ConfigError, with
    the nearest name, where a bare name is not shipped.
    """
    return _named(data_folder("configs") / folder, f"configs/{folder}", name_or_path, other)


def workload_path(name_or_path: str | Path) -> Path:
    """Return the file of the shipped workloads that a bare name means; a path stays as it is."""
    return _named(data_folder("workloads"), "workloads", name_or_path)


def config_names(folder: str) -> list[str]:
    """Return the names of the shipped files of configs/<folder>, sorted."""
    return _names(data_folder("configs") / folder)


def _names(folder: Path) -> list[str]:
    return sorted(path.stem for path in folder.glob("*.yaml"))


def _named(folder: Path, label: str, name_or_path: str | Path, other: Collection[str] = ()) -> Path:
    path = Path(name_or_path)
    if path.suffix in _SUFFIXES or path.name != str(name_or_path) or os.path.exists(path):
        return path
    names = [name for name in _names(folder) if name not in other]
    if path.name not in names:
        raise ConfigError(
            f"{path.name}: neither a file nor a name in {label}; allowed: {', '.join(names) or 'nothing'}{nearest_hint(path.name, names)}"
        )
    return folder / f"{path.name}.yaml"
