"""Records of the compiled engine: where a class of declarations puts its fields, for NumPy and for kernels."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.activity import CLOCKED
from simulator.engine.compiled.layout import Clocked, Fabric, Flit, Nobody, Queue, Unit
from simulator.engine.compiled.memory import Block, Layout, numbers
from simulator.engine.compiled.records import Array, Here, Inside, Nowhere, Record, Table, Wide, fields_of, size_of, view
from simulator.engine.compiled.switch.engine import Switch
from simulator.engine.reference.clock import Clock
from simulator.kinds.gather.compiled.engine import GatherFabric, GatherUnit
from simulator.kinds.scatter.compiled.engine import ScatterFabric, ScatterUnit


class Leaf(Record):
    weight: int
    nothing: Nowhere[Leaf]


class Tree(Record):
    height: int
    age: Wide
    best: Leaf
    leaves: Array[Leaf]
    rings: Table[Tree]
    fruit: Inside[Leaf]
    as_leaf: Here[Leaf]


class Oak(Tree):
    acorns: int


def test_fields_follow_each_other_and_wide_ones_begin_where_a_word_does() -> None:
    assert {name: field.offset for name, field in fields_of(Tree).items() if field.size} == {
        "height": 0,
        "age": 2,
        "best": 4,
        "leaves": 5,
        "rings": 6,
        "fruit": 7,
    }
    assert (size_of(Leaf), size_of(Tree)) == (1, 8)


def test_a_record_that_extends_another_begins_as_that_one_does() -> None:
    assert {name: field.offset for name, field in fields_of(Oak).items()} == fields_of_tree_and("acorns", 8)
    assert size_of(Oak) == 10  # to the next word, since `age` must begin with one in every record of an array


def fields_of_tree_and(name: str, offset: int) -> dict[str, int]:
    return {known: field.offset for known, field in fields_of(Tree).items()} | {name: offset}


def test_a_column_is_written_for_all_records_at_once() -> None:
    layout = Layout(Leaf)
    trees = layout.block(Tree, 3)
    memory = layout.memory()
    trees.of(memory).height = [7, 8, 9]
    trees.of(memory).fruit.weight = 5
    assert trees.addresses.tolist() == [1, 9, 17]
    assert numbers(memory, 1, 24)[[0, 8, 16]].tolist() == [7, 8, 9]
    assert numbers(memory, 1, 24)[[7, 15, 23]].tolist() == [5, 5, 5]


def test_a_field_that_is_none_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="no field of name wieght"):
        view(np.zeros(1, dtype=np.int64), Leaf).wieght = 1


def test_what_no_field_can_be_is_refused() -> None:
    class Odd(Record):
        name: str

    with pytest.raises(TypeError, match="a field of a record is a number"):
        fields_of(Odd)


def test_masks_begin_where_a_word_does() -> None:
    layout = Layout(Leaf)
    assert layout.masks(2, 3).tolist() == [2, 8]
    assert layout.size == 14


def test_blocks_know_addresses_by_number() -> None:
    assert Block(Tree, 10, 4)[np.array([0, 3])].tolist() == [10, 34]


def test_records_are_objects_of_kernels_only() -> None:
    with pytest.raises(TypeError, match="kernels only"):
        Leaf() > Leaf()  # noqa: B015
    for sequence in (Array[int](), Table[Leaf]()):
        with pytest.raises(TypeError, match="kernels only"):
            sequence[0]


def test_list_ends_lie_where_the_links_of_a_flit_do() -> None:
    """Queues and units stand for the flit before the first and after the last."""
    flit, queue, unit = fields_of(Flit), fields_of(Queue), fields_of(Unit)
    assert (queue["head"].offset, queue["tail"].offset) == (flit["next"].offset, flit["previous"].offset)
    assert (unit["oldest"].offset, unit["newest"].offset) == (flit["newer"].offset, flit["older"].offset)


def test_a_flit_takes_a_line_of_the_processors_cache() -> None:
    assert 4 * size_of(Flit) == 64


@pytest.mark.parametrize("first", [Fabric, GatherFabric, ScatterFabric, Switch])
def test_what_stands_for_no_flit_is_at_address_0(first: type[Record]) -> None:
    assert fields_of(first)["nobody"].offset == fields_of(Nobody)["flit"].offset == 0


@pytest.mark.parametrize(("own", "shared"), [(GatherUnit, Unit), (ScatterUnit, Unit), (GatherFabric, Fabric), (ScatterFabric, Fabric)])
def test_parts_that_dataflows_share_find_their_fields_in_every_dataflow(own: type[Record], shared: type[Record]) -> None:
    assert {name: fields_of(own)[name].offset for name in fields_of(shared)} == {
        name: field.offset for name, field in fields_of(shared).items()
    }


def test_both_engines_have_a_place_for_every_clocked_counter() -> None:
    wide = {name for name, field in fields_of(Clocked).items() if field.kind.form == "wide"}
    assert set(CLOCKED) == wide == set(Clock().counts)


@pytest.mark.parametrize("own", [GatherFabric, ScatterFabric])
def test_a_fabric_counts_nothing_of_its_own(own: type[Record]) -> None:
    shared = fields_of(Fabric)
    assert not [name for name, field in fields_of(own).items() if name not in shared and field.kind.form == "wide"]
