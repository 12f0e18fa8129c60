"""Words of a CRM's export that sound like an end and are not its own: companies give stages names of theirs."""

from __future__ import annotations

import shlex

import pandas as pd

from simcast.history.crm import Crm, fold
from simcast.history.exports import Export
from simcast.history.parsing import normalise
from simcast.starting import words

_NEARLY_ALL = 0.9


def own_ends(export: Export, crm: Crm, unsure: list[str]) -> dict[str, str]:
    """Return what such words mean: won or lost.

    In a log nearly all deals must stay where they entered such a stage, by the last row of each.
    """
    column = str(export.columns["stage" if export.form == "log" else "outcome"])
    texts = export.table.cells[column].astype("str").map(normalise)
    known = {fold(word) for word in (*crm.won, *crm.lost, *crm.is_open)}
    found = {
        word: name
        for word, name in words.meanings(text for text in texts.unique() if text).items()
        if export.outcomes.get(word, "open") == "open" and fold(word) not in known
    }
    if export.form == "log":
        found = {word: name for word, name in found.items() if _stays(export, texts == word) >= _NEARLY_ALL}
    stages = [
        word
        for word, name in export.outcomes.items()
        if name == "open" and word not in found and fold(word) not in known and export.form == "deals"
    ]
    if stages:
        end = shlex.quote(f"{stages[-1]}=lost")
        unsure.append(
            f"in {column!r} {words.listed(stages)} taken for stages of open deals: if deals end in one, say so, such as"
            f" --outcome {end} (history.outcomes)"
        )
    unsure += [
        f"in {column!r} {words.listed(meant)} taken to mean {name} (history.outcomes)"
        for name in ("won", "lost")
        if (meant := [word for word, meaning in found.items() if meaning == name])
    ]
    return found


def _stays(export: Export, rows: pd.Series) -> float:
    """Return the share of the deals with one of the rows whose last row is one of them; dates are written strictly."""
    deal, entered = (export.table.cells[str(export.columns[name])].astype("str") for name in ("deal", "entered"))
    order = entered.str.replace("T", " ").sort_values(kind="stable").index
    last = rows[order].groupby(deal[order]).last()
    return float(last[deal[rows].unique()].mean()) if rows.any() else 0.0
