"""Open deals at an origin: the probability that each would be won by the horizon, and whether it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from simcast.backtesting.past import Past
from simcast.forecast import Forecast
from simcast.history import History

if TYPE_CHECKING:
    import pandas as pd

_LEAST_USUAL = 0.5
"""Usual days of none at all count as half a day."""

_MOST_DAYS = 4
"""From how many earlier days the base rates are counted."""


def deal_outcomes(
    forecast: Forecast, known: History, past: Past, usual: Mapping[str, float], *, won: set[str], moved: set[str]
) -> pd.DataFrame:
    """Return a row per open deal.

    Parameters
    ----------
    forecast
        From the origin.
    known, past
        What was known at the origin.
    usual
        By stage, the days after which a deal counts as stalled: see `simcast.analysis.stalled`.
    won, moved
        The deals won within the horizon, and those that left a stage in any way.

    Returns
    -------
    pandas.DataFrame
        ``origin``, ``deal``, ``stage``, ``age_days``, ``amount``, ``probability``, ``base_rate`` and ``stage_rate``
        (the shares of deals open on earlier days, of any stage and of its own, that were won within a horizon; NaN
        where no such day is known), ``times_usual`` (the days waited over the usual ones; NaN where those are not
        known), ``won``, ``moved``.
    """
    import pandas as pd

    book = known.open_deals(past.origin)
    stage = np.array(known.pipeline.stages, dtype=object)[book.stage_code]
    probability = forecast.results["deal_wins"].to_series() / forecast.n_futures
    rates = _base_rates(past)
    overall = float(rates["won"].sum() / rates["open"].sum()) if rates["open"].sum() else float("nan")
    by_stage = (rates["won"] / rates["open"]).where(rates["open"] > 0)
    return pd.DataFrame(
        {
            "origin": past.origin.astype("datetime64[s]"),
            "deal": book.deal.astype(str),
            "stage": stage.astype(str),
            "age_days": book.age_days,
            "amount": book.amount,
            "probability": probability.reindex(book.deal.astype(str)).to_numpy(dtype=float),
            "base_rate": overall,
            "stage_rate": pd.Series(stage).map(by_stage).fillna(overall).to_numpy(dtype=float),
            "times_usual": book.age_days / np.maximum([usual.get(name, np.nan) for name in stage], _LEAST_USUAL),
            "moved": np.isin(book.deal.astype(str), sorted(moved)),
            "won": np.isin(book.deal.astype(str), sorted(won)),
        }
    )


def _base_rates(past: Past) -> pd.DataFrame:
    """Count by stage the deals open on earlier days, and those of them that were won within a horizon."""
    import pandas as pd

    pipeline = past.at(past.origin).pipeline
    counts = pd.DataFrame({"open": 0.0, "won": 0.0}, index=list(pipeline.stages))
    for day in past.earlier_days()[:_MOST_DAYS]:
        book = past.at(day).open_deals(day)
        won = np.isin(book.deal.astype(str), sorted(past.deals_won(day, past.horizon.end(day))))
        counts["open"] += np.bincount(book.stage_code, minlength=len(counts))
        counts["won"] += np.bincount(book.stage_code[won], minlength=len(counts))
    return counts
