"""Writing a history as the canonical log, which reads back as the same history."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from simcast.errors import DataError
from simcast.history.history import History
from simcast.segments import UNKNOWN


def to_log(history: History) -> pd.DataFrame:
    """Return a history as a log: a row per entry into a stage or outcome.

    Returns
    -------
    pandas.DataFrame
        Columns ``deal``, ``stage``, ``entered``, ``amount`` and the segment columns, sorted by deal, then time.
    """
    stays, columns = history.stays, list(history.segments.columns)
    entries = stays[["deal", "stage", "entered", "amount", *columns]]
    ends = stays["move"].isin(history.pipeline.outcomes) & ~stays["move"].isin(history.pipeline.stages)
    ended = stays.loc[ends, ["deal", "move", "left", "amount_at_end", *columns]]
    ended.columns = entries.columns
    log = pd.concat([entries, ended])
    # An end follows the stay that it ends: both have the stay's place in the table.
    log = log.assign(is_end=np.repeat([False, True], [len(entries), len(ended)]), place=log.index)
    log = log.sort_values(["place", "is_end"], kind="stable", ignore_index=True).drop(columns=["is_end", "place"])
    for name in columns:
        log[name] = log[name].mask(log[name] == UNKNOWN, "")
    for late in history.late_segments.itertuples():
        rows = (log["deal"] == late.deal) & (log["entered"].to_numpy().astype("datetime64[D]") < late.since)
        log.loc[rows, str(late.column)] = ""
    return log


def write_log(history: History, path: Path) -> None:
    """Write a history as a log into a csv or parquet file, the same bytes each time.

    Raises
    ------
    DataError
        When the file is of another kind, or cannot be written.
    """
    log = to_log(history)
    try:
        if path.suffix.lower() == ".parquet":
            log.to_parquet(path, index=False)
        elif path.suffix.lower() == ".csv":
            dated = log.assign(
                entered=log["entered"].dt.strftime("%Y-%m-%d"), amount=log["amount"].map(_number, na_action=None)
            )
            path.write_bytes(dated.to_csv(index=False, lineterminator="\n").encode())
        else:
            raise DataError(f"{path}: a log is written as .csv or .parquet; name such a file")
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error


def _number(amount: float) -> str:
    """Write an amount so that reading it gives the same number.

    Examples
    --------
    >>> _number(36500.0), _number(0.1), _number(float("nan"))
    ('36500', '0.1', '')
    """
    if np.isnan(amount):
        return ""
    return str(int(amount)) if amount.is_integer() and abs(amount) < 1e15 else repr(float(amount))
