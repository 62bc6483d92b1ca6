"""From a kernel's function to machine code that needs nothing but itself: Numba makes it LLVM's language, llvmlite an object file.

Numba wraps what C calls in what tells Python of errors. No kernel raises any (records are not checked, divisions are C's), so that
LLVM, once it knows that nobody else calls the parts, finds that they always end well, and drops what would tell of errors and all of
Python that it calls. Nothing else is optimised again: that made kernels up to 4 % slower.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from llvmlite import binding

from simulator.engine.compiled.kernel_files import target_machine


def machine_code(name: str, module: str, arrays: tuple[str, ...]) -> bytes:
    """Compile the function `run_NAME` of a module, of arrays of these types and a number, to an object file with the function `NAME`.

    Raises TypeError for a kernel that would call something outside.
    """
    from numba import cfunc, types

    from simulator.engine.compiled.intrinsics import numbers_type

    signature = types.void(*map(numbers_type, arrays), types.int64)
    compiled: Any = cfunc(signature, error_model="numpy")(getattr(import_module(module), f"run_{name}"))
    parts = binding.parse_assembly(compiled.inspect_llvm())
    for part in (*parts.functions, *parts.global_variables):
        if not part.is_declaration:
            part.linkage = "external" if part.name == compiled.native_name else "internal"
    parts.get_function(compiled.native_name).name = name
    target = target_machine()
    passes = binding.create_new_module_pass_manager()
    passes.add_ipsccp_pass()
    passes.add_simplify_cfg_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(parts, binding.create_pass_builder(target, binding.create_pipeline_tuning_options()))
    outside = [part.name for part in parts.functions if part.is_declaration and not part.name.startswith("llvm.")]
    if outside:
        raise TypeError(f"run_{name} would call {', '.join(outside)}: a kernel calls nothing outside, and raises nothing")
    code: bytes = target.emit_object(parts)
    return code
