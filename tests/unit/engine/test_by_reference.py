from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numba import njit, types
from numba.core.datamodel import default_manager
from numba.core.errors import TypingError
from numpy.typing import NDArray

from simcast.engine.by_reference import Reference, by_reference
from simcast.engine.inner import inner


class Pair(NamedTuple):
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class Whole(NamedTuple):
    number: float
    seed: np.uint64
    least: int
    days: NDArray[np.int64]
    rows: NDArray[np.float64]
    pair: Pair


def whole() -> Whole:
    return Whole(2.5, np.uint64(2**64 - 1), -3, np.arange(4), np.zeros((3, 4)), Pair(np.full(4, -1.0), np.full(4, 7.0)))


@inner
def fill(of: Whole, row: int) -> float:
    for day in range(len(of.days)):
        if of.days[day] % 2 == 0:
            of.rows[row, day] = of.number * of.days[day] + of.pair.low[day]
    of.pair.high[:] = row
    return of.pair.low[0]


@njit
def fill_all(of: Whole) -> float:
    total = 0.0
    for row in range(of.rows.shape[0]):
        total += fill(of, row)
    return total


@njit
def seed_and_least(of: Whole) -> tuple[np.uint64, int]:
    return of.seed, of.least


@njit
def ask_for_another_field(of: Whole) -> float:
    return of.other  # type: ignore[attr-defined,no-any-return]  # that is the point


def test_fields_are_read_and_arrays_written_where_the_tuple_stands() -> None:
    given = whole()
    assert fill_all(by_reference(given)) == -3.0
    assert seed_and_least(by_reference(given)) == (2**64 - 1, -3)
    np.testing.assert_array_equal(given.rows, np.tile([-1.0, 0.0, 4.0, 0.0], (3, 1)))
    np.testing.assert_array_equal(given.pair.high, 2.0)


def test_a_function_is_handed_one_number_instead_of_the_whole() -> None:
    fill_all(by_reference(whole()))
    ((of, _),) = fill.signatures  # type: ignore[attr-defined]  # Numba's
    assert isinstance(of, Reference)


def test_another_field_is_refused_as_it_is_compiled() -> None:
    with pytest.raises(TypingError, match="other"):
        ask_for_another_field(by_reference(whole()))


@pytest.mark.parametrize("field", [True, np.int32(1), "text", None])
def test_what_takes_no_whole_word_is_refused(field: object) -> None:
    with pytest.raises(TypeError, match="no place among words of eight bytes"):
        by_reference((field,))


def test_numba_writes_arrays_as_words_of_this_order() -> None:
    """A release that writes them otherwise would read one number for another: `_words` follows what stands here."""
    array = default_manager.lookup(types.Array(types.float64, 2, "C"))
    assert array._fields == ("meminfo", "parent", "nitems", "itemsize", "data", "shape", "strides")
