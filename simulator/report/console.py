"""The console on which everything is shown: no name in a file tells a terminal what to do."""

from __future__ import annotations

from collections.abc import Iterable

import rich.console
from rich.console import ConsoleOptions, RenderableType
from rich.segment import Segment

from simulator.printable import printable


class Console(rich.console.Console):
    """rich's, which would hand on what terminals obey in the texts that it is given."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Segments of what is shown; only rich's own may move the cursor."""
        for segment in super().render(renderable, options):
            yield segment if segment.control or segment.text.isprintable() else segment._replace(text=printable(segment.text))
