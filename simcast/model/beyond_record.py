"""Hazards beyond the oldest stay on record: the walk goes on, and what is known of it fades with the distance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.model.pieces import PIECE_STARTS, Pieces, piece_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_NO_SPIKES = np.zeros((0, 0), dtype=bool)


def hazards_in_all_pieces(
    log_hazard: Floats, step: Floats, told: Ints, starts: Ints, generator: np.random.Generator
) -> Floats:
    """Lay hazards out in finer pieces, up to the last, and draw those of pieces that no stay has reached.

    The data say nothing of these, so that their posterior is the prior walk from the last hazard that is told: it falls
    as 1 over the days, with a normal step of the walk's own spread for each piece.

    Parameters
    ----------
    log_hazard
        float64, (n_draws, n_moves, n_told): log of the rate per day.
    step
        float64, (n_draws, n_moves): the spread of the walk's steps.
    told
        int64, (n_told,): the first day of each piece that is told.
    starts
        int64, (n_pieces + 1,): the first days of all pieces, `told` among them, and the end of the last.
    generator
        Of the steps beyond.

    Returns
    -------
    float64, (n_draws, n_moves, n_pieces)
    """
    own = np.searchsorted(told, starts[:-1], side="right") - 1
    beyond = starts[:-1] >= PIECE_STARTS[piece_of(told[-1:]) + 1]
    far = np.diff(Pieces(starts, _NO_SPIKES).position, prepend=0.0)[beyond]
    steps = generator.standard_normal((*step.shape, far.size)) * np.sqrt(far) * step[:, :, None]
    found: Floats = log_hazard[..., own]
    slowing = Pieces(starts, _NO_SPIKES).slowing
    last = np.searchsorted(starts, told[-1])
    found[..., beyond] += np.cumsum(steps, axis=2) + slowing[last] - slowing[beyond]
    return found
