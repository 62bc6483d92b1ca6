"""A page in headless Chromium, driven as a person would: the pointer moves and presses where elements are on the screen.

Chromium speaks its protocol over two pipes, one JSON message after another with a zero byte behind each, so nothing but it is needed.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"))), None)
_OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-pipe")


class Tab:
    """One page."""

    def __init__(self, into: int, out: int) -> None:
        self._into, self._out = into, out
        self._number, self._rest, self._session = 0, b"", ""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
        self.call("Page.enable")

    def call(self, method: str, **parameters: object) -> dict[str, Any]:
        """Ask for something of the protocol, and return the answer."""
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        os.write(self._into, json.dumps({"id": self._number, "method": method, "params": parameters, **session}).encode() + b"\0")
        while True:
            message = self._next()
            if message.get("id") == self._number:
                assert "error" not in message, message
                return dict(message["result"])

    def end(self) -> None:
        """Have Chromium end, with all that it has started."""
        self._session = ""
        self.call("Browser.close")
        while os.read(self._out, 1 << 20):
            pass

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._out, 1 << 20)
            assert part, "Chromium has ended"
            self._rest += part
        message, self._rest = self._rest.split(b"\0", 1)
        return dict(json.loads(message))

    def open(self, file: Path, width: int, height: int = 900) -> None:
        """Load a file in a window of that size, and wait until its scripts have run."""
        self.visit(file.as_uri(), width, height)

    def visit(self, address: str, width: int, height: int = 900) -> None:
        """The same of an address."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.call("Page.navigate", url=address)
        while self._next().get("method") != "Page.loadEventFired":
            pass

    def value(self, script: str) -> Any:
        """What an expression of JavaScript is."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def becomes(self, script: str, wanted: Any) -> bool:
        """Whether an expression of JavaScript has a value, now or within ten seconds."""
        end = time.monotonic() + 10
        while self.value(script) != wanted:
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def point_at(self, element: str) -> tuple[float, float]:
        """Move the pointer to the middle of an element, scrolled into view; `element` is an expression of JavaScript."""
        self.value(f"{element}.scrollIntoView({{block: 'center', inline: 'center'}})")
        box = self.value(f"JSON.parse(JSON.stringify({element}.getBoundingClientRect()))")
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        return x, y

    def click(self, element: str) -> None:
        """Press the left button in the middle of an element."""
        x, y = self.point_at(element)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def choose(self, element: str, value: str) -> None:
        """Choose from a list, whose popup is the system's and not the page's."""
        self.value(f"(({element}).value = {json.dumps(value)}, {element}.dispatchEvent(new Event('change', {{bubbles: true}})))")


@contextmanager
def tab(profile: Path) -> Iterator[Tab]:
    """Start Chromium with a profile of its own; it ends with the block."""
    assert CHROMIUM is not None
    theirs_in, into = os.pipe()
    out, theirs_out = os.pipe()
    # out of the way of 3 and 4, where Chromium looks for them
    theirs = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in (theirs_in, theirs_out)]

    def place() -> None:
        os.dup2(theirs[0], 3)
        os.dup2(theirs[1], 4)

    command = [CHROMIUM, *_OPTIONS, f"--user-data-dir={profile}"]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet, close_fds=False, preexec_fn=place)
    for end in (theirs_in, theirs_out, *theirs):
        os.close(end)
    try:
        driven = Tab(into, out)
        yield driven
        driven.end()
    finally:
        process.kill()
        process.wait()
        os.close(into)
        os.close(out)
