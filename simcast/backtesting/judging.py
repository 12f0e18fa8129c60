"""Whether the forecasts of a scenario are to be trusted, by how its past ones came out; and of single deals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simcast.backtesting.baselines import BASELINES_IN_WORDS
from simcast.backtesting.results import Backtest
from simcast.backtesting.summary import Summary
from simcast.scoring import brier
from simcast.writing import agreed, counted

if TYPE_CHECKING:
    import pandas as pd

FALSE_ALARM = 0.05
"""How often intervals that are right would be called wrong: over all metrics and intervals tested."""

TESTED_INTERVALS = (0.8, 0.95)
RELIABILITY_EDGES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0)


@dataclass(frozen=True)
class Judgement:
    """Whether to trust.

    Parameters
    ----------
    trusted
        False when something is known to be wrong. With few origins little can be known.
    reasons
        Why not.
    notes
        What to know besides.
    """

    trusted: bool
    reasons: tuple[str, ...]
    notes: tuple[str, ...]


def judge(backtest: Backtest, summary: Summary) -> Judgement:
    """Judge the forecasts: intervals that held too seldom or too often, a baseline that is better, poor fits.

    Coverage, ties counted in part, is tested by the binomial distribution, for as many forecasts as do not overlap,
    with a false-alarm rate of `FALSE_ALARM` over all metrics and intervals (Bonferroni).
    """
    reasons: list[str] = []
    notes: list[str] = []
    level = FALSE_ALARM / (len(TESTED_INTERVALS) * len(summary.metrics))
    for metric, found in summary.metrics.items():
        scores = found.methods["simcast"]
        for interval in TESTED_INTERVALS:
            p = coverage_p_value(
                scores.coverage_in_part.get(interval, float("nan")), interval, scores.n, summary.overlap
            )
            if p < level:
                held = scores.coverage[interval]
                way = "too narrow or biased" if scores.coverage_in_part[interval] < interval else "too wide"
                reasons.append(
                    f"{metric}: the {interval:.0%} interval contained the actual result in {round(held * scores.n)} of "
                    f"{counted(scores.n, 'forecast')}, which chance explains with p = {p:.2g}: it is {way}"
                )
        reasons += [
            f"{metric}: {BASELINES_IN_WORDS.get(ratio.against, ratio.against)} forecasts better: "
            f"CRPS ratio {ratio.ratio:.2f}, {ratio.low:.2f} to {ratio.high:.2f}"
            for ratio in found.ratios
            if ratio.verdict == "worse"
        ]
    n, poor = len(backtest.origins), sum(not each["trusted"] for each in backtest.origins)
    if poor:
        fits = f"{poor} of {counted(n, 'fit')} {agreed(poor, 'is', 'are')}"
        text = f"{fits} not to be trusted (simcast diagnose shows why)"
        (reasons if 2 * poor > n else notes).append(text)
    independent = n / summary.overlap
    if independent < 6:
        notes.append(
            f"{counted(n, 'as-of date')} {agreed(n, 'makes', 'make')} about"
            f" {counted(max(round(independent), 1), 'forecast')} without overlap: enough to find gross errors"
            " only"
        )
    notes += _notes_of_origins(backtest)
    return Judgement(not reasons, tuple(reasons), tuple(notes))


def _notes_of_origins(backtest: Backtest) -> list[str]:
    """Return each note once, with how many origins it holds of."""
    counts: dict[str, int] = {}
    for each in backtest.origins:
        for note in each["notes"]:
            counts[note] = counts.get(note, 0) + 1
    dates = counted(len(backtest.origins), "as-of date")
    return [f"{note} (at {count} of {dates})" for note, count in counts.items()]


def coverage_p_value(held: float, interval: float, n: int, overlap: float) -> float:
    """Return how likely a coverage so far off is when intervals are right, two-sided, for forecasts that overlap.

    Examples
    --------
    >>> round(coverage_p_value(0.5, 0.8, 10, 1.0), 3), round(coverage_p_value(0.5, 0.8, 10, 3.0), 3)
    (0.033, 0.488)
    """
    independent = max(int(n / overlap), 1)
    if n == 0 or np.isnan(held):
        return 1.0
    return float(stats.binomtest(round(held * independent), independent, interval).pvalue)


@dataclass(frozen=True)
class StalledScores:
    """What became of the deals that counted as stalled: longer in their stage than nine of ten won deals were.

    Parameters
    ----------
    n, n_stalled
        Open deals over all origins whose usual days are known, and those of them that were stalled.
    stayed_stalled, stayed_others
        The shares of either that were still in the same stage at the horizon's end.
    won_stalled, won_others
        The shares that were won by then.
    auc
        How often a deal that stayed had waited longer, in usual days, than one that moved; NaN without both.
    """

    n: int
    n_stalled: int
    stayed_stalled: float
    stayed_others: float
    won_stalled: float
    won_others: float
    auc: float


@dataclass(frozen=True)
class DealScores:
    """How good the probabilities of single deals were.

    Parameters
    ----------
    n, n_won
        Open deals over all origins, and those of them that were won by the horizon.
    brier, brier_base_rate, brier_stage_rate
        Mean squared errors: of simcast; of one share for all deals; of one share per stage.
    auc
        How often a deal that was won had a higher probability than one that was not; NaN when there are not both.
    table
        A row per class of probability: ``low``, ``high``, ``n``, ``foreseen``, ``won``.
    stalled
        What became of stalled deals; None where there were none, or no others.
    """

    n: int
    n_won: int
    brier: float
    brier_base_rate: float
    brier_stage_rate: float
    auc: float
    table: tuple[dict[str, float], ...]
    stalled: StalledScores | None


def judge_deals(deals: pd.DataFrame | None) -> DealScores | None:
    """Score the probabilities of single deals; None without any that base rates are known of."""
    if deals is None or not len(known := deals[deals["base_rate"].notna()]):
        return None
    p, won = known["probability"].to_numpy(dtype=float), known["won"].to_numpy(dtype=float)
    return DealScores(
        n=len(known),
        n_won=int(won.sum()),
        brier=brier(p, won),
        brier_base_rate=brier(known["base_rate"].to_numpy(dtype=float), won),
        brier_stage_rate=brier(known["stage_rate"].to_numpy(dtype=float), won),
        auc=ranking(p, won),
        table=tuple(reliability(p, won)),
        stalled=judge_stalled(known),
    )


def judge_stalled(deals: pd.DataFrame) -> StalledScores | None:
    """Return what became of stalled deals; None where there were none, or no others."""
    known = deals[deals["times_usual"].notna()]
    times = known["times_usual"].to_numpy(dtype=float)
    stayed, won = 1.0 - known["moved"].to_numpy(dtype=float), known["won"].to_numpy(dtype=float)
    stalled = times > 1.0
    if not stalled.any() or stalled.all():
        return None
    return StalledScores(
        n=len(known),
        n_stalled=int(stalled.sum()),
        stayed_stalled=float(stayed[stalled].mean()),
        stayed_others=float(stayed[~stalled].mean()),
        won_stalled=float(won[stalled].mean()),
        won_others=float(won[~stalled].mean()),
        auc=ranking(times, stayed),
    )


def reliability(p: NDArray[np.float64], won: NDArray[np.float64]) -> list[dict[str, float]]:
    """Return how many deals of each class of probability were won, beside what was foreseen; empty classes left out."""
    place = np.clip(np.searchsorted(RELIABILITY_EDGES, p, side="right") - 1, 0, len(RELIABILITY_EDGES) - 2)
    rows = []
    for k in np.unique(place):
        here = place == k
        rows.append(
            {
                "low": RELIABILITY_EDGES[k],
                "high": RELIABILITY_EDGES[k + 1],
                "n": int(here.sum()),
                "foreseen": float(p[here].mean()),
                "won": float(won[here].mean()),
            }
        )
    return rows


def ranking(p: NDArray[np.float64], won: NDArray[np.float64]) -> float:
    """Return the area under the ROC curve: Mann and Whitney's statistic, ties counting one half.

    Examples
    --------
    >>> import numpy as np
    >>> ranking(np.array([0.9, 0.2, 0.2]), np.array([1.0, 0.0, 1.0]))
    0.75
    """
    n_won, n_not = int(won.sum()), int((1 - won).sum())
    if n_won == 0 or n_not == 0:
        return float("nan")
    ranks = stats.rankdata(p)
    return float((ranks[won == 1].sum() - n_won * (n_won + 1) / 2) / (n_won * n_not))
