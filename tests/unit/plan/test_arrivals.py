"""Arrivals in a plan: trend, season and walk multiply each day's mean."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hazard_posterior import with_draws

from simcast.assume import assumed_book, assumed_posterior
from simcast.engine.layout import KernelPlan
from simcast.plan import build_plan
from simcast.scenario import build_scenario


def kernel_with(**changes: tuple[tuple[str, ...], np.ndarray]) -> KernelPlan:
    """Build a plan of 100 days from 2026-07-01 with two arrivals a day, and other draws for some variables."""
    given = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": ["заявка"]},
            "forecast": {"as_of": "2026-07-01", "until": "2026-10-08"},
            "assume": {
                "stages": {"заявка": {"conversion": 0.4, "days": {"lognormal": [5, 1]}}},
                "arrivals": {"per_day": 2.0},
            },
        }
    )
    assert given.assume is not None
    posterior = assumed_posterior(given.pipeline_definition, given.assume)
    draws: xr.Dataset = posterior.draws.assign(changes)
    book = assumed_book(given.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return build_plan(with_draws(posterior, draws), book, given).kernel


def test_without_season_and_walk_only_the_trend_moves_arrivals() -> None:
    np.testing.assert_array_equal(kernel_with().arrival_trend_factor, 1.0)
    factor = kernel_with(arrivals_trend=(("draw",), np.array([0.01]))).arrival_trend_factor
    np.testing.assert_allclose(np.log(factor[0]), 0.01 * (np.arange(100) + 0.5))


def test_the_walk_changes_its_level_every_28_days_and_stays_after_its_last_block() -> None:
    path = (("draw", "block"), np.log([[1.0, 1.5, 0.5]]))
    factor = kernel_with(arrivals_path=path).arrival_trend_factor[0]
    np.testing.assert_allclose(factor, np.repeat([1.0, 1.5, 0.5, 0.5], [28, 28, 28, 16]))


@pytest.mark.parametrize(("harmonic", "turns"), [(0, 1), (1, 1), (2, 2), (3, 2)])
def test_the_season_is_that_of_the_calendar(harmonic: int, turns: int) -> None:
    coefficients = np.zeros((1, 4))
    coefficients[0, harmonic] = 0.5
    factor = kernel_with(arrivals_season=(("draw", "harmonic"), coefficients)).arrival_trend_factor[0]
    day = np.arange(np.datetime64("2026-07-01"), np.datetime64("2026-10-09")).astype(np.int64)
    turn = 2 * np.pi * turns * (day + 0.5) / 365.25
    np.testing.assert_allclose(np.log(factor), 0.5 * (np.sin(turn) if harmonic % 2 else np.cos(turn)))


def test_all_three_multiply() -> None:
    changes = {
        "arrivals_trend": (("draw",), np.array([0.002])),
        "arrivals_path": (("draw", "block"), np.log([[1.2, 0.9]])),
        "arrivals_season": (("draw", "harmonic"), np.array([[0.1, -0.2, 0.05, 0.0]])),
    }
    together = kernel_with(**changes).arrival_trend_factor
    apart = [kernel_with(**{name: value}).arrival_trend_factor for name, value in changes.items()]
    np.testing.assert_allclose(together, apart[0] * apart[1] * apart[2])


def test_season_and_walk_together_stay_within_the_bounds_and_the_trend_goes_on() -> None:
    changes = {
        "arrivals_trend": (("draw",), np.array([0.002])),
        "arrivals_path": (("draw", "block"), np.log([[3.0, 0.1, 1.2]])),
        "arrivals_season": (("draw", "harmonic"), np.array([[0.1, -0.2, 0.05, 0.0]])),
    }
    free = np.log(kernel_with(**changes).arrival_trend_factor[0]) - 0.002 * (np.arange(100) + 0.5)
    bound = (("draw", "bound"), np.log([[0.5, 1.5]]))
    held = np.log(kernel_with(**changes, arrivals_bound=bound).arrival_trend_factor[0]) - 0.002 * (np.arange(100) + 0.5)
    assert free.max() > np.log(1.5)
    assert free.min() < np.log(0.5)
    np.testing.assert_allclose(held, np.clip(free, np.log(0.5), np.log(1.5)))
