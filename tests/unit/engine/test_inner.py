"""Functions that become parts of their callers: what they compute and raise, and that none is machine code alone."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import run_frontend
from numba.core.lowering import Lower

from simcast.engine.inner import Part, allocating, inner, written_once


@inner
def _ratio(a: float, b: float) -> float:
    return a / b


@inner
def _sum_of_ratios(above: np.ndarray, below: np.ndarray) -> float:
    total = 0.0
    for i in range(len(above)):
        total += _ratio(above[i], below[i])
    return total


@allocating
def _running(values: np.ndarray) -> np.ndarray:
    result = np.empty(len(values))
    total = 0.0
    for i in range(len(values)):
        total += values[i]
        result[i] = total
    return result


@njit
def _whole(above: np.ndarray, below: np.ndarray) -> tuple[float, float]:
    return _sum_of_ratios(above, below), _running(above)[-1]


def test_parts_compute_what_plain_functions_do() -> None:
    above, below = np.array([1.0, 3.0, 5.0]), np.array([2.0, 4.0, 8.0])
    assert _whole(above, below) == (0.5 + 0.75 + 0.625, 9.0)


def _branching(values: np.ndarray, least: float) -> float:
    total = 0.0
    for i in range(len(values)):
        value = values[i]
        if value > least:
            half = value / 2.0
            total += half if half > least else value
        elif value < 0.0:
            late = value
    return total + late if total > least else total  # type: ignore[possibly-undefined]  # what this is about


def test_variables_written_once_before_all_their_uses_are_values() -> None:
    found = written_once(run_frontend(_branching).blocks)
    assert {"values", "least", "value", "half"} <= found
    assert not {"total", "late"} & found  # written twice; used where no way leads through what writes it


@pytest.mark.parametrize("least", [0.0, 1.5, 9.0])
def test_parts_branch_as_python_does(least: float) -> None:
    part, values = inner(_branching), np.array([1.0, -1.0, 2.0, 4.0, -3.0])
    whole = njit(lambda values, least: part(values, least))
    assert whole(values, least) == _branching(values, least)


def test_parts_and_no_others_are_lowered_to_values() -> None:
    """Otherwise a release of Numba that names its passes otherwise would silently bring the copies back."""
    assert hasattr(Lower, "_find_singly_assigned_variable")
    _whole(np.ones(1), np.ones(1))
    for function, wanted in ((_ratio, True), (_sum_of_ratios, True), (_running, True), (_whole, False)):
        (compiled,) = function.overloads.values()
        (times,) = compiled.metadata["pipeline_times"].values()
        assert any(name.endswith("lowering_to_values") for name in times) == wanted


def test_parts_divide_by_zero_as_numpy_does() -> None:
    """To look for zeros would end vectorising, and compiled functions never raise."""
    assert _whole(np.ones(1), np.zeros(1)) == (np.inf, 1.0)


def test_no_machine_code_is_made_of_a_part() -> None:
    """Otherwise compiling would silently take half as long again."""
    _whole(np.ones(1), np.ones(1))
    for part in (_ratio, _sum_of_ratios, _running):
        (compiled,) = part.overloads.values()
        assert type(compiled.library) is Part
        assert compiled.library._compiled_object is None
    (compiled,) = _whole.overloads.values()
    assert compiled.library._compiled_object


@pytest.mark.parametrize("name", [name for name in vars(Part) if name.startswith(("_opt", "_fin", "get"))])
def test_what_parts_leave_out_is_what_numba_does(name: str) -> None:
    assert hasattr(JITCodeLibrary, name)
