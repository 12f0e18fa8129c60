"""The actual result after the as-of date, if the history covers it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simcast.arguments import check_kind
from simcast.errors import DataArgumentError
from simcast.history import History
from simcast.plan import ForecastDays


@dataclass(frozen=True)
class Actual:
    """Wins and bookings recorded in the days that were forecast.

    Parameters
    ----------
    bookings, wins
        Totals per period.
    known_until
        The last day of the forecast that the history covers.
    complete
        Whether that is the forecast's last day.
    without_amount
        Wins whose amount is not recorded, which count nothing in the bookings.
    """

    bookings: tuple[float, ...]
    wins: tuple[int, ...]
    known_until: np.datetime64
    complete: bool
    without_amount: int


def actual_of(history: History, days: ForecastDays) -> Actual | None:
    """Read from a history what it says of the days forecast.

    Parameters
    ----------
    history
        All that is known by now, the days forecast included.
    days
        The days forecast.

    Returns
    -------
    Actual or None
        None when the history ends before the as-of date or on it.

    Raises
    ------
    DataArgumentError
        When what came after the as-of date was cut off the history, as it is of a run's: that says nothing of what
        happened; a `ValueError` too.
    ArgumentTypeError
        When `history` is not a `History`, or `days` are not `ForecastDays`.
    """
    check_kind(history, History, "history", "read_history reads one")
    check_kind(days, ForecastDays, "days", "a run holds them in .days; plan.forecast_days(scenario) makes them")
    known_until = min(history.observed_until - np.timedelta64(1, "D"), days.until)
    if known_until < days.as_of:
        if history.is_cut:
            raise DataArgumentError(
                f"history: is cut at {history.observed_until} and has nothing of the days from {days.as_of} on; give "
                "the whole one, as read_history returns it, or ask for it at once: run(scenario, actual=True)"
            )
        return None
    wins = recorded_wins(history)
    day = wins["day"].to_numpy()
    wins = wins[(day >= days.as_of) & (day <= days.until)]
    amount = wins["amount"].to_numpy(dtype=float)
    period = days.period_of_day[(wins["day"].to_numpy().astype("datetime64[D]") - days.as_of).astype(np.int64)]
    n_periods = len(days.starts)
    return Actual(
        bookings=tuple(np.bincount(period, weights=np.nan_to_num(amount), minlength=n_periods).tolist()),
        wins=tuple(np.bincount(period, minlength=n_periods).tolist()),
        known_until=known_until,
        complete=bool(known_until == days.until),
        without_amount=int(np.isnan(amount).sum()),
    )


def recorded_wins(history: History) -> pd.DataFrame:
    """Return a row per win in a history.

    Returns
    -------
    pandas.DataFrame
        ``deal``, ``day`` (of the win), ``amount`` (NaN where none is recorded) and the segment columns.
    """
    stays = history.stays
    won = stays["move"].isin([name for name in history.pipeline.outcomes if history.pipeline.is_won(name)])
    return pd.DataFrame(
        {
            "deal": stays.loc[won, "deal"],
            "day": stays.loc[won, "left"],
            "amount": stays.loc[won, "amount_at_end"].astype(float),
            **{name: stays.loc[won, name] for name in history.segments.columns},
        }
    ).reset_index(drop=True)
