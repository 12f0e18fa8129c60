"""The tables of the page: played plans as frames of plain text and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.app.outcome import Outcome
from simcast.forecast import Summary
from simcast.history import Book
from simcast.writing import chance, count, interval, money

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


def split(
    baseline: Mapping[str, Floats], plan: Mapping[str, Floats] | None, title: str, *, by_wins: bool = False
) -> pd.DataFrame:
    """Return the total of each part: baseline, plan, and their difference with its 80% interval.

    Parameters
    ----------
    baseline, plan
        By part, bookings or wins per future; no plan while nothing is changed.
    title
        The heading of the column of parts.
    by_wins
        Whether wins are counted.
    """
    import pandas as pd

    write = count if by_wins else money
    rows = []
    for part, values in baseline.items():
        before = Summary.of(values)
        row: dict[str, str] = {
            title: part,
            "baseline P50": write(before.quantile(0.5)),
            "baseline P10 to P90": interval(before, deals=by_wins),
        }
        if plan is not None:
            after, change = Summary.of(plan[part]), Summary.of(plan[part] - values)
            row |= {
                "what-if P50": write(after.quantile(0.5)),
                "what-if P10 to P90": interval(after, deals=by_wins),
                "difference": write(change.mean, signed=True),
                "difference P10 to P90": interval(change, signed=True, deals=by_wins),
            }
        rows.append(row)
    return pd.DataFrame(rows)


def bands(parts: Mapping[str, Floats]) -> list[tuple[float, float, float]]:
    """Return P10, P50 and P90 of each part."""
    return [tuple(float(q) for q in np.quantile(values, (0.1, 0.5, 0.9))) for values in parts.values()]  # type: ignore[misc]


def comparison(plans: Mapping[str, Outcome]) -> pd.DataFrame:
    """Return plans side by side, each against the baseline in the same futures; by wins where nothing is booked."""
    import pandas as pd

    by_wins = all(outcome.by_wins for outcome in plans.values())
    return pd.DataFrame(_plans_by_wins(plans) if by_wins else _plans(plans))


def _plans_by_wins(plans: Mapping[str, Outcome]) -> list[dict[str, str]]:
    """Return what each plan brings in wins, and what they cost."""
    rows = []
    for name, outcome in plans.items():
        difference, each = outcome.difference, outcome.difference.cost_per_win
        still = difference.probability_more_wins == difference.probability_fewer_wins == 0.0
        rows.append(
            {
                "plan": name,
                "wins P50": count(round(outcome.total.quantile(0.5))),
                "P(target)": _reached(outcome),
                "more wins": count(difference.wins.mean, signed=True),
                "80% interval": "" if still else interval(difference.wins, signed=True, deals=True),
                "P(more)": "" if still else chance(difference.probability_more_wins),
                "P(fewer)": "" if still else chance(difference.probability_fewer_wins),
                "cost": money(outcome.cost),
                "cost per win": "" if each is None else money(each),
            }
        )
    return rows


def _reached(outcome: Outcome) -> str:
    return "; ".join(chance(share) for _, share in outcome.targets.values()) or "no target"


def _plans(plans: Mapping[str, Outcome]) -> list[dict[str, str]]:
    """Return what each plan brings in bookings, wins and net of its cost."""
    rows = []
    for name, outcome in plans.items():
        difference = outcome.difference
        still = difference.probability_better == difference.probability_worse == 0.0
        rows.append(
            {
                "plan": name,
                "bookings P50": money(outcome.total.quantile(0.5)),
                "P(target)": _reached(outcome),
                "difference": "0" if still else money(difference.bookings.mean, signed=True),
                "80% interval": "" if still else interval(difference.bookings, signed=True),
                "more wins": count(difference.wins.mean, signed=True),
                "cost": money(outcome.cost),
                "net gain": money(difference.net.mean, signed=True),
                "P(better)": "" if still else chance(difference.probability_better),
            }
        )
    return rows


def open_deals(book: Book, baseline: Outcome, plan: Outcome | None, stalled: NDArray[np.bool_]) -> pd.DataFrame:
    """Return the open deals with their chances by the last day forecast, the largest amount times chance first.

    Without amounts the likeliest come first.

    Parameters
    ----------
    book
        The deals open at the as-of date.
    baseline, plan
        What was played; no plan while nothing is changed.
    stalled : bool, (n_deals,)
        Which of the deals in the book count as stalled.
    """
    import pandas as pd

    frame = pd.DataFrame(
        {
            "deal": book.deal.astype(str),
            "stage": [book.pipeline.stages[code] for code in book.stage_code],
            **_segments(book),
            "days in stage": book.age_days.astype(float),
            **({} if np.isnan(book.amount).all() else {"amount": book.amount}),
            "stalled": stalled,
        }
    )
    won = pd.DataFrame(
        {"deal": baseline.deals.astype(str), "P(won)": baseline.deal_chance, "_days": baseline.deal_days}
    )
    if plan is not None:
        won["P(won), what-if"] = plan.deal_chance
    frame = frame.merge(won, on="deal", how="left", validate="one_to_one")
    days = frame.pop("_days").round().astype("Int64")
    frame["expected close, if won"] = book.as_of + pd.to_timedelta(days, unit="D")
    value = (worth_of(frame) if "amount" in frame else frame["P(won)"]).to_numpy()
    return frame.iloc[np.lexsort((frame["deal"].to_numpy(), -value))].reset_index(drop=True)


def worth_of(deals: pd.DataFrame) -> pd.Series[float]:
    """Return amount times P(won) of each deal; 0 where no amount is known."""
    return deals["amount"].fillna(0.0) * deals["P(won)"] if "amount" in deals else 0.0 * deals["P(won)"]


def _segments(book: Book) -> dict[str, list[str]]:
    """Return the segment columns of the open deals, under names that no other column has."""
    taken = {"deal", "stage", "days in stage", "amount"}
    columns = {}
    for column in book.segments.columns:
        values = book.segments.column(column)
        columns[f"{column} (segment)" if column in taken else column] = [values[code] for code in book.segment_code]
    return columns


def segment_titles(book: Book) -> list[str]:
    """Return the titles of the segment columns in `open_deals`."""
    return list(_segments(book))


def filtered(deals: pd.DataFrame, wanted: Mapping[str, list[str]]) -> pd.DataFrame:
    """Return the deals that have one of the wanted values in each column; an empty list lets all pass."""
    for column, values in wanted.items():
        if values:
            deals = deals[deals[column].isin(values)]
    return deals
