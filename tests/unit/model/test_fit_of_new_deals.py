"""A whole fit's arrivals and amounts: what is stored of them, and what is said."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_histories import QUICK, SOURCES, START, Stay, history_of, mixed

from simcast.model import fit
from simcast.model.new_deals import count_arrivals
from simcast.posterior import Posterior
from simcast.posterior.arrivals import N_FUTURE_BLOCKS
from tests.unit.model.small_histories import sources

SHORT = replace(QUICK, durations="lognormal")  # one family, for time's sake
UNTIL = 420


@pytest.fixture(scope="module")
def fitted() -> Posterior:
    """Fit fourteen months, long enough for seasons, with amounts as they were."""
    return fit(mixed(400, until=UNTIL), settings=replace(SHORT, amounts="empirical"))


def test_walk_and_season_are_stored(fitted: Posterior) -> None:
    assert fitted.draws["arrivals_path"].dims == ("draw", "block")
    assert fitted.draws["arrivals_bound"].dims == ("draw", "bound")
    assert fitted.draws.sizes["block"] == N_FUTURE_BLOCKS
    assert fitted.draws["arrivals_season"].sizes == {"draw": fitted.n_draws, "harmonic": 4}
    spread = fitted.draws["arrivals_path"].std("draw")
    assert 0 < float(spread[0]) < float(spread[12]) < 1


def test_past_levels_tell_the_counts_of_past_weeks(fitted: Posterior) -> None:
    """The means of whole weeks sum to the deals counted within five standard errors of Poisson counts."""
    part = fitted.sampled["new deals"]
    counted = count_arrivals(*_first_days(), int(START.astype(np.int64)) + UNTIL, sources(3))
    assert part.sizes["week"] == -(-counted.length_days // 7)
    assert part["week"].to_numpy()[-1] == (START + np.timedelta64(UNTIL - 7, "D")).astype(part["week"].dtype)
    weeks = 7 * (part["arrivals_per_day"].sum("segment") * np.exp(part["log_level"])).isel(week=slice(1, None))
    expected = float(weeks.sum("week").mean())
    assert abs(expected - counted.total.sum()) < 5 * np.sqrt(counted.total.sum())


def _first_days() -> tuple[np.ndarray, np.ndarray]:
    stays = mixed(400, until=UNTIL).stays
    first = stays[~stays["deal"].duplicated()]
    return first["entered"].to_numpy().astype("datetime64[D]").astype(np.int64), first["segment_code"].to_numpy()


def test_amounts_are_those_of_the_past_where_asked(fitted: Posterior) -> None:
    assert fitted.draws.attrs["amount_family"] == "empirical"
    quantiles = fitted.draws["amount_quantiles"].transpose("segment", "level").to_numpy()
    stays = mixed(400, until=UNTIL).stays
    won = stays.loc[stays["move"] == "won"]
    of_segment = won.groupby("segment_code")["amount_at_end"].agg(["mean", "size"])
    own = np.minimum(of_segment["size"].to_numpy() / 100, 1)
    assert (own < 1).all()
    means = (fitted.draws["amount_scale"].mean("draw") * quantiles.mean(axis=1)).to_numpy()
    np.testing.assert_allclose(means, of_segment["mean"], rtol=0.15)


def test_an_import_and_won_deals_without_amounts_are_said_and_left_out() -> None:
    generator = np.random.default_rng(3)
    days = [*generator.integers(0, 100, 60), *[40] * 300]
    rows: list[Stay] = [
        (f"D{n}", SOURCES[n % 3], "встреча", int(day), int(day) + 2, "won", 500.0 if n % 3 else np.nan)
        for n, day in enumerate(days)
    ]
    posterior = fit(history_of(rows, 120), settings=SHORT)
    assert posterior.diagnostics is not None
    said = " ".join(posterior.diagnostics.warnings)
    assert "deals began on 2026-02-14, far more than on other days" in said
    assert "120 of 360 won deals have no amount" in said
    assert posterior.sampled["new deals"].attrs["imports"] == "2026-02-14"
    assert float(posterior.draws["arrivals_per_day"].sum("segment").mean()) < 2
    assert "arrivals_season" not in posterior.draws
