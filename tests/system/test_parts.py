"""Parts in columns are the same parts."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from simulator.engine.compiled.system.columns import HAPPENS, moments_of
from simulator.system.parts import NO_SUMS, Part, PartColumns, Sums
from simulator.system.program import Flow, TileStep
from simulator.system.streams import moments

NUMBERS = st.integers(0, 1 << 40)
PARTS = st.builds(Part, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.just(NO_SUMS) | st.builds(Sums, NUMBERS, NUMBERS, NUMBERS))
SEVERAL = st.lists(PARTS, max_size=4).map(tuple)


@given(several=st.lists(SEVERAL | SEVERAL.map(PartColumns.of), max_size=6))
def test_joined_are_all_in_order(several: list[Sequence[Part]]) -> None:
    joined = PartColumns.joined(several)
    assert joined == tuple(part for parts in several for part in parts)
    assert joined["sums_back"].tolist() == [part.sums.back_bytes for part in joined]
    assert joined[1:3] == tuple(joined)[1:3]


@given(data=st.data())
def test_what_happens_in_tiles_is_listed_as_it_is_for_each(data: st.DataObject) -> None:
    cycles = st.lists(st.integers(0, 9), max_size=5).map(sorted)
    flow = st.none() | cycles.flatmap(lambda first: st.just(Flow(tuple(first), tuple(cycle + 2 for cycle in first))))
    flows = data.draw(st.lists(flow, min_size=1, max_size=4))
    tiles = [TileStep(0, 20, 0, 0, 0, *data.draw(st.tuples(st.sampled_from(flows), st.sampled_from(flows)))) for _ in range(4)]
    columns, (first, end) = moments_of(tiles)
    for place, tile in enumerate(tiles):
        listed = [column[first[place] : end[place]].tolist() for column in (columns["cycle"], columns["what"], columns["part"])]
        assert list(zip(*listed, strict=True)) == [(cycle, HAPPENS[what], part) for cycle, what, part in moments(tile.w_flow, tile.y_flow)]
