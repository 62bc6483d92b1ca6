"""Machines that can be built, as a command line names them."""

from __future__ import annotations

from collections.abc import Sequence

from simulator.errors import ConfigError, SparsimError
from simulator.kinds import kind_of
from simulator.machine import Machine
from simulator.pricing import elaborate, technology_of
from simulator.specs import config_path
from simulator.specs.documents import Document, load_yaml_document


def read_machine(name_or_path: str, overrides: Sequence[str] = ()) -> Machine:
    """Return a machine that can be built: its technology, its DRAM and its placement file are there.

    Raises ConfigError with the file, the line and the key, before anything is simulated.
    """
    document = load_yaml_document(config_path("machines", name_or_path), Machine, overrides)
    machine = document.model
    try:
        elaborate(machine, technology_of(machine))
    except SparsimError as error:
        raise ConfigError(_placed(document, str(error), "technology")) from error
    try:
        kind_of(machine).check_files(machine)
    except SparsimError as error:
        raise ConfigError(_placed(document, str(error), "mapping.placement_file")) from error
    return machine


def _placed(document: Document[Machine], message: str, otherwise: str) -> str:
    """The message with the place of the key that it begins with, or of the key `otherwise`."""
    key, _, rest = message.partition(": ")
    path = key.split(".")
    if path[0] not in Machine.model_fields:
        path, rest = otherwise.split("."), message
    return f"{document.where(path)}: {rest}"
