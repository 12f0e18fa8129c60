from __future__ import annotations

import dataclasses
import math

import numpy as np
from hazard_posterior import hazard_draws, with_amount_slope, with_draws

from simcast.assume import assumed_book, assumed_posterior
from simcast.history import Book
from simcast.plan import build_plan
from simcast.posterior import Posterior
from simcast.scenario import Scenario, build_scenario
from simcast.simulation import simulate

RATE = np.array([[[0.1, 0.02, 0.3], [0.2, 0.01, 0.02], [0.05, 0.05, 0.001]]])
"""By move of the stage: won, lost, nurture."""
STARTS = [0, 1, 7]
CENTRE = 200.0 / math.exp(1.375)


def scenario(**changes: object) -> Scenario:
    stages = {name: {"conversion": 0.4, "days": {"lognormal": [5, 1]}} for name in ("lead", "meeting")}
    stages["nurture"] = {"conversion": 0.4, "days": 30}
    return build_scenario(
        {
            "simcast": 1,
            "pipeline": {
                "stages": ["lead", "meeting"],
                "moves": [{"from": "meeting", "to": "nurture"}, {"from": "nurture", "to": "meeting"}],
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
            "simulation": {"futures": 400, "seed": 3},
            "assume": {
                "stages": stages,
                "segments": {"source": {"ads": 0.5, "site": 0.5}},
                "open": [
                    {"stage": "meeting", "count": 500, "age_days": 3.5, "amount": 200.0, "where": {"source": "site"}},
                    {"stage": "meeting", "count": 500, "age_days": 3.5, "where": {"source": "site"}},
                ],
            },
        }
        | changes
    )


def assumed() -> tuple[Posterior, Book]:
    given = scenario()
    assert given.assume is not None
    posterior = assumed_posterior(given.pipeline_definition, given.assume)
    book = assumed_book(given.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return posterior, book


def test_a_plan_without_hazards_has_no_rows_of_them_and_no_slope() -> None:
    kernel = build_plan(*assumed(), scenario()).kernel
    assert np.all(kernel.hazard_row == -1)
    assert kernel.hazard_rate.size == kernel.hazard_factor.size == 0
    assert kernel.amount_slope.size == kernel.amount_offset.size == 0
    assert np.all(np.isnan(kernel.deal_log_amount))


def test_hazards_stand_by_slot_in_the_order_of_the_pipeline_s_moves() -> None:
    posterior, book = assumed()
    draws = hazard_draws(posterior, "meeting", RATE, STARTS, 3653)
    kernel = build_plan(with_draws(posterior, draws), book, scenario()).kernel
    assert kernel.hazard_row.tolist() == [-1, 0, -1]
    assert kernel.hazard_start.tolist() == [0.0, 1.0, 7.0, 3653.0]
    np.testing.assert_allclose(kernel.hazard_rate[0, 0], RATE[0])
    np.testing.assert_allclose(kernel.hazard_factor[0, 0], np.exp([[-0.3] * 3, [0.4] * 3]))
    assert kernel.family[1, :3].tolist() == [6, 6, 6]
    assert kernel.probability[0, 1].sum(axis=1).tolist() == [1.0, 1.0]


def test_an_open_deal_s_amount_counts_from_the_centre_and_an_unknown_one_not_at_all() -> None:
    posterior, book = assumed()
    amount = book.amount.copy()
    amount[0] = 0.0
    book = dataclasses.replace(book, amount=amount)
    kernel = build_plan(with_draws(posterior, with_amount_slope(posterior.draws, 0.3, 50.0)), book, scenario()).kernel
    assert np.all(kernel.amount_slope == 0.3)
    assert kernel.amount_slope.shape == (1, 3)
    np.testing.assert_allclose(np.sort(kernel.deal_log_amount), [math.log(4.0)] * 499 + [math.nan] * 501)
    assert np.all(kernel.amount_offset == 0.0), "a stored posterior may have none"


def test_offsets_stand_by_stage_and_segment() -> None:
    posterior, book = assumed()
    offset = np.arange(6.0).reshape(2, 1, 3)
    draws = with_amount_slope(posterior.draws, 0.3, 50.0).assign(amount_offset=(("segment", "draw", "stage"), offset))
    kernel = build_plan(with_draws(posterior, draws), book, scenario()).kernel
    assert kernel.amount_offset.tolist() == [[[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]]


def test_open_deals_win_as_their_hazards_age_and_amounts_say() -> None:
    """500 deals each in 400 futures, 4 whole days old; z-test with a false-alarm rate of 1e-6."""
    posterior, book = assumed()
    until = {"forecast": {"as_of": "2026-07-01", "until": "2026-07-05"}}  # days 4 to 8 of the stays
    draws = with_amount_slope(hazard_draws(posterior, "meeting", RATE, STARTS, 3653), 0.3, CENTRE)
    plan = build_plan(with_draws(posterior, draws), book, scenario(**until))
    wins = simulate(plan).results["deal_wins"].to_numpy()
    known = np.isin(plan.deals, book.deal[~np.isnan(book.amount)])

    def won(effect: float, first_day: int) -> float:
        daily = np.repeat(RATE[0], [1, 6, 90], axis=1)[:, first_day : first_day + 5] * math.exp(0.4)
        daily[0] *= math.exp(effect)
        total = daily.sum(axis=0)
        reached = np.exp(-(np.cumsum(total) - total))
        return float((reached * daily[0] / total * (1 - np.exp(-total))).sum())

    for which, effect in ((known, 0.3 * 1.375), (~known, 0.0)):
        n, p = 500 * 400, won(effect, 4)
        z = (int(wins[which].sum()) - n * p) / math.sqrt(n * p * (1 - p))
        assert abs(z) < 4.9
        assert abs(int(wins[which].sum()) - n * won(effect, 3)) > 4.9 * math.sqrt(n * p * (1 - p))


def test_where_hazards_are_shared_amounts_are_told_apart_in_steps() -> None:
    posterior, book = assumed()
    book = dataclasses.replace(book, amount=np.geomspace(50.0, 60.0, len(book)))
    draws = with_amount_slope(hazard_draws(posterior, "meeting", RATE, STARTS, 3653), 0.3, 50.0)
    kernel = build_plan(with_draws(posterior, draws), book, scenario()).kernel
    assert np.unique(kernel.deal_log_amount).tolist() == [0.0, 0.125]
    assert np.all(np.diff(kernel.deal_log_amount) >= 0)
    draws = with_amount_slope(posterior.draws, 0.3, 50.0)
    exact = build_plan(with_draws(posterior, draws), book, scenario()).kernel
    assert len(np.unique(exact.deal_log_amount)) == len(book)
