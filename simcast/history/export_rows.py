"""What stands in the rows of a CRM's export beside deals: footers, and amounts in several currencies."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from simcast.errors import DataError
from simcast.history.crm import Crm, fold
from simcast.history.parsing import normalise
from simcast.history.table import Table
from simcast.history.written_amounts import currencies

_CURRENCIES = frozenset({
    "currency", "currencyofvalue", "dealcurrencyofvalue", "amountcurrency", "currencyisocode", "currencyid",
    "dealcurrencycode", "hsdealcurrencycode", "валюта",
})  # fmt: skip
"""Names of columns that tell the currency of an amount, folded (see `simcast.history.crm.fold`)."""
_MOST_NAMED = 4

_IN_JSON = re.compile(r"""^\[\]$|["']lead_status["']""")
_CODE_IN_JSON = re.compile(r"""["']lead_status["']\s*:\s*\{[^{}]*?["']id["']\s*:\s*["']?(\d+)""")
_PIPELINE_IN_JSON = re.compile(r"""["']pipeline_id["']\s*:\s*["']?(\d+)""")
_CODE_AS_NUMBER = re.compile(r"(\d+)\.0")


def without_footer(table: Table, crm: Crm) -> tuple[Table, list[str]]:
    """Leave out the lines with which a report ends, such as Salesforce's: one field each, the last of the file."""
    n_rows = len(table.place)
    first = n_rows
    while crm.has_footer and first and _is_one_field(table, first - 1):
        first -= 1
    if first == n_rows:
        return table, []
    kept = np.arange(n_rows) < first
    text = table.fields(first)[0]
    lines = "line is" if n_rows - first == 1 else f"{n_rows - first:,} lines are"
    return table.keep(kept), [f"the last {lines} the report's footer ({text[:60]!r}) and left out"]


def with_plain_codes(table: Table, crm: Crm, given: Collection[str]) -> Table:
    """Write codes of stages as they are: out of amoCRM's JSON, and 142 where a spreadsheet made it the number 142.0.

    Parameters
    ----------
    table, crm
        The export, and how the CRM exports.
    given
        Columns that the user names.

    Raises
    ------
    DataError
        When the JSON tells of several pipelines.
    """
    names = ("stage", "from", "outcome")
    headers = {fold(header) for shape in crm.shapes for name in names for header in shape.columns.get(name, ())}
    plain: dict[str, pd.Series] = {}
    pipelines: set[str] = set()
    for column in [column for column in table.cells.columns if fold(column) in headers or column in given]:
        texts = table.cells[column].astype("str").fillna("").str.strip()
        in_json = texts.str.contains(_IN_JSON)
        if in_json.any():
            codes = texts.str.extract(_CODE_IN_JSON, expand=False)
            pipelines.update(texts.str.extract(_PIPELINE_IN_JSON, expand=False).dropna().unique())
            plain[column] = texts.mask(in_json, codes.fillna("")).astype("str")
        elif texts[texts != ""].str.fullmatch(_CODE_AS_NUMBER).all():
            plain[column] = texts.str.replace(_CODE_AS_NUMBER, r"\1", regex=True)
    if len(pipelines) > 1:
        raise DataError(
            f"{table.path}: holds deals of {len(pipelines)} pipelines ({', '.join(sorted(pipelines))}): export one"
        )
    return replace(table, cells=table.cells.assign(**plain)) if plain else table


def _is_one_field(table: Table, row: int) -> bool:
    fields = table.misshapen.get(row, [])
    return bool(fields) and not any(field.strip() for field in fields[1:])


def currency_caveats(table: Table, amount: str) -> list[str]:
    """Say so where amounts are in several currencies: they would be added up as they stand.

    Parameters
    ----------
    table
        As it stands in the file: the amounts still have their currencies.
    amount
        The column of amounts.
    """
    for column in table.cells.columns:
        if fold(column) in _CURRENCIES:
            names = [name for name in dict.fromkeys(map(normalise, table.cells[column].astype("str"))) if name]
            if len(names) > 1:
                return [_added_up(names, column)]
    if isinstance(table.cells[amount].dtype, pd.StringDtype):
        written = currencies(map(normalise, table.cells[amount].unique()))
        if len(written) > 1:
            return [_added_up(written, amount)]
    return []


def _added_up(names: Sequence[str], column: str) -> str:
    more = ", ..." if len(names) > _MOST_NAMED else ""
    return (
        f"amounts are in {len(names)} currencies ({', '.join(names[:_MOST_NAMED])}{more}; column"
        f" {column!r}) and are added up as they stand: convert them first, or read one currency"
        " (history.where)"
    )
