"""Results as plain tables: columns of one kind each, raw values, no markup; pages and workbooks are made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from simcast.analysis import Leaks, Run
from simcast.analysis.deals import have_no_worth
from simcast.analysis.leaks import POINT, Leak
from simcast.forecast import METRICS, ORIGINS, Forecast, Metric, Summary
from simcast.report.words import Language
from simcast.scenario import BASELINE

if TYPE_CHECKING:
    import pandas as pd

Kind = Literal["text", "money", "gain", "count", "more", "chance", "share", "number", "days", "date", "flag"]
"""What a column holds: ``gain`` and ``more`` are signed money and counts, ``flag`` is said or left empty."""

_FEW_DAYS = 0.95
"""Fewer days than these are written with two decimals."""

Value = str | float | date | bool | None


@dataclass(frozen=True)
class Column:
    """A column: its title, and what it holds."""

    title: str
    kind: Kind = "text"


@dataclass(frozen=True)
class Table:
    """A table with raw values.

    Parameters
    ----------
    key
        A name for programs, such as ``"periods"``.
    title
        A name for people.
    columns
        From left to right.
    rows
        One value per column; None where there is none.
    note
        How to read it.
    strong
        Positions of rows that stand out, such as totals.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    note: str = ""
    strong: frozenset[int] = frozenset()

    def shortened(self, most: int) -> Table:
        """Return the first rows only."""
        return Table(self.key, self.title, self.columns, self.rows[:most], self.note, self.strong)


def written(value: Value, kind: Kind, language: Language) -> str:
    """Write one value for people."""
    if value is None or (isinstance(value, float) and not np.isfinite(value)):
        return ""
    if kind == "flag":
        return language.say("yes") if value else ""
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return language.date(value)
    match kind:
        case "money" | "gain":
            return language.money(float(value), signed=kind == "gain")
        case "count" | "more":
            return language.count(float(value), signed=kind == "more")
        case "chance":
            return language.chance(float(value))
        case "share":
            return language.share(float(value))
        case "days":
            return language.number(float(value), 1 if abs(float(value)) >= _FEW_DAYS else 2)
        case _:
            return language.number(float(value), 3)


def as_date(day: np.datetime64) -> date:
    """Return a day as Python has it."""
    return date.fromisoformat(str(day.astype("datetime64[D]")))


def _metrics(run: Run) -> tuple[Metric, ...]:
    """Return what tables tell: wins alone where nothing is booked."""
    return ("wins",) if run.by_wins else METRICS


def _bands(run: Run, language: Language) -> list[Column]:
    """Return the columns of bookings and wins: P10, P50, P90."""
    kinds: dict[Metric, Kind] = {"bookings": "money", "wins": "count"}
    return [Column(f"{language.say(metric)} P{q}", kinds[metric]) for metric in _metrics(run) for q in (10, 50, 90)]


def _band_values(run: Run, **selection: Any) -> tuple[float, ...]:  # noqa: ANN401 - handed on to values()
    """Return the quantiles of a part of the baseline in those columns."""
    baseline = run.forecasts[BASELINE]
    return _quantiles_of({metric: baseline.values(metric, **selection) for metric in _metrics(run)})


def _quantiles_of(totals: Mapping[Metric, NDArray[np.float64]]) -> tuple[float, ...]:
    """Return P10, P50 and P90 of totals by future, of wins in whole deals."""
    found: list[float] = []
    for metric, total in totals.items():
        summary = Summary.of(total)
        quantiles = [summary.quantile(q) for q in (0.1, 0.5, 0.9)]
        found += [float(round(value)) for value in quantiles] if metric == "wins" else quantiles
    return tuple(found)


def periods_table(run: Run, language: Language) -> Table:
    """Bookings and wins of the baseline by period, in all, and from open and new deals."""
    rows: list[tuple[Value, ...]] = []
    for position, (start, end) in enumerate(zip(run.days.starts, run.days.ends, strict=True)):
        first, last = as_date(start), as_date(end)
        rows.append((_days_label(first, last, language), *_band_values(run, period=position)))
    total = len(rows)
    rows.append((language.say("total"), *_band_values(run)))
    rows += [(language.say(f"origin.{origin}"), *_band_values(run, origin=origin)) for origin in ORIGINS]
    return Table(
        "periods",
        language.say(f"table.periods.{run.days.period}"),
        (Column(language.say("period")), *_bands(run, language)),
        tuple(rows),
        language.say("note.quantiles"),
        frozenset([total]),
    )


def _days_label(first: date, last: date, language: Language) -> str:
    """Write the days of a period, the month and year once where they are the same."""
    if first == last:
        return language.date(first)
    begin = str(first.day) if (first.year, first.month) == (last.year, last.month) else language.date(first, "short")
    return f"{begin}–{language.date(last)}" if begin.isdecimal() else f"{begin} – {language.date(last)}"


