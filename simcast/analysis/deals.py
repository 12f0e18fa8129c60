"""The open deals one by one: how likely each is to be won by the end of the forecast, when, and what is at stake."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.ground import GROUND_OF, Ground
from simcast.analysis.parameters import median_amounts
from simcast.analysis.stalled import are_stalled, usual_days_of
from simcast.arguments import check_kind
from simcast.engine.capacity_layout import TeamPlan, TeamResults
from simcast.engine.chunks import play_chunk
from simcast.engine.layout import as_declared
from simcast.errors import ArgumentError, SimcastError
from simcast.forecast import Forecast
from simcast.history import Book
from simcast.plan import Plan
from simcast.posterior import Posterior

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

MOST_COUNTS = 50_000_000
"""Wins are counted by deal and day; where that would be more counts than these, by deal and so many days together."""

FEWEST_DATES = 14
"""However many deals there are, so many dates are told apart, where the forecast has as many days."""

MOST_FUTURES = 4000
"""More futures than these do not change an interval of days by a day."""

INTERVAL = (0.1, 0.9)

LEAST_EXPECTED = 0.05
"""The date of a win that is less likely than this is not awaited: such deals come last where dates sort."""

N_KNOWN = 12
"""How many known values an error names."""

SORTED_BY = ("value_at_stake", "probability_won", "amount", "age_days", "expected_close", "stage", "deal")


def deal_table(ground: Ground, forecast: Forecast | None = None) -> pd.DataFrame:
    """Return a row per open deal, those first of which most is at stake; without amounts, those most open.

    Parameters
    ----------
    ground
        The open deals, and what is known of them.
    forecast
        The baseline, when it has been played already.

    Returns
    -------
    pandas.DataFrame
        Columns, in days and money:

        - ``deal``, ``stage``, the segment columns, ``age_days`` (in the stage), ``amount`` (NaN where not known)
        - ``probability_won``: the share of futures in which it is won by the end of the forecast
        - ``expected_close``: the mean date of the win in those futures, datetime64[s]; NaT where there is none
        - ``close_low``, ``close_high``: in 8 of 10 of them it is won between these dates
        - ``stalled``: whether it has been in its stage for longer than nine of ten won deals were, and
          does not wait in line for a team
        - ``usual_days``: how long those nine needed at most; NaN where too few have
        - ``value_at_stake``: amount times P(won) times P(not won), which is largest where the outcome is most open:
          what can still be changed. Where the amount is not known, that of a typical deal of the segment stands for it;
          0 where no amounts are known at all

    Examples
    --------
    ``deal_table(ground_of(load_scenario("scenarios/q3.yaml"))).head(20)``

    Raises
    ------
    ArgumentTypeError
        When `ground` is not a `Ground` or `forecast` not a `Forecast`.
    ArgumentError
        When the forecast does not hold the open deals of the ground.
    """
    import pandas as pd

    check_kind(ground, Ground, "ground", GROUND_OF)
    if forecast is not None:
        check_kind(forecast, Forecast, "forecast", "a run holds one per scenario in .forecasts")
        if "deal_wins" not in forecast.results or len(forecast.results["deal"]) != len(ground.book):
            raise ArgumentError("forecast: does not hold the open deals of this ground; leave it out to play it")
    plan = ground.plan()
    forecast = ground.simulate(plan) if forecast is None else forecast
    order = {deal: position for position, deal in enumerate(forecast.results["deal"].to_numpy().astype(str))}
    at = np.array([order[str(deal)] for deal in ground.book.deal], dtype=np.int64)
    wins = forecast.results["deal_wins"].to_numpy()[at]
    probability = wins / forecast.n_futures
    as_of = ground.book.as_of.astype("datetime64[s]")
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_day = forecast.results["deal_win_days"].to_numpy()[at] / wins
    low, high = _close_days(ground, plan)
    book, pipeline = ground.book, ground.posterior.pipeline
    stage = np.array([pipeline.stages[code] for code in book.stage_code], dtype=object)
    limit = usual_days_of(ground.history, ground.posterior, book)
    worth = np.where(np.isnan(book.amount), typical_amounts(book, ground.posterior), book.amount)
    table = pd.DataFrame(
        {
            "deal": book.deal.astype(str),
            "stage": stage,
            **_segment_columns(book),
            "age_days": book.age_days,
            "amount": book.amount,
            "probability_won": probability,
            "expected_close": _dates(as_of, mean_day),
            "close_low": _dates(as_of, low),
            "close_high": _dates(as_of, high),
            "stalled": are_stalled(book, limit, plan),
            "usual_days": limit,
            "value_at_stake": worth * probability * (1.0 - probability),
        }
    )
    return _sorted(table, "value_at_stake")


def have_no_worth(table: pd.DataFrame) -> bool:
    """Return whether nothing is at stake in money, since no amount is known: deals differ by their chances alone."""
    return not (table["value_at_stake"].any() or table["amount"].fillna(0.0).any())


def _sorted(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """Sort by a column, then by name; what is at stake is one win each where no amount is known."""
    falling = column not in ("expected_close", "stage", "deal")
    chance = table["probability_won"]
    at_stake = column == "value_at_stake" and have_no_worth(table)
    by = table.assign(_key=chance * (1.0 - chance) if at_stake else table[column])
    found = by.sort_values(["_key", "deal"], ascending=[not falling, True], ignore_index=True)
    return found.drop(columns="_key")


def chosen_deals(
    table: pd.DataFrame,
    *,
    where: Sequence[str] = (),
    stages: Sequence[str] = (),
    stalled: bool | None = None,
    sort: str = "value_at_stake",
) -> pd.DataFrame:
    """Return some rows of a `deal_table`, sorted.

    Parameters
    ----------
    where
        Conditions such as ``"region=West"``; those on one column widen the choice, those on different ones narrow it.
    stages
        Only deals in one of these stages.
    stalled
        Only deals that are stalled, or that are not.
    sort
        One of `SORTED_BY`: numbers from the largest down, dates and names from the first on. Where dates sort, deals
        with a chance below `LEAST_EXPECTED` come last.

    Raises
    ------
    SimcastError
        When a condition names no column, or a value that no deal has.
    """
    wanted: dict[str, list[str]] = {}
    problems = []
    given = [(f"--where {condition}", condition) for condition in where]
    given += [(f"--stage {stage}", f"stage={stage}") for stage in stages]
    for option, condition in given:
        column, equals, value = condition.partition("=")
        if not equals or column not in table.columns:
            problems.append(f"{option}: write COLUMN=VALUE with one of the columns {', '.join(table.columns)}")
        elif len(table) and value not in set(table[column].astype(str)):
            some = ", ".join(sorted(set(table[column].astype(str)))[:N_KNOWN])
            problems.append(f"{option}: no open deal has this value (known: {some})")
        wanted.setdefault(column, []).append(value)
    if problems:
        raise SimcastError(problems)
    for column, values in wanted.items():
        table = table[table[column].astype(str).isin(values)]
    if stalled is not None:
        table = table[table["stalled"] == stalled]
    found = _sorted(table, sort)
    if sort == "expected_close":
        hopeless = found["probability_won"] < LEAST_EXPECTED
        found = found.iloc[hopeless.argsort(kind="stable")].reset_index(drop=True)
    return found


def _segment_columns(book: Book) -> dict[str, list[str]]:
    """Return the value of each segment column of each deal."""
    return {
        column: [book.segments.values[code][position] for code in book.segment_code]
        for position, column in enumerate(book.segments.columns)
    }


def typical_amounts(book: Book, posterior: Posterior) -> Floats:
    """Return the median amount of a won deal of each open deal's segment, over posterior draws."""
    of_segment = np.median(median_amounts(posterior), axis=0)
    typical = dict(zip(posterior.segments.values, of_segment, strict=True))
    return np.array([typical[book.segments.values[code]] for code in book.segment_code], dtype=np.float64)


