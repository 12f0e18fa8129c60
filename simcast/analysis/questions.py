"""Parsing the question of `simcast solve`: the number to vary, and the condition to meet."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np

from simcast.arguments import nearest
from simcast.days import WRITTEN_DAY
from simcast.errors import ScenarioArgumentError
from simcast.forecast import Forecast
from simcast.scenario import LEVERS

Quantity = Literal["bookings", "wins", "net"]
Value = float | int | date

_NUMBER = r"[-+]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_CONDITION = re.compile(
    rf"\s*(?:P\(\s*(?P<of>bookings|wins|net)\s*(?P<inner>>=?)\s*(?P<least>target|{_NUMBER})\s*\)"
    rf"\s*(?P<outer>>=?)\s*(?P<share>{_NUMBER})(?P<percent>%?)"
    rf"|mean\(\s*(?P<mean>bookings|wins|net)\s*\)\s*(?P<of_mean>>=?)\s*(?P<value>target|{_NUMBER}))\s*"
)
_RANGE = re.compile(r"(?P<low>.+?)\.\.(?P<high>.+)")
_OF_NUMBERS = frozenset({"spend", "cost_per_lead"})

USUAL_RANGES: dict[tuple[str, str], tuple[float | int, float | int]] = {
    ("conversion", "add"): (0.0, 0.5),
    ("conversion", "multiply"): (1.0, 2.0),
    ("conversion", "odds"): (1.0, 10.0),
    ("duration", "multiply"): (1.0, 0.1),
    ("arrivals", "multiply"): (1.0, 3.0),
    ("arrivals", "add_per_day"): (0.0, 10.0),
    ("amount", "multiply"): (1.0, 2.0),
    ("hire", "count"): (0, 20),
}
"""Where a number is looked for when only ``?`` is given, from no change on."""

NEUTRAL: dict[tuple[str, str], Value] = {
    **{key: low for key, (low, _) in USUAL_RANGES.items()},
    ("budget", "amount"): 0.0,
}
"""The values at which a lever changes nothing."""


def lever_words(lever: Mapping[str, Any]) -> str:
    """Write a lever as `solve` and `allocate` take it.

    Examples
    --------
    >>> lever_words({"lever": "budget", "into": {"source": ["ads", "site"]}, "amount": 3})
    'budget into.source=ads,site amount=3'
    """

    def parts(prefix: str, value: object) -> list[str]:
        if isinstance(value, Mapping):
            return [part for key, inner in value.items() for part in parts(f"{prefix}.{key}", inner)]
        return [f"{prefix}={','.join(map(str, value)) if isinstance(value, list | tuple) else value}"]

    rest = [part for key, value in lever.items() if key != "lever" for part in parts(key, value)]
    return " ".join([str(lever["lever"]), *rest])


@dataclass(frozen=True)
class Condition:
    """A condition on the totals of a forecast.

    Parameters
    ----------
    quantity
        What is looked at: bookings, wins, or net: bookings times the margin, less cost.
    at_least
        What it has to reach. To be above a number (``>``) is to reach the next one that a float can hold.
    share
        In which share of the futures; None when its mean has to reach it.
    text
        As it was written.
    """

    quantity: Quantity
    at_least: float
    share: float | None
    text: str

    @classmethod
    def parse(cls, text: str, targets: dict[str, float]) -> Condition:
        """Read a condition such as ``P(bookings>=target)>=0.8`` or ``mean(wins)>=90``.

        Raises
        ------
        ScenarioArgumentError
            When it is not a condition, or speaks of a target that the scenario does not have.

        Examples
        --------
        >>> Condition.parse("P(bookings >= 2.4e6) >= 80%", {}).share
        0.8
        """
        found = _CONDITION.fullmatch(text)
        if found is None:
            raise ScenarioArgumentError(
                f"condition {text!r}: write P(bookings>=2.4e6)>=0.8, P(wins>=target)>=0.5, or mean(net)>=1e6; "
                "known are bookings, wins and net"
            )
        quantity: Quantity = found["of"] or found["mean"]  # type: ignore[assignment]  # the pattern knows no other
        wanted = found["least"] or found["value"]
        if wanted == "target":
            if quantity not in targets:
                raise ScenarioArgumentError(
                    f"condition {text!r}: the scenario has no forecast.target.{quantity}; set it, or write a number"
                )
            at_least = float(targets[quantity])
        else:
            at_least = float(wanted)
        share = None if found["of"] is None else float(found["share"]) / (100.0 if found["percent"] else 1.0)
        if share is not None and not 0.0 < share < 1.0:
            raise ScenarioArgumentError(f"condition {text!r}: the probability must lie between 0 and 1, got {share:g}")
        if ">" in (found["inner"], found["of_mean"]):
            at_least = math.nextafter(at_least, math.inf)
        if share is not None and found["outer"] == ">":
            share = math.nextafter(share, math.inf)
        return cls(quantity, at_least, share, text)

    def measure(self, forecast: Forecast) -> tuple[float, float]:
        """Return what the condition looks at, a share of futures or a mean, and its Monte Carlo standard error."""
        values = forecast.net() if self.quantity == "net" else forecast.values(self.quantity)
        if self.share is None:
            return float(values.mean()), float(values.std() / np.sqrt(len(values)))
        reached = float(np.mean(values >= self.at_least))
        return reached, float(np.sqrt(max(reached * (1.0 - reached), 0.25 / len(values)) / len(values)))

    @property
    def level(self) -> float:
        """What the measure has to reach."""
        return self.at_least if self.share is None else self.share


@dataclass(frozen=True)
class Unknown:
    """A lever one of whose numbers is looked for.

    Parameters
    ----------
    lever
        The lever's keys and values, without the number.
    key
        The number's key.
    first, last
        Where it is looked for: from the smallest change to the largest; whole numbers and dates stay such.
    """

    lever: dict[str, Any]
    key: str
    first: Value
    last: Value

    @classmethod
    def parse(cls, text: str) -> Unknown:
        """Read what to vary, such as ``conversion stage=operator add=0..0.3``, or ``count=?`` of a hire.

        Raises
        ------
        ScenarioArgumentError
            When there is no such lever, no number, or more than one, is looked for, or the range is not a range.

        Examples
        --------
        >>> Unknown.parse("conversion stage=operator add=0..0.3").lever
        {'lever': 'conversion', 'stage': 'operator'}
        """
        kind, *pairs = _words(text)
        if kind not in LEVERS:
            raise ScenarioArgumentError(f"unknown {text!r}: no lever {kind!r}; {nearest(kind, LEVERS)}")
        lever: dict[str, Any] = {"lever": kind}
        sought: list[tuple[str, Value, Value]] = []
        seen: set[str] = set()
        for pair in pairs:
            key, equals, value = pair.partition("=")
            if not equals or not key:
                raise ScenarioArgumentError(f"unknown {text!r}: {pair!r} is no KEY=VALUE")
            if key in seen:
                raise ScenarioArgumentError(f"unknown {text!r}: {key!r} is set twice")
            seen.add(key)
            if value == "?" or _RANGE.fullmatch(value):
                sought.append((key, *_range(text, kind, key, value)))
            else:
                _put(lever, key, value)
        if not sought:
            raise ScenarioArgumentError(f"unknown {text!r}: no value is left open; write a range (add=0..0.3) or ?")
        if len(sought) > 1:
            raise ScenarioArgumentError(
                f"unknown {text!r}: one number is looked for, written as a range (add=0..0.3) or as ?; "
                f"got {len(sought)}"
            )
        return cls(lever, *sought[0])

    def at(self, position: float) -> Value:
        """Return the value at a position from 0, the smallest change, to 1, the largest."""
        if isinstance(self.first, date) and isinstance(self.last, date):
            return self.first + timedelta(days=round(position * (self.last - self.first).days))
        first, last = float(self.first), float(self.last)  # type: ignore[arg-type]  # dates are dealt with above
        value = first + position * (last - first)
        return round(value) if self.is_whole else value

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers (of people, of days) come into question."""
        return isinstance(self.first, int) and isinstance(self.last, int)

    @property
    def n_steps(self) -> int:
        """Into how many steps the range is divided."""
        if isinstance(self.first, date) and isinstance(self.last, date):
            return abs((self.last - self.first).days)
        return abs(int(self.last) - int(self.first)) if self.is_whole else FINEST  # type: ignore[arg-type]

    @property
    def neutral(self) -> Value | None:
        """The value at which the lever changes nothing; None where none is known."""
        return NEUTRAL.get((str(self.lever["lever"]), self.key))

    def is_neutral(self, value: Value) -> bool:
        """Return whether the lever changes nothing at a value; nobody who is hired or leaves is no lever at all."""
        return self.neutral == value or (self.key == "count" and value == 0)

    def within(self, value: Value) -> bool:
        """Return whether a value lies in the range."""
        low, high = sorted((self.first, self.last))
        return bool(low <= value <= high)  # type: ignore[operator]  # all numbers, or all dates

    def data(self, value: Value) -> dict[str, Any]:
        """Return the lever with a value, as a scenario file has it."""
        return {**self.lever, self.key: value}


