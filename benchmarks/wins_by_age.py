"""Whether deals of one age are won as often from quarter to quarter, as every model of single deals takes for granted.

    python -m benchmarks.wins_by_age benchmarks/real/maven.yaml --plot docs/maven_wins_by_age.png

Prints, by the age of deals in the last stage and by quarter, how many were won, and how many that is per 1,000 days
that deals of this age were open; draws both with --plot. Where the first is steady while the second moves, deals are
not won one by one.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.runs import table
from simcast.analysis.inputs import read_scenario_history
from simcast.history import History
from simcast.plots.drawing import CHAINS, new_grid, pyplot
from simcast.scenario import load_scenario

AGES = (0, 15, 46, 76, 106, 139)
"""Each class begins at one of these days and ends before the next; the last is open."""


def wins_and_exposure(history: History, first: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """Count wins, and days open, by age in the last stage.

    Parameters
    ----------
    history
        All that is known.
    first, end
        The first day counted, and the first not counted any more.

    Returns
    -------
    pandas.DataFrame
        ``wins`` and ``days_open``, a row per class of `AGES`.
    """
    stays = history.stays[history.stays["stage"] == history.pipeline.path[-1]]
    left = stays["left"].fillna(pd.Timestamp(history.observed_until))
    won = stays["move"].map(lambda move: isinstance(move, str) and history.pipeline.is_won(move)).to_numpy(dtype=bool)
    age = (left - stays["entered"]).dt.days.to_numpy()
    inside = won & (left >= first).to_numpy() & (left < end).to_numpy()
    rows = []
    for low, high in zip(AGES, (*AGES[1:], None), strict=True):
        begin = (stays["entered"] + pd.Timedelta(days=low)).clip(lower=first)
        until = left.clip(upper=end)
        if high is not None:
            until = until.where(
                until < stays["entered"] + pd.Timedelta(days=high), stays["entered"] + pd.Timedelta(days=high)
            )
        days_open = (until - begin).dt.days.clip(lower=0).sum()
        of_age = inside & (age >= low) & (age < (np.inf if high is None else high))
        rows.append(
            {
                "age": f"{low} to {high - 1}" if high else f"{low} and more",
                "wins": int(of_age.sum()),
                "days_open": int(days_open),
            }
        )
    return pd.DataFrame(rows).set_index("age")


def draw(found: Mapping[str, pd.DataFrame], picture: Path) -> None:
    """Draw wins, and wins per 1,000 days open, by age, a bar per quarter; write the picture.

    Parameters
    ----------
    found
        For each quarter what `wins_and_exposure` returns.
    picture
        The file, whose name says in which format.
    """
    row = new_grid(1, 3.0)[0]
    width = 0.8 / len(found)
    for number, (name, quarter) in enumerate(found.items()):
        places = np.arange(len(quarter)) + (number - (len(found) - 1) / 2) * width
        for axes, height in zip(row, (quarter["wins"], per_1000_days(quarter)), strict=True):
            axes.bar(places, height, width, color=CHAINS[number % len(CHAINS)], label=name)
    for axes, what in zip(row, ("deals won", "won per 1,000 deal-days"), strict=True):
        axes.set_title(what, fontsize=9)
        axes.set_xlabel("days in the stage", fontsize=9)
        axes.set_xticks(range(len(quarter)), quarter.index, rotation=30, ha="right")
    row[0].legend(frameon=False, fontsize=8)
    pyplot().gcf().savefig(picture, metadata={"Software": None})


def per_1000_days(quarter: pd.DataFrame) -> pd.Series:
    """Return wins per 1,000 days that deals were open, by age."""
    return 1000 * quarter["wins"] / quarter["days_open"].clip(lower=1)


def main() -> None:
    """Print the table of one scenario's history."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", type=Path)
    parser.add_argument("--quarters", type=int, default=3, help="how many of the last whole quarters")
    parser.add_argument("--plot", type=Path, help="the picture to write")
    options = parser.parse_args()
    history = read_scenario_history(load_scenario(options.scenario))
    last = pd.Timestamp(history.observed_until).to_period("Q").start_time
    found = {}
    for back in range(options.quarters, 0, -1):
        first = (last.to_period("Q") - back).start_time
        found[str(first.to_period("Q"))] = wins_and_exposure(history, first, (first.to_period("Q") + 1).start_time)
    header = ["days in the stage", *(f"{name}: won" for name in found), *(f"{name}: per 1,000 days" for name in found)]
    lines = []
    for age in next(iter(found.values())).index:
        wins = [str(quarter.loc[age, "wins"]) for quarter in found.values()]
        rates = [f"{per_1000_days(quarter)[age]:.1f}" for quarter in found.values()]
        lines.append([age, *wins, *rates])
    print(table(header, lines))
    if options.plot:
        draw(found, options.plot)


if __name__ == "__main__":
    main()
