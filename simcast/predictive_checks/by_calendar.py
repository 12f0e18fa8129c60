"""Replicated stays put on the calendar, where clocks or the weather of months drive them: the dates of their ends."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from simcast.days import month_of
from simcast.posterior import Posterior
from simcast.posterior.clocks import Clock, Passed, clock_of, clocks_of_ages, mean_weights, weights_of
from simcast.predictive_checks.laws import PlayDraw
from simcast.predictive_checks.mixture import LONGEST_DAYS
from simcast.predictive_checks.stays import CheckedStays, Ints

Floats = NDArray[np.float64]

_NOON = 0.5


class OnCalendar:
    """The clocks of one stage, and how much months differ in speed, laid out over the days of its stays.

    Parameters
    ----------
    posterior
        The fit.
    stays
        The stays of the stage.
    """

    def __init__(self, posterior: Posterior, stays: CheckedStays) -> None:
        draws = posterior.draws
        self._stays = stays
        self._clocks = [clock_of(draws, stays.stage, move) for move in stays.moves]
        self._first = int(np.min(stays.entered))
        self._of_ages = clocks_of_ages(draws, stays.stage, stays.moves)
        moves = list(stays.moves)
        n_days = 2 * (stays.as_of - self._first) + 1
        self._days = np.arange(self._first, self._first + n_days)
        months = month_of(self._days)
        self._month = months - months[0]
        self._weather = draws["weather_speed"].to_numpy() if "weather_speed" in draws else np.zeros(draws.sizes["draw"])
        self._shares = draws["probability"].sel(stage=stays.stage, move=moves).mean(["draw", "segment"]).to_numpy()

    @property
    def is_plain(self) -> bool:
        """Whether no move of the stage has a clock, and months do not differ."""
        return all(clock is None for clock in self._clocks) and not self._weather.any()

    def operational(self) -> CheckedStays:
        """Return the stays with the days that they are known to have lasted told as the posterior tells days."""
        stays = self._stays
        if self._of_ages is None or not np.any(stays.at_least_days):
            return stays
        passed = Passed.of(mean_weights(weights_of(self._of_ages, self._days), self._shares), self._first)
        lasted = passed.at((stays.entered + stays.at_least_days).astype(np.float64)) - passed.at(stays.entered + _NOON)
        told = np.where(stays.at_least_days > 0, np.ceil(np.maximum(lasted, 0.0)), 0.0)
        return replace(stays, at_least_days=told.astype(np.int64))

    def dated(self, play: PlayDraw, generator: np.random.Generator) -> PlayDraw:
        """Return what replicates stays with the days of the calendar until their ends.

        Days that count from the unknown hour of entry to that of the end are spread over a day either side. Each
        replicate has months of its own, good and bad; a stay that is known to have lasted until some day has them
        from then on, since the months before it cannot have ended it.
        """
        stays = self._stays
        weights = weights_of(self._clocks, self._days)

        def play_dated(draw: int) -> tuple[Ints, Ints]:
            move, lasted = play(draw)
            days = lasted.copy()
            weather = np.ones(self._days.size)
            if self._weather[draw] > 0.0:
                of_months = self._weather[draw] * generator.standard_normal(self._month[-1] + 1)
                weather = np.exp(of_months - 0.5 * self._weather[draw] ** 2)[self._month]
            for position, of_clock in enumerate(weights):
                opening = self._openings(self._clocks[position])
                put_off = (lasted == 0) & (opening[stays.entered - self._first] >= 1.0)
                here = np.flatnonzero((move == position) & ((lasted > 0) | put_off) & (lasted < LONGEST_DAYS))
                if not here.size or (self._clocks[position] is None and not self._weather[draw] > 0.0):
                    continue
                plain, passed = (Passed.of(of_clock * of_month, self._first, opening) for of_month in (1.0, weather))
                hours = np.where(put_off[here], _NOON, generator.random(here.size) - _NOON)
                entered, at_least = stays.entered[here] + _NOON, stays.at_least_days[here]
                known = (at_least > 0) & (self._weather[draw] > 0.0)
                begins = np.where(known, stays.entered[here] + at_least, entered)
                begun = np.where(known, passed.at(begins), passed.begun(begins))
                before = np.where(known, plain.at(begins) - plain.begun(entered), 0.0)
                ends = passed.instant(np.maximum(begun + (lasted[here] - before) + hours, begun))
                dated = np.floor(ends).astype(np.int64) - stays.entered[here]
                days[here] = np.maximum(dated, at_least)
            return move, days

        return play_dated

    def _openings(self, clock: Clock | None) -> Floats:
        """Return the openings of those days."""
        return np.zeros(self._days.size) if clock is None else clock.openings(self._days)
