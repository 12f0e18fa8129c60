"""Which columns of a log hold the deal, the stage and the day, and what its words mean."""

from __future__ import annotations

from collections.abc import Sequence

from simcast.errors import DataError
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column
from simcast.starting.said import Said


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
    unsure.append(f"no column is called an id: {best.name!r} is taken to tell deals apart (history.columns.deal)")
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
    dated = [column for column in columns if column.is_date and not words.NO_EVENT.search(column.key)]
    dated = candidates(columns, said, "entered", dated or [column for column in columns if column.is_date])
    changing = [len(table.cells[[deal.name, column.name]].drop_duplicates()) for column in dated]
    entered = dated[max(range(len(dated)), key=lambda k: changing[k])]
    if len(dated) > 1:
        others = ", ".join(column.name for column in dated if column is not entered)
        unsure.append(f"{entered.name!r} is taken as the day of entry, not {others} (history.columns.entered)")
    chosen.update(stage=stage.name, entered=entered.name)
    means = words.meanings(stage.words, said.outcomes)
    outcomes = {word: name for word, name in means.items() if name != "open"}
    for name in ("won", "lost"):
        meant = [word for word, found in outcomes.items() if found == name and word.casefold() != name]
        if meant:
            unsure.append(f"{', '.join(map(repr, meant))} is taken to mean {name} (history.outcomes)")
    return {word: found for word, found in outcomes.items() if word != found}
