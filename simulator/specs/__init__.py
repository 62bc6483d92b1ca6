"""YAML files to validated models, with errors that name file, line, key, value and what is allowed.

Start at `documents`, the way from a file to a model; `models` has the base of the models. `files` finds and reads a file, `parse`
makes a tree of it in which every key knows its line (`tree`), and `explain` retells pydantic's errors with that tree and with what
`fields` knows of the model.
"""

from simulator.specs.documents import Document, load_once, load_yaml_document, load_yaml_model
from simulator.specs.dump import as_json, as_yaml
from simulator.specs.files import (
    check_choice,
    config_names,
    config_path,
    data_folder,
    nearest,
    nearest_hint,
    not_a_file,
    some_of,
    workload_names,
    workload_path,
)
from simulator.specs.models import FileModel
from simulator.specs.tree import Key

__all__ = [
    "Document",
    "FileModel",
    "Key",
    "as_json",
    "as_yaml",
    "check_choice",
    "config_names",
    "config_path",
    "data_folder",
    "load_once",
    "load_yaml_document",
    "load_yaml_model",
    "nearest",
    "nearest_hint",
    "not_a_file",
    "some_of",
    "workload_names",
    "workload_path",
]
