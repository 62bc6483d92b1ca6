"""A machine file to a Machine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from simulator.machine.model import Machine
from simulator.specs import config_path, load_yaml_model


def load_machine(path: str | Path, overrides: Sequence[str] = ()) -> Machine:
    """Return the machine of a YAML file, or of a name in configs/machines.

    `overrides` are `key.path=value` texts, such as `fabric.units=128`. Raises ConfigError.
    """
    return load_yaml_model(config_path("machines", path), Machine, overrides)
