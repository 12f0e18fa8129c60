"""The sliders of the page: what may be changed, and the levers that their positions stand for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from simcast.app.wording import LONGEST_NAME, shortened
from simcast.pipeline import Pipeline
from simcast.scenario import (
    AmountLever,
    ArrivalsLever,
    ConversionLever,
    DealLever,
    Distribution,
    DurationLever,
    Lever,
    Scenario,
)

PlainLever = dict[str, Any]

CONVERSION, SPEED, ARRIVALS, AMOUNT, TEAM = "conversion", "speed", "arrivals", "amount", "team"

MOST_VALUES = 12
"""Of a segment column with more values than this, those with the most new deals have a slider."""


@dataclass(frozen=True)
class Control:
    """One slider.

    Parameters
    ----------
    key
        Tells it from the others of the page.
    kind
        The heading under which it stands.
    label
        What it changes, as plain text.
    low, high, step, start
        Its range, and where it stands at first.
    neutral
        The position that changes nothing and makes no lever; None when there is none.
    lever
        The lever that it makes, without its number.
    number
        The key of the lever that takes the number.
    whole
        Whether the number counts people.
    """

    key: str
    kind: str
    label: str
    low: float
    high: float
    step: float
    start: float
    neutral: float | None
    lever: PlainLever
    number: str
    whole: bool = False

    def lever_at(self, position: float) -> PlainLever | None:
        """Return the lever that a position stands for, in the syntax of the file; None where nothing changes."""
        if self.neutral is not None and math.isclose(position, self.neutral, abs_tol=1e-9):
            return None
        return {**self.lever, self.number: self.value_at(position)}

    def value_at(self, position: float) -> object:
        """Return the number of the lever at a position."""
        if self.kind == CONVERSION:
            return round(position / 100, 4)
        if self.kind == SPEED:
            return round(1 / position, 4)
        return int(position) if self.whole else float(f"{position:.6g}")


def stage_controls(pipeline: Pipeline) -> list[Control]:
    """Return the sliders for conversion and speed of each stage."""
    controls = []
    for stage in pipeline.stages:
        controls.append(
            Control(
                *(
                    f"conversion:{stage}",
                    CONVERSION,
                    f"{shortened(stage, LONGEST_NAME)}: conversion, points",
                    -30.0,
                    30.0,
                    1.0,
                    0.0,
                    0.0,
                ),
                {"lever": "conversion", "stage": stage},
                "add",
            )
        )
        controls.append(
            Control(
                *(f"speed:{stage}", SPEED, f"{shortened(stage, LONGEST_NAME)}: speed ×", 0.5, 3.0, 0.1, 1.0, 1.0),
                {"lever": "duration", "stage": stage},
                "multiply",
            )
        )
    return controls


def arrival_controls(column: str | None, values: Sequence[str]) -> list[Control]:
    """Return the sliders for new deals: one per value of a column, or one for all."""
    if column is None:
        lever: PlainLever = {"lever": "arrivals"}
        return [Control("arrivals", ARRIVALS, "all new deals ×", 0.0, 3.0, 0.05, 1.0, 1.0, lever, "multiply")]
    return [
        Control(
            *(
                f"arrivals:{column}:{value}",
                ARRIVALS,
                f"{shortened(value, LONGEST_NAME)}: new deals ×",
                0.0,
                3.0,
                0.05,
                1.0,
                1.0,
            ),
            {"lever": "arrivals", "where": {column: value}},
            "multiply",
        )
        for value in values[:MOST_VALUES]
    ]


def amount_control(*, open_too: bool) -> Control:
    """Return the slider for amounts."""
    lever: PlainLever = {"lever": "amount", **({"open": True} if open_too else {})}
    return Control("amount", AMOUNT, "amounts ×", 0.5, 2.0, 0.05, 1.0, 1.0, lever, "multiply")


@dataclass(frozen=True)
class HeadcountControl:
    """One slider for the people that a team gains or loses from a day on."""

    key: str
    team: str
    day: date
    low: int
    high: int

    def lever_at(self, position: int) -> PlainLever | None:
        """Return the lever that a position stands for; None where nothing changes."""
        if position == 0:
            return None
        kind = "hire" if position > 0 else "leave"
        return {"lever": kind, "team": self.team, "count": abs(position), "on": self.day}


def headcount_controls(scenario: Scenario) -> list[HeadcountControl]:
    """Return the sliders for headcount: per team, one for the as-of date and one for each month that begins later."""
    as_of, until = scenario.forecast.as_of, scenario.forecast.until
    days = [as_of, *_months(as_of, until)]
    return [
        HeadcountControl(f"team:{name}:{day}", name, day, -team.headcount, max(5, team.headcount))
        for name, team in scenario.teams.items()
        for day in days
    ]


def _months(as_of: date, until: date) -> Iterator[date]:
    """Yield the first days of the months that begin after a day and not after another."""
    year, month = as_of.year, as_of.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        day = date(year, month, 1)
        if day > until:
            return
        yield day


@dataclass(frozen=True)
class FileControl:
    """A slider for a lever that a scenario of the file has.

    Parameters
    ----------
    slider
        The slider; None for a lever without a number, which may only be left out.
    label
        What it changes, as plain text.
    original
        The lever as it stands in the file.
    """

    key: str
    label: str
    slider: Control | None
    original: PlainLever
    lever: Lever

    def lever_at(self, position: float | bool) -> PlainLever | None:
        """Return the lever at a position: the file's own, uncertainty and all, where the slider has not moved."""
        if self.slider is None:
            return self.original if position else None
        if math.isclose(position, self.slider.start, abs_tol=1e-9):
            return self.original
        moved = self.slider.lever_at(position)
        if moved is None:
            return None
        number = getattr(self.lever, self.slider.number)
        if isinstance(number, Distribution) and number.family == "normal":
            moved[self.slider.number] = {"normal": [moved[self.slider.number], number.parameters[1]]}
        return moved


