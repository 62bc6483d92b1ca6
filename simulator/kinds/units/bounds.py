"""The fewest cycles that the busiest part of a cluster allows for a tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.activity import Bounds
from simulator.engine.cluster import ClusterSpec
from simulator.engine.work import ClusterWork, ScatterWork


def cluster_bounds(spec: ClusterSpec, work: ClusterWork) -> Bounds:
    """Bounds of one cluster in one tile.

    A unit multiplies one word and examines `examine_width` entries a cycle; a bank port serves one word a cycle, for one
    request or, with multicast, for several; a network moves one flit an input and an output.
    """
    wanted = work.present[:, work.word].sum(axis=0, dtype=np.int64)
    requests = _by_unit(wanted, work.unit_ptr)
    entries = np.diff(work.unit_ptr) * work.token_words
    unit = max(int(requests.max(initial=0)), -(-int(entries.max(initial=0)) // spec.examine_width))
    accesses = (_least_accesses(spec, work)[None, :] * work.present).ravel()
    word = -(-int(accesses.max(initial=0)) // spec.bank_ports)
    port = -(-int(np.bincount(work.bank, weights=accesses, minlength=spec.banks).max(initial=0)) // spec.bank_ports)
    return Bounds(
        unit_cycles=unit,
        word_cycles=word,
        bank_cycles=port,
        network_cycles=max(int(requests.max(initial=0)), port) if spec.network == "routed" else 0,
    )


def _least_accesses(spec: ClusterSpec, work: ClusterWork) -> NDArray[np.int64]:
    """[words of K] the fewest accesses that serve all requests for a word, for each token word in which it is not zero.

    One a request; with multicast one for all, but a crossbar brings one request a unit and cycle, so that those of one
    unit never go together.
    """
    if not spec.multicast:
        return np.bincount(work.word, minlength=work.k_words)
    if not spec.combines:
        return (np.bincount(work.word, minlength=work.k_words) > 0).astype(np.int64)
    unit = np.repeat(np.arange(work.units, dtype=np.int64), np.diff(work.unit_ptr))
    asked, times = np.unique(unit * work.k_words + work.word, return_counts=True)
    most = np.zeros(work.k_words, dtype=np.int64)
    np.maximum.at(most, asked % work.k_words, times)
    return most


def scatter_bounds(spec: ClusterSpec, work: ScatterWork) -> Bounds:
    """Bounds of one cluster in one tile of the scatter dataflow.

    A unit sends one product and examines `examine_width` entries a cycle; a bank accumulates one word a port; a packet
    of partial sums takes its link for all of its flits.
    """
    wanted = work.present[:, work.column]
    products = _by_unit(wanted.sum(axis=0, dtype=np.int64), work.unit_ptr)
    entries = np.diff(work.unit_ptr) * work.token_words
    address = (np.arange(work.token_words) * work.m_words)[:, None] + work.word[None, :]
    summed = address[wanted]
    accumulates = np.bincount(work.bank[summed], minlength=spec.banks)
    port = -(-int(accumulates.max(initial=0)) // spec.bank_ports)
    busiest = int(products.max(initial=0))
    return Bounds(
        unit_cycles=max(busiest, -(-int(entries.max(initial=0)) // spec.examine_width)),
        word_cycles=-(-int(np.bincount(summed, minlength=1).max()) // spec.bank_ports),
        bank_cycles=port,
        network_cycles=max(busiest, port) * spec.requests.flits if spec.network == "routed" else 0,
    )


def _by_unit(values: NDArray[np.int64], unit_ptr: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of the values of each unit's entries."""
    totals = np.concatenate(([0], np.cumsum(values)))
    return totals[unit_ptr[1:]] - totals[unit_ptr[:-1]]
