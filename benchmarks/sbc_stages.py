"""How stays end, drawn from the priors of the stage model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import special

from benchmarks.sbc_cases import RANKED_PIECES, Case, Floats, Truth, centred, drawn, hazard_name
from benchmarks.sbc_changes import DriftingStays, draw_changes
from simcast.model import DEFAULT_PRIORS, Prior
from simcast.model.pieces import PIECE_STARTS
from simcast.synthetic.stays import HazardStays, MixtureStays, Stays


def draw_stays(
    case: Case,
    name: str,
    moves: tuple[str, ...],
    generator: np.random.Generator,
    centre: float = 0.0,
    priors: Mapping[str, Prior] = DEFAULT_PRIORS,
) -> tuple[Stays, Truth]:
    """Draw the parameters of one stage; `centre` is the mean log amount of the deals on record."""
    if case.durations == "hazard":
        return _draw_hazard(case, name, moves, generator, centre, priors)
    n_moves = len(moves)
    means = [*["conversion_logit"], *["other_moves_logit"] * (n_moves - 2), *["log_median_days"] * n_moves]
    spreads = ["conversion_spread"] * (n_moves - 1) + ["median_spread"] * n_moves
    mean = np.array([float(drawn(priors[key], generator)) for key in means])
    spread = np.array([float(drawn(priors[key], generator)) for key in spreads])
    effects = mean + _column_effects(case, [priors[key] for key in spreads], generator)
    effects = effects + spread * generator.standard_normal((len(case.segments), len(means)))
    names = effect_names(moves)
    drifting = [0, *range(n_moves - 1, len(names))]
    changes, truth = draw_changes(case, name, names, drifting, centre, generator, priors)
    coming = effects + changes.walk[-1]
    share, median = shares_of(coming[:, : n_moves - 1]), np.exp(coming[:, n_moves - 1 :])
    shape = np.exp(drawn(priors["log_days_shape"], generator, n_moves))
    stalled = float(special.expit(drawn(priors["stalled_logit"], generator)))
    truth[f"{name}: stalled"] = stalled
    for k, move in enumerate(moves):
        truth[f"{name}: shape to {move}"] = float(shape[k])
        for code, label in enumerate(case.labels):
            truth[f"{name}: median days to {move} [{label}]"] = float(median[code, k])
            if case.by_amount and k == 0:
                truth[at_centre_name(name, move, label)] = float(coming[code, 0])
            elif k != 1:
                truth[f"{name}: share of {move} [{label}]"] = float(share[code, k])
    for position, effect in enumerate(names):
        truth[f"{name}: mean of {effect}"] = float(mean[position])
        truth[f"{name}: spread of {effect}"] = float(spread[position])

    def stays_of(effects: Floats) -> Stays:
        median = np.exp(effects[:, n_moves - 1 :])
        scale, own_shape = natural(case.durations, median, np.broadcast_to(shape, median.shape))
        share = shares_of(effects[:, : n_moves - 1])
        return MixtureStays(case.durations, share, np.full(len(share), stalled), scale, own_shape)

    return _by_quarter(changes.by_quarter(effects), stays_of), truth


def _by_quarter(effects: Sequence[Floats], stays_of: Callable[[Floats], Stays]) -> Stays:
    """Return stays that end by the effects of their quarter, or by the only ones that there are."""
    return stays_of(effects[0]) if len(effects) == 1 else DriftingStays(tuple(map(stays_of, effects)))


def at_centre_name(stage: str, move: str, label: str) -> str:
    """Return what the chance of deals of a middling amount is called among the quantities."""
    return f"{stage}: log odds of {move} at the centre of amounts [{label}]"


def effect_names(moves: tuple[str, ...]) -> list[str]:
    """Return the names of a mixture's effects, in the order of the model."""
    odds = [f"log odds of {moves[0]}", *(f"log odds of {name} against {moves[1]}" for name in moves[2:])]
    return [*odds, *(f"log median days to {name}" for name in moves)]


def shares_of(log_odds: Floats) -> Floats:
    """Return the shares of the moves: the first's log odds, then those of the third and further against the second."""
    forward = special.expit(log_odds[:, :1])
    others = special.softmax(np.hstack([np.zeros((len(log_odds), 1)), log_odds[:, 1:]]), axis=1)
    return np.hstack([forward, (1.0 - forward) * others])


def natural(family: str, median: Floats, shape: Floats) -> tuple[Floats, Floats]:
    """Return scale and shape as a world has them, from the model's median and shape."""
    if family == "weibull":
        return median / math.log(2.0) ** shape, shape
    if family == "gamma":
        k = shape**-2.0
        return median / special.gammaincinv(k, 0.5), k
    return median, shape


def _column_effects(case: Case, spreads: list[Prior], generator: np.random.Generator) -> Floats:
    """Draw the effects of the values of crossed columns, (n_segments, n_effects); zeros with a single column."""
    total = np.zeros((len(case.segments), len(spreads)))
    if not case.crossed:
        return total
    for position in range(2):
        values = sorted({segment[position] for segment in case.segments})
        spread = np.array([float(drawn(prior, generator)) for prior in spreads])
        of_value = spread * centred(generator.standard_normal((len(values), len(spreads))))
        total += of_value[[values.index(segment[position]) for segment in case.segments]]
    return total


def _draw_hazard(
    case: Case,
    name: str,
    moves: tuple[str, ...],
    generator: np.random.Generator,
    centre: float,
    priors: Mapping[str, Prior],
) -> tuple[Stays, Truth]:
    """Draw hazards whose product with the days walks from piece to piece."""
    n_moves, n_pieces = len(moves), len(PIECE_STARTS) - 1
    start = drawn(priors["log_hazard"], generator, n_moves)
    first = start + drawn(priors["first_day_step"], generator, n_moves)
    step = drawn(priors["hazard_step"], generator, n_moves)
    walk = np.cumsum(step[:, None] * generator.standard_normal((n_moves, n_pieces - 2)), axis=1)
    middle_day = 0.5 * (PIECE_STARTS[2:-1] + PIECE_STARTS[3:] - 1)
    log_hazard = np.hstack([first[:, None], start[:, None], start[:, None] + walk - np.log(middle_day)])
    spread = drawn(priors["hazard_spread"], generator, n_moves)
    own = spread * centred(generator.standard_normal((len(case.segments), n_moves)))
    effect = own + _column_effects(case, [priors["hazard_spread"]] * n_moves, generator)
    changes, truth = draw_changes(case, name, moves, range(n_moves), centre, generator, priors)
    coming = effect + changes.walk[-1]
    for k, move in enumerate(moves):
        truth[f"{name}: spread of hazards of {move}"] = float(spread[k])
        truth[f"{name}: step of the hazard of {move}"] = float(step[k])
        for piece in RANKED_PIECES:
            truth[hazard_name(name, move, piece)] = float(log_hazard[k, piece])
        for code, label in enumerate(case.labels):
            truth[f"{name}: effect on {move} [{label}]"] = float(coming[code, k])

    def stays_of(effects: Floats) -> Stays:
        return HazardStays(PIECE_STARTS, np.exp(log_hazard[None] + effects[:, :, None]))

    return _by_quarter(changes.by_quarter(effect), stays_of), truth
