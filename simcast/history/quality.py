"""How far a history can be trusted: counts, and findings that a planner should know of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from simcast.history import measures
from simcast.history.alike_names import AlikeNames, alike_names
from simcast.history.left_out import LeftOut
from simcast.history.measures import Amounts, FirstContacts, SegmentSizes, StageCounts
from simcast.history.missing_losses import MissingLosses, missing_losses
from simcast.history.segments_set_late import SetLate, segments_set_late
from simcast.notebook import Shown
from simcast.pipeline import Pipeline
from simcast.segments import Segments
from simcast.writing import agreed, counted

MOST_SEGMENTS = 50
FEWEST_DEALS_PER_SEGMENT = 5
FIRST_CONTACTS = (
    "first contact in {contacts.stage!r} is recorded for {share} deals that entered it: half of them waited"
    " {contacts.median_hours:.3g} hours or less, nine in ten {contacts.hours_90:.3g}"
)
FEWEST_ENDED = 10
"""With fewer ended stays in a stage, the longest of them says little about the open ones."""
SELDOM_OVERDUE = 0.01
"""Open stays that last longer than all that ended are told where chance makes them so at most this often."""
FEWEST_WINS, MOST_IN_LARGEST = 20, 0.5
"""From so many wins on, the largest of a hundred are usually worth less than half of all."""
LEAST_USUAL = 7.0
"""Where so many deals are open on usual days, there is none once in a thousand days."""


NO_AMOUNT_RECORDED = "no amount is recorded: bookings cannot be learned from these data, only the number of wins"
"""What is said where no deal has an amount; of no weight where amounts are assumed."""
LEFT_OUT = "are set aside with bad rows: the forecast leaves them out"
"""What is said of open or won deals, on which all that follows depends."""
SILENT_SINCE = "nothing is recorded in"
"""How the warning begins that records end before the as-of date, on which all that follows depends."""


@dataclass(frozen=True)
class Reading:
    """What became of the rows and deals of a file.

    `remarks` tell how a file was understood, `caveats` what of it may mislead; `source_digest` is the sha256 of
    the rows that a database returned; `left_out` counts the open and the won deals, all and those set aside.
    """

    rows_read: int
    rows_bad: int
    rows_quarantined: int
    deals_read: int
    deals_quarantined: int
    close_dates_ignored: int = 0
    rejects: Path | None = None
    remarks: tuple[str, ...] = ()
    caveats: tuple[str, ...] = ()
    source_digest: str | None = None
    left_out: tuple[LeftOut, ...] = ()

    @property
    def rows_kept(self) -> int:
        """The rows that are in the history."""
        return self.rows_read - self.rows_quarantined


@dataclass(frozen=True)
class Finding:
    """One thing to know about the data: a warning when it may mislead a forecast, else a note."""

    severity: Literal["warning", "note"]
    text: str


@dataclass(frozen=True, repr=False)
class QualityReport(Shown):
    """The state of a history in numbers, and in words a planner can use.

    Parameters
    ----------
    reading
        What became of the file's rows; None when the history was not read from a file.
    n_deals, n_stays, n_open_deals, n_won, n_lost
        Counts; a deal that renews may be won more than once.
    first_day, last_day, observed_until, recorded_until
        Dates (YYYY-MM-DD) of the first and last event, of the first day not known, and of the first that is not on
        record any more; the first two None without events.
    end_is_said
        Whether a user says where the records end.
    silent_days, longest_gap_days
        Whole days without events before `observed_until`, and the longest such gap between two events.
    weekend_share
        Share of events on Saturdays and Sundays.
    bulk_days
        Days that hold more than a twentieth of all events, with their share.
    late_start
        Days from the first entry to the first end of a deal, and the median days a deal takes.
    paths
        Groups of stages between which no deal ever moves.
    missing_losses
        Losses that seem to have been deleted; None where none do.
    set_late, alike
        Of segment columns that deals seem to get on their way, the clearest values; and values that look alike.
    stages, amounts, segments, first_contacts
        See `simcast.history.measures`.
    """

    reading: Reading | None
    n_deals: int
    n_stays: int
    n_open_deals: int
    n_won: int
    n_lost: int
    first_day: str | None
    last_day: str | None
    observed_until: str
    recorded_until: str
    end_is_said: bool
    silent_days: int
    longest_gap_days: int
    weekend_share: float | None
    bulk_days: tuple[tuple[str, float], ...]
    late_start: tuple[int, int] | None
    stages: tuple[StageCounts, ...]
    paths: tuple[tuple[str, ...], ...]
    amounts: Amounts
    segments: SegmentSizes | None
    first_contacts: tuple[FirstContacts, ...] = ()
    missing_losses: MissingLosses | None = None
    set_late: tuple[SetLate, ...] = ()
    alike: tuple[AlikeNames, ...] = ()

    @property
    def faults(self) -> tuple[str, ...]:
        """The warnings of faults that make forecasts badly wrong, so that no fit of these data is to be trusted."""
        missing = () if self.missing_losses is None else (self.missing_losses,)
        return tuple(fault.words() for fault in (*missing, *self.set_late))

    @cached_property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, warnings first, the most important of them first."""
        warnings = [
            Finding("warning", text) for text in (*_reading_warnings(self), *self.faults, *_data_warnings(self))
        ]
        return (*warnings, *(Finding("note", text) for text in _notes(self)))

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why no forecast from these data is to be trusted, a sentence each."""
        found = [one.words() for one in (self.reading.left_out if self.reading else ()) if one.matters]
        if not found:
            return ()
        return (f"{' and '.join(found)} {LEFT_OUT}, and the rest is not representative; correct their rows",)

    @property
    def warnings(self) -> tuple[str, ...]:
        """The findings that may mislead a forecast, the most important first."""
        return tuple(finding.text for finding in self.findings if finding.severity == "warning")

    @property
    def notes(self) -> tuple[str, ...]:
        """The findings that are only good to know."""
        return tuple(finding.text for finding in self.findings if finding.severity == "note")

    def _headline(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        """Return the report for people: what there is, then the warnings, then the notes."""
        return [
            *_summary(self),
            *(f"warning: {text}" for text in self.warnings),
            *(f"note: {text}" for text in self.notes),
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers and findings in a form that JSON can hold."""
        content = asdict(self)
        if self.reading is not None:
            content["reading"]["rejects"] = str(self.reading.rejects) if self.reading.rejects else None
        return {**content, "findings": [asdict(finding) for finding in self.findings]}


