"""Commands load Matplotlib without what it says of its artists; what it draws, and what is imported later, is as ever."""

import subprocess
import sys

CODE = """
from simulator.cli.drawing import load_matplotlib
if {quick}:
    load_matplotlib()
import hashlib, io
import matplotlib.artist
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
figure = Figure(figsize=(2, 1), layout="constrained")
axes = figure.subplots()
axes.set(title="t", xlabel="x", xlim=(0, 2))
axes.add_patch(Rectangle((0, 0), 1, 1)).set(linewidth=3, facecolor="red")
drawn = io.BytesIO()
figure.savefig(drawn, format="png")

class Mine(Rectangle):
    def set_mine(self, value):
        "Set it."

print("mine" in Mine.set.__doc__, "linewidth" in (Rectangle.set.__doc__ or ""), hashlib.sha256(drawn.getvalue()).hexdigest())
"""


def test_pictures_are_the_same_and_later_artists_are_described() -> None:
    def said(quick: bool) -> list[str]:
        done = subprocess.run([sys.executable, "-c", CODE.format(quick=quick)], check=True, capture_output=True, text=True)
        return done.stdout.split()

    plain, quick = said(False), said(True)
    assert plain[:2] == ["True", "True"]
    assert quick[:2] == ["True", "False"]
    assert plain[2] == quick[2]
