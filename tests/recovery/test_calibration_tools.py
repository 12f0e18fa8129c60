"""The instruments of the proof: worlds that are what they claim to be, and tests of ranks and coverage that can fail.

Statistical checks fail by chance with a probability of 1e-6 each; the seeds are fixed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special, stats

from benchmarks import interval_coverage
from benchmarks.coverage_tables import inside, mean_by_world, tables
from benchmarks.sbc_cases import AMOUNTS, FIRST_DAY, LEAST_WINS, N_DAYS, N_DEALS, STAGE, Case, Floats
from benchmarks.sbc_changes import N_QUARTERS, QUARTER_STARTS, DriftingStays, drift_name
from benchmarks.sbc_quantities import Hazards, Mixture, StayRows, true_parameters
from benchmarks.sbc_stages import natural
from benchmarks.sbc_truth import draw_case
from benchmarks.uniformity import holm, rank_among, uniformity_p_value
from benchmarks.world_files import read_world
from simcast.model.compress import compress, likelihood_inputs
from simcast.model.kernels.duration_tails import PARAMETRIC
from simcast.model.kernels.stage import stage_log_likelihood
from simcast.model.pieces import PIECE_STARTS
from simcast.synthetic.random_worlds import FIRST_DAY as WORLDS_BEGIN
from simcast.synthetic.random_worlds import draw_world, share_of_open_stays
from simcast.synthetic.stays import FAMILIES, HazardStays, drawn_days
from simcast.synthetic.worlds import WON, simulate_world

RARE = 1e-6


@pytest.mark.parametrize("family", FAMILIES)
def test_times_follow_the_law_that_their_truth_is_computed_from(family: str) -> None:
    generator = np.random.default_rng(1)
    scale, shape = np.full(20_000, 8.0), np.full(20_000, 0.7)
    days = drawn_days(family, scale, shape, generator)
    parts = interval_coverage.distribution(family, 8.0, 0.7)
    assert stats.kstest(days, lambda t: sum(share * part.cdf(t) for share, part in parts)).pvalue > RARE
    assert stats.kstest(1.1 * days, lambda t: sum(share * part.cdf(t) for share, part in parts)).pvalue < RARE
    below = (days < interval_coverage.median(parts)).sum()
    assert stats.binomtest(int(below), 20_000).pvalue > RARE
    with_clock = days + generator.random(20_000)
    assert (
        stats.binomtest(int((with_clock < interval_coverage.median(parts, calendar=True)).sum()), 20_000).pvalue > RARE
    )


def test_hazards_end_stays_on_calendar_days_as_their_formula_says() -> None:
    generator = np.random.default_rng(2)
    starts = np.array([0, 1, 5, 40])
    hazard = np.array([[[0.1, 0.05, 0.02], [0.3, 0.01, 0.04]]])
    n = 50_000
    entered = generator.uniform(0.0, 30.0, n)
    move, left = HazardStays(starts, hazard).end(np.zeros(n, dtype=np.int64), entered, generator)
    assert np.all(left > entered)
    over = np.isfinite(left)
    days = (np.floor(left[over]) - np.floor(entered[over])).astype(np.int64)
    assert days.max() < 40
    found = np.zeros(81)
    np.add.at(found, 2 * days + move[over], 1.0)
    found[80] = (~over).sum()
    rate = hazard[0][:, np.searchsorted(starts, np.arange(40), side="right") - 1]
    total = rate.sum(axis=0)
    before = np.exp(-np.concatenate([[0.0], np.cumsum(total)]))
    expected = np.append((before[:-1] * -np.expm1(-total) * rate / total).T.ravel(), before[-1])
    assert stats.chisquare(found, n * expected).pvalue > RARE
    swapped = np.append((before[:-1] * -np.expm1(-total) * rate[::-1] / total).T.ravel(), before[-1])
    assert stats.chisquare(found, n * swapped).pvalue < RARE


def test_random_worlds_keep_their_ranges_and_are_the_same_for_the_same_seed() -> None:
    shares, n_deals, columns = [], [], set()
    for seed in range(24):
        drawn = draw_world(seed, 91)
        events = simulate_world(drawn.world, WORLDS_BEGIN, seed)
        again = simulate_world(draw_world(seed, 91).world, WORLDS_BEGIN, seed)
        assert np.array_equal(events.instant, again.instant)
        shares.append(share_of_open_stays(events, drawn.n_days_known))
        n_deals.append(len(np.unique(events.deal[events.instant < drawn.n_days_known])))
        columns.add(len(drawn.world.columns))
        assert 1 <= len(drawn.world.segments) <= 4
        assert 2 <= len(drawn.world.stages) <= 3
    assert 0.05 < min(shares) < 0.25 < 0.55 < max(shares) < 0.75
    assert min(n_deals) > 800
    assert max(n_deals) < 5000
    assert columns == {0, 1, 2}


def test_a_world_read_from_its_file_is_what_happened_before_the_as_of_date() -> None:
    drawn = draw_world(8, 91)
    events = simulate_world(drawn.world, WORLDS_BEGIN, 8)
    history, scenario = read_world(drawn.world, events, WORLDS_BEGIN, drawn.n_days_known, 91, 10)
    known = events.instant < drawn.n_days_known
    assert history.n_deals == len(np.unique(events.deal[known]))
    assert (history.stays["move"] == WON).sum() == (events.name[known] == WON).sum()
    assert history.stays["move"].isna().mean() == pytest.approx(share_of_open_stays(events, drawn.n_days_known))
    assert scenario.forecast.days == 91


@pytest.mark.parametrize(
    "case", [Case("gamma"), Case("hazard"), Case("lognormal", crossed=True, waiting=True)], ids=str
)
def test_worlds_from_the_priors_are_selected_by_their_data(case: Case) -> None:
    drawn = draw_case(case, np.random.default_rng(5))
    known = drawn.events.instant < N_DAYS
    assert abs(len(np.unique(drawn.events.deal[known])) - N_DEALS) <= 0.1 * N_DEALS
    assert (drawn.events.name[known] == WON).sum() >= LEAST_WINS
    assert all(np.isfinite(value) for value in drawn.truth.values())
    history, _ = read_world(drawn.world, drawn.events, FIRST_DAY, N_DAYS, 91, 10)
    assert history.segments.values == case.segments
    assert history.pipeline.moves == tuple(case.moves.values())


@pytest.mark.parametrize("durations", ["lognormal", "hazard"])
def test_stays_of_changing_stages_end_as_those_of_their_quarter_and_amount(durations: str) -> None:
    case = Case(durations, drifting=True, by_amount=True)
    drawn = draw_case(case, np.random.default_rng(8))
    history, _ = read_world(drawn.world, drawn.events, FIRST_DAY, N_DAYS, 91, 10)
    rows = StayRows.of(case, history, STAGE)
    (stage,) = drawn.world.stages
    assert isinstance(stage.stays, DriftingStays)
    assert len(stage.stays.by_quarter) == N_QUARTERS + 1
    n_cells = N_QUARTERS * len(case.segments) * case.n_amounts
    assert set(np.unique(rows.cell // (n_cells // N_QUARTERS))) == set(range(N_QUARTERS))
    fifth = n_cells // N_QUARTERS * 2 + 1 * case.n_amounts + 2  # third quarter, second segment, largest amount
    begun = (QUARTER_STARTS[2] <= np.floor(drawn.events.instant)) & (np.floor(drawn.events.instant) < QUARTER_STARTS[3])
    here = begun & (drawn.events.name == STAGE) & (drawn.events.segment_code == 1 * case.n_amounts + 2)
    assert rows.count[rows.cell == fifth].sum() == here.sum() > 0
    truth = true_parameters(stage.stays)
    assert np.isfinite(truth.log_likelihood(rows)).all()
    slope = drawn.truth[f"{STAGE}: slope by amount"]
    odds = forward_log_odds(truth).reshape(N_QUARTERS, len(case.segments), case.n_amounts)
    assert np.allclose(np.diff(odds, axis=2), slope * np.diff(np.log(AMOUNTS)))
    effect = f"log odds of {WON}" if durations == "lognormal" else WON
    drift = [drawn.truth[drift_name(STAGE, effect, quarter)] for quarter in range(N_QUARTERS - 1)]
    assert np.allclose(odds[:-1] - odds[-1], np.array(drift)[:, None, None])


def forward_log_odds(truth: Mixture | Hazards) -> Floats:
    """Return what the forward move's chance goes by, by cell: its log odds, or its log hazard on the second day."""
    if isinstance(truth, Hazards):
        return np.asarray(np.log(truth.hazard[0, :, 0, 1]))
    return np.asarray(special.logit(truth.share[0, :, 0]))


