"""Which columns of a log hold the deal, the stage and the day, and what its words mean."""

from __future__ import annotations

from collections.abc import Sequence

from simcast.errors import DataError
from simcast.history.dialect import rewrite_date
from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column
from simcast.starting.said import Said

_FITTING = 0.75
"""A date of entry must tell so large a share of the days that another one tells of the same deals."""


def candidates(columns: Sequence[Column], said: Said, name: str, otherwise: Sequence[Column]) -> list[Column]:
    """Return the column that the user names for one of ours; else those that may be it."""
    named = said.column(columns, name)
    return list(otherwise) if named is None else [named]


def find_deal(table: Table, columns: Sequence[Column], unsure: list[str]) -> Column:
    """Choose the column that tells deals apart: one called so, or else the one with the most values."""
    named = [
        column
        for column in columns
        if (
            words.ID.search(column.key)
            or (words.DEAL.fullmatch(column.key) and 10 * column.n_words >= len(table.place))
        )
        and not column.is_date
    ]
    named.sort(
        key=lambda column: (
            bool(words.NO_DEAL.search(column.key)),
            not words.DEAL.search(column.key),
            column.key != "id",
            -column.n_words,
        )
    )
    if named:
        return named[0]
    others = [column for column in columns if not column.is_date and not column.is_number and column.filled > 0.99]
    if not others:
        raise DataError(f"{table.path}: no column looks like the id of a deal; name one: --column deal=...")
    best = max(others, key=lambda column: column.n_words)
    unsure.append(f"no column is named as an id: {best.name!r} is taken as the deal id (history.columns.deal)")
    return best


def find_stage(table: Table, columns: Sequence[Column], deal: Column) -> Column | None:
    """Choose the column of stages of a log: one called so in which a deal seldom has the same word twice."""

    def fit(column: Column) -> tuple[bool, float]:
        pairs = table.cells[[deal.name, column.name]].drop_duplicates()
        return bool(words.NEW_STAGE.search(column.key)), len(pairs) / len(table.place)

    named = [
        column
        for column in columns
        if words.STAGE.search(column.key)
        and not words.OLD_STAGE.search(column.key)
        and not (column.is_date or column.is_number)
        and 1 < column.n_words <= 60
    ]
    return max(named, key=fit) if named else None


def _of_entry(table: Table, columns: Sequence[Column], deal: Column) -> list[Column]:
    """Return the dates that may be those of entry: in a log, a row was made or changed when its deal entered a stage.

    A date that differs less between the rows of a deal than one that is called less fittingly gives way to it, such
    as the deal's own creation; so does one that is called as a deal's end, such as the planned one.
    """
    dated = [column for column in columns if column.is_date]
    events = [column for column in dated if not words.NO_EVENT.search(column.key)]
    ways = (
        [column for column in events if not words.NO_ENTRY.search(column.key)],
        [column for column in dated if words.CHANGED.search(column.key) and not words.NO_ENTRY.search(column.key)],
        events,
        dated,
    )
    most = [max((_n_days(table, deal, column) for column in way), default=0) for way in ways]
    return next(way for way, n_days in zip(ways, most, strict=True) if way and n_days >= _FITTING * max(most[:2]))


def _n_days(table: Table, deal: Column, column: Column, *, whole: bool = False) -> int:
    """Count the days of all deals, each as often as a deal has it in a column; or the `whole` cells."""
    cells = table.cells[[deal.name, column.name]]
    if not whole:
        texts = cells[column.name].astype("str")
        days = {text: rewrite_date(normalise(text), "day-first")[:10] for text in texts.unique()}
        cells = cells.assign(**{column.name: texts.map(days)})
    return len(cells.drop_duplicates())


def read_as_log(
    table: Table,
    columns: Sequence[Column],
    said: Said,
    deal: Column,
    stage: Column,
    chosen: dict[str, str | dict[str, str]],
    unsure: list[str],
) -> dict[str, str]:
    """Choose the columns of a log; return what its words mean."""
    dated = candidates(columns, said, "entered", _of_entry(table, columns, deal))
    entered = max(dated, key=lambda column: _n_days(table, deal, column, whole=True))
    if len(table.place) > deal.n_words == _n_days(table, deal, entered, whole=True):
        unsure.append(
            f"{entered.name!r} is the same in all rows of a deal, so it seems to date deals, not the entry into stages:"
            " name another, such as --column entered=... (history.columns.entered)"
        )
    if len(dated) > 1:
        others = ", ".join(column.name for column in dated if column is not entered)
        unsure.append(f"{entered.name!r} is taken as the day of entry, not {others} (history.columns.entered)")
    chosen.update(stage=stage.name, entered=entered.name)
    means = words.meanings(stage.words, said.outcomes)
    outcomes = {word: name for word, name in means.items() if name != "open"}
    for name in ("won", "lost"):
        meant = [word for word, found in outcomes.items() if found == name and word.casefold() != name]
        if meant:
            unsure.append(f"{words.listed(meant)} taken to mean {name} (history.outcomes)")
    return {word: found for word, found in outcomes.items() if word != found}
