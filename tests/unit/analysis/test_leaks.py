"""What changes are worth, against derivatives worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from simcast.analysis import leaks
from simcast.analysis.long_run import wins_from
from simcast.errors import ScenarioError
from tests.unit.analysis.assumed_worlds import ground

SIGMAS = 5.0
"""Two-sided: a sound program fails a comparison once in 1.7 million."""

FUNNEL = {
    name: {"conversion": share, "days": 1} for name, share in (("звонок", 0.5), ("встреча", 0.6), ("договор", 1 / 3))
}


def test_ten_calls_make_five_meetings_three_contracts_and_one_sale() -> None:
    from_each = wins_from(ground(FUNNEL, per_day=1, futures=1).posterior)[0, 0]
    assert from_each == pytest.approx([0.1, 0.2, 1 / 3])


def test_a_point_of_conversion_brings_what_the_derivative_says() -> None:
    found = leaks(ground(FUNNEL, per_day=10))
    in_time = {"звонок": 10 * 88 * 0.6 / 3, "встреча": 10 * 88 * 0.5 / 3, "договор": 10 * 88 * 0.5 * 0.6}
    assert [leak.stage for leak in found.leaks] == ["договор", "звонок", "встреча"]
    for leak in found.leaks:
        # Three stays of a day each: a deal that comes on one of the last two or three days is not won in time.
        expected = 0.01 * 100 * in_time[leak.stage] * 87 / 88
        worth = leak.point.bookings
        assert abs(worth.mean - expected) < SIGMAS * worth.mean_error
        assert abs(worth.mean - 2 * expected) > SIGMAS * worth.mean_error  # the control
        assert not leak.point.uncertain
        assert leak.long_run_bookings is not None
        assert leak.long_run_bookings.mean == pytest.approx(expected * 90 / 87)


def test_an_extra_deal_brings_its_chance_times_its_amount() -> None:
    found = leaks(ground(FUNNEL, per_day=10))
    assert found.extra_deal is not None
    worth = found.extra_deal.bookings
    assert abs(worth.mean - 0.1 * 100 * 87 / 90) < SIGMAS * worth.mean_error


def test_a_day_saved_brings_one_more_day_of_wins() -> None:
    stage = {"only": {"conversion": 0.5, "days": 10}}
    (leak,) = leaks(ground(stage, per_day=10)).leaks
    assert leak.days_saved == 1.0
    assert abs(leak.day.bookings.mean - 10 * 0.5 * 100) < SIGMAS * leak.day.bookings.mean_error


def test_the_best_segment_and_what_reaching_it_would_bring() -> None:
    world = ground(FUNNEL, per_day=10, segments={"source": {"ads": 0.5, "site": 0.5}}, futures=500)
    draws = world.posterior.draws.copy(deep=True)
    probability = draws["probability"]
    probability.loc[{"stage": "звонок", "move": "встреча", "segment": "site"}] = 0.8
    probability.loc[{"stage": "звонок", "move": "lost", "segment": "site"}] = 0.2
    world = replace(world, posterior=replace(world.posterior, draws=draws))
    found = {leak.stage: leak for leak in leaks(world, by=["source"]).leaks if not leak.where}
    assert (found["звонок"].best_segment, found["звонок"].best_conversion) == ("site", 0.8)
    assert found["звонок"].gap_bookings == pytest.approx(15 * found["звонок"].point.bookings.mean)
    assert found["встреча"].best_segment is None  # all alike


def test_each_value_of_a_column_has_a_row_and_they_add_up() -> None:
    world = ground(FUNNEL, per_day=10, segments={"source": {"ads": 0.3, "site": 0.7}}, futures=200)
    rows = [leak for leak in leaks(world, by=["source"]).leaks if leak.stage == "звонок"]
    whole = next(leak for leak in rows if not leak.where)
    parts = [leak for leak in rows if leak.where]
    assert len(parts) == 2
    assert sum(leak.point.bookings.mean for leak in parts) == pytest.approx(whole.point.bookings.mean)
    with pytest.raises(ScenarioError, match="not a segment column"):
        leaks(world, by=["owner"])


def test_a_stage_that_no_deal_reaches_has_no_worth_and_says_that_it_is_uncertain() -> None:
    (first, second) = leaks(ground({"a": {"conversion": 0.0, "days": 400}, "b": {"conversion": 0.5, "days": 1}})).leaks
    assert first.point.bookings.mean == second.point.bookings.mean == 0.0
    assert first.point.uncertain
    assert np.isfinite(second.conversion.mean)
