"""One check and its verdict: whether a difference is more than chance, and whether it is large enough to matter.

With very many deals every model is wrong, and every test says so; the question is by how much. A check fails only
when both answers are yes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Verdict = Literal["passes", "differs", "fails"]
Scale = Literal["distribution", "share", "ratio", "correlation"]

SIGNIFICANCE = 0.01
"""A check is significant when its p-value is below this after Holm's correction over all checks of its name."""

SMALLEST_DISCREPANCY: MappingProxyType[Scale, float] = MappingProxyType(
    {"distribution": 0.05, "share": 0.05, "ratio": 0.10, "correlation": 0.10}
)
"""The discrepancies that matter, by scale: distribution functions or shares this far apart, counts, means, largest
values and variances off by this part of what was expected, correlations this far apart."""

FEW_REPLICATES = 10
"""Fewer replicates than this say too little of a number, or of a tail, which is then extrapolated."""

_TAIL = 0.1
_FEWEST_IN_TAIL = 50


@dataclass(frozen=True)
class PredictiveCheck:
    """One number of the history against the same number in histories replicated from the posterior.

    Parameters
    ----------
    name
        What is checked, such as ``"stays by day"``; significance is corrected over all checks of one name.
    part
        The part of the model, such as ``"stage meeting"`` or ``"new deals"``.
    subset
        Whose: a segment, a quarter, or ``"all"``.
    statistic
        Which number.
    observed
        Its value in the history.
    expected
        Its mean over the replicates; NaN when no replicate has it.
    interval
        Its 5% and 95% quantiles over the replicates.
    p_value
        The share of replicates as far from what is expected as the history is, before correction.
    discrepancy
        How far apart history and expectation are, on the check's scale.
    scale
        What the discrepancy is: see `SMALLEST_DISCREPANCY`.
    n
        How many observations the number is of.
    p_adjusted
        The p-value after Holm's correction; NaN until `judge` has seen all checks.
    verdict
        ``"fails"`` when significant and large enough to matter, ``"differs"`` when only significant, else
        ``"passes"``.
    """

    name: str
    part: str
    subset: str
    statistic: str
    observed: float
    expected: float
    interval: tuple[float, float]
    p_value: float
    discrepancy: float
    scale: Scale
    n: int
    p_adjusted: float = float("nan")
    verdict: Verdict = "passes"

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers, strings and lists."""
        return asdict(self) | {"interval": list(self.interval)}


def judge(checks: Sequence[PredictiveCheck]) -> tuple[PredictiveCheck, ...]:
    """Return the checks with p-values corrected over all checks of the same name, and verdicts.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure.
    """
    adjusted = np.empty(len(checks))
    for name in {check.name for check in checks}:
        positions = [position for position, check in enumerate(checks) if check.name == name]
        adjusted[positions] = holm(np.array([checks[position].p_value for position in positions]))
    return tuple(
        replace(check, p_adjusted=float(p_value), verdict=_verdict(check, float(p_value)))
        for check, p_value in zip(checks, adjusted, strict=True)
    )


def _verdict(check: PredictiveCheck, p_adjusted: float) -> Verdict:
    if p_adjusted >= SIGNIFICANCE:
        return "passes"
    return "fails" if check.discrepancy > SMALLEST_DISCREPANCY[check.scale] else "differs"


def holm(p_values: Floats) -> Floats:
    """Return p-values corrected by Holm's step-down procedure, float64, (n,).

    Examples
    --------
    >>> holm(np.array([0.01, 0.04, 0.03])).round(2).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values)
    steps = p_values[order] * np.arange(p_values.size, 0, -1)
    adjusted = np.empty(p_values.size)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def tail_probability(distance: float, replicated: Floats) -> float:
    """Return how likely a replicate is to lie as far from what is expected as the history does.

    Parameters
    ----------
    distance
        The history's distance, at least 0.
    replicated
        float64, (n_replicates,): the replicates' own distances.

    Notes
    -----
    Where at least 10 replicates are as far, it is their share. Beyond that, the farthest tenth of the distances (50 at
    least) is taken for exponential: without it, a few hundred replicates could not tell p-values that stay
    significant after a correction for many checks. The tails of a normal variate and of Kolmogorov's statistic are
    lighter, so that such p-values are too large rather than too small; only those of counts of a few are heavier.
    After Knijnenburg, Wessels, Reinders & Shmulevich (2009), Fewer permutations, more accurate P-values,
    Bioinformatics 25.

    Examples
    --------
    >>> replicated = np.linspace(0, 1, 201)
    >>> round(tail_probability(0.5, replicated), 2), tail_probability(3.0, replicated) < 1e-6
    (0.5, True)
    """
    n_beyond = int(np.count_nonzero(replicated >= distance))
    share = (1 + n_beyond) / (1 + replicated.size)
    if n_beyond >= FEW_REPLICATES:
        return share
    ordered = np.sort(replicated)
    n_tail = min(max(int(_TAIL * ordered.size), _FEWEST_IN_TAIL), ordered.size - 1)
    threshold = float(ordered[-n_tail - 1])
    mean_excess = float(ordered[-n_tail:].mean()) - threshold
    if mean_excess <= 0.0:
        return 0.0 if distance > threshold else share
    return float(min(share, n_tail / ordered.size * np.exp((threshold - distance) / mean_excess)))


