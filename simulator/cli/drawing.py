"""Matplotlib as a command needs it: without words and axes that no picture of a report has."""

from __future__ import annotations

import sys
import warnings

_SPACE = "mpl_toolkits.mplot3d"


def load_matplotlib() -> None:
    """Import what draws figures, where it is not imported yet, in two thirds of the time.

    Left out are the texts about all setters of a class, which Matplotlib puts together for each class that it makes, and axes in space.
    A process that is a command's own asks for neither.
    """
    if "matplotlib.figure" in sys.modules:
        return
    from matplotlib import artist

    words, space = artist.kwdoc, sys.modules.get(_SPACE)
    artist.kwdoc = lambda artist: ""
    sys.modules[_SPACE] = None  # type: ignore[assignment]
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Unable to import Axes3D")
            import matplotlib.figure  # noqa: F401
    finally:
        artist.kwdoc = words
        del sys.modules[_SPACE]
        if space is not None:
            sys.modules[_SPACE] = space
