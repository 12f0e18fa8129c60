"""What changes are worth, against derivatives worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from simcast.analysis import Ground, leaks
from simcast.analysis.best import Best
from simcast.analysis.leaks import SmallGain
from simcast.analysis.long_run import wins_from
from simcast.errors import ScenarioError
from simcast.report.leaks import leaks_document, print_leaks
from simcast.scenario import ConversionLever, Distribution
from simcast.simulation import stays_by_segment
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


def with_conversions(world: Ground, stage: str, forward: dict[str, np.ndarray | float]) -> Ground:
    """Return a world whose segments move forward from a stage by shares of their own, in all draws or draw by draw."""
    draws = world.posterior.draws.copy(deep=True)
    for segment, share in forward.items():
        move = world.posterior.pipeline.forward(stage)
        draws["probability"].loc[{"stage": stage, "move": move, "segment": segment}] = share
        draws["probability"].loc[{"stage": stage, "move": "lost", "segment": segment}] = 1.0 - np.asarray(share)
    return replace(world, posterior=replace(world.posterior, draws=draws))


def web(*, open_carts: int = 0, futures: int = 1000) -> Ground:
    """Return a shop: most visits are mobile, most carts are of desktops."""
    world = ground(
        {name: {"conversion": 0.5, "days": 1} for name in ("visit", "cart")},
        per_day=60,
        open_deals=[{"stage": "cart", "count": open_carts}] if open_carts else None,
        segments={"device": {"mobile": 0.85, "desktop": 0.15}},
        futures=futures,
    )
    world = with_conversions(world, "visit", {"mobile": 0.06, "desktop": 0.4})
    return with_conversions(world, "cart", {"mobile": 0.12, "desktop": 0.6})


@pytest.mark.parametrize("open_carts", [0, 1000])
def test_segments_count_by_their_stays_in_the_stage(open_carts: int) -> None:
    found = {leak.stage: leak for leak in leaks(web(open_carts=open_carts)).leaks}
    # On 89 of 90 days the visits make carts in time.
    mobile, desktop = (open_carts * share + 60 * 89 * share * to for share, to in ((0.85, 0.06), (0.15, 0.4)))
    carts = (mobile * 0.12 + desktop * 0.6) / (mobile + desktop)
    assert found["cart"].conversion.mean == pytest.approx(carts, rel=0.003)
    assert abs(0.85 * 0.12 + 0.15 * 0.6 - carts) > 0.05  # the control: shares of new deals
    assert found["visit"].conversion.mean == pytest.approx(0.85 * 0.06 + 0.15 * 0.4, rel=0.003)


def test_the_conversion_that_is_told_does_not_hang_on_few_draws() -> None:
    """Of a stage that nobody leaves after its first day some draws of hazards say that half of the rest will, once."""
    world = ground(
        {name: {"conversion": {"beta": [50, 50]}, "days": 1} for name in ("visit", "cart")},
        per_day=60,
        segments={"device": {"mobile": 0.85, "desktop": 0.15}},
        futures=200,
    )
    few = np.arange(world.posterior.draws.sizes["draw"]) % 10 == 0
    odd = with_conversions(world, "visit", {"mobile": np.where(few, 0.9, 0.06), "desktop": np.where(few, 0.1, 0.12)})
    (leak,) = (leak for leak in leaks(odd).leaks if leak.stage == "visit")
    assert leak.usual_conversion == pytest.approx(0.85 * 0.06 + 0.15 * 0.12, rel=0.01)
    assert leak.conversion.mean > 2.0 * leak.usual_conversion  # the control
    assert (leak.best_segment, leak.best_conversion) == ("desktop", pytest.approx(0.12))


def test_the_gap_is_what_the_best_conversion_brings_where_it_is_lower() -> None:
    world = web()
    found = {leak.stage: leak for leak in leaks(world).leaks}
    expected = {"visit": 60 * 88 * 0.85 * (0.4 - 0.06) * 0.12, "cart": 60 * 88 * 0.85 * 0.06 * (0.6 - 0.12)}
    for stage, best in (("visit", 0.4), ("cart", 0.6)):
        leak = found[stage]
        assert (leak.best_segment, leak.best_conversion) == ("desktop", best)
        assert leak.gap is not None
        assert leak.gap_wins is not None
        assert abs(leak.gap_wins - expected[stage]) < SIGMAS * leak.gap.wins.mean_error
        # The control: points by shares of new deals, each worth what a point in all segments is.
        by_arrivals = {"visit": 0.85 * 0.06 + 0.15 * 0.4, "cart": 0.85 * 0.12 + 0.15 * 0.6}[stage]
        in_points = 100 * (best - by_arrivals) * leak.point.wins.mean
        assert abs(in_points - expected[stage]) > SIGMAS * leak.gap.wins.mean_error
        where = {"device": ("mobile",)}
        lever = ConversionLever(lever="conversion", stage=stage, set=Distribution.constant(best), where=where)
        assert leak.gap == SmallGain.of(world.play("one change", [lever]), world.play())
        assert not leak.gap_is_uncertain
    alike = leaks(ground(FUNNEL, per_day=1, segments={"source": {"ads": 0.5, "site": 0.5}}, futures=10)).leaks
    assert all(leak.best is None and leak.gap is None and leak.gap_wins is None for leak in alike)


def test_in_each_future_the_gap_is_that_of_its_draw() -> None:
    sources = {"a": 0.25, "b": 0.25, "c": 0.25, "d": 0.25}
    stage = {"only": {"conversion": {"beta": [20, 20]}, "days": 1}}
    world = ground(stage, per_day=40, segments={"source": sources}, futures=2000)
    rng = np.random.default_rng(3)
    n_draws = world.posterior.draws.sizes["draw"]
    drawn = {name: rng.beta(30, 30, n_draws) for name in sources}
    drawn["b"] = drawn["b"] + 0.02
    (leak,) = leaks(with_conversions(world, "only", drawn)).leaks
    assert leak.best is not None
    assert leak.best_segment == "b"
    here = np.array(list(drawn.values()))[:, world.plan().kernel.draw_of_future]
    expected = 40 * 89 * 0.25 * (here[1] - here).sum(axis=0)
    assert leak.gap is not None
    assert abs(leak.gap.wins.mean - expected.mean()) < SIGMAS * leak.gap.wins.mean_error
    assert leak.gap.wins.quantile(0.1) == pytest.approx(np.quantile(expected, 0.1), rel=0.1)
    # The control: the highest of each draw, whose mean is that of chance.
    highest = 40 * 89 * 0.25 * (here.max(axis=0) - here).sum(axis=0)
    assert abs(leak.gap.wins.mean - highest.mean()) > SIGMAS * leak.gap.wins.mean_error
    others = (drawn["a"] + drawn["c"] + drawn["d"]) / 3
    assert leak.best.probability == pytest.approx(np.mean(drawn["b"] > others), abs=0.02)  # arrivals differ by chance
    assert not leak.gap.uncertain
    assert leak.gap_is_uncertain


@pytest.mark.parametrize(("above", "is_sure"), [(0.0, False), (0.2, True)])
def test_the_highest_of_many_alike_segments_is_not_surely_the_best(above: float, is_sure: bool) -> None:
    """Twelve segments, each known to +-0.06 about its own mean, and these as far apart as chance alone has them."""
    names = [f"s{k}" for k in range(12)]
    stage = {"only": {"conversion": {"beta": [20, 20]}, "days": 1}}
    world = ground(stage, per_day=12, segments={"source": dict.fromkeys(names, 1 / 12)}, futures=50)
    rng = np.random.default_rng(8)
    n_draws = world.posterior.draws.sizes["draw"]
    seen = np.full(12, 0.4) + 0.06 * rng.standard_normal(12)
    seen[seen.argmax()] += above
    shares = {name: np.clip(seen[k] + 0.06 * rng.standard_normal(n_draws), 0, 1) for k, name in enumerate(names)}
    (leak,) = leaks(with_conversions(world, "only", shares)).leaks
    assert leak.best is not None
    assert leak.best.probability > 0.9  # alone it would look sure
    assert leak.best.is_sure == is_sure


def test_stays_by_segment_add_up_to_those_of_the_forecast() -> None:
    team = {"people": {"serves": ["visit"], "headcount": 1, "effort_hours": {"visit": 0.5}}}
    for teams in (None, team):
        world = web(open_carts=7, futures=300)
        if teams:
            stages = {name: {"conversion": 0.5, "days": 1} for name in ("visit", "cart")}
            open_deals = [{"stage": "cart", "count": 7}]
            by = {"device": {"mobile": 0.85, "desktop": 0.15}}
            world = ground(stages, per_day=40, open_deals=open_deals, segments=by, futures=300, teams=teams)
        stays, played = stays_by_segment(world.plan(), threads=2), world.play()
        at_start = {"visit": 0, "cart": 7}
        for stage, by_segment in zip(world.posterior.pipeline.stages, stays, strict=True):
            whole = played.stage_values("entered", stage).mean() + at_start[stage]
            assert by_segment.sum() == pytest.approx(whole)
            assert (by_segment > 0.0).all()


def test_no_day_is_saved_in_stages_that_last_less_than_one() -> None:
    stages = {name: {"conversion": 0.5, "days": days} for name, days in (("visit", 0.02), ("offer", 1.5))}
    found = leaks(ground(stages, per_day=10, futures=100))
    by_stage = {leak.stage: leak for leak in found.leaks}
    assert by_stage["visit"].median_days == pytest.approx(0.02)
    assert by_stage["visit"].day_told is None
    assert by_stage["offer"].day_told == by_stage["offer"].day
    frame = found.to_frame().set_index("stage")
    assert np.isnan(frame.loc["visit", "day_wins"])
    assert frame.loc["offer", "day_wins"] == by_stage["offer"].day.wins.mean
    written = {row["stage"]: row["per_day_saved"] for row in leaks_document(found)["stages"]}
    assert (written["visit"]["told"], written["offer"]["told"]) == (False, True)
    assert written["visit"]["wins"]["mean"] == by_stage["visit"].day.wins.mean
    console = Console(file=StringIO(), width=200)
    print_leaks(found, console)
    assert isinstance(console.file, StringIO)
    lines = console.file.getvalue().splitlines()
    row = {name: next(line for line in lines if line.startswith(name)).split() for name in stages}
    assert row["visit"][-1] == "-"
    assert row["offer"][-1] != "-"


def test_what_marks_and_columns_mean_is_said_below_the_table() -> None:
    """A mark in a column must not stand without its meaning, nor the long run pass for one of open deals."""
    world = ground(FUNNEL, per_day=10, segments={"source": {"ads": 0.3, "site": 0.7}}, futures=100)
    found = leaks(world)
    best = Best(0, "source=ads", 0.5, 0.4, is_sure=False)
    marked = replace(found, leaks=tuple(replace(leak, best=best, gap=leak.point) for leak in found.leaks))
    console = Console(file=StringIO(), width=200)
    print_leaks(marked, console)
    assert isinstance(console.file, StringIO)
    legend = console.file.getvalue()
    assert "? if only chance may have made it the best" in legend
    assert "open ones are left out" in legend


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
