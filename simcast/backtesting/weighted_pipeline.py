"""The weighted pipeline, a CRM's answer: open deals times historical win rates, plus the usual new business."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simcast.days import day_number, day_numbers
from simcast.history import History, latest_amounts


@dataclass(frozen=True)
class WeightedPipeline:
    """What a weighted pipeline expects: one number each, with no word on how sure it is.

    Parameters
    ----------
    bookings, wins
        The totals expected by the last day forecast.
    """

    bookings: float
    wins: float


def weighted_pipeline(known: History, n_days: int) -> WeightedPipeline:
    """Forecast as a CRM does.

    An open deal counts with the share of decided deals (won, or ended otherwise) that were won after they had been in
    its stage, whatever its age, as if all of them were decided by the last day. Its amount is the latest known, else
    the mean of all wins. New business is the average of what, in as many days of the past, both arrived and was won.

    Parameters
    ----------
    known
        What was known at the as-of date.
    n_days
        How many days are forecast.
    """
    stays = known.stays.assign(amount=latest_amounts(known.stays))
    won = stays["move"].isin([name for name in known.pipeline.outcomes if known.pipeline.is_won(name)])
    wins = _wins(stays, won)
    typical = float(wins["amount"].mean()) if wins["amount"].notna().any() else 0.0
    rate_by_stage, rate_of_any = _win_rates(stays, won)
    is_open = ~stays["deal"].duplicated(keep="last") & stays["left"].isna()
    rate = stays.loc[is_open, "stage"].map(rate_by_stage).fillna(rate_of_any).astype(float)
    amount = stays.loc[is_open, "amount"].fillna(typical)
    new_wins = _wins_of_new_deals(wins, known, n_days)
    new_bookings = _wins_of_new_deals(wins, known, n_days, wins["amount"].fillna(typical))
    return WeightedPipeline(float((rate * amount).sum()) + new_bookings, float(rate.sum()) + new_wins)


def _wins(stays: pd.DataFrame, won: pd.Series) -> pd.DataFrame:
    """Return a row per win: its amount, and the day numbers of the deal's arrival and of the win."""
    arrived = stays.groupby("deal", sort=False)["entered"].transform("min")
    return pd.DataFrame(
        {
            "amount": stays.loc[won, "amount_at_end"],
            "arrived": day_numbers(arrived[won].to_numpy()),
            "won": day_numbers(stays.loc[won, "left"].to_numpy()),
        }
    )


def _win_rates(stays: pd.DataFrame, won: pd.Series) -> tuple[pd.Series, float]:
    """Return the share of decided deals that were won after they had entered each stage, and the share of any."""
    deal = stays["deal"]
    won_later = won[::-1].groupby(deal[::-1], sort=False).cummax()[::-1]
    ended = stays["left"].notna().groupby(deal, sort=False).transform("last")
    first_visit = ~stays.duplicated(["deal", "stage"])
    decided = pd.DataFrame({"stage": stays["stage"], "won": won_later.astype(float)})[first_visit & (won_later | ended)]
    first_stay = decided[~deal[decided.index].duplicated()]
    return decided.groupby("stage")["won"].mean(), float(first_stay["won"].mean()) if len(first_stay) else 0.0


def _wins_of_new_deals(wins: pd.DataFrame, known: History, n_days: int, size: pd.Series | None = None) -> float:
    """Return the average, over all stretches of `n_days` in the past, of what arrived and was won within one.

    A deal won k days after its arrival lies within n_days - k of the stretches, fewer at the ends of the history. A
    history shorter than the forecast is one stretch, and is scaled up.
    """
    begins = day_number(known.stays["entered"].min().to_datetime64())
    ends = day_number(known.observed_until)
    length = min(n_days, ends - begins)
    first_stretch = np.maximum(wins["won"] - length + 1, begins)
    last_stretch = np.minimum(wins["arrived"], ends - length)
    n_stretches = np.maximum(last_stretch - first_stretch + 1, 0)
    total = float((n_stretches * (1.0 if size is None else size)).sum())
    return total / (ends - length - begins + 1) * (n_days / length)
