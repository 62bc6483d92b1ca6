"""Which kind of file a path or a shipped name is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from simulator.files import config_names, data_folder

_TOP_KEY = re.compile(r"^([A-Za-z_]+)\s*:", re.MULTILINE)


def file_kind(name_or_path: str) -> Literal["machine", "workload"]:
    """Tell by the top-level keys: a workload has `operations`, a machine has not; a file that cannot be read is a machine's.

    Only for choosing the reader: it makes all complaints.
    """
    path = Path(name_or_path)
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
