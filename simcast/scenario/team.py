"""Teams: the people who serve stages, and how much they can do."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from simcast.scenario.distribution import Distribution
from simcast.scenario.fields import Closed, NonNegative, Number, PartError, Positive, Text, Whole


class Team(Closed):
    """People who serve one or more stages, first come, first served."""

    serves: tuple[Text, ...] = Field(min_length=1, description="The stages that the team serves.")
    headcount: Whole = Field(ge=0, description="How many people it has on the as-of date.")
    hours_per_day: float = Field(
        default=8.0, gt=0, le=24, description="Hours that one person works on deals per working day."
    )
    effort_hours: dict[Text, Positive] = Field(description="Hours of work that one stay takes, per stage served.")
    ramp: tuple[Annotated[float, Field(ge=0, le=1)], ...] = Field(
        default=(1.0,),
        min_length=1,
        description="What a new person achieves in each month since the start, as a share of full.",
    )
    turnover_per_year: NonNegative = Field(
        default=Distribution.constant(0.0), description="Leavers per person and year."
    )
    cost_per_month: Number = Field(default=Distribution.constant(0.0), description="The cost of one person per month.")

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
        if problems:
            raise PartError(problems)
        return self
