"""The reference engine: SimPy processes, one class a component, written to be read. It is the specification.

Start with `clock.py` and `flit.py`, then `router.py` and `allocator.py`, `network.py` (routers between units and banks) and
`bank.py`, then `lists.py` and `units.py` (how units walk their lists, and what else they share); `traffic.py` drives a network
alone. What units do, and how a cluster is put together, are the kinds': see `simulator/kinds/gather/reference.py`.
"""
