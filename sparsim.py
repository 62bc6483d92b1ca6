"""The package under the name that it is installed by: `import sparsim as sim`, and `python -m sparsim` for the command.

All that the folder `simulator` offers, which is loaded when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import simulator

if TYPE_CHECKING:
    from simulator import *  # noqa: F403

__all__ = simulator.__all__


def __getattr__(name: str) -> Any:
    try:
        return getattr(simulator, name)
    except AttributeError:
        raise AttributeError(f"module 'sparsim' has no attribute {name!r}") from None


def __dir__() -> list[str]:
    return simulator.__all__


if __name__ == "__main__":
    from simulator.cli import main

    main()
