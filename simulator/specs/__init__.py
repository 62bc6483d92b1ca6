"""YAML files to validated models, with errors that name file, line, key, value and what is allowed."""

from simulator.specs.load import Document, load_yaml_document, load_yaml_model
from simulator.specs.model import FileModel
from simulator.specs.nearest import nearest, nearest_hint
from simulator.specs.paths import config_names, config_path, data_folder, workload_path
from simulator.specs.read import not_a_file
from simulator.specs.tree import Key
from simulator.specs.unchanged import load_once

__all__ = [
    "Document",
    "FileModel",
    "Key",
    "config_names",
    "config_path",
    "data_folder",
    "load_once",
    "load_yaml_document",
    "load_yaml_model",
    "nearest",
    "nearest_hint",
    "not_a_file",
    "workload_path",
]
