"""What a command leaves out of Matplotlib is there for whoever asks for it."""

import subprocess
import sys

SCRIPT = """
import sys
from simulator.cli.drawing import load_matplotlib
load_matplotlib()
assert "matplotlib.figure" in sys.modules and "mpl_toolkits.mplot3d" not in sys.modules
from matplotlib import artist, figure, lines
assert "linewidth" in artist.kwdoc(lines.Line2D)
from mpl_toolkits.mplot3d import Axes3D
load_matplotlib()
assert sys.modules["mpl_toolkits.mplot3d"].Axes3D is Axes3D
"""


def test_what_was_left_out_is_there_when_it_is_asked_for() -> None:
    assert subprocess.run([sys.executable, "-W", "error", "-c", SCRIPT], check=False).returncode == 0
