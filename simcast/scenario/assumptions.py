"""What a scenario assumes instead of fitting: numbers or distributions for stages, arrivals and amounts."""

from __future__ import annotations

import math
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from simcast.scenario.distribution import Distribution
from simcast.scenario.fields import (
    Closed,
    Day,
    Days,
    Money,
    NonNegative,
    PartError,
    Positive,
    Probability,
    Text,
    Where,
    Whole,
)
from simcast.scenario.numbers import check_amount
from simcast.scenario.showing import shorten


class StageAssumption(Closed):
    """One stage: where its stays end, and how long they last."""

    conversion: Probability = Field(description="The probability that a stay ends in the forward move, of all stays.")
    days: Days = Field(description="Days until the forward move.")
    days_lost: Days | None = Field(default=None, description="Days until a deal is lost; as `days` unless given.")
    stalled: Probability = Field(default=Distribution.constant(0.0), description="The share of stays that never end.")
    moves: dict[Text, Probability] = Field(
        default_factory=dict, description="The probability of each further move, by destination; what remains is lost."
    )
    days_to: dict[Text, Days] = Field(
        default_factory=dict,
        description="Days until the move to a destination; unless given as `days`, or as `days_lost` to an "
        "outcome that counts as lost.",
    )

    @model_validator(mode="after")
    def _check_sum(self) -> Self:
        total = self.conversion.mean() + self.stalled.mean() + sum(share.mean() for share in self.moves.values())
        if total > 1 + 1e-9:
            raise PartError(
                [
                    (
                        "conversion",
                        f"conversion, stalled and moves sum to {total:.6g}; they must not exceed 1 (the rest is lost)",
                    )
                ]
            )
        return self


class ArrivalAssumption(Closed):
    """New deals."""

    per_day: NonNegative = Field(description="New deals per average day of the week, over all segments.")
    enters: Text | None = Field(
        default=None, description="The stage that new deals enter; as fitted unless given, else the first."
    )
    size: Positive | None = Field(
        default=None,
        description="The size of a negative binomial count per day (variance m + m^2 / size) over all segments, which "
        "vary independently; as fitted unless given, and without a history Poisson.",
    )
    weekdays: tuple[Annotated[float, Field(ge=0)], ...] | None = Field(
        default=None,
        description="Weights of Monday to Sunday, of which only the proportions matter; as fitted unless given, "
        "and without a history all alike.",
    )

    @model_validator(mode="after")
    def _check_weekdays(self) -> Self:
        if self.weekdays is not None and (len(self.weekdays) != 7 or sum(self.weekdays) <= 0):
            got = shorten(self.weekdays)
            raise PartError([("weekdays", f"must be 7 weights, Monday to Sunday, not all of them 0, got {got}")])
        return self


Weight = Annotated[float, Field(ge=0)]


class QuarterEnd(Closed):
    """The rush at the end of a quarter."""

    last_days: Whole = Field(ge=1, le=91, description="How many of a quarter's last days belong to it.")
    weight: float = Field(ge=0, description="What each of them weighs against other days.")


class CalendarAssumption(Closed):
    """Weights of days: the more a day weighs, the more of a stay's time passes on it. They are scaled to average 1."""

    weekdays: tuple[Weight, ...] | None = Field(default=None, description="Weights of Monday to Sunday.")
    months_of_quarter: tuple[Weight, ...] | None = Field(
        default=None, description="Weights of the three months of a quarter."
    )
    quarter_end: QuarterEnd | None = Field(default=None, description="A rush in the last days of a quarter.")
    holidays: tuple[Day, ...] = Field(default=(), description="Days that have the weight `holiday_weight`.")
    holiday_weight: float = Field(default=0.0, ge=0, description="What holidays weigh against other days.")
    stages: tuple[Text, ...] | None = Field(
        default=None, description="The stages to which it applies; all unless given."
    )

    @model_validator(mode="after")
    def _check_weights(self) -> Self:
        given = (("weekdays", self.weekdays, 7), ("months_of_quarter", self.months_of_quarter, 3))
        problems = [
            (name, f"must be {size} weights, not all of them 0, got {shorten(weights)}")
            for name, weights, size in given
            if weights is not None and (len(weights) != size or sum(weights) <= 0)
        ]
        if "holiday_weight" in self.model_fields_set and not self.holidays:
            problems.append(("holiday_weight", "changes nothing without `holidays`"))
        if self.stages == ():
            problems.append(("stages", "names no stage; leave it out for all stages"))
        if problems:
            raise PartError(problems)
        return self


class WeatherAssumption(Closed):
    """How much months differ for all deals together."""

    conversion: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="Standard deviation of what a month adds to the log odds to move forward, among the moves, of all "
        "stays that begin in it.",
    )
    speed: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="Standard deviation of what a month adds to the log of the speed at which the days of all "
        "stays pass in it; the mean speed is unchanged.",
    )
    arrivals: float = Field(
        default=0.0,
        ge=0,
        le=2,
        description="Standard deviation of what a month adds to the log of new deals; their mean is unchanged; beside "
        "the weather that fitted arrivals have of their own.",
    )


class OpenDeals(Closed):
    """Open deals of one stage and age."""

    stage: Text = Field(description="The stage in which they are.")
    count: Whole = Field(ge=1, le=1_000_000, description="How many they are.")
    age_days: float = Field(
        default=0.0,
        ge=0,
        description="How many days of the calendar they have been in the stage on the as-of date; under `calendar` "
        "these days are weighted like the days to come.",
    )
    amount: Annotated[float, Field(ge=0), AfterValidator(check_amount)] | None = Field(
        default=None, description="The amount of each; drawn as for new deals unless given."
    )
    where: Where = Field(
        default_factory=dict,
        description="Their segment. Without a history they are spread by the shares of the segments unless given.",
    )


class Assumptions(Closed):
    """Parameters that are assumed: alone, or over those of a fit."""

    stages: dict[Text, StageAssumption] = Field(
        default_factory=dict, description="What is assumed of each stage, by name."
    )
    arrivals: ArrivalAssumption | None = Field(default=None, description="New deals per day, and where they enter.")
    amount: Money | None = Field(default=None, description="The amount of a won deal; 1 counts wins.")
    calendar: CalendarAssumption | None = Field(
        default=None, description="Weights of days; as fitted unless given, and without a history all alike."
    )
    weather: WeatherAssumption | None = Field(
        default=None, description="How much months differ for all deals; as fitted unless given, else not at all."
    )
    open: tuple[OpenDeals, ...] = Field(default=(), description="The deals that are open on the as-of date.")
    segments: dict[Text, dict[Text, Annotated[float, Field(gt=0, le=1)]]] = Field(
        default_factory=dict,
        description="The segment columns with the share of new deals that each value has; columns are independent.",
    )

    @model_validator(mode="after")
    def _check_shares(self) -> Self:
        totals = {column: math.fsum(shares.values()) for column, shares in self.segments.items()}
        problems = [
            ("segments", f"the shares of {column!r} must sum to 1, got {total:.6g}")
            for column, total in totals.items()
            if not math.isclose(total, 1.0, abs_tol=1e-6)
        ]
        if problems:
            raise PartError(problems)
        return self
