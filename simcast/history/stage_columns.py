"""The columns of an export with a row per deal that are named after stages, and hold the days of entry into them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches

from simcast.errors import DataError
from simcast.history.columns import ColumnNames
from simcast.history.crm import Crm, fold
from simcast.history.outcome_words import without_pipeline, word_key
from simcast.history.parsing import normalise
from simcast.history.table import Table

Chosen = Mapping[str, Sequence[str]] | None

_NEARLY = 0.85
"""How alike two names are of which one is probably the other misspelt: 1 if they are the same."""
_IN_BRACKETS = re.compile(r"\(([^()]*)\)$")


def entered_columns(
    table: Table,
    ends: Collection[str],
    crm: Crm,
    columns: ColumnNames | None,
    stages: Sequence[str],
    chosen: Chosen,
) -> dict[str, str]:
    """Return the columns that hold days of entry, by the stage or the end that each is named after.

    Parameters
    ----------
    table
        The export.
    ends
        Names of stages that are ends, as `word_key` writes them.
    crm
        How the CRM exports.
    columns
        What the user says of columns.
    stages
        The pipeline's, where it is known already.
    chosen
        Columns and the values by which rows were chosen; None where only the kind of table is asked.

    Raises
    ------
    DataError
        When two columns could be a stage's, or the pipeline's stages are not those of the columns.
    """
    given = (columns or {}).get("entered")
    if isinstance(given, Mapping):
        return {normalise(stage): normalise(column) for stage, column in given.items()}
    dated = _of_one_pipeline(_dated_columns(table, crm), chosen)
    known = {fold(stage): stage for stage in stages}
    found: dict[str, list[str]] = {}
    others: list[str] = []
    for column, name in dated.items():
        short = without_pipeline(name)
        stage = known.get(fold(name)) or known.get(fold(short)) or short
        if not stages or stage in stages or word_key(stage) in ends:
            found.setdefault(stage, []).append(column)
        else:
            others.append(stage)
    if chosen is not None:
        _check_names(table, [stage for stage in stages if stage not in found], list(dict.fromkeys(others)), len(stages))
    _check_one_column_each(table, found, chosen)
    return {stage: several[-1] for stage, several in found.items()}


def _dated_columns(table: Table, crm: Crm) -> dict[str, str]:
    """Return the stage's name, as the CRM writes it, in the name of each column of days of entry."""
    matches = ((column, form.fullmatch(column)) for column in table.cells.columns for form in crm.entered)
    return {column: found[1] for column, found in matches if found}


def _of_one_pipeline(dated: Mapping[str, str], chosen: Chosen) -> dict[str, str]:
    """Leave out the stages of other pipelines than those chosen, where names of columns tell the pipeline."""
    values = {fold(value) for several in (chosen or {}).values() for value in several}
    pipelines = {column: fold(found[1]) for column, name in dated.items() if (found := _IN_BRACKETS.search(name))}
    if not values & set(pipelines.values()):
        return dict(dated)
    return {column: name for column, name in dated.items() if pipelines.get(column, "") in {*values, ""}}


def _check_one_column_each(table: Table, found: Mapping[str, Sequence[str]], chosen: Chosen) -> None:
    """Refuse two columns for one stage, but for the two generations of one property."""
    if chosen is None:
        return
    for stage, several in found.items():
        names = {fold(re.sub(r"^hs_(v2_)?", "", column)) for column in several}
        if len(names) > 1:
            raise DataError(
                f"{table.path}: columns {' and '.join(map(repr, several))} could both be the entry into {stage!r};"
                " choose a pipeline under history.where, or a column for each stage under history.columns.entered"
            )


def _check_names(table: Table, missing: Sequence[str], others: Sequence[str], n_stages: int) -> None:
    """Refuse stages that no column is named after where one that nobody asked for is nearly named so, or all are.

    A stage without a column is one that no deal was ever in; it may also be misspelt, and then deals would seem to
    skip it.
    """
    problems = []
    for stage in missing:
        near = get_close_matches(fold(stage), [fold(other) for other in others], n=1, cutoff=_NEARLY)
        if near:
            meant = next(other for other in others if fold(other) == near[0])
            problems.append(
                f"{table.path}: no column says when deals entered {stage!r}; did you mean {meant!r}? (or name the"
                " column under history.columns.entered)"
            )
    if not problems and others and n_stages > 1 and len(missing) == n_stages:
        problems.append(
            f"{table.path}: no stage of pipeline.stages is one that the file has dates of: its columns are named after"
            f" {', '.join(map(repr, others))}"
        )
    if problems:
        raise DataError(problems)