@pytest.mark.parametrize("family", ["lognormal", "weibull", "loglogistic", "gamma"])
def test_the_log_likelihood_that_is_ranked_agrees_with_the_models(family: str) -> None:
    """They are written apart, with 12 and 3 quadrature nodes; a wrong shape moves both alike."""
    generator = np.random.default_rng(3)
    days = generator.integers(1, 60, 300)
    move = generator.integers(-1, 2, 300)
    rows = StayRows(np.zeros(300, dtype=np.int64), move, days, np.ones(300))  # one cell

    def both(log_shape: float) -> tuple[float, float]:
        shape = np.full((1, 1, 2), np.exp(log_shape))
        scale, own = natural(family, np.array([[[9.0, 14.0]]]), shape)
        mine = Mixture(family, np.array([[[0.6, 0.4]]]), np.array([0.1]), scale, own).log_likelihood(rows)[0]
        compressed = compress(rows.cell, move, days, n_cells=1, n_moves=2, binned=False)
        data = likelihood_inputs(compressed, np.full(2, PARAMETRIC.index(family), dtype=np.int64))
        effects = np.array([[np.log(1.5), np.log(9.0), np.log(14.0)]])
        return float(mine), float(stage_log_likelihood(effects, np.log(1 / 9), np.full(2, log_shape), data)[0])

    mine, models = both(-0.2)
    assert mine == pytest.approx(models, rel=2e-4)
    other, others = both(0.1)
    assert other - mine == pytest.approx(others - models, rel=0.02)
    assert abs(other - mine) > 1.0


