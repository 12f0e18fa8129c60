"""Proposing a scenario for a user's own file: guessed, tried, and written with comments."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from simcast.errors import DataError
from simcast.history import History, read_history
from simcast.history.parsing import EPOCH
from simcast.history.reading import Repeats
from simcast.history.sources import Source
from simcast.history.sql import is_database
from simcast.history.survey import Survey, survey
from simcast.history.usual_path import UsualPath
from simcast.pipeline import Pipeline, with_ways_back
from simcast.starting.contacts import worthwhile_promise
from simcast.starting.guessing import guess
from simcast.starting.project import SCHEMA, schema_bytes, write_new
from simcast.starting.said import Said
from simcast.starting.scenario_text import Content, scenario_text
from simcast.starting.set_aside import NOT_FIT, outcomes_set_aside
from simcast.starting.telling_apart import without_those_set_late
from simcast.writing import agreed, counted

SCENARIO = "scenario.yaml"
RARE_MOVE = 0.01
"""Moves that fewer of the deals make are taken as mistakes of the record: those deals are set aside."""
USUAL_WAY = 0.05
"""Unless by so many of the entries into a stage, or of the wins: where few of many visitors ever buy, these are few."""
MOST_SET_ASIDE = 0.25
"""Where more of the deals are set aside, the rest is misleading: that is said before all else."""
MOST_REPEATING = 0.05
"""Where more of the deals have two rows in a stage, one behind the other, rows are not stays."""
MOST_RETURNING = 0.2
"""Where more of those that leave a stage come back to one, too, rows are events such as those of a web page."""
_QUARTER_DAYS = 91
_FEWEST_DEALS = 30
_FEWEST_OF_A_WAY = 10
_HARDLY_LOST = 0.95
"""Where more of the deals go on anyway, there is no conversion to raise."""


@dataclass(frozen=True)
class Proposal:
    """A scenario for a user's own file.

    Parameters
    ----------
    files
        What was written.
    scenario
        The scenario's file.
    found
        What was found in the file, a sentence each.
    unsure
        What the user should look at, a sentence each.
    """

    files: tuple[Path, ...]
    scenario: Path
    found: tuple[str, ...]
    unsure: tuple[str, ...]


def propose(
    path: str,
    folder: Path,
    query: str | None = None,
    said: Said | None = None,
    today: date | None = None,
) -> Proposal:
    """Look at a file of deals and write a scenario for it.

    Parameters
    ----------
    path
        A csv, parquet or xlsx file, or the URL of a database.
    folder
        Where the scenario goes.
    query
        For a database: a table or a select.
    said
        What the user says of the file.
    today
        Later dates are refused; by default the present day.

    Raises
    ------
    SimcastError
        When the file cannot be made sense of, or the scenario is there already.
    """
    last_day = today or date.today()
    guessed = guess(path, query, said)
    unsure = list(guessed.unsure)
    seen, repeats = _survey(guessed.source, last_day, unsure)
    seen = _with_a_win(guessed.source, seen, unsure, repeats)
    seen, names = _with_renamed(guessed.source, seen, unsure, repeats)
    source = replace(guessed.source, outcomes={**_outcomes(guessed.source, seen), **names})
    moves, rare = _moves(seen)
    pipeline = Pipeline.define(seen.way.stages, moves)

    def read(segments: tuple[str, ...], on_bad_rows: str) -> History:
        return read_history(
            source.path,
            pipeline,
            format=source.format,
            columns=source.columns,
            outcomes=source.outcomes,
            segments=segments,
            on_bad_rows="stop" if on_bad_rows == "stop" else "quarantine",
            rejects=False,
            amount_known_from="entry" if guessed.amount_known_from == "entry" else None,
            today=last_day,
            dialect=source.dialect,
            where=source.where,
            query=source.query,
            repeats=repeats,
        )

    segments, late = without_those_set_late(guessed.segments, lambda name: read((name,), "quarantine"))
    unsure += late
    history, on_bad_rows = _read(lambda on_bad_rows: read(segments[:1], on_bad_rows), seen, unsure, rare=rare)
    if not any(text.startswith(NOT_FIT) for text in unsure):
        unsure += _nothing_won(seen, history)
    unsure += [*history.quality.faults, *_doubts(seen.way)]
    as_of, back = _as_of(path, history)
    unsure += [*_missed_contacts(seen, source, history), *_thin_end(seen)]
    unsure.sort(key=lambda text: not text.startswith(NOT_FIT))
    content = Content(
        title=Path(path.partition("?")[0]).stem,
        path=_moved(path, folder),
        source=source,
        pipeline=pipeline,
        moves=moves,
        segments=segments[:1],
        other_segments=segments[1:],
        has_amount=guessed.has_amount,
        amount_known_from=guessed.amount_known_from,
        on_bad_rows=on_bad_rows,
        repeats=repeats,
        as_of=as_of,
        quarter_back=back,
        conversion=_conversion_to_raise(history),
        promise=worthwhile_promise(history),
        unsure=tuple(unsure),
    )
    text = scenario_text(content)
    files = write_new(folder, {SCENARIO: text.encode(), SCHEMA: schema_bytes()})
    return Proposal(tuple(files), folder / SCENARIO, tuple(_found(source, pipeline, history)), tuple(unsure))


def _survey(source: Source, today: date, unsure: list[str]) -> tuple[Survey, Repeats]:
    """Survey a file, with rows that repeat a stage counted as the data suggest; say so in `unsure` if that matters."""
    seen = survey(source, today)
    repeats = _repeats(seen)
    if repeats == "stay":
        return seen, repeats
    what = "only the first of each counts" if repeats == "first" else "they are one stay"
    unsure.append(
        f"{_percent(seen.n_repeating / seen.n_deals)} of the deals have several rows in one stage: {what}"
        " (history.repeats)"
    )
    return survey(source, today, repeats), repeats


def _nothing_won(seen: Survey, history: History) -> Iterator[str]:
    """Say that no deal is ever won, and how to name wins; nothing if some are."""
    if history.quality.n_won == 0:
        end = shlex.quote(f"{seen.way.stages[-1]}=won")
        yield (
            f"{NOT_FIT}, since no deal is ever won as the file is read here: say what a win is called, such as"
            f" --outcome {end}, or look at what follows"
        )


def _repeats(seen: Survey) -> Repeats:
    """Return how rows that repeat a stage count; as stays, unless more deals have such rows than mistakes explain."""
    if seen.n_repeating <= MOST_REPEATING * seen.n_deals:
        return "stay"
    return "first" if seen.n_returning > MOST_RETURNING * seen.n_moving else "join"


def _with_a_win(source: Source, seen: Survey, unsure: list[str], repeats: str) -> Survey:
    """Take the last stage for the win where no word sounds like one."""
    ends = {*source.outcomes.values(), *seen.export.outcomes.values()}
    words = seen.export.table.cells
    column = str(seen.export.columns.get("stage") or seen.export.columns.get("outcome") or "stage")
    plain = set(words[column].astype("str").str.strip()) if column in words.columns else set()
    if "won" in ends or "won" in plain or len(seen.way.stages) < 2 or seen.export.form != "log":
        return seen
    last = seen.way.stages[-1]
    unsure.append(f"no word sounds like a win: the last stage, {last!r}, is taken as won (history.outcomes)")
    outcomes = {**source.outcomes, last: "won"}
    return survey(replace(source, outcomes=outcomes), repeats=repeats)


def _with_renamed(source: Source, seen: Survey, unsure: list[str], repeats: str) -> tuple[Survey, dict[str, str]]:
    """Give stages of a log that seem to have been renamed their later name; return these names, too."""
    if seen.export.form != "log" or not seen.renamed:
        return seen, {}
    for name, (later, day) in seen.renamed.items():
        unsure.append(
            f"no deal enters {name!r} any more since the first one entered {later!r}, on"
            f" {EPOCH + timedelta(days=day)}, and none was in both: it is taken to have been renamed (history.outcomes)"
        )
    ours = {name: later for name, (later, _) in seen.renamed.items()}
    return survey(replace(source, outcomes={**seen.export.outcomes, **ours}), repeats=repeats), ours


def _outcomes(source: Source, seen: Survey) -> dict[str, str]:
    return dict(seen.export.outcomes) if source.format in {"log", "deals"} else dict(source.outcomes)


def _doubts(way: UsualPath) -> list[str]:
    """Say which order of stages is in doubt, which are taken to stand beside the path, and which may be ends."""
    doubts = [f"whether {one!r} comes before {other!r} is not clear from the file" for one, other in way.doubtful]
    for name in way.beside:
        if name in way.never_left:
            won = way.moves.get((way.stages[-1], name), 0) > sum(
                count for (start, end), count in way.moves.items() if end == name and start != way.stages[-1]
            )
            end = shlex.quote(f"{name}={'won' if won else 'lost'}")
            doubts.append(f"no deal moves on from {name!r}: if deals end there, say so, such as --outcome {end}")
        else:
            doubts.append(f"{name!r} is taken as a stage off the main path (pipeline.moves)")
    return doubts


def _moves(seen: Survey) -> tuple[tuple[tuple[str, str], ...], int]:
    """Return the moves that deals really make, and how many times they make others."""
    fewest = max(2.0, RARE_MOVE * seen.n_deals)
    moves, beside = seen.way.moves, set(seen.way.beside)
    into = seen.way.entries
    often = tuple(
        move
        for move, count in moves.items()
        if count >= min(fewest, max(_FEWEST_OF_A_WAY, USUAL_WAY * into[move[1]])) or beside.intersection(move)
    )
    return tuple(with_ways_back(seen.way.stages, often)), sum(
        count for move, count in moves.items() if move not in often
    )


def _read(read: Callable[[str], History], seen: Survey, unsure: list[str], *, rare: int) -> tuple[History, str]:
    """Read the file; with bad rows, set those deals aside and say so."""
    try:
        return read("stop"), "stop"
    except DataError as error:
        history = read("quarantine")
        reading = history.reading
        share = reading.deals_quarantined / max(1, reading.deals_read) if reading else 0.0
        first = error.problems[0] if len(error.problems) < 2 else error.problems[min(1, len(error.problems) - 1)]
        why = (
            f" ({counted(rare, 'move')} {agreed(rare, 'is', 'are')} too rare to be a way that deals go)" if rare else ""
        )
        text = f"{_percent(share)} of the deals have bad rows{why} and are set aside (history.on_bad_rows), such as:"
        text = f"{text} {first}"
        if ended := outcomes_set_aside(seen, history):
            text = f"{NOT_FIT}, since {ended} would be set aside: {text}"
        elif doubts := history.quality.doubts:
            text = f"{NOT_FIT}, since {doubts[0]}. {text}"
        elif share > MOST_SET_ASIDE:
            text = f"{NOT_FIT}, since {text}"
        unsure.insert(0, text)
        return history, "quarantine"


def _percent(share: float) -> str:
    return "less than 1%" if 0 < share < 0.01 else f"{share:.0%}"


def _as_of(path: str, history: History) -> tuple[date, date | None]:
    """Return the day after the last one on which anything happened, and one a quarter before, where enough is known."""
    if history.n_deals < _FEWEST_DEALS:
        raise DataError(
            f"{path}: only {counted(history.n_deals, 'deal')} can be read; at least {_FEWEST_DEALS} are needed to"
            " learn from"
        )
    as_of = EPOCH + timedelta(days=int(history.last_event.astype("int64")) + 1)
    back = as_of - timedelta(days=_QUARTER_DAYS)
    return as_of, back if history.stays["entered"].min().date() + timedelta(days=_QUARTER_DAYS) <= back else None


def _conversion_to_raise(history: History) -> tuple[str, float]:
    """Return the first stage of the path in which deals are lost, and which share of those that left it were not.

    Where losses are not recorded it is the first stage, with the share of all its deals that have left it.
    """
    pipeline, move = history.pipeline, history.stays["move"]
    lost = move.isin([name for name in pipeline.outcomes if not pipeline.is_won(name)])
    for stage in pipeline.path:
        here = history.stays["stage"] == stage
        kept = 1.0 - float(lost[here].sum()) / max(1, int(move[here].notna().sum()))
        if kept < _HARDLY_LOST:
            return stage, kept
    here = history.stays["stage"] == pipeline.path[0]
    return pipeline.path[0], float(move[here].notna().mean())


def _thin_end(seen: Survey) -> list[str]:
    """Say so where little is recorded in the last quarter of the file."""
    last, first = int(seen.days[-1]), int(seen.days[0])
    quarters = (last - first + 1) / _QUARTER_DAYS
    late, usual = int((seen.days > last - _QUARTER_DAYS).sum()), len(seen.days) / max(1.0, quarters)
    if quarters < 2 or late >= usual / 4:
        return []
    text = (
        f"only {counted(late, 'event')} {agreed(late, 'falls', 'fall')} in the last 91 days of the file, where"
        f" {usual:,.0f} are usual: the record thins"
        " out, and an earlier day may be wiser (forecast.as_of)"
    )
    return [text]


def _missed_contacts(seen: Survey, source: Source, history: History) -> list[str]:
    """Say so where few of the first contacts in the file can be used."""
    column = source.columns.get("first_response")
    cells = seen.export.table.cells
    if not isinstance(column, str) or column not in cells.columns:
        return []
    filled = cells[column].notna() & (cells[column].astype("str").str.strip() != "")
    n_deals, n_used = cells.loc[filled, str(seen.export.columns.get("deal", "deal"))].nunique(), len(history.responses)
    if n_used >= n_deals / 2:
        return []
    text = (
        f"{column!r} gives the first contact with {counted(n_deals, 'deal')}, and of {n_used:,} of them in the"
        " row by which a"
        " deal enters the first stage and not before that: only those are used (history.columns.first_response)"
    )
    return [text]


def _moved(path: str, folder: Path) -> str:
    """Return the path of the history as the scenario names it: files are given relative to its folder."""
    if not is_database(path):
        return _relative(Path(path), folder)
    found = re.fullmatch(r"(sqlite(?:\+\w+)?:///)([^/:?].*)", path)
    return found[1] + _relative(Path(found[2]), folder) if found else path


def _relative(path: Path, folder: Path) -> str:
    relative = Path(os.path.relpath(path.resolve(), folder.resolve()))
    return (path.resolve() if relative.parts[:2] == ("..", "..") else relative).as_posix()


def _found(source: Source, pipeline: Pipeline, history: History) -> list[str]:
    columns: Mapping[str, object] = source.columns
    lines = [f"read as {source.format}"]
    if columns:
        lines.append("columns: " + ", ".join(f"{ours} = {_shown(theirs)}" for ours, theirs in columns.items()))
    lines.append(f"stages: {', '.join(pipeline.stages)}")
    reading = history.reading
    said = [] if reading is None else [f"warning: {text}" for text in reading.caveats]
    said += [] if reading is None else [f"note: {text}" for text in reading.remarks]
    return [*lines, *history.quality.lines()[:2], *said]


def _shown(column: object) -> str:
    if isinstance(column, Mapping):
        return "; ".join(f"{stage} by {name!r}" for stage, name in column.items())
    return repr(column)
