"""The history of a pipeline: stays of deals in stages, what was known of them on a day, and the open deals then."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simcast.arguments import listed
from simcast.errors import DataArgumentError
from simcast.history import measures
from simcast.history.book import Book
from simcast.history.columns import STAY_COLUMNS
from simcast.history.given import amounts_of, check_stays, check_tables, dates_of, words_of
from simcast.history.measures import latest_amounts
from simcast.history.parsing import as_day
from simcast.history.quality import QualityReport, Reading, assess
from simcast.history.responses import RESPONSE_COLUMNS, no_responses
from simcast.notebook import Shown
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN, Segments
from simcast.writing import counted_share

Day: TypeAlias = str | date | np.datetime64

_LATE_COLUMNS = ("deal", "column", "since")


def _no_late_values() -> pd.DataFrame:
    return pd.DataFrame({name: [] for name in _LATE_COLUMNS})


@dataclass(frozen=True, eq=False, repr=False)
class History(Shown):
    """What is known of the deals of a pipeline: a table with one row per stay. Build one with `History.of`.

    Two histories are equal when their pipeline and all their rows are.

    Parameters
    ----------
    pipeline
        Its stages, moves and outcomes.
    segments
        The segments that occur.
    stays
        One row per stay, sorted by deal, then in the order of the visits: ``deal``, ``segment_code``, ``stage``,
        ``entered``, ``left`` (NaT while open), ``move`` (where it went, missing while open), ``amount`` (recorded
        on entering), ``amount_at_end`` (where an outcome ended the stay), and the segment columns.
        A deal won in a pipeline that renews then stays in the stage ``won``.
    observed_until
        The first day of which nothing is known.
    reading
        How many rows and deals of a file are in it; None when it was not read from one.
    late_segments
        Values of segment columns that a deal had not from its first day: ``deal``, ``column``, ``since``.
    responses
        First contacts on record: ``deal``, ``stage``, ``hours`` from the first entry into it on, and ``since``, the
        day of the contact.
    is_cut
        Whether `known_at` has forgotten what came later, so that silence after `observed_until` means nothing.
    said_end
        The first day that is not on record any more, as a user says; None where the silence tells, see
        `recorded_until`.
    """

    pipeline: Pipeline
    segments: Segments
    stays: pd.DataFrame
    observed_until: np.datetime64
    reading: Reading | None = None
    late_segments: pd.DataFrame = field(default_factory=_no_late_values, repr=False)
    is_cut: bool = False
    responses: pd.DataFrame = field(default_factory=no_responses, repr=False)
    said_end: np.datetime64 | None = None

    @classmethod
    def of(
        cls,
        pipeline: Pipeline,
        stays: pd.DataFrame,
        segments: Sequence[str] = (),
        observed_until: Day | None = None,
        *,
        reading: Reading | None = None,
        late_segments: pd.DataFrame | None = None,
        responses: pd.DataFrame | None = None,
    ) -> History:
        """Build a history from a table of stays, each deal's in the order of its visits.

        Parameters
        ----------
        pipeline
            The pipeline that the deals went through.
        stays
            Columns ``deal``, ``stage``, ``entered``, ``left``, ``move`` and the segment columns;
            ``amount`` and ``amount_at_end`` if known. Dates as text are written YYYY-MM-DD; ``left`` and ``move`` are
            empty while a stay is open. The paths are trusted to be possible.
        segments
            Names of the segment columns.
        observed_until
            The first day of which nothing is known; by default the one after the last date.
        reading, late_segments, responses
            See `History`.

        Raises
        ------
        DataArgumentError
            When a column is missing, the pipeline has no such stage or move, or values are not dates or amounts.
        ArgumentTypeError
            When `pipeline` is no pipeline, or `stays` no table.
        """
        segments = listed(segments)
        check_tables(pipeline, stays, ("deal", "stage", "entered", "left", "move", *segments), responses)
        words = {name: words_of(stays, name).fillna(UNKNOWN) for name in segments}
        known, codes = _found_segments(pd.DataFrame(words, index=range(len(stays))), segments)
        table = {
            "deal": words_of(stays, "deal"),
            "segment_code": codes,
            "stage": words_of(stays, "stage"),
            "entered": dates_of(stays, "entered"),
            "left": dates_of(stays, "left"),
            "move": words_of(stays, "move"),
            **{name: amounts_of(stays, name) for name in ("amount", "amount_at_end")},
            **words,
        }
        frame = pd.DataFrame(table)
        check_stays(pipeline, frame)
        if not frame["deal"].is_monotonic_increasing:
            frame = frame.sort_values("deal", kind="stable", ignore_index=True)
        at_end = frame["amount_at_end"].fillna(latest_amounts(frame))
        frame["amount_at_end"] = at_end.where(frame["move"].isin(pipeline.outcomes))
        until = (
            as_day(observed_until, "observed_until")
            if observed_until is not None
            else _last_day(frame) + np.timedelta64(1, "D")
        )
        if np.isnat(until):
            raise DataArgumentError("stays: there is none; say up to which day nothing was seen (observed_until)")
        return cls(
            pipeline,
            known,
            frame,
            until,
            reading,
            _no_late_values() if late_segments is None else late_segments,
            responses=no_responses() if responses is None else responses[list(RESPONSE_COLUMNS)],
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, History):
            return NotImplemented
        return self.pipeline == other.pipeline and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per stay, as in `stays`; a copy, which may be changed."""
        return self.stays.copy()

    @property
    def n_deals(self) -> int:
        """How many deals there are."""
        return int(self.stays["deal"].nunique())

    @property
    def last_event(self) -> np.datetime64:
        """The last day on which something is recorded; NaT in a history without stays."""
        return _last_day(self.stays)

    @property
    def silent_days(self) -> int:
        """The whole days without any event just before `observed_until`; 0 in a history without stays."""
        gap = self.observed_until - self.last_event
        return 0 if np.isnat(gap) else max(0, int(gap.astype(np.int64)) - 1)

    @cached_property
    def recorded_until(self) -> np.datetime64:
        """The first day that is not on record any more: `observed_until`, unless a silence tells that records ended.

        What is learned from the silent days of a file that was exported earlier would be that nothing happens.
        """
        after = self.last_event + np.timedelta64(1, "D")
        if np.isnat(after):
            return self.observed_until
        if self.said_end is not None:
            return min(self.observed_until, max(self.said_end, after))
        days = measures.event_days(self.pipeline, self.stays)
        return after if measures.silence_is_unlikely(days, self.silent_days) else self.observed_until

    def known_at(self, as_of: Day) -> History:
        """Return what was known at the start of a day: nothing that happened on it or later.

        Stays entered later vanish, stays left later are open again, and with them go their moves, amounts and
        values of segment columns recorded later. A day after the last event is allowed; see `silent_days`.

        Raises
        ------
        DataArgumentError
            When the history was cut at an earlier day already: what came between is forgotten, not empty.
        """
        day = as_day(as_of)
        if self.is_cut and day > self.observed_until:
            raise DataArgumentError(
                f"this history was cut at {self.observed_until}; ask the whole one what was known at {day}"
            )
        stays = self.stays[self.stays["entered"] < day].reset_index(drop=True)
        undone = ~(stays["left"] < day)
        stays = stays.assign(
            left=stays["left"].mask(undone),
            move=stays["move"].mask(undone),
            amount_at_end=stays["amount_at_end"].mask(undone),
        )
        late = self.late_segments
        if len(late):
            for name, group in late[late["since"] >= day].groupby("column"):
                stays[name] = stays[name].mask(stays["deal"].isin(group["deal"]), UNKNOWN)
            late = late[late["since"] < day].reset_index(drop=True)
        known = History.of(
            self.pipeline,
            stays,
            self.segments.columns,
            day,
            reading=self.reading,
            late_segments=late,
            responses=self.responses[self.responses["since"] < day].reset_index(drop=True),
        )
        return replace(known, is_cut=True, said_end=self.said_end)

    def open_deals(self, as_of: Day) -> Book:
        """Return the deals that were open at the start of a day, with their stages and ages.

        A deal in a ``won`` stage (waiting to renew) is open. Where records end before the day, deals have the ages that
        they had then: what has become of them since is not known.
        """
        known = self.known_at(as_of)
        last = known.stays.assign(amount=latest_amounts(known.stays))[~known.stays["deal"].duplicated(keep="last")]
        last = last[last["left"].isna()]
        waited = known.recorded_until - last["entered"].to_numpy().astype("datetime64[D]")
        return Book(
            as_of=known.observed_until,
            pipeline=self.pipeline,
            segments=known.segments,
            deal=last["deal"].to_numpy(dtype=object),
            stage_code=last["stage"].map(self.pipeline.stage_code).to_numpy(dtype=np.int64),
            age_days=waited.astype(np.int64).astype(np.float64) - 0.5,
            segment_code=last["segment_code"].to_numpy(dtype=np.int64),
            amount=last["amount"].to_numpy(dtype=np.float64),
            recorded_until=known.recorded_until,
        )

    @cached_property
    def quality(self) -> QualityReport:
        """Counts, and what a planner should know before trusting a forecast from these data."""
        return assess(
            self.pipeline,
            self.segments,
            self.stays,
            self.observed_until,
            self.recorded_until,
            self.reading,
            self.responses,
            end_is_said=self.said_end is not None,
        )

    @cached_property
    def digest(self) -> str:
        """The sha256 of all that is in the history, the same whatever the order and writing of rows in the file."""
        digest = hashlib.sha256(b"simcast history 1")
        digest.update(str(self.observed_until).encode())
        if self.recorded_until < self.observed_until:
            digest.update(f"recorded until {self.recorded_until}".encode())
        for name in (*STAY_COLUMNS, *self.segments.columns):
            if name != "segment_code":
                digest.update(name.encode())
                _add_column(digest, self.stays[name])
        for row in sorted(zip(*(self.late_segments[name].astype(str) for name in _LATE_COLUMNS), strict=True)):
            digest.update(repr(row).encode())
        if len(self.responses):  # a history without them keeps its digest, and its stored fit
            ordered = self.responses.sort_values(["deal", "stage"], kind="stable")
            for name in RESPONSE_COLUMNS:
                digest.update(name.encode())
                _add_column(digest, ordered[name])
        return digest.hexdigest()

    def _headline(self) -> str:
        by = ", ".join(f"{name} ({len(set(self.segments.column(name)))})" for name in self.segments.columns)
        until = "" if np.isnat(self.last_event) else f", {self.stays['entered'].min():%Y-%m-%d} to {self.last_event}"
        return (
            f"History: {self.n_deals:,} deals, {len(self.stays):,} stays{until}, known before {self.observed_until}"
            + (f"\nsegments by {by}" if by else "")
        )

    def _table(self) -> pd.DataFrame:
        found = {}
        for stage in self.pipeline.stages:
            here = self.stays[self.stays["stage"] == stage]
            ended = int(here["left"].notna().sum())
            forward = int((here["move"] == self.pipeline.forward(stage)).sum())
            share = counted_share(forward / ended) if ended else ""
            found[stage] = [f"{len(here):,}", f"{len(here) - ended:,}", share]
        return pd.DataFrame.from_dict(found, orient="index", columns=["stays", "open", "of ended moved forward"])


