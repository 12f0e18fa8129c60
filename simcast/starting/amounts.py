"""Which column holds the amounts, how they are written, and from when on they are known."""

from __future__ import annotations

import re
from collections.abc import Sequence

from simcast.history.empty_cells import is_nothing
from simcast.history.placeholders import find_placeholder
from simcast.history.table import Table
from simcast.history.written_amounts import MARKED, find_decimal, split_money
from simcast.starting import words
from simcast.starting.columns import Column, reads_as_number

KNOWN_AT_ENTRY = (
    "open deals have amounts as often as ended ones, so amounts are taken as known since deals began; where they are"
    " written or changed later, such as at the win, choose history.amount_known_from: close"
)
_AS_OFTEN = 0.1
"""By so much the share of open deals without an amount may be larger than that of ended ones."""


def find_amount(columns: Sequence[Column], unsure: list[str]) -> Column | None:
    """Choose the column of amounts: one called so that holds numbers; None where there is none."""
    named = [
        column
        for column in columns
        if column.is_number and words.AMOUNT.search(column.key) and not words.NO_AMOUNT.search(column.key)
    ]
    if not named:
        unsure.append(
            f"no column looks like an amount{_nearly(columns)}: wins are forecast, not bookings"
            " (history.columns.amount, or assume.amount)"
        )
        return None
    best = max(named, key=lambda column: (column.key == "amount", not words.ASKED.search(column.key), column.filled))
    if len(named) > 1:
        others = ", ".join(column.name for column in named if column is not best)
        unsure.append(f"{best.name!r} is taken as the amount, not {others} (history.columns.amount)")
    return best


def _nearly(columns: Sequence[Column]) -> str:
    """Name a column that is called an amount and whose cells have figures, but are no numbers."""
    for column in columns:
        called = words.AMOUNT.search(column.key) and not words.NO_AMOUNT.search(column.key)
        wrong = next((word for word in column.words if not reads_as_number(word)), "")
        figures = any(any(map(str.isdigit, word)) for word in column.words)
        if called and not column.is_date and figures and wrong:
            return (
                f" ({column.name!r} is called so, but holds {wrong!r}; write it as a number, or leave such cells empty)"
            )
    return ""


def find_mark(amount: Column, unsure: list[str]) -> str:
    """Return the decimal mark where amounts are not written strictly."""
    if not any(re.search(r"[^\d.]", word) for word in amount.words) and find_decimal(amount.words) == ".":
        return ""
    empty = [word for word in amount.words if is_nothing(word)]
    if empty:
        unsure.append(f"{empty[0]!r} in {amount.name!r} is read as an empty cell (history.decimal)")
    mark = find_decimal(amount.words)
    if mark is not None:
        return mark
    mark, example = _likely_mark(amount.words)
    between = "the decimal mark" if mark in example else "a mark between thousands"
    unsure.append(
        f"in {example!r} of {amount.name!r} {'.' if '.' in example else ','} is taken as {between} (history.decimal)"
    )
    return mark


def _likely_mark(texts: Sequence[str]) -> tuple[str, str]:
    """Return the likelier of two marks, and an amount that can be read in two ways.

    Amounts such as 1,234 have thousands more often than three decimals; unless some are 0,234, or others are 1234.
    """
    numbers = {split_money(text)[0]: text for text in texts}
    doubtful = [number for number in numbers if MARKED.search(number)]
    example = numbers[doubtful[0]]
    mark = "." if "." in doubtful[0] else ","
    both = any("." in number for number in doubtful) and any("," in number for number in doubtful)
    is_decimal = any(re.match(r"-?0?[.,]", number) for number in doubtful) or any(
        re.fullmatch(r"-?\d{4,}", number) for number in numbers
    )
    if both:
        return ".", example
    return (mark if is_decimal else {".": ",", ",": "."}[mark]), example


def amount_known_from(table: Table, form: str, columns: object, outcomes: object, unsure: list[str]) -> str:
    """Return since when amounts of a table with a row per deal are known.

    That is the entry where open deals have amounts as often as ended ones, and no placeholders.
    """
    if form != "deals" or not isinstance(columns, dict) or not isinstance(outcomes, dict) or "amount" not in columns:
        return "close"
    meanings = {**outcomes, "won": "won", "lost": "lost", "open": "open"}
    ends = table.cells[columns["outcome"]].astype("str").str.strip().map(meanings)
    written = table.cells[columns["amount"]].astype("str").str.strip()
    empty = written.isin(["", "nan", "<NA>"])
    placeholder = find_placeholder(written[~empty].to_numpy(dtype=object), (ends == "won")[~empty].to_numpy())
    if placeholder is not None:
        unsure.append(
            f"{placeholder.words(placeholder.value)}, and amounts are taken as known at the close"
            " (history.placeholder_amounts, history.amount_known_from)"
        )
        return "close"
    is_open = ~ends.isin(["won", "lost"])
    if not is_open.any() or is_open.all() or empty[is_open].mean() > _AS_OFTEN + empty[~is_open].mean():
        return "close"
    unsure.append(KNOWN_AT_ENTRY)
    return "entry"
