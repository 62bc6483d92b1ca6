"""Hardware beside the reference engine: `watched.py` sees what the engine does, `traced.py` what the hardware does, `compare.py` both."""