def distances_of_replicates(values: Floats) -> Floats:
    """Return how far each replicate is from the mean of the others, float64, (n_replicates, ...).

    A history is compared with a mean that it is no part of, so a replicate must be as well.
    """
    n_replicates = values.shape[0]
    far: Floats = np.abs(values - values.mean(axis=0)) * (n_replicates / max(n_replicates - 1, 1))
    return far


@dataclass(frozen=True)
class Subject:
    """What a check is of: see the fields of the same names in `PredictiveCheck`."""

    name: str
    part: str
    subset: str
    statistic: str


def compare_number(
    subject: Subject, observed: float, replicated: Floats, *, scale: Scale, n: int, in_logs: bool = False
) -> PredictiveCheck:
    """Compare one number of the history with its replicates.

    Parameters
    ----------
    subject
        What is compared.
    observed
        The history's number.
    replicated
        float64, (n_replicates,): NaN where a replicate does not have it.
    scale
        What the discrepancy is measured in.
    n
        How many observations the number is of.
    in_logs
        Whether distances are those of logarithms, as they should be for the means of skewed amounts.
    """
    known = replicated[np.isfinite(replicated)]
    if known.size < FEW_REPLICATES:
        return impossible(subject, observed, scale, n)
    expected = float(known.mean())
    measured, standing = (np.log(known), float(np.log(observed))) if in_logs else (known, observed)
    low, high = np.quantile(known, (0.05, 0.95))
    return PredictiveCheck(
        **asdict(subject),
        observed=observed,
        expected=expected,
        interval=(float(low), float(high)),
        p_value=tail_probability(abs(standing - float(measured.mean())), distances_of_replicates(measured)),
        discrepancy=_apart(observed, expected, scale),
        scale=scale,
        n=n,
    )


def impossible(subject: Subject, observed: float, scale: Scale, n: int) -> PredictiveCheck:
    """Return the check of something that the history has and (nearly) no replicate does."""
    nothing = float("nan")
    return PredictiveCheck(
        **asdict(subject),
        observed=observed,
        expected=nothing,
        interval=(nothing, nothing),
        p_value=0.0,
        discrepancy=float("inf"),
        scale=scale,
        n=n,
    )


def _apart(observed: float, expected: float, scale: Scale) -> float:
    """Return how far apart two numbers are, relative to what is expected where the scale is a ratio."""
    apart = abs(observed - expected)
    if scale != "ratio" or apart == 0.0:
        return apart
    return apart / expected if expected > 0.0 else float("inf")
