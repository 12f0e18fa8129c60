"""Assumptions become the same posterior and book that a history gives."""

from __future__ import annotations

import dataclasses
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hazard_posterior import hazard_draws, with_amount_slope, with_draws

from simcast.assume import assumed_book, assumed_posterior, assumed_segments
from simcast.errors import ScenarioError
from simcast.pipeline import Pipeline
from simcast.posterior import DIMENSIONS, Checked, Diagnostics, Posterior
from simcast.posterior.diagnostics import AMOUNTS_CHANGED, AMOUNTS_DRIFT, NO_AMOUNTS, TOO_QUIET
from simcast.scenario import Assumptions, build_scenario
from simcast.segments import Segments

PIPELINE = Pipeline.define(["lead", "meeting"], moves=[("meeting", "nurture"), ("nurture", "meeting")])

STAGES: dict[str, dict[str, object]] = {
    "lead": {"conversion": 0.5, "days": 3, "stalled": 0.1},
    "meeting": {
        "conversion": 0.3,
        "days": {"lognormal": [10, 0.8]},
        "days_lost": {"gamma": {"mean": 12, "shape": 4}},
        "moves": {"nurture": 0.2},
        "days_to": {"nurture": {"weibull": [20, 2]}},
    },
    "nurture": {"conversion": 0.4, "days": {"exponential": 30}},
}


def assume(**changes: object) -> Assumptions:
    data: dict[str, object] = {"stages": STAGES, "arrivals": {"per_day": 12}, "amount": {"lognormal": [1000, 0.9]}}
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {
                "stages": ["lead", "meeting"],
                "moves": [{"from": "meeting", "to": "nurture"}, {"from": "nurture", "to": "meeting"}],
            },
            "forecast": {"as_of": "2026-07-01", "until": "2026-09-30"},
            "assume": data | changes,
        }
    )
    assert scenario.assume is not None
    return scenario.assume


def uncertain_stages() -> dict[str, dict[str, object]]:
    return STAGES | {
        "lead": {
            "conversion": {"beta": [40, 60]},
            "days": {"lognormal": {"median": {"normal": [3, 0.5]}, "sigma": 0.8}},
        }
    }


def at(posterior: Posterior, variable: str, stage: str, move: str) -> float:
    chosen = posterior.draws[variable].sel(stage=stage, move=move)
    return float(chosen.isel(draw=0, segment=0)) if "draw" in chosen.dims else chosen.item()


def test_known_numbers_make_one_draw_with_the_variables_of_a_fit() -> None:
    draws = assumed_posterior(PIPELINE, assume()).draws
    assert draws.sizes == {"draw": 1, "stage": 3, "move": 6, "segment": 1, "weekday": 7}
    assert {str(name): array.dims for name, array in draws.data_vars.items()} == DIMENSIONS
    assert list(draws["move"].values) == ["lead", "meeting", "nurture", "won", "lost", "stalled"]
    assert list(draws["segment"].values) == ["all"]


def test_probabilities_sum_to_one_and_what_is_not_given_is_lost() -> None:
    posterior = assumed_posterior(PIPELINE, assume())
    np.testing.assert_allclose(posterior.draws["probability"].sum("move"), 1.0)
    found = {
        move: at(posterior, "probability", "meeting", move) for move in ("won", "lost", "nurture", "stalled", "lead")
    }
    assert found == pytest.approx({"won": 0.3, "lost": 0.5, "nurture": 0.2, "stalled": 0.0, "lead": 0.0})
    assert at(posterior, "probability", "lead", "stalled") == pytest.approx(0.1)
    assert at(posterior, "probability", "lead", "lost") == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("stage", "move", "family", "scale", "shape"),
    [
        ("lead", "meeting", "constant", 3.0, 0.0),
        ("lead", "lost", "constant", 3.0, 0.0),
        ("meeting", "won", "lognormal", 10.0, 0.8),
        ("meeting", "lost", "gamma", 3.0, 4.0),
        ("meeting", "nurture", "weibull", 20.0, 0.5),
        ("nurture", "meeting", "exponential", 30.0, 1.0),
        ("lead", "won", "", np.nan, np.nan),
    ],
)
def test_each_move_has_its_days(stage: str, move: str, family: str, scale: float, shape: float) -> None:
    posterior = assumed_posterior(PIPELINE, assume())
    assert at(posterior, "days_family", stage, move) == family
    found = [at(posterior, name, stage, move) for name in ("days_scale", "days_shape")]
    assert found == pytest.approx([scale, shape], nan_ok=True)


