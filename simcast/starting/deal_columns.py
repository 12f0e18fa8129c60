"""Which columns of a table with a row per deal hold its outcome and its days, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simcast.errors import DataError
from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column
from simcast.starting.log_columns import candidates


def read_as_deals(
    table: Table,
    columns: Sequence[Column],
    given: Mapping[str, str],
    chosen: dict[str, str | dict[str, str]],
    unsure: list[str],
) -> dict[str, str]:
    """Choose the columns of a table with a row per deal; return what its words mean."""
    path = str(table.path)
    outcome = _outcome_column(path, candidates(columns, given, "outcome", columns))
    dated = [column for column in columns if column.is_date]
    ends = [column for column in dated if _may_end(column)]
    ends = candidates(columns, given, "closed", ends)
    begun = [column for column in dated if column not in ends and not words.NO_EVENT.search(column.key)]
    begun = candidates(columns, given, "entered", begun)
    if not ends or not begun:
        raise DataError(
            f"{path}: a row per deal needs a date on which it began and one on which it ended (dates found:"
            f" {', '.join(column.name for column in dated)}); name them: --column entered=..., --column closed=..."
        )
    closed = max(ends, key=lambda column: _share_dated(table, outcome, column))
    if len(ends) > 1:
        others = ", ".join(column.name for column in ends if column is not closed)
        unsure.append(
            f"{closed.name!r} is taken as the day on which a deal ended, not {others} (history.columns.closed)"
        )
    if len(begun) == 1:
        unsure.append(
            f"only {begun[0].name!r} and {closed.name!r} date a deal, so its whole way is one stage; a log of stage"
            " changes would show where deals are lost"
        )
        entered = {"selling": begun[0].name}
    else:
        entered = {words.stage_name(column.name): column.name for column in begun}
        unsure.append(
            f"the dates {', '.join(column.name for column in begun)} are taken as those on which deals entered stages"
            " (history.columns.entered)"
        )
    chosen.update(outcome=outcome.name, closed=closed.name, entered=entered)
    outcomes = {word: words.meaning(word) or "open" for word in outcome.words}
    for name in ("won", "lost", "open"):
        meant = [word for word, found in outcomes.items() if found == name and word.casefold() != name]
        if meant:
            unsure.append(
                f"in {outcome.name!r} {', '.join(map(repr, meant))} is taken to mean {name} (history.outcomes)"
            )
    return {word: found for word, found in outcomes.items() if word not in {"won", "lost", "open"}}


def _may_end(column: Column) -> bool:
    """Tell whether a column of dates is called as one of the ends of deals."""
    return bool(words.CLOSED.search(column.key)) and not words.NO_END.search(column.key)


def _share_dated(table: Table, outcome: Column, column: Column) -> float:
    """Return which share of the ended deals have a date in a column."""
    cells = table.cells[outcome.name].astype("str").map(normalise)
    ended = cells.isin([word for word in outcome.words if words.meaning(word)])
    texts = table.cells[column.name]
    return float((texts.notna() & (texts.astype("str").str.strip() != ""))[ended].mean())


def _outcome_column(path: str, columns: Sequence[Column]) -> Column:
    """Choose the column that tells won deals from lost ones."""

    def fit(column: Column) -> tuple[int, bool]:
        return len({words.meaning(word) for word in column.words} & {"won", "lost"}), bool(
            words.OUTCOME.search(column.key)
        )

    able = [column for column in columns if not (column.is_date or column.is_number) and column.n_words <= 60]
    best = max(able, key=fit, default=None)
    if best is None or fit(best)[0] == 0:
        raise DataError(
            f"{path}: no column tells won deals from lost ones; add one with the words won, lost and open, or export a"
            " log of stage changes (a row per change: deal, stage, entered)"
        )
    return best