def assess(
    pipeline: Pipeline,
    segments: Segments,
    stays: pd.DataFrame,
    observed_until: np.datetime64,
    recorded_until: np.datetime64,
    reading: Reading | None,
    responses: pd.DataFrame,
    *,
    end_is_said: bool,
) -> QualityReport:
    """Measure a table of stays and its first contacts (see `History`)."""
    days = measures.event_days(pipeline, stays)
    first, last = (np.datetime64(int(day), "D") for day in (np.min(days), np.max(days))) if len(days) else (None, None)
    amounts = measures.describe_amounts(pipeline, stays)
    return QualityReport(
        reading=reading,
        n_deals=int(stays["deal"].nunique()),
        n_stays=len(stays),
        n_open_deals=int(stays["left"].isna().sum()),
        n_won=amounts.n_wins,
        n_lost=amounts.n_losses,
        first_day=str(first) if first is not None else None,
        last_day=str(last) if last is not None else None,
        observed_until=str(observed_until),
        recorded_until=str(recorded_until),
        end_is_said=end_is_said,
        silent_days=int((observed_until - last).astype(np.int64)) - 1 if last is not None else 0,
        longest_gap_days=measures.longest_gap_days(days),
        weekend_share=measures.weekend_share(days),
        bulk_days=measures.bulk_days(days),
        late_start=measures.late_start(pipeline, stays),
        stages=measures.stays_by_stage(pipeline, stays, recorded_until),
        paths=measures.separate_paths(stays),
        amounts=amounts,
        segments=measures.segment_sizes(segments, stays),
        first_contacts=measures.first_contacts(stays, responses),
        missing_losses=missing_losses(pipeline, stays, recorded_until),
        set_late=segments_set_late(pipeline, segments.columns, stays, recorded_until),
        alike=alike_names(segments),
    )