def segment_tables(run: Run, language: Language) -> list[Table]:
    """Bookings and wins of the baseline by each column that the forecast was asked for."""
    baseline = run.forecasts[BASELINE]
    return [
        Table(
            f"by-{column}",
            language.say("table.by", column=column),
            (Column(column), *_bands(run, language)),
            tuple(
                (value, *_band_values(run, where={column: value}))
                for value in dict.fromkeys(baseline.segments.column(column))
            ),
        )
        for column in baseline.segments.columns
    ]


def won_outcomes_table(run: Run, language: Language) -> Table | None:
    """Return bookings and wins of the baseline by the outcome that is won; None where there is but one."""
    if not run.won_ends:
        return None
    rows: list[tuple[Value, ...]] = []
    for outcome, end in run.won_ends[BASELINE].items():
        totals: dict[Metric, NDArray[np.float64]] = {"bookings": end.bookings, "wins": end.wins}
        rows.append((outcome, *_quantiles_of({metric: totals[metric] for metric in _metrics(run)})))
    columns = (Column(language.say("won-outcome")), *_bands(run, language))
    return Table("won-outcomes", language.say("table.won-outcomes"), columns, tuple(rows))


def distribution_table(forecast: Forecast, language: Language) -> Table:
    """Return the quantiles of bookings and wins (alone where nothing is booked), and the chance of more than each."""
    metrics: tuple[Metric, ...] = ("wins",) if forecast.books_nothing else METRICS
    totals = [forecast.values(metric) for metric in metrics]
    levels = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
    rows: list[tuple[Value, ...]] = [
        (f"P{100 * level:.0f}", 1.0 - level, *(float(np.quantile(total, level)) for total in totals))
        for level in levels
    ]
    rows.append((language.say("mean"), None, *(float(total.mean()) for total in totals)))
    columns = (
        Column(language.say("quantile")),
        Column(language.say("chance.more"), "chance"),
        *(Column(language.say(metric), "count" if metric == "wins" else "money") for metric in metrics),
    )
    return Table("distribution", language.say("table.distribution"), columns, tuple(rows), strong=frozenset([3]))


@dataclass(frozen=True)
class StageFlow:
    """The mean flow of the deals through one stage: those there at the start and those that came, and where they are.

    Parameters
    ----------
    stage
        Its name.
    at_start, entered
        Deals in it at the start, and stays begun.
    forward, other, at_end
        Stays that ended forward or in any win, those that ended otherwise (lost, back, waiting), and those open at the
        end; together as many as the first two. Of scenarios other than the baseline only wins by the forward move are
        known by stage.
    """

    stage: str
    at_start: float
    entered: float
    forward: float
    other: float
    at_end: float


def stage_flows(run: Run, name: str = BASELINE) -> list[StageFlow]:
    """Return the mean flow through each stage of the pipeline under one scenario."""
    forecast = run.forecasts[name]
    at_start = np.bincount(run.book.stage_code, minlength=run.book.pipeline.n_stages)
    flows = []
    for code, stage in enumerate(run.book.pipeline.stages):
        entered, forward, at_end = (
            float(forecast.stage_values(variable, stage).mean())
            for variable in ("entered", "left_forward", "open_at_end")
        )
        forward += run.wins_aside.get(stage, 0.0) if name == BASELINE else 0.0
        other = max(0.0, float(at_start[code]) + entered - forward - at_end)
        flows.append(StageFlow(stage, float(at_start[code]), entered, forward, other, at_end))
    return flows


def stages_table(run: Run, language: Language) -> Table:
    """How deals flow through the stages in the mean."""
    titles = ("at-start", "entered", "forward", "other-ways", "at-end")
    return Table(
        "stages",
        language.say("table.stages"),
        (Column(language.say("stage")), *(Column(language.say(f"stages.{title}"), "count") for title in titles)),
        tuple(
            (flow.stage, flow.at_start, flow.entered, flow.forward, flow.other, flow.at_end)
            for flow in stage_flows(run)
        ),
        language.say("note.stages"),
    )


