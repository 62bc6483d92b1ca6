"""What of Numba the kernels lean on that its documentation does not promise; pyproject.toml therefore has an upper bound for it."""

import ast
import tomllib
from pathlib import Path

from tests.source import imports, trees

ROOT = Path(__file__).parent.parent.parent
PRIVATE_OPTIONS = {"no_cpython_wrapper", "no_cfunc_wrapper", "forceinline"}
"""Options of njit. Without the first two a kernel takes a third longer to compile, without the last it runs more slowly."""
PRIVATE_MODULES = {
    "numba.core.typing.templates",
}
"""Its low-level extension interface, beyond what `numba.extending` exports."""
DOCUMENTED_OPTIONS = {"error_model"}


def test_every_private_option_is_named_here() -> None:
    used = {
        keyword.arg
        for call in ast.walk(trees()["engine/compiled/bits.py"])
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg
    }
    used -= {"bound"}  # of a type variable
    assert used - DOCUMENTED_OPTIONS == PRIVATE_OPTIONS


def test_kernels_are_compiled_in_one_place() -> None:
    importing = [node for nodes in imports().values() for node in nodes if node.module == "numba"]
    assert {name.name for node in importing for name in node.names} == {"cfunc", "int64", "njit", "types"}


def test_every_private_module_is_named_here() -> None:
    used = {
        f"{node.module}.{name.name}" if node.module == "numba.core" else node.module
        for nodes in imports().values()
        for node in nodes
        if str(node.module).startswith("numba.core")
        for name in node.names
    }
    assert used == PRIVATE_MODULES


def test_numba_has_an_upper_bound() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (numba,) = (wanted for wanted in project["dependencies"] if wanted.startswith("numba"))
    assert "," in numba
    assert "<" in numba