def _summary(report: QualityReport) -> Iterator[str]:
    if (rows := report.reading) is not None:
        yield f"{counted(rows.rows_read, 'row')} read, {rows.rows_kept:,} kept, {rows.rows_quarantined:,} set aside"
    if not report.n_deals:
        yield f"no deal is known before {report.observed_until}"
        return
    ends = report.n_won + report.n_lost + report.n_open_deals
    again = " (each win of a deal that is won again counts)" if ends > report.n_deals else ""
    yield (
        f"{counted(report.n_deals, 'deal')} in {counted(report.n_stays, 'stay')}, {report.first_day} to"
        f" {report.last_day}: {report.n_won:,} won, {report.n_lost:,} lost, {report.n_open_deals:,} open{again}"
    )


def _reading_warnings(report: QualityReport) -> Iterator[str]:
    rows = report.reading
    yield from report.doubts
    if rows is not None and rows.rows_quarantined:
        where = f"; see {rows.rejects.name}" if rows.rejects else ""
        others = rows.rows_quarantined - rows.rows_bad
        bad = f"{rows.rows_bad:,} {agreed(rows.rows_bad, 'is', 'are')} bad"
        why = f" ({bad}, {others:,} {agreed(others, 'belongs', 'belong')} to the same deals)" if others else ""
        yield (
            f"{_of(rows.rows_quarantined, rows.rows_read)} {agreed(rows.rows_read, 'row', 'rows')}"
            f" {agreed(rows.rows_quarantined, 'is', 'are')} set aside{why}, and with"
            f" {agreed(rows.rows_quarantined, 'it', 'them')} {_of(rows.deals_quarantined, rows.deals_read)}"
            f" {agreed(rows.deals_read, 'deal', 'deals')}{where}"
        )
    yield from rows.caveats if rows is not None else ()
    if report.end_is_said:
        if report.recorded_until < report.observed_until:
            yield (
                f"{SILENT_SINCE} the days before {report.observed_until}: the records end before"
                f" {report.recorded_until} (history.recorded_until), and the forecast begins with the deals as they"
                " stood then"
            )
    elif report.recorded_until < report.observed_until:
        yield (
            f"{SILENT_SINCE} the {_days(report.silent_days)} before {report.observed_until}, longer than any"
            f" gap before ({_days(report.longest_gap_days)}): the records are assumed to end before"
            f" {report.recorded_until}, and the forecast begins with the deals as they stood then; export the data"
            f" again, or set forecast.as_of to {report.recorded_until} (history.recorded_until: none if nothing has"
            " happened since)"
        )
    elif report.n_deals and report.silent_days > max(3, report.longest_gap_days):
        yield (
            f"{SILENT_SINCE} the {_days(report.silent_days)} before {report.observed_until}, longer than any"
            f" gap before ({_days(report.longest_gap_days)}): the data may have been exported earlier, and open deals"
            " may have ended since"
        )


def _data_warnings(report: QualityReport) -> Iterator[str]:
    yield from _stage_warnings(report)
    if report.n_deals and not report.n_lost:
        yield "no deal was ever lost: losses are probably not recorded, and deals that look open may be dead"
    if report.n_deals and not report.n_won:
        yield "no deal was ever won: conversion to won cannot be learned from these data"
    if report.late_start is not None and report.late_start[0] > max(7, 2 * report.late_start[1]):
        gap, usual = report.late_start
        yield (
            f"no deal ends in the first {gap:,} days, though half of them end within {_days(usual)} of their entry:"
            " deals that ended early are probably missing, and the first months look better or slower than they were"
        )
    amounts = report.amounts
    if amounts.share_of_deals == 0:
        yield NO_AMOUNT_RECORDED
    elif amounts.n_wins_unknown:
        wins, have = agreed(amounts.n_wins, "win", "wins"), agreed(amounts.n_wins_unknown, "has", "have")
        yield f"{_of(amounts.n_wins_unknown, amounts.n_wins)} {wins} {have} no amount"
    if amounts.n_wins_zero:
        wins, have = agreed(amounts.n_wins, "win", "wins"), agreed(amounts.n_wins_zero, "has", "have")
        yield f"{_of(amounts.n_wins_zero, amounts.n_wins)} {wins} {have} an amount of 0"
    n_known = amounts.n_wins - amounts.n_wins_unknown
    if n_known >= FEWEST_WINS and amounts.share_of_largest > MOST_IN_LARGEST:
        make = agreed(amounts.n_largest, "makes", "make")
        yield (
            f"{amounts.n_largest:,} of {counted(n_known, 'win')} {make} up {_percent(amounts.share_of_largest)} of"
            " all that was won: an error in an amount, or bookings that depend on a few deals, which no history can"
            " foresee"
        )
    if report.bulk_days:
        named = ", ".join(f"{day} ({_percent(share)})" for day, share in report.bulk_days[:3])
        more = f" and {len(report.bulk_days) - 3} more" if len(report.bulk_days) > 3 else ""
        yield f"a large share of all events falls on one day: {named}{more}; a bulk import instead of real dates?"
    yield from (names.words() for names in report.alike)
    sizes = report.segments
    if sizes and (sizes.n_segments > MOST_SEGMENTS or sizes.deals_per_segment < FEWEST_DEALS_PER_SEGMENT):
        yield (
            f"the deals fall into {sizes.n_segments:,} segments, {sizes.deals_per_segment:.1f} in each on average:"
            " the model can learn little about each; use fewer segment columns"
        )