def test_the_log_likelihood_of_hazards_is_that_of_single_days() -> None:
    generator = np.random.default_rng(4)
    hazard = np.exp(generator.normal(-3.0, 0.5, (1, 2, 2, len(PIECE_STARTS) - 1)))
    rows = StayRows(np.array([0, 1, 1]), np.array([1, -1, 0]), np.array([0, 33, 17]), np.array([2.0, 1.0, 3.0]))
    expected = 0.0
    for segment, move, days, count in zip(rows.cell, rows.move, rows.days, rows.count, strict=True):
        rate = hazard[0, segment][:, np.searchsorted(PIECE_STARTS, np.arange(days + 1), side="right") - 1]
        value = -rate[:, :days].sum()
        if move >= 0:
            here = rate[:, days]
            value += np.log(-np.expm1(-here.sum()) * here[move] / here.sum())
        expected += count * value
    assert Hazards(hazard, PIECE_STARTS).log_likelihood(rows)[0] == pytest.approx(expected, rel=1e-12)


@pytest.mark.slow
def test_uniform_ranks_pass_at_the_rate_that_is_stated_and_others_fail() -> None:
    generator = np.random.default_rng(6)
    p = np.array([uniformity_p_value(generator.integers(0, 100, 200), 100) for _ in range(400)])
    assert stats.binomtest(int((p < 0.1).sum()), 400, 0.1).pvalue > RARE
    draws = generator.standard_normal((300, 990))
    too_sure = [
        rank_among(1.0 * row, 1.6 * truth, 100, generator) for row, truth in zip(draws, draws[:, 0], strict=True)
    ]
    assert uniformity_p_value(too_sure, 100) < 1e-3
    right = [rank_among(row[1:], row[0], 100, generator) for row in draws]
    assert uniformity_p_value(right, 100) > 1e-3
    assert uniformity_p_value([rank_among(row[1:] + 0.5, row[0], 100, generator) for row in draws], 100) < 1e-3


def test_ranks_of_ties_are_spread_over_all_that_they_may_be() -> None:
    generator = np.random.default_rng(7)
    ranks = [rank_among(np.zeros(99), 0.0, 100, generator) for _ in range(400)]
    assert uniformity_p_value(ranks, 100) > RARE
    assert holm({"ties": uniformity_p_value([rank_among(np.zeros(99), -1.0, 100, generator)] * 50, 100)})["ties"] < 1e-4


def test_coverage_counts_what_lies_inside_and_worlds_not_rows_make_its_error() -> None:
    assert [inside([0.1, 0.1], level) for level in (0.5, 0.8, 0.9)] == [0.0, 1.0, 1.0]
    assert inside([0.0, 1.0], 0.5) == pytest.approx(0.5)
    assert mean_by_world([(0, 1.0), (1, 0.0), (2, 1.0), (3, 1.0)]) == pytest.approx((0.75, (0.75 * 0.25 / 4) ** 0.5))
    rows = [(world, value) for world, value in ((0, 1.0), (1, 0.0), (2, 1.0), (3, 1.0)) for _ in range(5)]
    assert mean_by_world(rows) == pytest.approx((0.75, (0.75 * 0.25 / 4) ** 0.5))


def test_coverage_tables_say_what_the_records_hold() -> None:
    row = {
        "quantity": "conversion",
        "truth": 0.5,
        "estimate": 0.52,
        "pit": [0.4, 0.4],
        "naive": 0.7,
        "naive_pit": [0.0, 0.0],
    }
    place = {"family": "gamma", "open_share": 0.4}
    rows = [
        row | place,
        row | place | {"quantity": "conversion of the ended"},
        row | place | {"quantity": "median days", "truth": 10.0, "estimate": 11.0, "naive": 5.0},
        {"quantity": "bookings", "truth": 90.0, "estimate": 100.0, "pit": [0.3, 0.3]},
        {"quantity": "wins", "truth": 9.0, "estimate": 10.0, "pit": [0.3, 0.4]},
    ]
    record = {
        "settings": {},
        "open_share": 0.4,
        "n_deals": 1000,
        "families": ["gamma"],
        "chosen": ["weibull"],
        "trusted": True,
        "seconds": 9.0,
        "rows": rows,
    }
    text = tables([record, record, {"settings": {}, "error": "no deals", "rows": []}])
    assert "| conversion | simcast | 2 | 100.0% ± 0.0% |" in text
    assert "| conversion | closed deals only | 2 | 0.0% ± 0.0% |" in text
    assert "| +0.020 ± 0.000 |" in text
    assert "+10.0% ± 0.0%" in text
    assert "-50.0% ± 0.0%" in text
    assert "1 failed" in text
    assert "| gamma | weibull 2 |" in text