def test_further_lost_outcomes_take_the_days_of_losing() -> None:
    pipeline = Pipeline.define(["lead"], moves=[("lead", "upsold")], outcomes={"withdrawn": "lost", "upsold": "won"})
    assumptions = Assumptions.model_validate(
        {
            "stages": {
                "lead": {"conversion": 0.5, "days": 3, "days_lost": 9, "moves": {"withdrawn": 0.1, "upsold": 0.2}}
            },
            "arrivals": {"per_day": 1},
            "amount": 1,
        }
    )
    posterior = assumed_posterior(pipeline, assumptions)
    days = {move: at(posterior, "days_scale", "lead", move) for move in ("won", "lost", "withdrawn", "upsold")}
    assert days == {"won": 3.0, "lost": 9.0, "withdrawn": 9.0, "upsold": 3.0}
    assert at(posterior, "probability", "lead", "lost") == pytest.approx(0.2)


def test_uncertain_numbers_are_drawn_evenly_and_always_alike() -> None:
    one = assumed_posterior(PIPELINE, assume(stages=uncertain_stages()), n_draws=2000, seed=5)
    conversion = one.draws["probability"].sel(stage="lead", move="meeting", segment="all").to_numpy()
    assert conversion.shape == (2000,)
    # A Latin hypercube of 2000 strata finds the mean of a beta far closer than its sd / sqrt(2000) = 0.001.
    assert conversion.mean() == pytest.approx(0.4, abs=1e-4)
    assert conversion.std() == pytest.approx(np.sqrt(0.4 * 0.6 / 101), rel=0.01)
    again = assumed_posterior(PIPELINE, assume(stages=uncertain_stages()), n_draws=2000, seed=5)
    assert one.draws.identical(again.draws)
    assert one.fingerprint == again.fingerprint
    other = assumed_posterior(PIPELINE, assume(stages=uncertain_stages()), n_draws=2000, seed=6)
    assert not one.draws.identical(other.draws)


def test_an_added_uncertain_number_leaves_the_draws_of_others_alone() -> None:
    one = assumed_posterior(PIPELINE, assume(stages=uncertain_stages()), n_draws=100)
    more = assumed_posterior(
        PIPELINE, assume(stages=uncertain_stages(), arrivals={"per_day": {"gamma": [12, 20]}}), n_draws=100
    )
    np.testing.assert_array_equal(one.draws["probability"], more.draws["probability"])
    assert np.unique(more.draws["arrivals_per_day"]).size == 100


def test_the_fingerprint_follows_what_is_assumed_but_not_the_open_deals() -> None:
    plain = assumed_posterior(PIPELINE, assume()).fingerprint
    assert plain == assumed_posterior(PIPELINE, assume(open=[{"stage": "lead", "count": 3}])).fingerprint
    assert plain != assumed_posterior(PIPELINE, assume(amount=2000)).fingerprint


def test_an_assumed_posterior_is_stored_and_loaded_like_a_fitted_one(tmp_path: Path) -> None:
    posterior = assumed_posterior(PIPELINE, assume(stages=uncertain_stages()), n_draws=20)
    posterior.save(tmp_path / "assumed.nc")
    again = Posterior.load(tmp_path / "assumed.nc")
    assert again.fingerprint == posterior.fingerprint
    assert again.pipeline == PIPELINE
    assert again.draws.equals(posterior.draws)


def test_segments_share_the_arrivals() -> None:
    shares = {"source": {"ads": 0.3, "referral": 0.7}, "region": {"West": 0.5, "East": 0.5}}
    draws = assumed_posterior(PIPELINE, assume(segments=shares)).draws
    per_day = draws["arrivals_per_day"].isel(draw=0)
    assert float(per_day.sum()) == pytest.approx(12.0)
    assert float(per_day.sel(segment="ads / West")) == pytest.approx(12 * 0.15)
    assert draws.sizes["segment"] == 4
    np.testing.assert_allclose(draws["entry_share"].sum("stage"), 1.0)


def test_arrivals_are_poisson_and_even_unless_said_otherwise() -> None:
    even = assumed_posterior(PIPELINE, assume()).draws
    assert np.isinf(even["arrivals_size"]).all()
    assert (even["weekday_weight"] == 1.0).all()
    assert float(even["entry_share"].sel(stage="lead").item()) == 1.0
    arrivals = {"per_day": 12, "size": 3, "weekdays": [2, 2, 2, 2, 2, 0, 0], "enters": "meeting"}
    said = assumed_posterior(PIPELINE, assume(arrivals=arrivals)).draws
    assert said["arrivals_size"].to_numpy().tolist() == [[3.0]]
    np.testing.assert_allclose(said["weekday_weight"].isel(draw=0), [1.4] * 5 + [0.0] * 2)
    assert said["entry_share"].sel(stage="meeting").item() == 1.0


