"""`make fuzz N=…`, or `python -m fuzz N [SEED] [NAME]`: N hostile files; exit code 1 where one ended otherwise than in words."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from fuzz.inputs import inputs, whole
from fuzz.run import fuzzed


def main() -> int:
    """Run, print what went wrong, and how much was tried."""
    cases = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else time.time_ns() % 10**6
    kinds = [entry for entry in inputs() if len(sys.argv) < 4 or sys.argv[3] in entry.name]
    with tempfile.TemporaryDirectory() as folder, whole(Path(folder)):
        found = fuzzed(kinds, cases, seed)
    print("\n".join(found))
    print(f"{cases} hostile files of {len(kinds)} kinds, seed {seed}: {len(found)} ended otherwise than in words")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
