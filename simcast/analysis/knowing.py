"""What it would be worth to know a parameter before choosing among the scenarios."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.ground import Ground
from simcast.analysis.lever_numbers import uncertain_numbers
from simcast.analysis.spread import parts_of
from simcast.forecast import Forecast
from simcast.posterior.response import fitted_responses
from simcast.scenario import BASELINE, Lever, ResponseLever

Floats = NDArray[np.float64]
Kind = Literal["stage", "arrivals", "amounts", "response", "lever"]

FEWEST_FUTURES = 200
"""With fewer futures a choice learned from some of them says nothing of the others."""

_FOLDS = 5
_NEXT_TO_NOTHING = 1e-9


@dataclass(frozen=True)
class WorthOfKnowing:
    """What knowing one part of the model would be worth.

    Parameters
    ----------
    kind
        A stage's conversion and speed, new deals, amounts, what waiting for the first contact in a stage does as it was
        fitted, or how much a lever changes.
    name
        The stage, or the scenario with the lever; else empty.
    value, error
        How much more net, or how many more wins, the choice would bring on average if the part were known before, and
        the Monte Carlo standard error of that. 0 when the choice would stay the same.
    """

    kind: Kind
    name: str
    value: float
    error: float


@dataclass(frozen=True)
class Knowing:
    """A choice among scenarios, and what knowing more would be worth for it.

    Parameters
    ----------
    metric
        What is to be as large as possible.
    best
        The scenario that is best on average, the baseline among them.
    worth
        By part of the model, what is worth most first.
    """

    metric: Literal["net", "wins"]
    best: str
    worth: tuple[WorthOfKnowing, ...]


def worth_of_knowing(ground: Ground, forecasts: Mapping[str, Forecast]) -> Knowing | None:
    """Return what knowing each part of the model would be worth: its expected value of partial perfect information.

    The choice is the scenario whose mean net is largest (wins, where nothing is booked). With a part known, it would
    be the one whose mean is largest given that part. Means given a part come from regressions of the paired
    differences on the part's parameters and their products. A choice is learned from four fifths of the futures and
    valued in the others, so that chance alone is worth nothing; it then falls short of the full value a little.

    Parameters
    ----------
    ground
        What the forecasts were played from.
    forecasts
        By scenario, the baseline among them, all played in the same futures.

    Returns
    -------
    Knowing or None
        None where there is nothing to choose from, or there are fewer futures than `FEWEST_FUTURES`.

    References
    ----------
    Strong, Oakley and Brennan (2014), Estimating multiparameter partial expected value of perfect information,
    Medical Decision Making 34, 311-326.
    """
    baseline = forecasts[BASELINE]
    if len(forecasts) < 2 or baseline.n_futures < FEWEST_FUTURES:
        return None
    metric: Literal["net", "wins"] = "wins" if all(f.books_nothing for f in forecasts.values()) else "net"
    names = list(forecasts)
    brought = np.stack([f.net() if metric == "net" else f.values("wins") for f in forecasts.values()], axis=1)
    gain = brought - brought[:, [names.index(BASELINE)]]
    best = int(np.argmax(gain.mean(axis=0)))
    draw = ground.plan().kernel.draw_of_future
    parts: list[tuple[Kind, str, Floats]] = [
        *((kind, stage, parameters[draw]) for kind, stage, parameters in parts_of(ground)),
        *(("response", stage, slope[draw]) for stage, slope in _responses(ground)),
        *(("lever", name, numbers) for name, numbers in _levers(ground, names)),
    ]
    worth = [WorthOfKnowing(kind, name, *_worth(gain, best, values)) for kind, name, values in parts]
    return Knowing(metric, names[best], tuple(sorted(worth, key=lambda found: -found.value)))


def _responses(ground: Ground) -> Iterator[tuple[str, Floats]]:
    """Yield what waiting does in each stage whose answers rest on a fit, by draw, (n_draws, 1)."""
    scenario = ground.scenario
    asked = {
        stage for team in scenario.teams.values() if team.response and team.response.from_ for stage in team.serves
    }
    asked |= {
        lever.stage
        for name in scenario.scenario_names
        for lever in scenario.levers(name)
        if isinstance(lever, ResponseLever) and lever.half_life_hours is None
    }
    for stage, fitted in fitted_responses(ground.posterior).items():
        if stage in asked:
            yield stage, fitted.slope[:, None]


def _levers(ground: Ground, names: list[str]) -> Iterator[tuple[str, Floats]]:
    """Yield the uncertain numbers of each scenario's own levers by future, (n_futures, n_numbers)."""
    for name in names:
        own = [lever for lever in ground.scenario.scenarios.get(name, ()) if isinstance(lever, Lever)]
        if (numbers := uncertain_numbers(ground.scenario, own)).size:
            yield name, numbers


def _worth(gain: Floats, best: int, parameters: Floats) -> tuple[float, float]:
    """Return what choosing by the parameters brings over the best, in futures not learned from, and its error."""
    design = _design(parameters)
    if design.shape[1] == 1:
        return 0.0, 0.0
    n = len(gain)
    fold = np.arange(n) * _FOLDS // n
    brought = np.empty(n)
    for held in range(_FOLDS):
        learn, value = fold != held, fold == held
        effects = np.linalg.lstsq(design[learn], gain[learn], rcond=None)[0]
        expected = design[value] @ effects
        # Where nothing speaks for another choice, the best one stays.
        chosen = np.where(
            expected.max(axis=1) > expected[:, best] + _NEXT_TO_NOTHING * (1.0 + np.abs(expected[:, best])),
            expected.argmax(axis=1),
            best,
        )
        brought[value] = gain[value][np.arange(int(value.sum())), chosen] - gain[value][:, best]
    mean, error = float(brought.mean()), float(brought.std() / np.sqrt(n))
    return (mean, error) if mean > 0.0 else (0.0, error)


def _design(parameters: Floats) -> Floats:
    """Return a constant, the parameters that vary, their squares and products, on a common scale."""
    finite = parameters[:, np.isfinite(parameters).all(axis=0)]
    spread = finite.std(axis=0)
    varying = finite[:, spread > _NEXT_TO_NOTHING * (1.0 + np.abs(finite.mean(axis=0)))]
    scaled = (varying - varying.mean(axis=0)) / varying.std(axis=0)
    pairs = combinations_with_replacement(range(scaled.shape[1]), 2)
    products = [scaled[:, one] * scaled[:, other] for one, other in pairs]
    return np.column_stack([np.ones(len(parameters)), scaled, *products])
