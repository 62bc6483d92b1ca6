"""Clusters by the keys that tests tell apart, both networks at once."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from simulator.activity import Bounds
from simulator.engine.batch import WorkBatch
from simulator.engine.cluster import ClusterSpec, Outcome, Outcomes
from simulator.engine.work import TileWork
from simulator.kinds.gather import bounds
from simulator.kinds.gather.compiled.engine import run_clusters
from simulator.kinds.gather.dataflow import check_clusters
from simulator.network import NetworkSpec

SHARED = ("topology", "radix", "latency")
"""Keys of both networks."""
OF_REQUESTS = ("queues", "depth", "allocator", "iterations")
OWN = set(ClusterSpec.__struct_fields__) - {"requests", "replies"}


def cluster(
    *, units: int, banks: int, bank_ports: int = 1, read_latency: int = 1, multicast: bool = False, network: Any = "routed", **keys: Any
) -> ClusterSpec:
    """A cluster; `feed`, `allocation` and keys that begin with a network are of that one, other keys are those of the classes."""
    both = {name: keys.pop(name) for name in SHARED if name in keys}
    latency = both.get("latency", 1) + keys.pop("allocation", 1) - 1
    feed = keys.pop("feed", 1)
    requests = NetworkSpec(
        sources=units,
        sinks=banks * bank_ports,
        flits=keys.pop("request_flits", 1),
        combines=multicast and network != "none",
        **(both | {"latency": latency}),
        feed_stages=feed if feed > 1 else 0,
        **{name: keys.pop(name) for name in OF_REQUESTS if name in keys},
    )
    replies = NetworkSpec(
        sources=banks * bank_ports,
        sinks=units,
        depth=keys.pop("reply_depth"),
        flits=keys.pop("reply_flits", 1),
        feed_stages=read_latency,
        **both,
    )
    return ClusterSpec(requests, replies, bank_ports=bank_ports, multicast=multicast, network=network, **keys)


def changed(spec: ClusterSpec, **keys: Any) -> ClusterSpec:
    """The same cluster with other values of some keys."""
    if keys.keys() <= OWN - {"bank_ports", "multicast"}:
        return replace(spec, **keys)
    flat = {name: getattr(spec, name) for name in (*OWN, "units", "banks", "read_latency")}
    flat |= {name: getattr(spec.requests, name) for name in (*SHARED, *OF_REQUESTS)}
    flat |= {"latency": spec.replies.latency, "allocation": spec.requests.latency - spec.replies.latency + 1, "feed": spec.feed_cycles}
    flat |= {"request_flits": spec.requests.flits, "reply_flits": spec.replies.flits, "reply_depth": spec.replies.depth}
    return cluster(**(flat | keys))


def run_compiled(spec: ClusterSpec, tile: TileWork) -> Outcome:
    """One cluster alone in the compiled engine of the gather dataflow."""
    return run_clusters(spec, WorkBatch([tile]), [None]).outcome(0)


def cluster_bounds(spec: ClusterSpec, tile: TileWork) -> Bounds:
    """Bounds of one cluster."""
    batch = WorkBatch([tile])
    return Bounds(*bounds.cluster_bounds(spec, batch, batch.wanted(batch.word))[0].tolist())


def check_cluster(spec: ClusterSpec, tile: TileWork, outcome: Outcome) -> None:
    """The laws of one cluster."""
    batch = WorkBatch([tile])
    check_clusters(spec, batch, batch.wanted(batch.word), Outcomes.of([outcome]))
