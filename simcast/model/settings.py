"""How the model is fitted: families, priors, and how long the sampler runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Protocol

from simcast.arguments import shown
from simcast.days import is_day
from simcast.errors import ArgumentTypeError, FitError


class ModelChoices(Protocol):
    """What a scenario says of the model; `simcast.scenario.ModelSettings` is one."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the choices as plain numbers, strings, lists and dicts."""


DURATIONS = ("lognormal", "weibull", "loglogistic", "gamma", "hazard")
"""The families of days, in the order in which equally good ones are preferred."""

QUICK = {"draws": 500, "tune": 300, "chains": 2}
"""What a quick fit affords at most."""

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "durations": ("auto", *DURATIONS),
    "drift": ("none", "quarterly"),
    "amount_effect": ("auto", "none"),
    "amounts": ("auto", "lognormal", "empirical"),
    "calendar": ("auto", "none"),
    "weather": ("auto", "none"),
    "across_stages": ("auto", "none"),
    "sampler": ("nutpie", "pymc"),
}


@dataclass(frozen=True)
class FitSettings:
    """How the model is fitted.

    Parameters
    ----------
    durations
        Family of the days in a stage: ``"auto"`` lets each stage's history choose, else ``"lognormal"``,
        ``"weibull"``, ``"loglogistic"``, ``"gamma"`` or ``"hazard"`` for all.
    drift
        Whether parameters move over time: ``"none"``, or ``"quarterly"`` by a random walk from quarter to quarter.
    amount_effect
        ``"auto"`` lets the chance of the forward move depend on the amount where amounts are known from the
        beginning of stays on; ``"none"`` does not.
    amounts
        What new deals are worth: ``"lognormal"`` amounts, ``"empirical"`` ones, drawn from the segment's past, or
        ``"auto"``: the latter where the former are refuted, see `simcast.model.empirical_amounts`.
    calendar
        ``"auto"`` lets stays run on clocks where the history shows that they end by the calendar, see
        `simcast.model.clocks`; ``"none"``: all days are alike.
    weather
        ``"auto"`` lets months be good or bad for all deals together, by as much as the history leaves possible, see
        `simcast.model.weather`; ``"none"``: deals are independent.
    across_stages
        ``"auto"`` lets how a segment converts at other stages tell of how it converts at this one, as far as the
        history bears it out, see `simcast.model.standing`; ``"none"``: a segment's stages are independent.
    recorded_from
        The day from which ends of deals are on record, in ISO form; ``"auto"`` finds it, ``"none"`` is as ever.
    priors
        Priors in place of the model's own: see `simcast.model.priors.resolve_priors`.
    draws, tune
        Draws kept, and tuning steps before them, per chain.
    chains
        How many chains.
    target_accept
        The acceptance rate that tuning aims at.
    sampler
        ``"nutpie"``, or ``"pymc"`` for PyMC's own.
    thin
        Of how many draws one is kept; as many times `draws` are drawn. None leaves it to each part: one of one, or
        of several where there are few observations.
    quick
        Whether a quarter of the draws will do: for looking at a scenario, not for relying on it.

    Raises
    ------
    FitError
        When a choice is not known, or a number of draws, tuning steps or chains is not a whole number from 1 on.
    """

    durations: str = "auto"
    drift: str = "none"
    amount_effect: str = "auto"
    amounts: str = "auto"
    calendar: str = "auto"
    weather: str = "auto"
    across_stages: str = "auto"
    recorded_from: str = "auto"
    priors: Mapping[str, Any] = field(default_factory=dict)
    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    target_accept: float = 0.95
    sampler: str = "nutpie"
    thin: int | None = None
    quick: bool = False

    def __post_init__(self) -> None:
        problems = [
            f"history.model.{name}: {getattr(self, name)!r} is not known; use one of {', '.join(known)}"
            for name, known in _CHOICES.items()
            if getattr(self, name) not in known
        ]
        if self.recorded_from not in ("auto", "none") and not is_day(self.recorded_from):
            problems.append(
                f"history.model.recorded_from: {self.recorded_from!r} is no date; write 2017-03-01, auto or none"
            )
        counts = {"draws": self.draws, "tune": self.tune, "chains": self.chains, "thin": self.thin or 1}
        problems += [
            f"history.model.{name}: {value!r} is no whole number of 1 or more"
            for name, value in counts.items()
            if not (isinstance(value, int) and value >= 1)
        ]
        if problems:
            raise FitError(problems)

    @property
    def n_drawn(self) -> int:
        """How many draws a chain takes after tuning, kept or not."""
        return self.draws * (self.thin or 1)

    @property
    def candidates(self) -> tuple[str, ...]:
        """The families that each stage may have."""
        return DURATIONS if self.durations == "auto" else (self.durations,)

    def budgeted(self) -> FitSettings:
        """Return the settings with what a quick fit affords."""
        if not self.quick:
            return self
        fewer = {name: min(getattr(self, name), most) for name, most in QUICK.items()}
        return replace(self, **fewer)

    @classmethod
    def of(cls, choices: FitSettings | ModelChoices | None) -> FitSettings:
        """Read the settings from a scenario's; None means the defaults.

        Raises
        ------
        ArgumentTypeError
            When they are neither.
        """
        if choices is None:
            return cls()
        if isinstance(choices, cls):
            return choices
        held = choices.model_dump(mode="json") if hasattr(choices, "model_dump") else {"": None}
        if not held.keys() <= {field.name for field in fields(cls)}:
            raise ArgumentTypeError(
                "settings: needs a scenario's history.model or simcast.model.FitSettings, such as "
                f"FitSettings(quick=True), got {shown(choices)}"
            )
        return cls(**held)

    def plain(self) -> dict[str, Any]:
        """Return the settings as plain numbers, strings, lists and dicts, the same for equal settings."""
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        priors = {name: _plain_prior(value) for name, value in sorted(self.priors.items())}
        return held | {"priors": priors, "target_accept": float(self.target_accept)}


def _plain_prior(value: object) -> object:
    """Make a tuple and a list of the same numbers the same thing."""
    if isinstance(value, Mapping):
        return {str(key): _plain_prior(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_prior(inner) for inner in value]
    return float(value) if isinstance(value, int | float) else str(value)
