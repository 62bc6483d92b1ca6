"""The system level, compiled: the processes of `simulator/system/system.py` as steps over records, their events in SimPy's order.

Start with `layout.py`: what an event, a process, a resource, … knows. `events.py` is the queue of events and who waits for what;
`shared.py` the resources that processes hold and DRAM; then the processes: `loads.py`, `tiles.py`, `drains.py`. `kernels.py` runs
events until there are none. `plan.py` lays a memory out for a program, and `engine.py` plays it and reads what happened.

SimPy runs events by time, then those that begin a process, then by the order in which they were made. What is made for a later
cycle waits in a heap; what is made for this cycle was made after all of that, so that two lines, of processes that begin and of
everything else, hold it in order. Events that nothing waits for are left out: they change no other's place.
"""
