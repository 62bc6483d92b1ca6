"""Which kind of file a path or a shipped name is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from simulator.errors import ConfigError
from simulator.specs import config_names, data_folder, nearest_hint

_TOP_KEY = re.compile(r"^([A-Za-z_]+)\s*:", re.MULTILINE)


def file_kind(name_or_path: str) -> Literal["machine", "workload"]:
    """Tell by the top-level keys: a workload has `operations`, a machine has not; a file that cannot be read is a machine's.

    Only for choosing the reader, which makes all complaints but one: ConfigError for a bare name that neither folder has.
    """
    path = Path(name_or_path)
    if not path.exists() and not path.suffix and path.name == name_or_path:
        _check_shipped(name_or_path)
    if not path.is_file():
        return "workload" if _is_shipped_workload(path) else "machine"
    try:
        keys = set(_TOP_KEY.findall(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return "machine"
    return "workload" if "operations" in keys else "machine"


def _is_shipped_workload(path: Path) -> bool:
    """Whether a bare name is one of workloads/, or a missing file lies in a folder of that name."""
    shipped = (data_folder("workloads") / f"{path.name}.yaml").is_file() and str(path) not in config_names("machines")
    return shipped or "workloads" in path.parts


def _check_shipped(name: str) -> None:
    machines, workloads = config_names("machines"), sorted(path.stem for path in data_folder("workloads").glob("*.yaml"))
    if name not in machines and name not in workloads:
        raise ConfigError(
            f"{name}: neither a file nor a shipped name; allowed: the machines {', '.join(machines)}, "
            f"the workloads {', '.join(workloads)}{nearest_hint(name, [*machines, *workloads])}"
        )
