"""The levers: what a scenario may change, each one entry of its list."""

from __future__ import annotations

import json
import math
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, model_validator

from simcast.scenario.distribution import Distribution
from simcast.scenario.fields import (
    Change,
    Closed,
    Cost,
    Day,
    NonNegative,
    Number,
    PartError,
    Positive,
    Probability,
    Text,
    Where,
    Whole,
)
from simcast.scenario.team import MOST_PEOPLE

_PRICES = {"cost_per_month", "cost_per_deal", "cost_per_head"}
"""Costs beside the lump sum."""


def _kind_required(schema: dict[str, Any]) -> None:
    """Ask files for the kind of lever, which has a default for Python only."""
    schema["properties"]["lever"].pop("default", None)
    schema["required"] = ["lever", *(name for name in schema.get("required", []) if name != "lever")]


class Lever(Closed):
    """One change that a scenario makes. Files name its kind; in Python the class does."""

    model_config = ConfigDict(json_schema_extra=lambda schema: _kind_required(schema))
    lever: str = Field(description="The kind of lever.")
    cost: Cost = Field(
        default=Distribution.constant(0.0), description="What the lever costs in total; it lowers the net result."
    )
    cost_per_month: Cost | None = Field(
        default=None,
        description="What it costs per month (30.4375 days), from its first day to its last within the forecast.",
    )

    @property
    def key(self) -> str:
        """The lever's content as canonical JSON; levers of equal content share their random numbers.

        Prices by the month, deal or head are no part of it: what a lever costs makes no difference to what it does.
        """
        content = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_PRICES)
        return json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))

    def _exactly_one(self, *names: str) -> list[tuple[str, str]]:
        given = [name for name in names if getattr(self, name) is not None]
        if len(given) == 1:
            return []
        if not given:
            return [("lever", f"{self.lever}: give one of {', '.join(names)}; none is given")]
        return [(given[1], f"{self.lever}: give one of {', '.join(names)}; got {', '.join(given)}")]


class TimedLever(Lever):
    """A lever that acts on some stays, for some time."""

    from_: Day | None = Field(
        default=None,
        alias="from",
        description="The first day on which the lever acts; the as-of date unless given. It acts on stays that begin "
        "on it or later; the stays of open deals count as beginning on the as-of date.",
    )
    until: Day | None = Field(
        default=None, description="The last day on which the lever acts; to the end of the forecast unless given."
    )
    ramp_days: float = Field(
        default=0.0,
        ge=0,
        description="Over how many days the effect grows from nothing to full; each day uses its midday value; open "
        "deals' current stays use the first day's value.",
    )
    where: Where = Field(
        default_factory=dict,
        description="The segments in which the lever acts: a value, or a list of values, per column.",
    )

    @model_validator(mode="after")
    def _check_dates(self) -> Self:
        if self.from_ and self.until and self.until < self.from_:
            raise PartError([("until", f"must not be before from ({self.from_}), got {self.until}")])
        return self

    def first_day(self, as_of: date) -> date:
        """Return the first day on which the lever acts."""
        return self.from_ or as_of

    def last_day(self, until: date) -> date:
        """Return the last day on which the lever acts."""
        return self.until or until


class ConversionLever(TimedLever):
    """Changes the probability that a stay ends in the forward move; the other moves lose in proportion."""

    lever: Literal["conversion"] = Field(default="conversion", description="The kind of lever.")
    stage: Text = Field(description="The stage whose conversion changes.")
    set: Probability | None = Field(default=None, description="The new probability.")
    add: Change | None = Field(default=None, description="Points of probability added: 0.10 turns 40% into 50%.")
    multiply: NonNegative | None = Field(default=None, description="A factor on the probability, capped at 1.")
    odds: NonNegative | None = Field(default=None, description="A factor on the odds p / (1 - p).")

    @model_validator(mode="after")
    def _check_operation(self) -> Self:
        if problems := self._exactly_one("set", "add", "multiply", "odds"):
            raise PartError(problems)
        return self


class DurationLever(TimedLever):
    """Changes the days that stays last; of open deals, the days that remain at the as-of date."""

    lever: Literal["duration"] = Field(default="duration", description="The kind of lever.")
    stage: Text = Field(description="The stage whose stays change.")
    move: Text | None = Field(default=None, description="The destination whose stays change; all moves unless given.")
    multiply: Positive | None = Field(default=None, description="A factor on the days.")
    set: Positive | None = Field(default=None, description="The new median, in days.")
    cap_days: Positive | None = Field(
        default=None, description="The most days that a stay lasts; of open deals, from the as-of date on."
    )

    @model_validator(mode="after")
    def _check_operation(self) -> Self:
        if problems := self._exactly_one("multiply", "set", "cap_days"):
            raise PartError(problems)
        return self