def deals_table(deals: pd.DataFrame, segments: Sequence[str], language: Language, *, full: bool = False) -> Table:
    """Return the open deals, those first of which most is at stake; in full, with the usual days and the dates between.

    Columns in which nothing is known are left out.
    """
    by_wins = have_no_worth(deals)
    columns = [("deal", Column(language.say("deal"))), ("stage", Column(language.say("stage")))]
    columns += [(name, Column(name)) for name in segments]
    columns.append(("age_days", Column(language.say("age"), "count")))
    if full:
        columns.append(("usual_days", Column(language.say("usual"), "count")))
    columns += [
        ("stalled", Column(language.say("stalled"), "flag")),
        ("amount", Column(language.say("amount"), "money")),
        ("probability_won", Column(language.say("chance.won"), "chance")),
        ("expected_close", Column(language.say("expected-close"), "date")),
    ]
    if full:
        columns += [(f"close_{end}", Column(language.say(f"close-{end}"), "date")) for end in ("low", "high")]
    if by_wins:
        columns = [(name, column) for name, column in columns if name != "amount"]
    else:
        columns.append(("value_at_stake", Column(language.say("at-stake"), "money")))
    cells = {name: [_value(value, column.kind) for value in deals[name]] for name, column in columns}
    kept = [(name, column) for name, column in columns if not len(deals) or set(cells[name]) != {None}]
    return Table(
        "deals",
        language.say("table.deals"),
        tuple(column for _, column in kept),
        tuple(zip(*(cells[name] for name, _ in kept), strict=True)),
        language.say("note.deals.wins" if by_wins else "note.deals"),
    )


def _value(value: Any, kind: Kind) -> Value:  # noqa: ANN401 - whatever a data frame holds
    """Return a value of a data frame as a table has it; None where it is not known."""
    if kind == "text":
        return str(value)
    if kind == "flag":
        return True if value else None
    if value != value:  # NaN and NaT are not themselves
        return None
    if kind == "date":
        return date(value.year, value.month, value.day)
    return float(math.ceil(value)) if kind == "count" else float(value)


def leaks_table(found: Leaks, language: Language) -> Table:
    """Return what small changes of each stage bring, ranked."""
    by_wins = found.by_wins
    kind: Kind = "more" if by_wins else "gain"
    columns = (
        Column(language.say("stage")),
        Column(language.say("leaks.conversion"), "share"),
        Column(language.say("leaks.point"), kind),
        Column("P10", kind),
        Column("P90", kind),
        Column(language.say("leaks.day"), kind),
        Column(language.say("leaks.long-run"), kind),
        Column(language.say("leaks.best")),
        Column(language.say("leaks.gap"), kind),
        Column(language.say("leaks.gap-low"), kind),
        Column(language.say("leaks.gap-high"), kind),
    )
    rows: list[tuple[Value, ...]] = []
    for leak in found.leaks:
        point = leak.point.wins if by_wins else leak.point.bookings
        day, gap = (
            None if worth is None else worth.wins if by_wins else worth.bookings for worth in (leak.day_told, leak.gap)
        )
        later = leak.long_run_wins if by_wins else leak.long_run_bookings
        mark = " (?)" if leak.gap_is_uncertain else ""
        rows.append(
            (
                leak_name(leak),
                leak.usual_conversion,
                point.mean,
                point.quantile(0.1),
                point.quantile(0.9),
                None if day is None else day.mean,
                None if later is None else later.mean,
                None if leak.best is None else f"{leak.best.label}: {language.share(leak.best.conversion)}{mark}",
                *((None, None, None) if gap is None else (gap.mean, gap.quantile(0.1), gap.quantile(0.9))),
            )
        )
    cut = [
        language.say("note.leaks-cut", stage=leak_name(leak), added=language.number(leak.added / POINT, 2))
        for leak in found.leaks
        if leak.is_cut
    ]
    return Table(
        "leaks",
        language.say("table.leaks"),
        columns,
        tuple(rows),
        " ".join([language.say("note.leaks", n=language.count(found.n_futures)), *cut]),
    )


def leak_name(leak: Leak) -> str:
    """Return the stage, with its segment where it is only a part."""
    return leak.stage + "".join(f" / {value}" for value in leak.where.values())


def losses_table(found: Leaks, language: Language) -> Table | None:
    """Return what each stage lost over the last year, and whether its conversion changed; None without a history."""
    if not found.losses:
        return None
    is_valued = not found.by_wins or any(loss.value for loss in found.losses)
    columns = (
        Column(language.say("stage")),
        Column(language.say("losses.lost"), "count"),
        *([Column(language.say("losses.value"), "money")] if is_valued else []),
        *(Column(language.say(f"losses.{when}"), "share") for when in ("recent", "before")),
    )
    rows = tuple(
        (
            *(loss.stage, loss.lost),
            *([loss.value or None] if is_valued else []),  # a value of 0 is one that nobody knows
            *(loss.conversion_recent, loss.conversion_before),
        )
        for loss in found.losses
    )
    return Table("losses", language.say("table.losses"), columns, rows)


def listed_table(key: str, title: str, columns: Sequence[Column], rows: Sequence[Sequence[Value]]) -> Table:
    """Return a table of rows at hand."""
    return Table(key, title, tuple(columns), tuple(tuple(row) for row in rows))
