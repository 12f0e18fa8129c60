"""Which columns of a table with a row per deal hold its outcome and its days, and what its words mean."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from simcast.errors import DataError
from simcast.history.crm import ONE_STAGE
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import Column
from simcast.starting.deal_ends import ends_by_outcome, ends_without_outcome, has_word, may_end, share_dated
from simcast.starting.log_columns import candidates
from simcast.starting.said import Said

_MOST_WORDS = 60
_MOST_SHOWN = 6
_HALF = 0.5
_NEARLY_ALL = 0.95


def read_as_deals(
    table: Table,
    columns: Sequence[Column],
    said: Said,
    chosen: dict[str, str | dict[str, str]],
    unsure: list[str],
) -> dict[str, str]:
    """Choose the columns of a table with a row per deal; return what its words mean."""
    path = str(table.path)
    able = _able_to_tell(candidates(columns, said, "outcome", columns))
    dated = [column for column in columns if column.is_date]
    ends = candidates(columns, said, "closed", [column for column in dated if may_end(column)])
    others = [column for column in dated if column not in ends and not words.NO_EVENT.search(column.key)]
    telling = [column for column in able if not words.LOSS_REASON.search(column.key)]
    tells = any(_told(column, said) == 2 for column in telling)
    apart = None if tells else ends_without_outcome(table, columns, ends, said)
    if apart is not None:
        unsure.append(
            f"no column gives both won and lost deals: those with a date in {apart['won']!r} are taken as won, those"
            f" with one in {apart['lost']!r} as lost, and others as open (history.columns.closed)"
        )
        begun = candidates(columns, said, "entered", [end for end in others if end.name not in apart.values()])
        if not begun:
            raise _undated(path, dated, begun, ends)
        chosen.update(closed=apart, entered=_entered(begun, apart, unsure))
        return {}
    outcome = _outcome_column(path, able, said)
    means = _meanings(outcome, said)
    closed = ends_by_outcome(table, outcome, means, ends, others, said, unsure)
    taken = [closed] if isinstance(closed, str) else (closed or {}).values()
    begun = candidates(columns, said, "entered", [column for column in others if column.name not in taken])
    if closed is None or not begun:
        raise _undated(path, dated, begun, ends)
    denied = [word for word in words.answers(outcome.key, outcome.words) if means[word] == "lost"]
    if isinstance(closed, str) and denied:
        end = next(column for column in ends if column.name == closed)
        if share_dated(table, outcome, denied, end) < _HALF:  # not yet, rather than no
            means |= dict.fromkeys(denied, "open")
    chosen.update(outcome=outcome.name, closed=closed, entered=_entered(begun, closed, unsure))
    if isinstance(closed, str):
        means |= _dated_losses(table, outcome, means, next(column for column in dated if column.name == closed), unsure)
    outcomes = {word: means.get(word) or "open" for word in outcome.words}
    for name in ("won", "lost", "open"):
        meant = [word for word, found in outcomes.items() if found == name and word.casefold() != name]
        if meant:
            unsure.append(f"in {outcome.name!r} {words.listed(meant)} taken to mean {name} (history.outcomes)")
    return {word: found for word, found in outcomes.items() if word not in {"won", "lost", "open"}}


def _dated_losses(
    table: Table, outcome: Column, means: Mapping[str, str], end: Column, unsure: list[str]
) -> dict[str, str]:
    """Take further words for losses where nearly all of their deals have a date of the end, and hardly any open ones.

    So it is with reasons: a deal that was archived as *Underqualified* is lost. Where open deals have (planned) dates
    too, nothing can be told.
    """
    if "won" not in means.values():
        return {}
    others = [word for word in outcome.words if word not in means]
    shares = {word: share_dated(table, outcome, [word], end) for word in ("", *others)}
    there = {word for word in others if shares[word] >= _NEARLY_ALL}
    is_open = [word for word in ("", *others) if word not in there and has_word(table, outcome, [word]).any()]
    if not there or not is_open or max(shares[word] for word in is_open) > 1.0 - _NEARLY_ALL:
        return {}
    unsure.append(
        f"in {outcome.name!r} {words.listed(sorted(there))} taken for lost since nearly all such deals have a date in"
        f" {end.name!r}, and hardly any others but the won ones"
    )
    return dict.fromkeys(there, "lost")


def _entered(begun: Sequence[Column], closed: str | Mapping[str, str], unsure: list[str]) -> dict[str, str]:
    """Return the columns that date stages, by the stage."""
    if len(begun) == 1:
        ends = [closed] if isinstance(closed, str) else closed.values()
        unsure.append(
            f"only {' and '.join(map(repr, [begun[0].name, *ends]))} date a deal, so its whole way is one"
            " stage; a log of stage changes would show where deals are lost"
        )
        return {ONE_STAGE: begun[0].name}
    unsure.append(
        f"the dates {', '.join(column.name for column in begun)} are taken as those on which deals entered stages"
        " (history.columns.entered)"
    )
    return {words.stage_name(column.name): column.name for column in begun}


def _undated(path: str, dated: Sequence[Column], begun: Sequence[Column], ends: Sequence[Column]) -> DataError:
    """Say which of the two dates is missing, and how to name it."""
    lacking = [("entered", "began")] if not begun else []
    lacking += [("closed", "ended")] if not ends else []
    others = [column.name for column in dated if column not in begun and column not in ends]
    options = " ".join(f"--column {name}={shlex.quote(others[0] if others else '...')}" for name, _ in lacking)
    return DataError(
        f"{path}: a row per deal needs a date on which it began and one on which it ended; no column is called as the"
        f" day on which it {' or '.join(what for _, what in lacking)} (dates found:"
        f" {', '.join(column.name for column in dated)}); name it: {options}"
    )


def _meanings(column: Column, said: Said) -> dict[str, str]:
    """Return what the words of a column of outcomes mean, as far as they sound like an end."""
    return {**words.answers(column.key, column.words), **words.meanings(column.words, said.outcomes)}


def _able_to_tell(columns: Sequence[Column]) -> list[Column]:
    """Return the columns with so few words that they may tell outcomes."""
    return [
        column
        for column in columns
        if not column.is_date and column.n_words <= (2 if column.is_number else _MOST_WORDS)
    ]


def _told(column: Column, said: Said) -> int:
    """Return how many of the two ends the words of a column tell."""
    return len(set(_meanings(column, said).values()) & {"won", "lost"})


def _outcome_column(path: str, able: Sequence[Column], said: Said) -> Column:
    """Choose the column that tells won deals from lost ones."""

    def fit(column: Column) -> tuple[int, bool]:
        return _told(column, said), bool(words.OUTCOME.search(column.key))

    best = max(able, key=fit, default=None)
    if best is None or fit(best)[0] == 0:
        likely = [column for column in able if words.OUTCOME.search(column.key)]
        found = f" ({likely[0].name!r} has {', '.join(likely[0].words[:_MOST_SHOWN])})" if likely else ""
        raise DataError(
            f"{path}: no column distinguishes won deals from lost ones{found}; say what its words mean, such as"
            " --outcome Signed=won --outcome Refused=lost; or name the dates of wins and of losses (--column"
            " closed.won=... --column closed.lost=...); or export a log of stage changes (a row per change: deal,"
            " stage, entered)"
        )
    return best