def _close_days(ground: Ground, plan: Plan) -> tuple[Floats, Floats]:
    """Return between which days, counted from the as-of date, 8 of 10 wins of each deal lie; NaN without wins.

    These are days on which wins fall. Where several days are counted together, wins are spread evenly over them.
    """
    n_days = plan.days.n_days
    n_dates = min(n_days, max(FEWEST_DATES, MOST_COUNTS // max(len(plan.deals), 1)))
    dates = np.unique(np.ceil(np.linspace(0, n_days, n_dates + 1)).astype(np.int64))[1:]
    wins = _wins_by_date(plan, dates)
    position = {deal: row for row, deal in enumerate(plan.deals)}
    edges = np.concatenate([[0], dates])
    found = np.array([_days_at(wins[position[deal]], edges) for deal in ground.book.deal], dtype=np.float64)
    low, high = found.reshape(-1, len(INTERVAL)).T
    return low, high


def _days_at(wins: NDArray[np.uint16], edges: NDArray[np.int64]) -> list[float]:
    """Return the days by which the shares `INTERVAL` of the wins have come, given how many come between edges."""
    come = np.cumsum(wins, dtype=np.int64)
    if not come[-1]:
        return [np.nan] * len(INTERVAL)
    days = []
    for level in INTERVAL:
        wanted = level * come[-1]
        between = int(np.searchsorted(come, wanted))
        missing = (come[between] - wanted) / wins[between]
        end = edges[between + 1] - missing * (edges[between + 1] - edges[between])
        days.append(max(float(np.ceil(end)) - 1.0, float(edges[between])))
    return days


def _wins_by_date(plan: Plan, dates: NDArray[np.int64]) -> NDArray[np.uint16]:
    """Return in how many futures each open deal is won between each date and the one before, (n_deals, n_dates).

    Futures are played one by one: results hold sums over the futures of a chunk, and a deal is won once in each at
    most, so that the sum over a single one is the day of the win. No new deals come, unless there are teams, for
    whose people they wait like the open ones.
    """
    kernel = plan.kernel
    n_futures = min(plan.n_futures, MOST_FUTURES)
    alone = kernel._replace(
        arrival_mean=np.zeros_like(kernel.arrival_mean) if plan.capacity is None else kernel.arrival_mean,
        period_of_day=np.zeros_like(kernel.period_of_day),
    )
    playable = as_declared(alone if plan.capacity is None else TeamPlan(alone, plan.capacity))
    wins = np.zeros((len(kernel.deal_key), len(dates)), dtype=np.uint16)
    for future in range(n_futures):
        played = play_chunk(playable, range(future, future + 1))
        flow = played.flow if isinstance(played, TeamResults) else played
        won = np.flatnonzero(flow.deal_wins)
        wins[won, np.searchsorted(dates, flow.deal_win_days[won], side="right")] += 1
    return wins


def _dates(as_of: np.datetime64, days: Floats) -> NDArray[np.datetime64]:
    """Turn days after the as-of date into dates, means of days into the nearest one; NaN into NaT."""
    found = np.full(len(days), np.datetime64("NaT", "s"), dtype="datetime64[s]")
    known = ~np.isnan(days)
    found[known] = as_of + np.floor(days[known] + 0.5).astype(np.int64).astype("timedelta64[D]")
    return found
