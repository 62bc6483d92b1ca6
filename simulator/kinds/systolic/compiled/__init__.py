"""What a search asks of an array's schedules, compiled. `engine.py`: their memory and the calls; `kernels.py`: the loops over tiles."""