class ArrivalsLever(TimedLever):
    """Changes how many new deals arrive."""

    lever: Literal["arrivals"] = Field(default="arrivals", description="The kind of lever.")
    multiply: NonNegative | None = Field(default=None, description="A factor on the new deals per day.")
    add_per_day: Number | None = Field(
        default=None,
        description="New deals added per average day of the week in all, shared among the segments chosen by `where`.",
    )
    cost_per_deal: Cost | None = Field(
        default=None,
        description="What each new deal costs that the lever adds, by future; deals that it takes away save as much.",
    )

    @model_validator(mode="after")
    def _check_operation(self) -> Self:
        if problems := self._exactly_one("multiply", "add_per_day"):
            raise PartError(problems)
        return self


class AmountLever(TimedLever):
    """Changes the amounts of deals whose last stay before the win begins while the lever acts."""

    lever: Literal["amount"] = Field(default="amount", description="The kind of lever.")
    multiply: NonNegative | None = Field(default=None, description="A factor on the amount.")
    add: Number | None = Field(default=None, description="Money added to the amount of each deal.")
    open: bool = Field(default=False, description="Whether the amounts of open deals change too.")

    @model_validator(mode="after")
    def _check_operation(self) -> Self:
        if problems := self._exactly_one("multiply", "add"):
            raise PartError(problems)
        return self


class DealLever(Lever):
    """Decides how one open deal ends, on the as-of date."""

    lever: Literal["deal"] = Field(default="deal", description="The kind of lever.")
    deal: Text = Field(description="The id of the deal.")
    outcome: Text = Field(description="Where it ends: won, lost, or another outcome of the pipeline.")


class ResponseLever(TimedLever):
    """Answers new deals of a stage within some hours."""

    lever: Literal["response"] = Field(default="response", description="The kind of lever.")
    stage: Text = Field(description="The stage in which deals wait for the first contact.")
    within_hours: Positive = Field(
        description="The hours within which every deal is answered: by extra help if the team has no time."
    )
    now_hours: NonNegative | None = Field(
        default=None,
        description="Where no team serves the stage: the hours after which deals are answered today; taken from the "
        "history (history.columns.first_response) unless given.",
    )
    half_life_hours: Positive | None = Field(
        default=None,
        description="Where no team serves the stage: the hours of waiting by which the odds of the forward move halve; "
        "as fitted to the history's first contacts unless given.",
    )


class HireLever(Lever):
    """Adds people to a team."""

    lever: Literal["hire"] = Field(default="hire", description="The kind of lever.")
    team: Text = Field(description="The team that grows.")
    count: Whole = Field(ge=1, le=MOST_PEOPLE, description="How many people start.")
    on: Day = Field(description="Their first day.")
    cost_per_head: Cost | None = Field(
        default=None, description="What it costs once to hire one of them; what they cost per month is the team's."
    )


class LeaveLever(Lever):
    """Takes people from a team."""

    lever: Literal["leave"] = Field(default="leave", description="The kind of lever.")
    team: Text = Field(description="The team that shrinks.")
    count: Whole = Field(
        ge=1, description="How many people leave: the places that came last, also those vacant on that day."
    )
    on: Day = Field(description="The first day without them.")
    cost_per_head: Cost | None = Field(default=None, description="What it costs once to part with one of them.")


class BudgetSides(Closed):
    """A sum of money for each side of a budget."""

    out_of: Positive | None = Field(default=None, description="Of the segments that lose money.")
    into: Positive | None = Field(default=None, description="Of the segments that gain it.")