def test_amounts_keep_their_family() -> None:
    draws = assumed_posterior(PIPELINE, assume()).draws
    assert draws.attrs["amount_family"] == "lognormal"
    assert (draws["amount_scale"].item(), draws["amount_shape"].item()) == (1000.0, 0.9)
    assert assumed_posterior(PIPELINE, assume(amount=1)).draws.attrs["amount_family"] == "constant"


def test_the_bound_of_learned_amounts_does_not_hold_for_assumed_ones() -> None:
    assumed = assumed_posterior(PIPELINE, assume())
    learned = dataclasses.replace(assumed, draws=assumed.draws.assign_attrs(amount_most=5000.0))
    stages = Assumptions.model_validate({"stages": {"nurture": {"conversion": 0.9, "days": 1}}})
    assert assumed_posterior(PIPELINE, stages, base=learned).draws.attrs["amount_most"] == 5000.0
    amounts = Assumptions.model_validate({"amount": {"lognormal": {"median": 9000, "sigma": 1}}})
    assert "amount_most" not in assumed_posterior(PIPELINE, amounts, base=learned).draws.attrs


def test_a_stage_can_be_assumed_over_a_fit() -> None:
    base = assumed_posterior(
        PIPELINE, assume(stages=uncertain_stages(), arrivals={"per_day": 5, "size": 2}), n_draws=50
    )
    over = Assumptions.model_validate({"stages": {"nurture": {"conversion": 0.9, "days": 1}}})
    posterior = assumed_posterior(PIPELINE, over, base=base)
    assert posterior.draws.sizes["draw"] == 50
    for name in base.draws.data_vars:
        other = [stage for stage in PIPELINE.stages if stage != "nurture"]
        kept, now = base.draws[name], posterior.draws[name]
        if "stage" in kept.dims and name != "entry_share":
            kept, now = kept.sel(stage=other), now.sel(stage=other)
        np.testing.assert_array_equal(kept, now)
    assert at(posterior, "probability", "nurture", "meeting") == 0.9
    assert at(posterior, "days_family", "nurture", "lost") == "constant"
    assert at(base, "probability", "nurture", "meeting") == 0.4
    assert posterior.fingerprint != base.fingerprint
    assert posterior.draws.attrs == base.draws.attrs


def test_arrivals_over_a_fit_keep_its_segments_shares_and_what_is_not_said() -> None:
    base = assumed_posterior(
        PIPELINE,
        assume(
            segments={"source": {"ads": 0.25, "site": 0.75}},
            arrivals={"per_day": 8, "size": 2, "weekdays": [1, 1, 1, 1, 1, 0, 0], "enters": "meeting"},
        ),
    )
    over = Assumptions.model_validate({"arrivals": {"per_day": {"normal": [20, 1]}}})
    posterior = assumed_posterior(PIPELINE, over, base=base)
    assert posterior.draws.sizes["draw"] == 1
    per_day = posterior.draws["arrivals_per_day"].isel(draw=0)
    assert float(per_day.sel(segment="site") / per_day.sum()) == pytest.approx(0.75)
    for kept in ("arrivals_size", "weekday_weight", "entry_share"):
        np.testing.assert_array_equal(posterior.draws[kept], base.draws[kept])


def test_without_a_fit_every_stage_must_be_assumed_and_those_that_lack_are_named() -> None:
    with pytest.raises(ScenarioError, match="missing: meeting, nurture"):
        assumed_posterior(PIPELINE, Assumptions.model_validate({"stages": {"lead": {"conversion": 0.5, "days": 1}}}))


def test_arrivals_and_amounts_that_are_not_assumed_are_none() -> None:
    draws = assumed_posterior(PIPELINE, Assumptions.model_validate({"stages": STAGES})).draws
    assert float(draws["arrivals_per_day"].sum()) == 0.0
    assert float(draws["amount_scale"].sum()) == 0.0
    np.testing.assert_array_equal(draws["entry_share"].sum("stage"), 1.0)


def test_draws_in_which_probabilities_exceed_one_are_refused() -> None:
    stages = STAGES | {"lead": {"conversion": {"normal": [0.8, 0.2]}, "days": 3, "stalled": 0.1}}
    with pytest.raises(ScenarioError, match=r"assume\.stages\.lead: .* sum to more than 1 in [\d,]+ draws? of [\d,]+ "):
        assumed_posterior(PIPELINE, assume(stages=stages))


