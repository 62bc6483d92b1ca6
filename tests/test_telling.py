"""What is told from within work reaches whoever asked, as often as was asked."""

from simulator.telling import tell, telling


def test_the_innermost_hears_and_nobody_outside() -> None:
    tell(0.1)
    outer: list[float] = []
    inner: list[float] = []
    with telling(outer.append, every_s=0):
        tell(0.2)
        with telling(inner.append, every_s=0):
            tell(0.3)
        tell(0.4)
    tell(0.5)
    assert (outer, inner) == ([0.2, 0.4], [0.3])


def test_what_is_soon_over_says_nothing() -> None:
    heard: list[float] = []
    with telling(heard.append, every_s=60):
        tell(0.5)
    assert heard == []


def test_sorts_of_work_are_told_of_apart() -> None:
    heard: list[float] = []
    with telling(heard.append, every_s=0):
        tell(0.5, of="play")
    with telling(heard.append, every_s=0, of="play"):
        tell(0.6)
        tell(0.7, of="play")
    assert heard == [0.7]
