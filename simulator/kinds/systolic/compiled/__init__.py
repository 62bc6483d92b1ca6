"""What a search asks of an array's schedules, compiled.

`engine.py`: their memory and the calls; `kernels.py` and beside it: loops over tiles, contents, nonzeros and transfers.
"""

from simulator.engine.compiled.kernels import Kernel

_MODULE = "simulator.kinds.systolic.compiled.kernels"
_FOLDS = "int32", "int32", "uint8", "int64"
OUTLINE_KERNEL = Kernel("array_outline", _MODULE, ("int64", *_FOLDS, *("int64",) * 6))
WHOLE_KERNEL = Kernel("array_whole", _MODULE, ("int64", *_FOLDS, "int64"))
BOUND_KERNEL = Kernel("array_bound", _MODULE, ("int64",) * 5)
TILES_KERNEL = Kernel("array_tiles", _MODULE, ("int64", *_FOLDS, "int64"))
TURNS_KERNEL = Kernel("array_turns", _MODULE, ("int64",) * 5)
WEIGHTS_KERNEL = Kernel("array_weights", _MODULE, ("int64",) * 5)
GROUP_KERNEL = Kernel("array_group", _MODULE, ("int64",) * 6)
KERNELS = OUTLINE_KERNEL, WHOLE_KERNEL, BOUND_KERNEL, TILES_KERNEL, TURNS_KERNEL, WEIGHTS_KERNEL, GROUP_KERNEL


def ready() -> bool:
    """Whether none of them need be compiled."""
    return all(kernel.ready for kernel in KERNELS)