def test_the_book_lists_the_deals_with_age_and_amount() -> None:
    assumptions = assume(
        open=[{"stage": "meeting", "count": 2, "age_days": 4.5, "amount": 700}, {"stage": "lead", "count": 1}]
    )
    book = assumed_book(assumptions, PIPELINE, Segments(), date(2026, 7, 1))
    assert list(book.deal) == ["open-1", "open-2", "open-3"]
    assert book.stage_code.tolist() == [1, 1, 0]
    assert book.age_days.tolist() == [4.5, 4.5, 0.0]
    np.testing.assert_array_equal(book.amount, [700.0, 700.0, np.nan])
    assert book.as_of == np.datetime64("2026-07-01")


def test_open_deals_are_spread_over_segments_by_their_shares() -> None:
    assumptions = assume(
        segments={"source": {"ads": 0.34, "site": 0.33, "cold": 0.33}},
        open=[{"stage": "lead", "count": 10}, {"stage": "lead", "count": 4, "where": {"source": ["site", "cold"]}}],
    )
    segments, shares = assumed_segments(assumptions)
    assert segments.labels == ("ads", "cold", "site")
    assert shares.tolist() == pytest.approx([0.34, 0.33, 0.33])
    book = assumed_book(assumptions, PIPELINE, segments, np.datetime64("2026-07-01"))
    assert np.bincount(book.segment_code[:10]).tolist() == [4, 3, 3]
    assert np.bincount(book.segment_code[10:], minlength=3).tolist() == [0, 2, 2]


def test_many_small_groups_are_spread_as_one_large_one() -> None:
    """Such as deals of many ages: each alone would go to the largest segment."""
    groups = [{"stage": "lead", "count": 1, "age_days": float(age)} for age in range(100)]
    assumptions = assume(segments={"source": {"ads": 0.4, "site": 0.6}}, open=groups)
    segments, _ = assumed_segments(assumptions)
    book = assumed_book(assumptions, PIPELINE, segments, np.datetime64("2026-07-01"))
    assert np.bincount(book.segment_code).tolist() == [40, 60]
    assert np.bincount(book.segment_code[:10]).tolist() == [4, 6], "evenly over the ages"


def test_open_deals_without_a_segment_are_refused_where_shares_are_not_known() -> None:
    segments = Segments(("source",), (("ads",), ("site",)))
    assumptions = assume(open=[{"stage": "lead", "count": 10}])
    with pytest.raises(ScenarioError, match=r"assume\.open\[0\]: 2 segments are possible"):
        assumed_book(assumptions, PIPELINE, segments, date(2026, 7, 1))


def test_no_open_deals_make_an_empty_book() -> None:
    book = assumed_book(assume(), PIPELINE, Segments(), date(2026, 7, 1))
    assert {len(getattr(book, field.name)) for field in dataclasses.fields(book) if field.name in BOOK_ARRAYS} == {0}


BOOK_ARRAYS = ("deal", "stage_code", "age_days", "segment_code", "amount")


def test_stages_of_any_language_and_renewals_can_be_assumed() -> None:
    pipeline = Pipeline.define(["заявка", "договор"], moves=[("won", "продление"), ("продление", "won")])
    stage = {"conversion": 0.5, "days": 3}
    assumptions = Assumptions.model_validate(
        {"stages": dict.fromkeys(pipeline.stages, stage), "arrivals": {"per_day": 1}, "amount": 1}
    )
    draws = assumed_posterior(pipeline, assumptions).draws
    assert list(draws["stage"].values) == ["заявка", "договор", "продление", "won"]
    np.testing.assert_allclose(draws["probability"].sum("move"), 1.0)
    assert draws["probability"].sel(stage="won", move="продление").item() == 0.5


def fitted_with_everything() -> Posterior:
    """A posterior as a fit gives it, with hazards in a stage, slopes by amount and arrivals that move."""
    fitted = assumed_posterior(PIPELINE, assume(stages=uncertain_stages()), n_draws=3)
    rate = np.broadcast_to([[[0.1, 0.02], [0.2, 0.01], [0.05, 0.05]]], (3, 3, 2))
    draws = with_amount_slope(hazard_draws(fitted, "meeting", rate, [0, 1], 3653), 0.2, 1000.0, -0.1)
    return with_draws(
        fitted,
        draws.assign(
            arrivals_season=(("draw", "harmonic"), np.full((3, 4), 0.1)),
            arrivals_path=(("draw", "block"), np.full((3, 130), 0.2)),
            arrivals_bound=(("draw", "bound"), np.tile([-0.1, 0.2], (3, 1))),
        ),
    )