class BudgetLever(TimedLever):
    """Moves spending between segments, whose new deals answer to it."""

    lever: Literal["budget"] = Field(default="budget", description="The kind of lever.")
    amount: Positive = Field(description="The money moved, over all the days on which the lever acts.")
    out_of: Where = Field(
        default_factory=dict, description="The segments that lose it; unless given, the money is new."
    )
    into: Where = Field(default_factory=dict, description="The segments that gain it; unless given, it is saved.")
    elasticity: NonNegative | None = Field(
        default=None, description="By how many percent new deals grow for one percent more money."
    )
    spend: BudgetSides | None = Field(
        default=None, description="What is spent on each side today, over the same days; goes with elasticity."
    )
    cost_per_lead: BudgetSides | None = Field(
        default=None, description="In place of elasticity and spend: what one additional new deal costs on each side."
    )
    lag_weeks: float = Field(default=0.0, ge=0, description="The weeks until spending shows in new deals.")
    where: Where = Field(
        default_factory=dict,
        description="The segments within which the money moves, by columns that neither out_of nor into names.",
    )

    @model_validator(mode="after")
    def _check_direction(self) -> Self:
        if twice := sorted(set(self.where) & {*self.out_of, *self.into}):
            text = f"{twice[0]!r} stands in out_of or into, which say where the money goes; leave it out of where"
            raise PartError([("where", text)])
        if not self.out_of and not self.into:
            raise PartError([("lever", "budget: say where the money goes: give out_of, into, or both")])
        by_lead = self.cost_per_lead is not None
        if by_lead and (self.elasticity is not None or self.spend is not None):
            raise PartError(
                [("cost_per_lead", "goes without elasticity and spend: give one way to work out new deals")]
            )
        if not by_lead and self.elasticity is None:
            raise PartError([("elasticity", "not given, and cost_per_lead neither: how do new deals answer to money?")])
        wanted = "cost_per_lead" if by_lead else "spend"
        sides = self.cost_per_lead if by_lead else self.spend
        missing = [side for side in ("out_of", "into") if getattr(self, side) and getattr(sides, side, None) is None]
        if missing:
            keys = ", ".join(f"{wanted}.{side}" for side in missing)
            reason = "what one additional new deal costs there" if by_lead else "what is spent there today"
            raise PartError([(wanted, f"add {keys}: {reason}")])
        return self

    @property
    def lag_days(self) -> int:
        """How many whole days later money shows; half a day is a day."""
        return math.floor(self.lag_weeks * 7 + 0.5)


class TrainLever(TimedLever):
    """Trains a team: slower for a while, better after. `where`, `until` and `ramp_days` are those of the gain."""

    lever: Literal["train"] = Field(default="train", description="The kind of lever.")
    team: Text = Field(description="The team that is trained.")
    on: Day | None = Field(
        default=None,
        description="The first day of the training; `from` says the same, and the as-of date stands for either.",
    )
    days: NonNegative = Field(description="How many days the training takes.")
    slowdown: Positive = Field(
        default=Distribution.constant(1.0), description="A factor on effort during the training."
    )
    add: Change = Field(
        description="Points of conversion added afterwards in the stages that the team serves: from the end of the "
        "training over `ramp_days`, until `until`, in the segments of `where`."
    )
    cost_per_head: Cost | None = Field(
        default=None, description="What it costs once for each place in the team on the first day of the training."
    )

    @model_validator(mode="after")
    def _check_beginning(self) -> Self:
        if self.on and self.from_ and self.on != self.from_:
            raise PartError([("from", f"says when the training begins, as on does ({self.on}): give one of them")])
        if self.begins and self.until and self.until < self.begins:
            raise PartError([("until", f"must not be before on ({self.begins}), got {self.until}")])
        return self

    @property
    def begins(self) -> date | None:
        """The first day of the training; None for the as-of date."""
        return self.on or self.from_

    def first_day(self, as_of: date) -> date:
        """Return the first day on which the lever acts."""
        return self.begins or as_of


LEVERS: dict[str, type[Lever]] = {
    "conversion": ConversionLever,
    "duration": DurationLever,
    "arrivals": ArrivalsLever,
    "amount": AmountLever,
    "deal": DealLever,
    "response": ResponseLever,
    "hire": HireLever,
    "leave": LeaveLever,
    "budget": BudgetLever,
    "train": TrainLever,
}


def _kind(value: Any) -> str | None:  # noqa: ANN401 - whatever the file holds
    """Return which branch of `Entry` a value belongs to."""
    if isinstance(value, str):
        return "<name>"
    kind = value.get("lever") if isinstance(value, dict) else getattr(value, "lever", None)
    return f"<{kind}>" if isinstance(kind, str) and kind in LEVERS else None


Entry = Annotated[
    Annotated[Text, Tag("<name>")]
    | Annotated[ConversionLever, Tag("<conversion>")]
    | Annotated[DurationLever, Tag("<duration>")]
    | Annotated[ArrivalsLever, Tag("<arrivals>")]
    | Annotated[AmountLever, Tag("<amount>")]
    | Annotated[DealLever, Tag("<deal>")]
    | Annotated[ResponseLever, Tag("<response>")]
    | Annotated[HireLever, Tag("<hire>")]
    | Annotated[LeaveLever, Tag("<leave>")]
    | Annotated[BudgetLever, Tag("<budget>")]
    | Annotated[TrainLever, Tag("<train>")],
    Discriminator(_kind),
]
"""One entry of a scenario's list: a lever, or the name of another scenario."""
