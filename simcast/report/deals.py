"""The open deals for people and programs: a table in the terminal, a JSON list, a file of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from simcast.analysis.deals import LEAST_EXPECTED, have_no_worth
from simcast.errors import SimcastError
from simcast.report.terminal import plain_table, print_table
from simcast.scenario import BASELINE
from simcast.writing import agreed, chance, count, counted, money

if TYPE_CHECKING:
    import pandas as pd

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""With these spreadsheets let a formula begin."""

_DATES = ("expected_close", "close_low", "close_high")


def deals_document(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a row per deal as JSON has it: dates as text, null for what is not known."""
    rows: list[dict[str, Any]] = []
    for row in table.to_dict("records"):
        found = {
            str(name): None if value != value else value for name, value in row.items()
        }  # NaN and NaT are not themselves
        for name in _DATES:
            found[name] = None if found[name] is None else f"{found[name]:%Y-%m-%d}"
        rows.append(found)
    return rows


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write rows to a csv or parquet file, by its ending.

    In a csv, text that a spreadsheet would take for a formula stands behind an apostrophe; in parquet it is as it is.

    Raises
    ------
    SimcastError
        When the file ends otherwise, or cannot be written.
    """
    writers = {
        ".csv": lambda: without_formulas(table).to_csv(file, index=False),
        ".parquet": lambda: table.to_parquet(file, index=False),
    }
    if file.suffix not in writers:
        raise SimcastError(f"--out {file}: the name must end in .csv or .parquet")
    try:
        writers[file.suffix]()
    except OSError as error:
        raise SimcastError(f"--out {file}: {error}; name a file that can be written") from error


def without_formulas(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with an apostrophe before each text, and name of a column, that a spreadsheet would work out.

    Source: OWASP, "CSV Injection".

    Examples
    --------
    >>> import pandas as pd
    >>> without_formulas(pd.DataFrame({"deal": ["=1+1", "D-1"], "days": [-2, 3]})).to_dict("list")
    {'deal': ["'=1+1", 'D-1'], 'days': [-2, 3]}
    """

    def harmless(value: object) -> object:
        return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value

    found = table.rename(columns=harmless)
    for position, dtype in enumerate(found.dtypes):
        if dtype.kind not in "biufmM":
            found.isetitem(position, found.iloc[:, position].map(harmless).array)
    return found


_SORTED = {
    "value_at_stake": "most at stake first",
    "probability_won": "most likely wins first",
    "amount": "largest first",
    "age_days": "longest in their stage first",
    "expected_close": f"earliest expected first, chances below {chance(LEAST_EXPECTED)} last",
    "stage": "by stage",
    "deal": "by name",
}


def print_deals(
    table: pd.DataFrame,
    columns: Sequence[str],
    until: str,
    console: Console,
    top: int,
    *,
    sort: str = "value_at_stake",
    scenario: str = BASELINE,
) -> None:
    """Print what the deals together bring, then a row for each of the first ones; `sort` says how they are sorted."""
    expected = float(table["probability_won"].sum())
    stalled = int(table["stalled"].sum())
    under = "" if scenario == BASELINE else f"Under {escape(repr(scenario))}: "
    console.print(
        f"[bold]{under}{counted(len(table), 'open deal')}; "
        f"{count(expected)} of them are expected to be won by {until}; "
        f"{stalled} {agreed(stalled, 'is', 'are')} stalled.[/bold]\n"
    )
    by_wins = have_no_worth(table)
    order = "most open outcome first" if by_wins and sort == "value_at_stake" else _SORTED[sort]
    shown = plain_table(
        f"Open deals, {order}",
        *("deal", "stage", *columns, "days", "usual", *([] if by_wins else ["amount"])),
        *("P(won)", "expected", "80% of wins between", *([] if by_wins else ["at stake"]), ""),
        n_texts=2 + len(columns),
    )
    for row in table.head(top).to_dict("records"):
        won = row["expected_close"] == row["expected_close"]  # NaT is not itself
        between = row["close_low"] == row["close_low"]  # of fewer futures, and so not known of all that are ever won
        shown.add_row(
            escape(str(row["deal"])),
            escape(str(row["stage"])),
            *(escape(str(row[column])) for column in columns),
            count(math.ceil(row["age_days"])),
            count(math.ceil(row["usual_days"])) if row["usual_days"] == row["usual_days"] else "",
            *([] if by_wins else [money(row["amount"]) if row["amount"] == row["amount"] else ""]),
            chance(row["probability_won"]),
            f"{row['expected_close']:%d %b %Y}" if won else "",
            f"{row['close_low']:%d %b} and {row['close_high']:%d %b}" if between else "",
            *([] if by_wins else [money(row["value_at_stake"])]),
            "[yellow]stalled[/yellow]" if row["stalled"] else "",
        )
    print_table(shown, console)
    console.print("usual: days after which nine in ten won deals had moved on", style="dim", highlight=False)
    legend = "at stake: amount x P(won) x P(not won), what can still be changed"
    if by_wins:
        legend = "no amounts are recorded: the outcome is most open where P(won) is nearest to 50%"
    console.print(legend, style="dim", highlight=False)
    if not by_wins and table.head(top)["amount"].isna().any():
        console.print(
            "where no amount is recorded, at stake uses that of a usual deal in the segment",
            style="dim",
            highlight=False,
        )
    if len(table) > top:
        console.print(f"[dim]({len(table) - top} more: --top N shows more, --out FILE writes all)[/dim]")