def file_controls(levers: Sequence[Lever]) -> list[FileControl]:
    """Return the sliders for the levers of a scenario."""
    return [_file_control(index, lever) for index, lever in enumerate(levers)]


def _file_control(index: int, lever: Lever) -> FileControl:
    original = plain_lever(lever)
    key = f"file:{index}:{lever.lever}"
    number, value = _number_of(lever)
    label = _describe(lever, number)
    if number is None:
        return FileControl(key, label, None, original, lever)
    whole = isinstance(getattr(lever, number), int)
    rest = {name: item for name, item in original.items() if name != number}
    points = number == "add" and not isinstance(lever, AmountLever)
    if points or (number == "set" and isinstance(lever, ConversionLever)):
        kind, value = CONVERSION, round(100 * value, 2)
        low, high, step, neutral = (
            (min(-30.0, value), max(30.0, value), 1.0, 0.0) if points else (0.0, 100.0, 1.0, None)
        )
        label += ", points" if points else " %"
    else:
        kind = lever.lever
        low, high, step, neutral = _range(number, value, whole=whole)
    slider = Control(key, kind, label, low, high, step, value, neutral, rest, number, whole)
    return FileControl(key, label, slider, original, lever)


_NUMBERS = ("add", "multiply", "odds", "set", "cap_days", "add_per_day", "count", "within_hours", "amount")


def _number_of(lever: Lever) -> tuple[str | None, float]:
    """Return the key of the number that a lever turns on, and its value or mean."""
    if isinstance(lever, DealLever):
        return None, 1.0
    for name in _NUMBERS:
        number = getattr(lever, name, None)
        if isinstance(number, Distribution):
            return name, float(round(number.mean(), 4))
        if isinstance(number, int | float) and not isinstance(number, bool):
            return name, float(number)
    return None, 1.0


def _range(number: str, value: float, *, whole: bool) -> tuple[float, float, float, float | None]:
    """Return the range of a slider for a number of a lever, its step, and the position that changes nothing."""
    if number in ("multiply", "odds"):
        return min(0.05, value), max(3.0, 1.5 * value), 0.05, 1.0
    if whole:
        return 0.0, max(10.0, 2 * value), 1.0, 0.0
    reach = max(abs(value), 1e-3)
    if number in ("add", "add_per_day"):
        return -2 * reach, 2 * reach, reach / 20, 0.0
    return reach / 10, 3 * reach, reach / 20, None


def _describe(lever: Lever, number: str | None) -> str:
    """Say in a few words what a lever changes."""
    content = plain_lever(lever)
    what = {"multiply": "×", "add": "", "set": "to", "cap_days": "at most, days", "within_hours": "within, hours"}.get(
        number or "", number or ""
    )
    subject = shortened(content.get("stage") or content.get("team") or content.get("deal") or "", LONGEST_NAME)
    where = "; ".join(f"{column} {', '.join(_texts(values))}" for column, values in content.get("where", {}).items())
    words = f"{lever.lever} {subject}".strip() + (f" ({shortened(where, LONGEST_NAME)})" if where else "")
    return f"{words} {what}".strip() if number else f"{words}: {content.get('outcome', 'as in the file')}"


def _texts(values: str | Sequence[str]) -> Sequence[str]:
    return [values] if isinstance(values, str) else values


def plain_lever(lever: Lever) -> PlainLever:
    """Return a lever in the syntax of the file: its kind, and what does not stand there by default."""
    content: PlainLever = _plain(lever.model_dump(by_alias=True, exclude_defaults=True))
    return {"lever": lever.lever, **content}


def _plain(value: Any) -> Any:  # noqa: ANN401 - plain data of any depth
    """Turn tuples into lists, and those of one value into the value, as files have them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return _plain(value[0]) if len(value) == 1 and isinstance(value[0], str) else [_plain(item) for item in value]
    return value


def is_free(control: Control, levers: Sequence[Lever]) -> bool:
    """Return whether no lever of the file's scenario changes what a slider changes: two on one thing are an error."""
    return not any(_same(control, lever) for lever in levers)


def _same(control: Control, lever: Lever) -> bool:
    match control.kind:
        case "conversion":
            return isinstance(lever, ConversionLever) and lever.stage == control.lever["stage"]
        case "speed":
            return isinstance(lever, DurationLever) and lever.stage == control.lever["stage"]
        case "arrivals":
            return isinstance(lever, ArrivalsLever) and not _apart(control.lever.get("where", {}), lever)
        case _:
            return isinstance(lever, AmountLever)


def _apart(where: Mapping[str, str], lever: ArrivalsLever) -> bool:
    """Return whether no segment is chosen by both."""
    return any(where[column] not in values for column, values in lever.where.items() if column in where)


def timed(lever: PlainLever, start: date | None, ramp_days: int) -> PlainLever:
    """Add from when a lever acts, and over how many days it grows."""
    if "from" in lever or lever["lever"] in ("hire", "leave"):
        return lever
    return {
        **lever,
        **({"from": start} if start else {}),
        **({"ramp_days": ramp_days} if ramp_days else {}),
    }


def with_cost(levers: Sequence[PlainLever], cost: float) -> list[PlainLever]:
    """Put what the changes cost in all on the first of them."""
    if not levers or not cost:
        return list(levers)
    return [{**levers[0], "cost": cost}, *levers[1:]]
