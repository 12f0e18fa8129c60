"""Deals go on as the model of their stage says of their amount, from what the sampler drew to what the engine plays.

Shares of simulated deals are compared with closed forms of the model by a z-test with a false-alarm rate of 1e-6,
made once with fixed seeds. Each has a negative control: the same shares against what an earlier rule came to, which
multiplied the odds of the average over all amounts, against stalling too, or left new deals at the centre of amounts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit, logit

from simcast.assume import assumed_book, assumed_posterior
from simcast.engine.kernel import play_futures
from simcast.engine.layout import NEW, Results, as_declared, empty_results
from simcast.model.amount_mix import AmountMix
from simcast.model.cells import find_cells
from simcast.model.pieces import N_PIECES
from simcast.model.sampling import Sample
from simcast.model.stage_arrays import posterior_stages
from simcast.model.stage_parameters import stage_parameters
from simcast.model.stays import StageStays
from simcast.pipeline import Pipeline
from simcast.plan import build_plan
from simcast.posterior import DIMENSIONS, OPTIONAL_DIMENSIONS
from simcast.scenario import Scenario, build_scenario

Floats = NDArray[np.float64]

Z_LIMIT = 4.9
STAGE = "встреча"
SEGMENTS = ("site", "реклама")
CENTRE = 1000.0
AMOUNTS = (-1.5, 0.0, 1.5)
"""Logs over the centre."""
SLOPE, STALLED = 0.8, 0.2
FORWARD = (-1.0, 0.3)
"""Log odds at the centre of amounts, by segment; of hazards, what a segment adds to the logarithm."""
DAILY = np.array([[0.5, 0.1, 0.2], [0.3, 0.2, 0.4]])
"""Hazard of winning and losing on the first three days; hardly any comes later. A fifth of all never ends."""
N_DEALS, N_FUTURES = 250, 800

STAYS_LOG_AMOUNT = np.random.default_rng(5).normal(0.3, 1.0, 4000)


def stays() -> StageStays:
    """Stays with amounts, a tenth of them unknown; how they end plays no part here, but that they last a while."""
    log_amount = np.where(np.arange(4000) % 10, STAYS_LOG_AMOUNT, np.nan)
    segment = np.arange(4000) % 2
    cells, cell = find_cells(segment, 2, None, log_amount)
    return StageStays(2, cells, cell, segment, np.arange(4000) % 20, np.zeros(4000, dtype=np.int64))


def sample(family: str, median_days: float, daily: Floats) -> Sample:
    """What the sampler would have drawn: the truth."""
    effect = np.zeros((1, 1, 2, 2 if family == "hazard" else 3))
    effect[..., 0] = FORWARD
    drawn = {"amount_slope": np.full((1, 1), SLOPE)}
    if family == "hazard":
        drawn["log_hazard"] = np.full((1, 1, 2, N_PIECES), -40.0)
        drawn["log_hazard"][0, 0, :, : daily.shape[1]] = np.log(daily)
        drawn["log_step"] = np.zeros((1, 1, 2))
    else:
        effect[..., 1:] = math.log(median_days)
        drawn["log_shape"] = np.full((1, 1, 2), math.log(0.8))
        drawn["stalled_logit"] = np.full((1, 1), logit(STALLED))
        drawn["effect_mean"] = effect.mean(axis=2)
    drawn["effect"] = effect
    dims = {name: ("chain", "draw", *(f"{name}_{axis}" for axis in range(a.ndim - 2))) for name, a in drawn.items()}
    return Sample(xr.Dataset({name: (dims[name], array) for name, array in drawn.items()}), xr.Dataset())


def scenario(until: str, age_days: float, per_day: float) -> Scenario:
    opened = [
        {
            "stage": STAGE,
            "count": N_DEALS,
            "age_days": age_days,
            "amount": CENTRE * math.exp(x),
            "where": {"source": source},
        }
        for source in SEGMENTS
        for x in AMOUNTS
    ]
    unknown = [{"stage": STAGE, "count": N_DEALS, "age_days": age_days, "where": {"source": name}} for name in SEGMENTS]
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": [STAGE]},
            "forecast": {"as_of": "2026-07-01", "until": until},
            "simulation": {"futures": N_FUTURES, "seed": 4},
            "assume": {
                "stages": {STAGE: {"conversion": 0.5, "days": 1}},
                "segments": {"source": dict.fromkeys(SEGMENTS, 0.5)},
                "arrivals": {"per_day": per_day},
                "open": opened + unknown,
            },
        }
    )


def play(
    family: str,
    *,
    until: str,
    age_days: float = 0.0,
    median_days: float = 5.0,
    daily: Floats = DAILY,
    per_day: float = 0.0,
) -> Results:
    """Play a stage as a fit would hand it over."""
    given = scenario(until, age_days, per_day)
    assert given.assume is not None
    pipeline = Pipeline.define([STAGE])
    base = assumed_posterior(pipeline, given.assume)
    found = stays()
    drawn = sample(family, median_days, daily)
    parameters = stage_parameters(drawn, family, found, pipeline.moves[0], base.segments)
    stacked = parameters.stack(sample=("chain", "draw"), create_index=False)
    arrays = posterior_stages(pipeline, base.segments, [stacked], [AmountMix.of(found)], 1)
    dims = {**DIMENSIONS, **OPTIONAL_DIMENSIONS}
    draws = base.draws.assign({name: (dims[name], values) for name, values in arrays.variables.items()})
    draws = draws.assign_coords(arrays.coords).assign_attrs({**arrays.attrs, "amount_centre": CENTRE})
    book = assumed_book(given.assume, pipeline, base.segments, np.datetime64("2026-07-01"))
    plan = as_declared(build_plan(replace(base, draws=draws), book, given).kernel)
    results = empty_results(plan, N_FUTURES)
    play_futures(plan, 0, results)
    return results


def open_shares(results: Results) -> Floats:
    """The share of the open deals that are won, by segment and by amount, the unknown last: (2, 4)."""
    wins = results.deal_wins.reshape(2, 4, N_DEALS)  # a plan has its deals in order of segment and amount
    return wins.sum(axis=2) / (N_DEALS * N_FUTURES)


def apart(share: Floats, expected: Floats, n: int = N_DEALS * N_FUTURES) -> Floats:
    """How many standard deviations shares lie from what they should be."""
    return np.abs(share - expected) / np.sqrt(expected * (1 - expected) / n)


def mixed(chance: Callable[[Floats], Floats]) -> Floats:
    """The average of a chance by segment over the amounts of the stays, (2,); the fit knows classes of them."""
    found = stays()
    return chance(found.cells.log_amount[found.cell]).mean(axis=1)


def of_family(x: Floats) -> Floats:
    """The chance of the forward move among the moves, (2, n)."""
    return np.asarray(expit(np.array(FORWARD)[:, None] + SLOPE * x))


def of_hazards(x: Floats, first_day: int = 0, daily: Floats = DAILY) -> Floats:
    """The chance to be won of a stay that has reached a day, summed up day by day: (2, n)."""
    factor = np.exp(np.array(FORWARD)[:, None] + SLOPE * x)[..., None]
    won, lost = daily[0, first_day:] * factor, daily[1, first_day:]
    total = won + lost
    reached = np.exp(-(np.cumsum(total, axis=-1) - total))
    return np.asarray((reached * won / total * -np.expm1(-total)).sum(axis=-1))


def usual_amount() -> Floats:
    """The log amount of which a deal of each segment is won as often as on average over all amounts, (2, 1)."""
    average = mixed(of_hazards)
    return np.array(
        [[brentq(lambda x, code=code: of_hazards(np.array([x]))[code, 0] - average[code], -3, 3)] for code in (0, 1)]
    )


@pytest.mark.parametrize("age_days", [0.0, 6.5])
def test_open_deals_of_a_family_win_as_the_model_says_of_their_amount(age_days: float) -> None:
    """Both moves take equally long, so that an age says of a stay only how likely it has stalled."""
    share = open_shares(play("lognormal", until="2029-07-01", age_days=age_days))
    lasting = 0.5 * math.erfc(math.log(max(age_days, 1e-9) / 5.0) / 0.8 / math.sqrt(2))
    moving = (1 - STALLED) * lasting / ((1 - STALLED) * lasting + STALLED)
    expected = of_family(np.array(AMOUNTS)) * moving
    assert np.all(apart(share[:, :3], expected) < Z_LIMIT)
    average = mixed(of_family)
    assert np.all(apart(share[:, 3], average * moving) < Z_LIMIT), "of an unknown amount"
    odds = np.exp(SLOPE * np.array(AMOUNTS))
    before = (average * (1 - STALLED))[:, None]
    others, ended = 1 - before - STALLED, before * odds / (1 - before + before * odds)
    rest = (1 - ended) / (1 - before)
    old = ended * lasting / ((ended + others * rest) * lasting + STALLED * rest)
    assert np.all(apart(share[:, :3], old) > Z_LIMIT)


@pytest.mark.parametrize("age_days", [0, 1])
def test_open_deals_with_hazards_win_as_the_model_says_of_their_amount(age_days: int) -> None:
    share = open_shares(play("hazard", until="2026-07-31", age_days=age_days))
    assert np.all(apart(share[:, :3], of_hazards(np.array(AMOUNTS), age_days)) < Z_LIMIT)
    without_offset = of_hazards(np.array(AMOUNTS) + usual_amount(), age_days)
    assert np.all(apart(share[:, :3], without_offset) > Z_LIMIT)
    assert np.all(apart(share[:, 3:], of_hazards(usual_amount(), age_days)) < Z_LIMIT), "of an unknown amount"
    assert np.all(apart(share[:, 3:], of_hazards(np.zeros(1), age_days)) > Z_LIMIT)


@pytest.mark.parametrize("family", ["lognormal", "hazard"])
def test_new_deals_win_as_deals_of_all_amounts_do_on_average(family: str) -> None:
    """All that end do so at once, or on the day of their arrival, so that the horizon cuts none off."""
    daily = DAILY.sum(axis=1, keepdims=True)
    results = play(family, until="2026-12-31", median_days=1e-6, daily=daily, per_day=4.0)
    n, wins = int(results.entered.sum()), int(results.wins[..., NEW].sum())

    def chance(x: Floats) -> Floats:
        return of_hazards(x, daily=daily) if family == "hazard" else of_family(x) * (1 - STALLED)

    share = np.array(wins / n)
    assert apart(share, mixed(chance).mean(), n) < Z_LIMIT
    assert apart(share, chance(np.zeros(1)).mean(), n) > Z_LIMIT, "of the centre of amounts"
