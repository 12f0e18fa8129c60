"""How the model is fitted: families, priors, and how long the sampler runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from simcast.errors import FitError


class ModelChoices(Protocol):
    """What a scenario says of the model; `simcast.scenario.ModelSettings` is one."""

    def model_dump(self, *, mode: str) -> dict[str, Any]:
        """Return the choices as plain numbers, strings, lists and dicts."""


@dataclass(frozen=True)
class FitSettings:
    """How the model is fitted.

    Parameters
    ----------
    durations
        Family of the days in a stage; ``"lognormal"`` so far.
    drift
        Whether parameters move over time; ``"none"`` so far.
    priors
        Priors in place of the model's own: see `simcast.model.priors.resolve_priors`.
    draws, tune
        Draws kept, and tuning steps before them, per chain.
    chains
        How many chains.
    target_accept
        The acceptance rate that tuning aims at.

    Raises
    ------
    FitError
        When a choice is not available yet.
    """

    durations: str = "lognormal"
    drift: str = "none"
    priors: Mapping[str, Any] = field(default_factory=dict)
    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    target_accept: float = 0.95

    def __post_init__(self) -> None:
        problems = [
            f"history.model.{name}: {got!r} is not available yet; use {have!r}"
            for name, got, have in (("durations", self.durations, "lognormal"), ("drift", self.drift, "none"))
            if got != have
        ]
        if problems:
            raise FitError(problems)

    @classmethod
    def of(cls, choices: FitSettings | ModelChoices | None) -> FitSettings:
        """Read the settings from a scenario's; None means the defaults."""
        if choices is None:
            return cls()
        return choices if isinstance(choices, cls) else cls(**choices.model_dump(mode="json"))  # type: ignore[union-attr]

    def plain(self) -> dict[str, Any]:
        """Return the settings as plain numbers, strings, lists and dicts, the same for equal settings."""
        return {
            "durations": self.durations,
            "drift": self.drift,
            "priors": {name: _plain_prior(value) for name, value in sorted(self.priors.items())},
            "draws": self.draws,
            "tune": self.tune,
            "chains": self.chains,
            "target_accept": float(self.target_accept),
        }


def _plain_prior(value: object) -> object:
    """Make a tuple and a list of the same numbers the same thing."""
    if isinstance(value, Mapping):
        return {str(key): _plain_prior(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain_prior(inner) for inner in value]
    return float(value) if isinstance(value, int | float) else str(value)
