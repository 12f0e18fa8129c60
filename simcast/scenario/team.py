"""Teams: the people who serve stages, and how much they can do."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from simcast.scenario.distribution import Distribution
from simcast.scenario.fields import Closed, Cost, Day, NonNegative, PartError, Positive, Text, Whole
from simcast.scenario.reading import NEVER_IF_EMPTY

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""Monday first."""


MOST_PEOPLE = 100_000
"""The most people in a team, or that one lever adds: each of them is played, with a place of their own in memory."""


class Response(Closed):
    """What the wait before the first contact does to the chances of a deal."""

    stage: Text | None = Field(
        default=None, description="The stage whose conversion depends on the wait; all that the team serves by default."
    )
    from_: Literal["history"] | None = Field(
        default=None,
        alias="from",
        description="history: what waiting does is fitted to the first contacts on record "
        "(history.columns.first_response), in place of half_life_hours or table.",
    )
    half_life_hours: Positive | None = Field(
        default=None, description="The hours of waiting by which the odds of the forward move fall by half."
    )
    table: tuple[tuple[float, float], ...] = Field(
        default=(),
        strict=False,
        description="In place of a half-life: pairs of hours of waiting and the factor on the odds, joined by "
        "straight lines of the factor's logarithm; beyond the ends the factor is constant.",
    )
    usual_hours: float = Field(
        default=0.0,
        ge=0,
        description="The wait at which conversion is what the history or the assumptions say; shorter waits do better. "
        "With `from: history` it is that of the past unless given.",
    )

    @model_validator(mode="after")
    def _check_form(self) -> Self:
        if (self.half_life_hours is not None) + bool(self.table) + (self.from_ is not None) != 1:
            raise PartError([("half_life_hours", "give half_life_hours or table, one of them, or from: history")])
        hours = [hours for hours, _ in self.table]
        if hours != sorted(set(hours)) or any(hour < 0 for hour in hours):
            raise PartError([("table", f"the hours must rise from 0 or more, got {hours}")])
        if any(factor <= 0 for _, factor in self.table):
            raise PartError([("table", "each factor on the odds must be above 0")])
        if self.table and self.usual_hours:
            raise PartError([("usual_hours", "goes with half_life_hours; a table says itself where its factor is 1")])
        return self


class YoungerThan(Closed):
    """The open deals that came in last."""

    younger_than_days: float = Field(
        gt=0, description="The open deals wait that are in their stage for less than this."
    )


class Team(Closed):
    """People who serve one or more stages, first come, first served."""

    serves: tuple[Text, ...] = Field(min_length=1, description="The stages that the team serves.")
    headcount: Whole = Field(ge=0, le=MOST_PEOPLE, description="How many people it has on the as-of date.")
    hours_per_day: float = Field(
        default=8.0, gt=0, le=24, description="Hours that one person works on deals per working day."
    )
    effort_hours: dict[Text, Positive] = Field(
        description="Hours of work that one stay takes, per stage served; with a distribution, each stay has its own."
    )
    working_days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), min_length=1, description="The weekdays on which people work."
    )
    holidays: tuple[Day, ...] = Field(default=(), description="Days on which nobody of the team works.")
    starts: Literal["any_day", "working_days"] = Field(
        default="any_day",
        description="any_day: who is free takes up a deal on the day on which it comes, and works on it from the next "
        "working day on; working_days: deals that come on other days wait for the next working day.",
    )
    backlog: Literal["none", "all"] | YoungerThan = Field(
        default="none",
        description="The open deals of the stages served that wait for their turn on the as-of date, in order of "
        "entry; the others are being worked on already, and take no more effort.",
    )
    owner: bool = Field(
        default=False,
        description="Whether a deal's later stays in the team wait for the person who took up its first one; when they "
        "have left, the next who is free takes it over.",
    )
    response: Response | None = Field(
        default=None, description="What waiting does to conversion; nothing unless given: it only takes time."
    )
    ramp: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(1.0,),
        min_length=1,
        description="What a new person achieves in each month since the start, as a share of full.",
    )
    turnover_per_year: NonNegative = Field(
        default=Distribution.constant(0.0), description="Leavers per person and year."
    )
    replacement_days: float | None = Field(
        default=30.0, ge=0, description="Days until a leaver is replaced by a new person; null: never."
    )
    cost_per_month: Cost = Field(default=Distribution.constant(0.0), description="The cost of one person per month.")

    @model_serializer(mode="wrap")
    def _keep_never(self, rest: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Write that leavers are not replaced, which is no value, where other keys without a value are left out."""
        return {**rest(self), NEVER_IF_EMPTY: self.replacement_days}

    @model_validator(mode="after")
    def _check_effort(self) -> Self:
        problems = [
            ("effort_hours", f"{stage!r} is not a stage that the team serves ({', '.join(self.serves)})")
            for stage in self.effort_hours
            if stage not in self.serves
        ]
        problems += [
            ("effort_hours", f"no hours for {stage!r}, which the team serves")
            for stage in self.serves
            if stage not in self.effort_hours
        ]
        served = self.response.stage if self.response else None
        if served is not None and served not in self.serves:
            problems.append(("response", f"{served!r} is not a stage that the team serves ({', '.join(self.serves)})"))
        if problems:
            raise PartError(problems)
        return self
