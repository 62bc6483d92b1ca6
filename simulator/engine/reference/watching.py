"""Whom the reference engine shows a cluster to before it runs, so that it can be watched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from simulator.engine.reference.bank import BankPort
    from simulator.engine.reference.clock import Clock
    from simulator.engine.reference.network import RoutedNetwork
    from simulator.engine.reference.units import Unit


@dataclass(frozen=True)
class ClusterParts:
    """A cluster that is put together and has not run."""

    clock: Clock
    units: Sequence[Unit]
    ports: Sequence[BankPort]
    networks: dict[str, RoutedNetwork]
    """Those of routers, by what they carry."""

    @classmethod
    def of(cls, clock: Clock, units: Sequence[Unit], ports: Sequence[BankPort], **paths: Any) -> ClusterParts:
        """`paths`: what carries requests, replies; wires have nothing to watch."""
        networks = {name: path.network for name, path in paths.items() if hasattr(path, "network")}
        return cls(clock, units, ports, networks)


ClusterWatch = Callable[[ClusterParts], None]
"""May start processes of its own on the clock, which read and change nothing."""


def unwatched(parts: ClusterParts) -> None:
    """Nobody looks."""
