"""The codec: what memory holds as JSON has it, and back."""

import math
from types import MappingProxyType

import numpy as np
import pytest
from sample_results import FABRICS, sample_result

from simulator.result import codec


def test_json_has_plain_values_only() -> None:
    value = {"a": np.float64(0.5), "b": np.arange(2), "c": (np.bool_(True), math.inf), 4: MappingProxyType({"d": 2**70})}
    assert codec.plain(value) == {"a": 0.5, "b": [0, 1], "c": [True, None], "4": {"d": 2**70}}
    with pytest.raises(TypeError, match="a complex has no place in a file of results"):
        codec.plain({"a": 1j})


@pytest.mark.parametrize("name", FABRICS)
def test_what_a_result_is_made_of_comes_back(name: str) -> None:
    result = sample_result(name)
    assert codec.activity_from_dict(codec.plain(result.activity)) == result.activity
    assert codec.cost_from_dict(codec.plain(result.cost)) == result.cost
    machine, settled = codec.machine_to_dict(result.machine), codec.elaborated_to_dict(result.elaborated)
    assert codec.elaborated_from_dict(machine, settled) == result.elaborated
    assert "mapping" in machine or name == "systolic"
