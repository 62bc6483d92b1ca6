"""Rule 1: request, grant, accept; what moves the pointers and when."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine.reference.allocator import Alike, Allocator, first_from


def islip(inputs: int, outputs: int, iterations: int = 1) -> Allocator:
    return Allocator(inputs, outputs, iterations, registered=True)


@pytest.mark.parametrize(
    ("mask", "pointer", "first"), [(0b0001, 0, 0), (0b1010, 0, 1), (0b1010, 2, 3), (0b0011, 2, 0), (0b0100, 2, 2), (0b0100, 3, 2)]
)
def test_round_robin_takes_the_first_cyclically_from_its_pointer(mask: int, pointer: int, first: int) -> None:
    assert first_from(mask, pointer) == first


def test_one_output_serves_its_inputs_by_turns() -> None:
    allocator = islip(3, 1)
    assert [allocator.match({0: 0b111})[0][0] for _ in range(4)] == [0, 1, 2, 0]


def test_an_input_accepts_one_output() -> None:
    allocator = islip(2, 2)
    assert allocator.match({0: 0b01, 1: 0b01}) == [(0, 0)]
    assert allocator.match({0: 0b01, 1: 0b01}) == [(0, 1)]


def test_islip_moves_a_grant_pointer_only_when_the_grant_is_accepted() -> None:
    allocator = islip(2, 2)
    # Both outputs offer to input 0, which accepts output 0.
    assert allocator.match({0: 0b11, 1: 0b11}) == [(0, 0)]
    assert (allocator.grant, allocator.accept) == ([1, 0], [1, 0])


def test_round_robin_moves_a_grant_pointer_always() -> None:
    allocator = Allocator(2, 2, 1, registered=False)
    assert allocator.match({0: 0b11, 1: 0b11}) == [(0, 0)]
    assert (allocator.grant, allocator.accept) == ([1, 1], [1, 0])


def test_islip_unlocks_to_a_full_match_in_the_second_cycle() -> None:
    allocator = islip(2, 2)
    allocator.match({0: 0b11, 1: 0b11})
    assert sorted(allocator.match({0: 0b11, 1: 0b11})) == [(0, 1), (1, 0)]


def test_round_robin_stays_in_step() -> None:
    allocator = Allocator(2, 2, 1, registered=False)
    assert [len(allocator.match({0: 0b11, 1: 0b11})) for _ in range(4)] == [1, 1, 1, 1]


def test_a_second_iteration_fills_what_the_first_left() -> None:
    assert sorted(islip(2, 2, iterations=2).match({0: 0b11, 1: 0b11})) == [(0, 0), (1, 1)]


def test_only_the_first_iteration_moves_pointers() -> None:
    allocator = islip(2, 2, iterations=2)
    allocator.match({0: 0b11, 1: 0b11})
    assert (allocator.grant, allocator.accept) == ([1, 0], [1, 0])


def test_all_iterations_use_the_pointers_of_the_start_of_the_cycle() -> None:
    allocator = islip(3, 3, iterations=3)
    # Every output offers to 0, then to 1, then to 2; with moved pointers output 2 would have skipped to input 2 first.
    assert sorted(allocator.match({0: 0b111, 1: 0b111, 2: 0b111})) == [(0, 0), (1, 1), (2, 2)]
    assert (allocator.grant, allocator.accept) == ([1, 0, 0], [1, 0, 0])


def test_an_output_that_is_not_offered_takes_part_in_nothing() -> None:
    allocator = islip(2, 3)
    assert allocator.match({}) == []
    assert allocator.match({2: 0b10}) == [(1, 2)]
    assert (allocator.grant, allocator.accept) == ([0, 0, 0], [0, 0])


@given(
    inputs=st.integers(1, 6),
    outputs=st.integers(1, 6),
    iterations=st.integers(1, 4),
    registered=st.booleans(),
    seeds=st.lists(st.integers(0, 2**36 - 1), min_size=1, max_size=6),
)
def test_a_match_is_a_matching_of_requests_and_knows_no_visiting_order(
    inputs: int, outputs: int, iterations: int, registered: bool, seeds: list[int]
) -> None:
    forward, backward = (Allocator(inputs, outputs, iterations, registered=registered) for _ in range(2))
    for seed in seeds:
        masks = {output: mask for output in range(outputs) if (mask := seed >> (6 * output) & ((1 << inputs) - 1))}
        pairs = forward.match(masks)
        assert all(masks[output] >> source & 1 for source, output in pairs)
        for side in (0, 1):
            assert len({pair[side] for pair in pairs}) == len(pairs)
        assert sorted(pairs) == sorted(backward.match(dict(reversed(masks.items()))))
        assert (forward.grant, forward.accept) == (backward.grant, backward.accept)


@given(masks=st.lists(st.integers(0, 15), min_size=4, max_size=4))
def test_as_many_iterations_as_ports_leave_no_pair_that_could_still_meet(masks: list[int]) -> None:
    wants = {output: mask for output, mask in enumerate(masks) if mask}
    pairs = islip(4, 4, iterations=4).match(wants)
    inputs, taken = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    left = itertools.product(set(range(4)) - inputs, set(wants) - taken)
    assert not any(wants[output] >> source & 1 for source, output in left)


def alike(*groups: int) -> Alike:
    """An output grants to all of the winner's group."""
    return lambda output, winner, mask: next((group for group in groups if group >> winner & 1), 1 << winner) & mask


def test_an_output_pairs_with_all_who_are_like_its_winner() -> None:
    allocator = Allocator(4, 1, 1, registered=True, alike=alike(0b0101, 0b1010))
    assert [allocator.match({0: 0b1111}) for _ in range(3)] == [[(0, 0), (2, 0)], [(1, 0), (3, 0)], [(0, 0), (2, 0)]]
    assert allocator.grant == [3], "the winner of the third match is input 2, which takes input 0 along"
    assert allocator.match({0: 0b0110}) == [(1, 0)], "input 3 does not ask"


def test_a_grant_pointer_moves_only_when_the_winner_itself_accepts() -> None:
    allocator = Allocator(2, 2, 1, registered=True, alike=alike(0b11))
    # Both outputs grant to both inputs, which accept output 0.
    assert allocator.match({0: 0b11, 1: 0b11}) == [(0, 0), (1, 0)]
    assert (allocator.grant, allocator.accept) == ([1, 0], [1, 1])
    # Input 1 wins both outputs and accepts output 1; output 0 pairs with input 0, and its pointer stays at input 1.
    assert allocator.match({0: 0b11, 1: 0b10}) == [(0, 0), (1, 1)]
    assert (allocator.grant, allocator.accept) == ([1, 0], [1, 0])


def test_a_later_iteration_combines_too() -> None:
    # Output 0 takes inputs 0 and 1, which output 1 wanted as well; in the second iteration it finds inputs 2 and 3.
    allocator = Allocator(4, 2, 2, registered=True, alike=alike(0b0011, 0b1100))
    assert allocator.match({0: 0b0011, 1: 0b1111}) == [(0, 0), (1, 0), (2, 1), (3, 1)]
    assert allocator.grant == [1, 0]
