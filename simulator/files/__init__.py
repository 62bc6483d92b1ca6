"""YAML files to validated models, with errors that name file, line, key, value and what is allowed."""

from simulator.files.load import Document, load_yaml_document, load_yaml_model
from simulator.files.model import FileModel
from simulator.files.nearest import nearest, nearest_hint
from simulator.files.paths import config_names, config_path, data_folder, workload_path
from simulator.files.read import not_a_file
from simulator.files.tree import Key
from simulator.files.unchanged import load_once

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