def _found_segments(stays: pd.DataFrame, columns: Sequence[str]) -> tuple[Segments, NDArray[np.int64]]:
    """Return the segments that occur, and the code of each row."""
    if not columns:
        return Segments(), np.zeros(len(stays), dtype=np.int64)
    group = stays.groupby(list(columns), sort=False).ngroup().to_numpy()
    _, first = np.unique(group, return_index=True)
    values = [tuple(row) for row in stays[list(columns)].iloc[first].itertuples(index=False, name=None)]
    found = Segments.found(columns, values)
    return found, np.array([found.code(value) for value in values], dtype=np.int64)[group]


def _last_day(stays: pd.DataFrame) -> np.datetime64:
    days = stays[["entered", "left"]].to_numpy().astype("datetime64[D]")
    known = days[~np.isnat(days)]
    return np.max(known) if known.size else np.datetime64("NaT", "D")


def _add_column(digest: hashlib._Hash, column: pd.Series) -> None:
    """Add a column in a form that depends neither on pandas nor on the machine."""
    if column.dtype.kind == "M":
        content = column.to_numpy().astype("datetime64[D]").astype("<i8").tobytes()
    elif column.dtype.kind == "f":
        values = column.to_numpy(dtype="<f8")
        content = np.where(np.isnan(values), np.nan, values).astype("<f8").tobytes()
    else:
        texts = ["" if value is None or value != value else value for value in column.tolist()]  # NaN is not itself
        digest.update(np.fromiter(map(len, texts), dtype="<i8", count=len(texts)).tobytes())
        content = "".join(texts).encode()
    digest.update(len(content).to_bytes(8, "little"))
    digest.update(content)


__all__ = ["Day", "History"]
