"""Counter-based random numbers: Threefry-2x64 with 20 rounds.

Every number is a pure function of (seed, future, deal, visit, purpose), so a result depends neither on the
order in which deals are played, nor on threads or chunks, and two scenarios share their luck deal by deal.

Source: J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3",
SC11 (2011). Checked against the published known-answer vectors of Random123 in the tests.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simcast.engine.bits import one_plus
from simcast.engine.inner import inner, outer, written_into

# Typed constants, since Numba compiles a function anew for each plain number that it is called with.
STAY = np.uint64(0)
"""Purpose: how a stay ends and how long it lasts."""
ARRIVALS = np.uint64(1)
"""Purpose: how many deals arrive in a segment on a day."""
BIRTH = np.uint64(2)
"""Purpose: the time of day at which a new deal arrives, and the stage it enters."""
AMOUNT = np.uint64(3)
"""Purpose: the amount of a deal for which none is known."""
DRAW = np.uint64(4)
"""Purpose: which posterior draw a future plays under."""
LEVER = np.uint64(5)
"""Purpose: the size of an uncertain lever in a future."""

_PARITY = np.uint64(0x1BD11BDAA9FC1A22)
_ALMOST_ONE = 1.0 - 2.0**-53

_Word = np.uint64


@inner
def _rotate(bits: _Word, count: int) -> _Word:
    """Rotate 64 bits to the left."""
    return (bits << np.uint64(count)) | (bits >> np.uint64(64 - count))


@written_into
def _four_rounds(
    x0: _Word, x1: _Word, y0: _Word, y1: _Word, r0: int, r1: int, r2: int, r3: int
) -> tuple[_Word, _Word, _Word, _Word]:
    """Mix two pairs of words by four rounds of add, rotate, exclusive or."""
    x0, y0 = x0 + x1, y0 + y1
    x1, y1 = _rotate(x1, r0) ^ x0, _rotate(y1, r0) ^ y0
    x0, y0 = x0 + x1, y0 + y1
    x1, y1 = _rotate(x1, r1) ^ x0, _rotate(y1, r1) ^ y0
    x0, y0 = x0 + x1, y0 + y1
    x1, y1 = _rotate(x1, r2) ^ x0, _rotate(y1, r2) ^ y0
    x0, y0 = x0 + x1, y0 + y1
    x1, y1 = _rotate(x1, r3) ^ x0, _rotate(y1, r3) ^ y0
    return x0, x1, y0, y1


@written_into
def _add_to_all(x0: _Word, x1: _Word, y0: _Word, y1: _Word, k0: _Word, k1: _Word) -> tuple[_Word, _Word, _Word, _Word]:
    """Add words of the key to both pairs."""
    return x0 + k0, x1 + k1, y0 + k0, y1 + k1


@written_into
def _mix_two(key0: _Word, key1: _Word, one: _Word, other: _Word, counter1: _Word) -> tuple[_Word, _Word, _Word, _Word]:
    """Mix a key with the counters (one, counter1) and (other, counter1), step by step in turn.

    A round waits for the one before it: of two at a time, one keeps the processor busy while the other waits. It is
    written into its callers, so that loops over it are vectorised.
    """
    key2 = key0 ^ key1 ^ _PARITY
    x0, x1, y0, y1 = _add_to_all(one, counter1, other, counter1, key0, key1)
    x0, x1, y0, y1 = _four_rounds(x0, x1, y0, y1, 16, 42, 12, 31)
    x0, x1, y0, y1 = _add_to_all(x0, x1, y0, y1, key1, key2 + np.uint64(1))
    x0, x1, y0, y1 = _four_rounds(x0, x1, y0, y1, 16, 32, 24, 21)
    x0, x1, y0, y1 = _add_to_all(x0, x1, y0, y1, key2, key0 + np.uint64(2))
    x0, x1, y0, y1 = _four_rounds(x0, x1, y0, y1, 16, 42, 12, 31)
    x0, x1, y0, y1 = _add_to_all(x0, x1, y0, y1, key0, key1 + np.uint64(3))
    x0, x1, y0, y1 = _four_rounds(x0, x1, y0, y1, 16, 32, 24, 21)
    x0, x1, y0, y1 = _add_to_all(x0, x1, y0, y1, key1, key2 + np.uint64(4))
    x0, x1, y0, y1 = _four_rounds(x0, x1, y0, y1, 16, 42, 12, 31)
    return _add_to_all(x0, x1, y0, y1, key2, key0 + np.uint64(5))


@outer
def threefry(key0: np.uint64, key1: np.uint64, counter0: np.uint64, counter1: np.uint64) -> tuple[np.uint64, np.uint64]:
    """Return two random 64-bit words for a key of two words and a counter of two words."""
    bits0, bits1, _, _ = _mix_two(key0, key1, counter0, counter0, counter1)
    return bits0, bits1


@inner
def to_unit(bits: np.uint64) -> float:
    """Turn 52 of 64 random bits into a float64 strictly between 0 and 1: one bit more would round up to 1.

    Nothing is rounded: the result is the middle of one of 2 ** 52 equal pieces.
    """
    return one_plus(bits) - _ALMOST_ONE


@outer
def uniforms(seed: np.uint64, future: int, deal_key: np.uint64, visit: int, purpose: np.uint64) -> tuple[float, float]:
    """Return the two uniforms of one event of one deal in one future."""
    counter = (np.uint64(visit) << np.uint64(8)) | purpose
    bits0, bits1 = threefry(np.uint64(seed), np.uint64(future), np.uint64(deal_key), counter)
    return to_unit(bits0), to_unit(bits1)


@inner
def fill_uniforms(
    seed: np.uint64,
    future: int,
    deal_keys: NDArray[np.uint64],
    n: int,
    visit: int,
    purpose: np.uint64,
    first: NDArray[np.float64],
    second: NDArray[np.float64],
) -> None:
    """Write the two uniforms of one event of each of the first n deals, two at a time, one from either half."""
    counter = (np.uint64(visit) << np.uint64(8)) | purpose
    half = np.uint64(n // 2)
    for i in range(half):
        k = half + np.uint64(i)
        one0, one1, other0, other1 = _mix_two(seed, np.uint64(future), deal_keys[i], deal_keys[k], counter)
        first[i], second[i] = to_unit(one0), to_unit(one1)
        first[k], second[k] = to_unit(other0), to_unit(other1)
    for i in range(np.uint64(n - n % 2), np.uint64(n)):
        bits0, bits1 = threefry(seed, np.uint64(future), deal_keys[i], counter)
        first[i], second[i] = to_unit(bits0), to_unit(bits1)


@outer
def uniform_by_future(seed: np.uint64, n_futures: int, key: np.uint64, purpose: np.uint64) -> NDArray[np.float64]:
    """Return one uniform per future for a thing that all deals share, such as the size of a lever.

    Returns
    -------
    float64, (n_futures,)
    """
    result = np.empty(n_futures)
    for future in range(n_futures):
        result[future] = uniforms(seed, future, key, 0, purpose)[0]
    return result


def draw_of_futures(seed: np.uint64, n_futures: int, n_draws: int) -> NDArray[np.int64]:
    """Choose a posterior draw for each future, using all draws equally often.

    Each block of `n_draws` futures is a permutation of the draws of its own, so a future's draw depends on
    (seed, future) alone and not on how many futures are played.

    Returns
    -------
    int64, (n_futures,)
    """
    blocks = [
        np.argsort(_block_order(seed, block, n_draws), kind="stable") for block in range(math.ceil(n_futures / n_draws))
    ]
    return np.concatenate(blocks)[:n_futures].astype(np.int64)


@outer
def _block_order(seed: np.uint64, block: int, n_draws: int) -> NDArray[np.uint64]:
    """Return random sort keys for the draws of one block of futures."""
    order = np.empty(n_draws, dtype=np.uint64)
    for draw in range(n_draws):
        order[draw] = threefry(np.uint64(seed), np.uint64(block), np.uint64(draw), DRAW)[0]
    return order