def _stage_warnings(report: QualityReport) -> Iterator[str]:
    overdue = [stage for stage in report.stages if _is_overdue(stage)]
    if overdue:
        parts = ", ".join(
            f"{_of(stage.n_overdue, stage.n_open)} in {stage.stage!r}"
            f" (others left within {_days(stage.longest_days or 0)})"
            for stage in overdue
        )
        yield (
            "these open deals have waited longer than any that ever left the stage, and will probably never move:"
            f" {parts}"
        )
    if len(report.paths) > 1:
        apart = " and ".join(f"{{{', '.join(map(repr, path))}}}" for path in report.paths)
        yield f"no deal ever moves between {apart}: separate pipelines? Read one (history.where, pipeline.stages)"
    left_out = [stage for stage in report.stages if not stage.n_open and stage.n_usual >= LEAST_USUAL]
    if left_out:
        parts = ", ".join(f"{stage.stage!r} (usually about {stage.n_usual:.0f})" for stage in left_out)
        yield f"no deal is in {parts}: the file may leave out deals that have not moved yet"
    never_left = [repr(stage.stage) for stage in report.stages if stage.n_stays and stage.n_open == stage.n_stays]
    if never_left:
        yield f"no stay has ended in {', '.join(never_left)}: what happens there cannot be learned"
    never_entered = [repr(stage.stage) for stage in report.stages if not stage.n_stays]
    if never_entered and report.n_deals:
        yield f"no deal was ever in {', '.join(never_entered)}: check the names of the stages, or leave them out"


def _is_overdue(stage: StageCounts) -> bool:
    enough = stage.n_stays - stage.n_open >= FEWEST_ENDED
    return enough and stage.overdue_by_chance <= SELDOM_OVERDUE and stage.n_overdue >= 0.05 * stage.n_open


def _notes(report: QualityReport) -> Iterator[str]:
    amounts, sizes = report.amounts, report.segments
    if report.reading is not None:
        yield from report.reading.remarks
    if amounts.share_of_deals:
        yield f"{_percent(amounts.share_of_deals)} of the deals have an amount"
    if amounts.n_losses_zero:
        lost, have = agreed(amounts.n_losses, "lost deal", "lost deals"), agreed(amounts.n_losses_zero, "has", "have")
        yield f"{_of(amounts.n_losses_zero, amounts.n_losses)} {lost} {have} an amount of 0"
    if report.weekend_share is not None:
        yield f"{_percent(report.weekend_share)} of the events fall on weekends, which are 29% of all days"
    if sizes is not None:
        yield (
            f"{counted(sizes.n_segments, 'segment')}, from {counted(sizes.smallest[1], 'deal')} ({sizes.smallest[0]})"
            f" to {sizes.largest[1]:,} ({sizes.largest[0]})"
        )
    for contacts in report.first_contacts:
        yield FIRST_CONTACTS.format(contacts=contacts, share=_of(contacts.n_deals, contacts.n_entered))
    if report.reading is not None and report.reading.close_dates_ignored:
        yield (
            f"{counted(report.reading.close_dates_ignored, 'open deal')}"
            f" {agreed(report.reading.close_dates_ignored, 'has', 'have')} a closing date; it is ignored because it is"
            " only expected"
        )


def _of(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({_percent(part / whole)})"


def _percent(share: float) -> str:
    if 0 < share < 0.01:
        return "less than 1%"
    if 0.99 < share < 1:
        return "more than 99%"
    return f"{share:.0%}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count:,} days"