FINEST = 10**9
"""Steps of a range of real numbers: more than are told apart, of ranges that are far too wide, too."""


def _words(text: str) -> list[str]:
    """Split at spaces; a lever in the flow form of YAML has the same parts."""
    flow = re.fullmatch(r"\s*\{(.*)\}\s*", text)
    if flow is not None:
        parts = [part.strip() for part in re.split(r",(?![^{\[]*[}\]])", flow[1])]
        pairs = [re.sub(r"\s*:\s*", "=", part, count=1) for part in parts if part]
        kinds = [pair.removeprefix("lever=") for pair in pairs if pair.startswith("lever=")]
        return [*kinds, *(pair for pair in pairs if not pair.startswith("lever="))]
    words = text.split()
    if not words:
        raise ScenarioArgumentError(
            "unknown: name a lever and the number to look for: 'conversion stage=operator add=0..0.3'"
        )
    return words


def _put(lever: dict[str, Any], key: str, value: str) -> None:
    """Write a value under a key; ``where.region=West`` goes one level deeper."""
    outer, dot, inner = key.partition(".")
    if dot:
        lever.setdefault(outer, {})[inner] = _value(value) if outer in _OF_NUMBERS else value
    else:
        lever[key] = _value(value)


def _value(text: str) -> Any:  # noqa: ANN401  # whatever a scenario file may hold
    if re.fullmatch(r"[-+]?\d+", text):
        return int(text)
    if re.fullmatch(_NUMBER, text):
        return float(text)
    if text in ("true", "false"):
        return text == "true"
    return date.fromisoformat(text) if WRITTEN_DAY.fullmatch(text) else text


def _range(text: str, kind: str, key: str, value: str) -> tuple[Value, Value]:
    """Return where a number is looked for."""
    if value == "?":
        if (kind, key) not in USUAL_RANGES:
            raise ScenarioArgumentError(f"unknown {text!r}: say where to look for {key}, as {key}=FIRST..LAST")
        return USUAL_RANGES[kind, key]
    found = _RANGE.fullmatch(value)
    ends = [] if found is None else [_value(found["low"].strip()), _value(found["high"].strip())]
    if all(isinstance(end, date) for end in ends) and ends[0] != ends[1]:
        return ends[0], ends[1]
    if all(isinstance(end, int | float) for end in ends) and ends[0] != ends[1]:
        whole = key == "count"
        return (int(ends[0]), int(ends[1])) if whole else (float(ends[0]), float(ends[1]))
    raise ScenarioArgumentError(
        f"unknown {text!r}: {value!r} is no range of two different numbers or dates, such as 0..0.3"
    )
