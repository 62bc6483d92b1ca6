"""CACTI's Python package, where it is installed: optional, and imported only when a technology asks for it."""

from __future__ import annotations

import importlib
from functools import lru_cache
from importlib.util import find_spec

from msgspec import Struct

from simulator.errors import ConfigError

MODULE = "hwcomponents_cacti"
SMALLEST_NM = 22.0
LARGEST_NM = 90.0

INSTALL = (
    "it needs Python ≥ 3.12, g++ and make: pip install --no-binary hwcomponents-cacti 'sparsim[cacti]' "
    "(the ready-made wheel holds a program that older systems cannot start)"
)


class CactiFigures(Struct, frozen=True):
    """What one run of CACTI says of a macro with one read-write port."""

    area_um2: float
    read_pj: float
    write_pj: float


@lru_cache(maxsize=4096)
def cacti_figures(node_nm: float, bits: float, width_bits: int) -> CactiFigures:
    """Run CACTI (0.1 to 9 s the first time; the package keeps the last runs on disk). Raises ConfigError where it fails."""
    package = importlib.import_module(MODULE)
    try:
        macro = package.SRAM(tech_node=node_nm * 1e-9, width=width_bits, size=bits)
        return CactiFigures(macro.area * 1e12, macro.read().energy * 1e12, macro.write().energy * 1e12)
    except Exception as error:  # the package raises bare exceptions where its program fails
        raise ConfigError(
            f"sram_model: cacti failed for {bits / 8192:g} KiB × {width_bits} b at {node_nm:g} nm: {error}; {INSTALL}"
        ) from error


def check_cacti(node_nm: float) -> None:
    """Raise ConfigError where CACTI cannot price this node, or is not installed."""
    if not SMALLEST_NM <= node_nm <= LARGEST_NM:
        raise ConfigError(
            f"sram_model: cacti knows {SMALLEST_NM:g} to {LARGEST_NM:g} nm, not {node_nm:g} nm (below, its package scales area by "
            "the node's ratio: macros come out up to 2.6 times smaller than compiled ones); allowed: closed_form"
        )
    if find_spec(MODULE) is None:
        raise ConfigError(f"sram_model: cacti is not installed; {INSTALL}; or use closed_form")
