"""Few and odd data: the fit runs, stays wide, and says what it could not learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from small_histories import PIPELINE, QUICK, SOURCES, Stay, history_of, mixed

from simcast.errors import FitError
from simcast.model import fit
from simcast.model.diagnosing import data_warnings
from simcast.model.tables import tabulate
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior


def conversion(posterior: Posterior, stage: str = "звонок") -> np.ndarray:
    """Draws of the forward share among the stays that end, (draw, segment)."""
    here = posterior.draws["probability"].sel(stage=stage)
    moving = 1 - here.sel(move="stalled")
    forward = PIPELINE.forward(stage)
    return np.asarray((here.sel(move=forward) / moving).transpose("draw", "segment"))


def width(draws: np.ndarray) -> np.ndarray:
    """Width of the 90% interval."""
    return np.quantile(draws, 0.95, axis=0) - np.quantile(draws, 0.05, axis=0)


def stays(moves: list[str | None], days: list[int], until: int) -> list[Stay]:
    return [
        (f"D{n:03d}", SOURCES[n % 3], "звонок", until - 40, None if move is None else until - 40 + day, move, np.nan)
        for n, (move, day) in enumerate(zip(moves, days, strict=True))
    ]


@pytest.mark.parametrize(("n_segments", "remarks"), [(200, 0), (201, 1)])
def test_many_segments_are_said_before_the_fit_begins(
    n_segments: int, remarks: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def begin(*_: object) -> None:
        raise FitError("the fit has begun")

    monkeypatch.setattr("simcast.model.tables.tabulate", begin)
    stays = [(f"D{n}", f"owner {n}", "звонок", 0, 5, "won", np.nan) for n in range(n_segments)]
    with caplog.at_level("INFO", "simcast"), pytest.raises(FitError, match="begun"):
        fit(history_of(stays, 40), settings=QUICK)
    assert sum("201 segments: the fit takes long" in message for message in caplog.messages) == remarks


def test_ten_deals_are_enough_to_run_and_leave_everything_wide() -> None:
    posterior = fit(mixed(10), settings=QUICK)
    assert posterior.draws.sizes["draw"] == 400
    assert (width(conversion(posterior)) > 0.3).all()
    assert posterior.draws.attrs["amount_most"] == pytest.approx(10.0 * mixed(10).stays["amount_at_end"].max())
    assert posterior.diagnostics is not None
    assert (
        posterior.diagnostics.divergences <= 4
    )  # of 1,200 transitions: five amounts in three segments are a narrow place
    assert sum("rest mostly on the priors" in warning for warning in posterior.diagnostics.warnings) == 2


def test_a_stage_never_entered_rests_on_its_priors() -> None:
    posterior = fit(history_of(stays(["lost"] * 40, [*range(1, 40), 5], 60), 60), settings=QUICK)
    assert (width(conversion(posterior, "встреча")) > 0.7).all()
    assert (conversion(posterior).mean(axis=0) < 0.2).all()
    assert posterior.diagnostics is not None
    said = " ".join(posterior.diagnostics.warnings)
    assert "stage 'встреча': no stay ended" in said
    assert "no stay in 'звонок' ended in 'встреча'" in said
    assert "no deal has an amount" in said
    assert posterior.draws.attrs["amount_family"] == "constant"
    assert not posterior.draws["amount_scale"].any()


@pytest.mark.slow
def test_deals_that_are_won_again_can_be_learned_from() -> None:
    """Won is an outcome, and a stage in which deals wait for their renewal."""
    pipeline = Pipeline.define(["звонок"], moves=[("won", "продление"), ("продление", "won")])
    rows: list[Stay] = []
    for n in range(90):
        deal, source, day = f"D{n:03d}", SOURCES[n % 3], n % 30
        rows.append((deal, source, "звонок", day, day + 5, "won" if n % 2 else "lost", 100.0))
        if n % 2:
            rows.append((deal, source, "won", day + 5, day + 35, "продление", np.nan))
            renewed = n % 4 == 1
            rows.append((deal, source, "продление", day + 35, day + 40, "won" if renewed else "lost", 100.0))
            if renewed:
                rows.append((deal, source, "won", day + 40, None, None, np.nan))
    posterior = fit(history_of(rows, 80, pipeline), settings=replace(QUICK, durations="lognormal"))
    of_won, of_renewal = (posterior.draws["probability"].sel(stage=stage) for stage in ("won", "продление"))
    assert float(of_won.sel(move="продление").mean()) > 0.5
    assert 0.3 < float(of_renewal.sel(move="won").mean()) < 0.7


def test_a_segment_with_nothing_won_is_pulled_towards_the_others_and_stays_wider() -> None:
    rows = [stay for stay in stays(["встреча", "lost"] * 60, [4] * 120, 42) if stay[1] != "cold"]
    rows += [(f"C{n}", "cold", "звонок", 2, 6, "lost", np.nan) for n in range(3)]
    rows += [(f"C{n}", "cold", "звонок", 40, None, None, np.nan) for n in range(3, 30)]
    found = conversion(fit(history_of(rows, 42), settings=QUICK))
    assert 0.1 < found[:, 0].mean() < 0.5
    assert width(found)[0] > width(found)[1:].max()


def test_all_open_deals_leave_conversion_unknown_and_say_so() -> None:
    posterior = fit(history_of(stays([None] * 60, [0] * 60, 50), 50), settings=QUICK)
    assert (width(conversion(posterior)) > 0.6).all()
    assert posterior.diagnostics is not None
    assert any("100% of its stays are open" in warning for warning in posterior.diagnostics.warnings)
    assert not any("amount" in item.parameter for item in posterior.diagnostics.prior_influence)  # there are none


def test_open_deals_far_older_than_any_that_moved_on_are_not_slow() -> None:
    """As visitors who did not sign up at once; but where others moved on when they were as old, it cannot be told."""
    still_open = [(f"open {deal}", *rest) for deal, *rest in stays([None] * 300, [0] * 300, 80)]  # for ten days
    for slowest, is_said in ((6, False), (12, True)):
        rows = stays(["встреча", "lost"] * 30, [1, 2, 3, 4, 5, slowest] * 10, 50)
        told = data_warnings(PIPELINE, tabulate(history_of([*rows, *still_open], 50), QUICK))
        assert any("low conversion cannot be distinguished from slow moves" in text for text in told) == is_said


@pytest.mark.parametrize(("n_deals", "is_said"), [(99, True), (399, False)])
def test_a_move_that_hundreds_of_stays_never_made_does_not_rest_on_the_prior(n_deals: int, *, is_said: bool) -> None:
    """No contract is lost while it runs: that is no doubt, but where few have run."""
    rows = [(f"D{n:03d}", SOURCES[n % 3], "звонок", n % 40, n % 40 + 5, "встреча", np.nan) for n in range(n_deals)]
    told = data_warnings(PIPELINE, tabulate(history_of(rows, 60), QUICK))
    assert any("'звонок' ended in 'lost'" in text for text in told) == is_said


def test_durations_all_zero_or_all_equal_do_not_break_the_sampler() -> None:
    for days in ([0] * 60, [3] * 60):
        posterior = fit(history_of(stays(["встреча", "lost"] * 30, days, 80), 80), settings=QUICK)
        assert posterior.diagnostics is not None
        assert posterior.diagnostics.divergences <= 2
        median = posterior.draws["days_scale"].sel(stage="звонок", move="lost")
        assert float(median.quantile(0.95)) < (3.0 if days[0] == 0 else 4.5)


def test_a_history_without_deals_cannot_be_fitted() -> None:
    empty = mixed(10).known_at("2020-01-01")
    with pytest.raises(FitError, match="nothing to learn from"):
        fit(empty, settings=QUICK)


def test_a_move_that_the_pipeline_does_not_have_is_named() -> None:
    history = history_of([("D1", "site", "звонок", 0, 3, "won", np.nan)], 10)
    with pytest.raises(FitError, match=r"'won'.*pipeline\.moves"):
        fit(history, settings=QUICK)


def test_amounts_of_lost_deals_serve_where_none_was_won() -> None:
    rows = [(*stay[:6], 500.0) for stay in stays(["lost"] * 30, [2] * 30, 60)]
    posterior = fit(history_of(rows, 60), settings=QUICK)
    assert posterior.draws.attrs["amounts_of"] == "all"
    worth = posterior.draws["amount_scale"] * posterior.draws["amount_quantiles"]
    assert float(worth.mean()) == pytest.approx(500.0, rel=0.01)
    assert float(worth.std()) < 0.05 * 500.0


@pytest.mark.slow
def test_amounts_of_0_are_known_and_new_deals_are_worth_nothing_as_often() -> None:
    rows = [(f"D{n:03d}", SOURCES[n % 3], "встреча", n % 50, n % 50 + 5, "won", 0.0) for n in range(90)]
    rows = [(*row[:6], 500.0 + n if n % 3 != 1 and n % 2 else 0.0) for n, row in enumerate(rows)]
    posterior = fit(history_of(rows, 60), settings=QUICK)
    share = posterior.draws["amount_zero"].mean("draw").to_numpy()
    none = sorted(SOURCES).index(SOURCES[1])
    assert share[none] > 0.95
    np.testing.assert_allclose(np.delete(share, none), 0.5, atol=0.1)
    assert posterior.diagnostics is not None
    said = " ".join(posterior.diagnostics.warnings)
    assert "60 of 90 won deals with an amount have one of 0" in said
    assert "have no amount" not in said
    assert "amount_zero" not in fit(history_of([(*row[:6], 500.0) for row in rows], 60), settings=QUICK).draws


@pytest.mark.slow
def test_where_all_amounts_are_0_so_are_those_of_new_deals() -> None:
    rows = [(*stay[:6], 0.0) for stay in stays(["lost"] * 30, [2] * 30, 60)]
    posterior = fit(history_of(rows, 60), settings=QUICK)
    assert posterior.draws.attrs["amounts_of"] == "all"
    assert posterior.draws.attrs["amount_family"] == "constant"
    assert not posterior.draws["amount_scale"].any()
    assert posterior.diagnostics is not None
    assert "30 of 30 deals with an amount have one of 0" in " ".join(posterior.diagnostics.warnings)
