"""Amounts of 0: the share of them in each segment, partially pooled.

Of n known amounts of a segment, k are 0. The shares of segments are beta distributed round a common share, with a
concentration that says how alike they are; both are integrated out on a grid. Jeffreys' prior stands for the common
share, and a lognormal one of median 10 for the concentration: by it shares may be all alike, or all 0 and 1.

Source: Gelman et al. (2013), Bayesian Data Analysis, section 5.3.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln

from simcast.model.new_deals import AmountSums, Floats
from simcast.model.streams import Stream, stream

JEFFREYS = 0.5

_LOG_CONCENTRATION, _SPREAD = np.log(10.0), 2.0
_N_SHARES, _N_CONCENTRATIONS = 200, 61
_SDS = 3.0
"""The grid of concentrations spans so many standard deviations of their prior to either side."""


def draw_zero_shares(amounts: AmountSums, n_draws: int, seed: int) -> Floats:
    """Return draws of the share of amounts that are 0, (n_draws, n_segments); a single segment has Jeffreys' prior."""
    generator = stream(seed, Stream.ZERO_AMOUNTS)
    zeros, others = amounts.zeros, amounts.count
    if zeros.size == 1:
        return generator.beta(zeros + JEFFREYS, others + JEFFREYS, (n_draws, 1))
    a, b = _of_the_common(zeros, others, n_draws, generator)
    return generator.beta(zeros + a[:, None], others + b[:, None])


def _of_the_common(
    zeros: Floats, others: Floats, n_draws: int, generator: np.random.Generator
) -> tuple[Floats, Floats]:
    """Return draws of the parameters of the beta distribution that segments' shares have, (n_draws,) each."""
    step = 0.5 * np.pi / _N_SHARES
    angle = step * (np.arange(_N_SHARES) + 0.5)  # by Jeffreys' prior, equally likely
    deviation = np.linspace(-_SDS, _SDS, _N_CONCENTRATIONS)
    concentration = np.exp(_LOG_CONCENTRATION + _SPREAD * deviation)
    a, b = concentration * np.sin(angle)[:, None] ** 2, concentration * np.cos(angle)[:, None] ** 2
    log_density = np.broadcast_to(-0.5 * deviation**2, a.shape).copy()
    for zero, other in zip(zeros, others, strict=True):
        log_density += betaln(zero + a, other + b) - betaln(a, b)
    density = np.exp(log_density - np.max(log_density)).ravel()
    chosen = generator.choice(density.size, n_draws, p=density / density.sum())
    row, column = np.divmod(chosen, _N_CONCENTRATIONS)
    own = angle[row] + step * (generator.random(n_draws) - 0.5)
    return concentration[column] * np.sin(own) ** 2, concentration[column] * np.cos(own) ** 2
