"""What a run did when, for a viewer of traces: `record.py` runs and watches, `events.py` writes the file."""

from simulator.timeline.events import Timeline
from simulator.timeline.record import tile_named, trace_run

__all__ = ["Timeline", "tile_named", "trace_run"]
