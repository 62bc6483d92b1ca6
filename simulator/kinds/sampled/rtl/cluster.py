"""A cluster of units that sum at the places of a mask: joined to its banks as one that gathers."""

from __future__ import annotations

from simulator.kinds.sampled.rtl.unit import SampledUnit
from simulator.rtl.cluster import Cluster
from simulator.rtl.filling import Fill


class SampledCluster(Cluster):
    """The components of one cluster."""

    unit = SampledUnit

    @property
    def fills(self) -> dict[str, list[Fill]]:
        """With the units' own words of dY."""
        units = [unit for unit in self.units if isinstance(unit, SampledUnit)]
        own = [Fill(unit.own, unit.fill_own, unit.fill_own_address, unit.fill_own_word) for unit in units]
        return super().fills | {"own": own}
