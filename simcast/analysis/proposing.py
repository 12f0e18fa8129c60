"""Splits that Optuna proposes (``pip install 'simcast[optimize]'``): for many choices, or some that help each other."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np

from simcast.analysis.splits import Search, Split
from simcast.errors import SimcastError

_STARTING = 0.25
"""So much of the trials is spread at random before proposals learn from what was found."""
_POLISHING = 0.75
"""Proposals end when so much of the trials is played; the rest goes round the best way, step by step."""
_MOST_REPEATS = 10
"""Proposals end too when so many times as many as the trials were made: then nearly all ways have been played."""


def check_optuna() -> None:
    """Raise a SimcastError when Optuna is not installed."""
    if find_spec("optuna") is None:
        raise SimcastError("--method optuna needs Optuna, which is not installed: pip install 'simcast[optimize]'")


def propose(search: Search, trials: int, seed: int) -> None:
    """Play ways that a tree-structured Parzen estimator proposes, then go on from the best step by step.

    Nothing, each choice alone and all of it come first. A proposal that asks for too much is cut down at random to one
    that is allowed, and learned from as what was played.

    Parameters
    ----------
    search
        The ways.
    trials
        How many may be played.
    seed
        The same seed gives the same proposals.

    References
    ----------
    Akiba, Sano, Yanase, Ohta & Koyama (2019), Optuna: a next-generation hyperparameter optimization framework.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)  # of multivariate, in Optuna 4
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=max(1, round(_STARTING * trials)), multivariate=True, seed=seed
        )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    generator = np.random.default_rng(seed)
    spaces = {
        f"choice {at}": optuna.distributions.IntDistribution(0, n_sizes - 1)
        for at, n_sizes in enumerate(search.n_sizes)
    }
    for split in _first(search):
        _learn(study, spaces, split, search)
    for _ in range(_MOST_REPEATS * trials):
        if search.n_played >= _POLISHING * trials:
            break
        asked = study.ask(spaces)
        wanted: Split = tuple(int(asked.params[name]) for name in spaces)
        study.tell(asked, state=optuna.trial.TrialState.FAIL)  # it is learned from as what is played of it
        _learn(study, spaces, search.cut_down(wanted, generator.permutation(len(wanted)).tolist()), search)
        search.tell(min(0.95, search.n_played / trials))
    search.polish(trials)


def _first(search: Search) -> Iterator[Split]:
    """Yield the ways to begin with: nothing, as much of each choice alone as is allowed, and of all together."""
    nothing, most = search.nothing, tuple(n_sizes - 1 for n_sizes in search.n_sizes)
    order = range(len(nothing))
    yield nothing
    for at in order:
        yield search.cut_down((*nothing[:at], most[at], *nothing[at + 1 :]), order)
    yield search.cut_down(most, order)


def _learn(study: Any, spaces: dict[str, Any], split: Split, search: Search) -> None:  # noqa: ANN401  # no type hints
    """Play a way, and let the study know what it brings."""
    import optuna

    value = search.score(split)
    params = dict(zip(spaces, split, strict=True))
    study.add_trial(optuna.trial.create_trial(params=params, distributions=spaces, value=value))
