"""What deals may be worth: at most `MOST_AMOUNT` a deal, nor all of a future too much; and whether there is a mean."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simcast.engine import layout
from simcast.engine.amounts import amount_isf
from simcast.engine.layout import KernelPlan
from simcast.engine.samplers import LOGLOGISTIC
from simcast.history import Book
from simcast.money import MOST_AMOUNT, written
from simcast.plan.costs import new_deals
from simcast.plan.levers import OPERATIONS, LeverFrame, PlacedLever, operation_of
from simcast.plan.plan import MINOR_UNITS
from simcast.scenario import AmountLever, Scenario

Floats = NDArray[np.float64]

_SOME = 1e-3
"""Refused are amounts of which a larger share would be worth too much to be counted."""
_FEW = 1e-6
"""Where a larger share, but not as many as `_SOME`, would be cut, it is said."""
_MOST_TOGETHER = 4e16
"""The most that all deals of a future may be worth: less than half of what 64 bits hold in hundredths."""
_NEVER_TOO_MUCH = 1e9
"""What deals may be worth however many they are, for no more than 20 million new ones come in a future."""
_HAS_MEAN, _HAS_SD = 1.0, 2.0
"""Log-logistic amounts of a larger shape have a mean, or a standard deviation."""
NO_DEALS = 1e-3
"""Where fewer new deals than this are expected in the whole forecast, none come."""
_LIMIT = f"one deal may be worth at most {written(MOST_AMOUNT)}"
_REMEDY = "count money in thousands or millions"


@dataclass(frozen=True, eq=False)
class Worths:
    """What deals are worth at most, as far as levers have changed it.

    Parameters
    ----------
    new, open : float64, (n_segments,)
        In units of money: what few new deals exceed, and the largest of the open deals.
    """

    new: Floats
    open: Floats

    @property
    def largest(self) -> float:
        """The most that a deal of any segment is worth."""
        return max(_most(self.new), _most(self.open))

    def under(self, frame: LeverFrame, place: str, lever: AmountLever) -> Worths:
        """Return them under one lever more, in the future and on the day in which it makes deals worth most."""
        operation, number = operation_of(lever)
        factors = OPERATIONS[operation] == layout.MULTIPLY
        weight = _most(frame.weight(lever))
        more = weight * max(float(np.max(frame.size(lever, number))) - (1.0 if factors else 0.0), 0.0)
        chosen = frame.segments.select(lever.where, f"{place}.where")
        with np.errstate(over="ignore"):
            after = [worth + more * (worth if factors else 1.0) for worth in (self.new, self.open)]
        return Worths(np.where(chosen, after[0], self.new), np.where(chosen & lever.open, after[1], self.open))


def too_large_amounts(book: Book) -> list[str]:
    """List the open deals whose own amount cannot be counted."""
    return [
        f"open deal {book.deal[i]!r}: its amount is {written(book.amount[i])}, and {_LIMIT}; {_REMEDY}"
        for i in np.flatnonzero(book.amount > MOST_AMOUNT)
    ]


def amounts_of_no_deal(kernel: KernelPlan, frame: LeverFrame, levers: Sequence[PlacedLever]) -> list[str]:
    """Say which levers on amounts no deal feels: no new ones come where they act, and open ones are left as they are.

    Levers that act on no day of the forecast are left out, of which something else is said.
    """
    comes = kernel.arrival_mean.mean(axis=0) * frame.days.n_days > NO_DEALS
    on_arrivals = kernel.on_arrivals
    for i in np.flatnonzero(on_arrivals.operation == layout.ADD):
        if (on_arrivals.value[i] > 0.0).any() and (on_arrivals.weight[i] > 0.0).any():
            comes |= on_arrivals.segments[i]
    return no_deal_feels(frame, levers, comes, np.bincount(kernel.deal_segment, minlength=len(comes)) > 0)


def no_deal_feels(
    frame: LeverFrame, levers: Sequence[PlacedLever], comes: NDArray[np.bool_], stands: NDArray[np.bool_]
) -> list[str]:
    """Say which levers on amounts no deal feels, by where deals are.

    Parameters
    ----------
    frame
        The days forecast and the segments.
    levers
        The scenario's levers.
    comes, stands : bool, (n_segments,)
        Where new deals come, and where deals are open.
    """
    notes = []
    for placed in levers:
        lever = placed.lever
        if not isinstance(lever, AmountLever) or not frame.weight(lever).any():
            continue
        where = frame.segments.select(lever.where, f"{placed.place}.where")
        has_open = bool((stands & where).any())
        if (comes & where).any() or (lever.open and has_open):
            continue
        remedy = "give it open: true to change the amounts of the open deals too" if has_open else ""
        remedy = remedy or "nor are any deals open there; select others, or leave it out"
        notes.append(f"{placed.path}: changes nothing, since no new deals come where it acts; {remedy}")
    return notes


def too_much_worth(
    kernel: KernelPlan, frame: LeverFrame, levers: Sequence[PlacedLever], scenario: Scenario
) -> list[str]:
    """List what makes single deals, or all of a future together, worth more than can be counted.

    Parameters
    ----------
    kernel
        The plan's arrays.
    frame, levers
        The scenario's levers, and what they are worked out against.
    scenario
        The file, which may say what deals are worth.
    """
    source = _source_of_amounts(scenario)
    worths = _worths(kernel, _SOME)
    if worths.largest > MOST_AMOUNT:
        who = f"one deal in {1 / _SOME:,.0f}" if kernel.amount_shape.any() else "a deal"
        return [f"{source}: {who} would be worth {written(worths.largest)} or more, and {_LIMIT}; {_REMEDY}"]
    for place, lever in _on_amounts(levers):
        worths = worths.under(frame, place, lever)
        if worths.largest > MOST_AMOUNT:
            key, _ = operation_of(lever)
            return [f"{place}.{key}: makes a deal worth {written(worths.largest)}, and {_LIMIT}; {_REMEDY}"]
    return _too_much_together(kernel, worths, source)


def _too_much_together(kernel: KernelPlan, worths: Worths, source: str) -> list[str]:
    """Refuse more and larger deals in a future than their sum can be counted of."""
    if worths.largest <= _NEVER_TOO_MUCH:
        return []
    n_new, n_open = int(np.max(new_deals(kernel))), len(kernel.deal_key)
    together = n_new * _most(worths.new) + n_open * _most(worths.open)
    if together <= _MOST_TOGETHER:
        return []
    deals = f"{n_new + n_open:,} deals in a future, of up to {written(worths.largest)} each"
    limit = f"together they may be worth at most {written(_MOST_TOGETHER)}"
    return [f"{source}: {deals}, could be worth {written(together)}, and {limit}; {_REMEDY}"]


def cut_amounts(kernel: KernelPlan, frame: LeverFrame, levers: Sequence[PlacedLever]) -> list[str]:
    """Say where some of the rarest deals would be worth more than can be counted, and count for less."""
    worths = _worths(kernel, _FEW)
    for place, lever in _on_amounts(levers):
        worths = worths.under(frame, place, lever)
    if worths.largest <= MOST_AMOUNT:
        return []
    rare = f"amounts: more than one deal in {1 / _FEW:,.0f} would be worth more than {written(MOST_AMOUNT)}"
    return [f"{rare}, and counts for no more than that; {_REMEDY}"]


def heavy_tails(kernel: KernelPlan) -> list[str]:
    """Say where amounts have no mean, or no standard deviation: what is told of these is then luck."""
    if kernel.amount_family != LOGLOGISTIC or not math.isinf(kernel.amount_most):
        return []
    shape = 1.0 / float(np.max(kernel.amount_shape))
    if shape > _HAS_SD:
        return []
    what, luck = "have no standard deviation", "that of bookings is"
    if shape <= _HAS_MEAN:
        what, luck = "have no mean", "means, net and standard deviations are"
    limit = _HAS_MEAN if shape <= _HAS_MEAN else _HAS_SD
    return [
        f"amounts: log-logistic ones of shape {limit:g} or less {what}: {luck} the seed's luck; go by the quantiles"
    ]


def _most(values: Floats) -> float:
    """Return the largest of some numbers that are never below 0; 0 for none."""
    return float(np.max(values, initial=0.0))


def _source_of_amounts(scenario: Scenario) -> str:
    """Say where the amounts of new deals come from."""
    if scenario.assume is None or scenario.assume.amount is None:
        return "amounts as fitted"
    return f"{scenario.origin.place(('assume', 'amount'))}: assume.amount"


def _on_amounts(levers: Sequence[PlacedLever]) -> list[tuple[str, AmountLever]]:
    """Return the levers on amounts with their places, in the order in which the kernel applies them."""
    found = [(placed.place, placed.lever) for placed in levers if isinstance(placed.lever, AmountLever)]
    return sorted(found, key=lambda item: item[1].multiply is None)


def _worths(kernel: KernelPlan, share: float) -> Worths:
    """Return what a share of new deals exceed under the worst of draws, and the largest amounts of open ones."""
    new = np.array([_exceeded(kernel, segment, share) for segment in range(len(kernel.group_of_segment))])
    own = np.where(kernel.deal_amount >= 0, kernel.deal_amount / MINOR_UNITS, new[kernel.deal_segment])
    largest = np.zeros(len(new))
    np.maximum.at(largest, kernel.deal_segment, own)
    return Worths(new, largest)


def _exceeded(kernel: KernelPlan, segment: int, share: float) -> float:
    """Return the amount that a share of a segment's new deals exceed, under the draw in which it is largest."""
    scales, shapes, quantiles = (
        kernel.amount_scale[:, segment],
        kernel.amount_shape[:, segment],
        kernel.amount_quantiles[segment],
    )

    def of(scale: float, shape: float) -> float:
        drawn = amount_isf(kernel.amount_family, scale, shape, quantiles, share) if scale > 0.0 else 0.0
        return float(min(drawn, kernel.amount_most)) / MINOR_UNITS

    bound = of(float(np.max(scales)), float(np.max(shapes)))  # amounts rise with both
    if bound <= MOST_AMOUNT:
        return bound
    return max(of(float(scale), float(shape)) for scale, shape in zip(scales, shapes, strict=True))
