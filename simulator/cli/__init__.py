"""The command line: `sparsim run`, `compare`, `sweep`, …, a file a verb, each of which loads what it needs when it is called.

Start at `app`, which names the verbs; `entry` runs one and turns its errors into messages and exit codes. `options` holds the
options that verbs share, `study` how machines are read and runs are shown, `running` what is told meanwhile.
"""

from simulator.cli.entry import main

__all__ = ["main"]