def test_what_is_not_assumed_keeps_its_hazards_slopes_and_arrivals() -> None:
    base = fitted_with_everything()
    found = assumed_posterior(PIPELINE, Assumptions.model_validate({"stages": {"lead": STAGES["lead"]}}), base=base)
    for name in ("hazard_log", "hazard_effect", "arrivals_season", "arrivals_path", "arrivals_bound"):
        assert found.draws[name].identical(base.draws[name]), name
    assert found.draws["amount_slope"].sel(stage="lead").to_numpy().tolist() == [0.0] * 3
    assert found.draws["amount_slope"].sel(stage="meeting").to_numpy().tolist() == [0.2] * 3
    assert np.all(found.draws["amount_offset"].sel(stage="lead") == 0.0)
    assert np.all(found.draws["amount_offset"].sel(stage="meeting") == -0.1)
    assert found.draws.attrs["hazard_end"] == 3653


def test_a_stage_assumed_over_hazards_has_its_assumed_family_and_no_hazards() -> None:
    assumed = Assumptions.model_validate({"stages": {"meeting": STAGES["meeting"]}})
    found = assumed_posterior(PIPELINE, assumed, base=fitted_with_everything())
    assert at(found, "days_family", "meeting", "won") == "lognormal"
    assert np.all(np.isnan(found.draws["hazard_log"]))
    assert np.all(np.isnan(found.draws["hazard_effect"]))


def test_assumed_arrivals_are_as_many_in_every_season() -> None:
    assumed = Assumptions.model_validate({"arrivals": {"per_day": 3}})
    found = assumed_posterior(PIPELINE, assumed, base=fitted_with_everything())
    assert "arrivals_season" not in found.draws
    assert "arrivals_path" not in found.draws
    assert "arrivals_bound" not in found.draws
    assert "hazard_log" in found.draws


def test_assumed_amounts_answer_the_warning_that_none_are_known() -> None:
    changed = (f"{AMOUNTS_CHANGED} deals of late are worth more", f"{AMOUNTS_DRIFT} so are these")
    fitted = Diagnostics(1.0, 900.0, 800.0, 0, 0.9, 4, 1000, {}, warnings=(NO_AMOUNTS, *changed, "another"))
    learned = dataclasses.replace(assumed_posterior(PIPELINE, assume()), diagnostics=fitted)
    for content, said in (
        ({"amount": 1}, ("another",)),
        ({"arrivals": {"per_day": 2}}, (NO_AMOUNTS, *changed, "another")),
    ):
        over = assumed_posterior(PIPELINE, Assumptions.model_validate(content), base=learned)
        assert over.diagnostics is not None
        assert over.diagnostics.warnings == said


def test_assumed_arrivals_answer_the_warning_of_a_holiday_and_doubts_stay_known() -> None:
    told = f"from then to then only 1% came: {TOO_QUIET}assume the usual level"
    fitted = Diagnostics(1.0, 900.0, 800.0, 0, 0.9, 4, 1000, {}, warnings=(told, "another"))
    verdict = Checked(9, 1, ("stage lead",))
    learned = dataclasses.replace(
        assumed_posterior(PIPELINE, assume()), diagnostics=fitted, checked=verdict, data_doubts=("bad data",)
    )
    for content, said in (({"amount": 1}, (told, "another")), ({"arrivals": {"per_day": 2}}, ("another",))):
        over = assumed_posterior(PIPELINE, Assumptions.model_validate(content), base=learned)
        assert over.diagnostics is not None
        assert over.diagnostics.warnings == said
        assert over.doubts == ("bad data", verdict.words())


@pytest.mark.parametrize(
    ("content", "kept"),
    [
        ({"weather": {"conversion": 0.05}}, False),
        ({"stages": STAGES}, False),
        ({"stages": {"lead": STAGES["lead"]}}, True),
    ],
)
def test_how_unsure_a_fit_is_of_the_level_of_months_holds_for_its_own_months_only(
    content: dict[str, object], kept: bool
) -> None:
    base = fitted_with_everything()
    levels = ("weather_conversion_level", "weather_speed_level")
    base = with_draws(base, base.draws.assign({name: ("draw", np.full(3, 0.1)) for name in levels}))
    found = assumed_posterior(PIPELINE, Assumptions.model_validate(content), base=base)
    assert [name in found.draws for name in levels] == [kept, kept]
