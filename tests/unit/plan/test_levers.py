from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from simcast.engine.layout import ADD, CAP, MULTIPLY, SET
from simcast.pipeline import Pipeline
from simcast.plan.levers import LeverFrame, PlacedLever, effects_of, key_of
from simcast.plan.periods import ForecastDays
from simcast.scenario import AmountLever, ArrivalsLever, ConversionLever, DurationLever
from simcast.segments import Segments

PIPELINE = Pipeline.define(["lead", "meeting"], moves=[("meeting", "nurture")])
SEGMENTS = Segments.found(("source",), [("ads",), ("site",)])


@pytest.fixture
def frame() -> LeverFrame:
    days = ForecastDays(np.datetime64("2026-07-01"), np.datetime64("2026-07-31"), "month")
    return LeverFrame(PIPELINE, SEGMENTS, days, np.uint64(1), np.zeros(5, dtype=np.int64), n_slots=4)


def conversion(**fields: Any) -> ConversionLever:  # noqa: ANN401 - any field of the lever
    return ConversionLever.model_validate({"lever": "conversion", "stage": "meeting", "add": 0.1} | fields)


def test_a_lever_without_dates_acts_in_full_from_the_first_day_to_the_last(frame: LeverFrame) -> None:
    assert np.all(frame.weight(conversion()) == 1.0)


def test_a_lever_acts_between_its_dates_both_included(frame: LeverFrame) -> None:
    weight = frame.weight(conversion(**{"from": dt.date(2026, 7, 10), "until": dt.date(2026, 7, 12)}))
    assert np.flatnonzero(weight).tolist() == [9, 10, 11]


def test_a_ramp_rises_linearly_and_ends_in_full(frame: LeverFrame) -> None:
    weight = frame.weight(conversion(**{"from": dt.date(2026, 7, 3), "ramp_days": 4}))
    assert weight[:8].tolist() == [0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1]


def test_a_ramp_that_began_before_the_as_of_date_goes_on(frame: LeverFrame) -> None:
    weight = frame.weight(conversion(**{"from": dt.date(2026, 6, 29), "ramp_days": 4}))
    assert weight[:3].tolist() == [0.625, 0.875, 1]


def test_epochs_are_the_runs_of_days_in_which_no_lever_changes(frame: LeverFrame) -> None:
    levers = [conversion(**{"from": dt.date(2026, 7, 10)}), conversion(stage="lead", until=dt.date(2026, 7, 20))]
    epoch_of_day, effects = effects_of(frame, [PlacedLever("f:1:1", "x", lever) for lever in levers])
    assert np.flatnonzero(np.diff(epoch_of_day)).tolist() == [8, 19]
    assert effects[ConversionLever].weight.tolist() == [[0, 1, 1], [1, 1, 0]]


def test_effects_carry_operation_stage_moves_and_segments(frame: LeverFrame) -> None:
    levers = [
        conversion(where={"source": "ads"}),
        DurationLever.model_validate({"lever": "duration", "stage": "meeting", "move": "nurture", "cap_days": 9}),
        DurationLever.model_validate({"lever": "duration", "stage": "lead", "set": 3}),
        ArrivalsLever.model_validate({"lever": "arrivals", "multiply": 1.5}),
        AmountLever.model_validate({"lever": "amount", "add": 2.5, "open": True}),
    ]
    _, effects = effects_of(frame, [PlacedLever("f:1:1", "x", lever) for lever in levers])
    assert effects[ConversionLever].operation.tolist() == [ADD]
    assert effects[ConversionLever].stage.tolist() == [1]
    assert effects[ConversionLever].segments.tolist() == [[True, False]]
    assert effects[DurationLever].operation.tolist() == [CAP, SET]
    assert effects[DurationLever].slots.tolist() == [[False, False, True, False], [True, True, False, False]]
    assert effects[ArrivalsLever].operation.tolist() == [MULTIPLY]
    assert effects[AmountLever].value.tolist() == [[250.0] * 5], "money is in minor units"
    assert effects[AmountLever].on_open.tolist() == [True]


def test_an_uncertain_size_belongs_to_the_lever_and_not_to_its_scenario(frame: LeverFrame) -> None:
    lever, same, other = (conversion(add={"normal": [0.1, sd]}) for sd in (0.02, 0.02, 0.03))
    assert lever.add is not None
    assert other.add is not None
    sizes = frame.size(lever, lever.add)
    assert np.array_equal(sizes, frame.size(same, lever.add))
    assert len(set(sizes.tolist())) == 5
    assert not np.array_equal(frame.size(other, lever.add), sizes)


def test_keys_are_the_same_on_every_machine() -> None:
    assert int(key_of("deal:D-1")) == 0x9319B8D140F3DA7B  # the first 8 bytes of its blake2b hash
    assert key_of("deal:D-1") != key_of("deal:D-2")
