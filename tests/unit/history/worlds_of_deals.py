"""Histories of deals, made in a few lines of NumPy: when deals began and ended, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Deals(NamedTuple):
    """Days from the as-of date on (negative), and outcomes: 1 won, -1 lost, 0 open."""

    began: Ints
    ended: Ints
    outcome: Ints

    def kept(self, rows: NDArray[np.bool_]) -> Deals:
        return Deals(self.began[rows], self.ended[rows], self.outcome[rows])


def _flat(_: Ints) -> float:
    return 1.0


def make_deals(
    rng: np.random.Generator,
    *,
    days: int = 730,
    rate: float = 3.0,
    factor: Callable[[Ints], NDArray[np.float64] | float] = _flat,
    won: Callable[[Ints], NDArray[np.float64] | float] = lambda _: 0.12,
    days_to_loss: float = 25.0,
    days_to_win: float = 50.0,
    stalled: float = 0.05,
) -> Deals:
    """Let deals begin by Poisson's law, and end after lognormal days."""
    every = np.arange(-days, 0)
    began = np.repeat(every, rng.poisson(rate * factor(every) * np.ones(days)))
    outcome = np.where(rng.random(began.size) < won(began), 1, -1)
    median = np.where(outcome == 1, days_to_win, days_to_loss)
    ended = began + np.floor(median * np.exp(0.9 * rng.standard_normal(began.size))).astype(np.int64)
    outcome[(rng.random(began.size) < stalled) | (ended >= 0)] = 0
    return Deals(began, ended, outcome)


def delete_losses(deals: Deals, rng: np.random.Generator, older: int = 30, share: float = 0.8) -> Deals:
    """Delete a share of the losses that happened before the last `older` days."""
    gone = (deals.outcome == -1) & (deals.ended < -older) & (rng.random(deals.began.size) < share)
    return deals.kept(~gone)


def clean_up(deals: Deals, rng: np.random.Generator, day: int, older: int, lasting: int = 1) -> Deals:
    """Close as lost, from a day on, nearly all deals that are older than so many days."""
    alive = (deals.outcome == 0) | (deals.ended > day)
    closed = alive & (deals.began < day - older) & (rng.random(deals.began.size) < 0.95)
    ended = np.where(closed, day + rng.integers(0, lasting, deals.began.size), deals.ended)
    return Deals(deals.began, ended, np.where(closed, -1, deals.outcome))


def recorded_every(deals: Deals, step: int) -> Deals:
    """Record all that happens on the next of the days that are a multiple of `step` away; the as-of date is one."""
    began, ended = (-(-days // step) * step for days in (deals.began, deals.ended))
    return Deals(began, ended, np.where(ended >= 0, 0, deals.outcome)).kept(began < 0)


def lost_more_often_from(deals: Deals, rng: np.random.Generator, day: int, mean_days: float) -> Deals:
    """Let deals be lost for one reason more from a day on."""
    lost = np.maximum(deals.began, day) + np.floor(rng.exponential(mean_days, deals.began.size)).astype(np.int64)
    sooner = (lost < 0) & ((deals.outcome == 0) | (lost < deals.ended))
    return Deals(deals.began, np.where(sooner, lost, deals.ended), np.where(sooner, -1, deals.outcome))
