"""From the export of a CRM to the canonical log, and the pipeline that goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from simcast.errors import DataError
from simcast.history import History, read_history
from simcast.history.columns import yaml_text
from simcast.history.sources import Source
from simcast.history.sql import is_database
from simcast.history.survey import survey
from simcast.history.writing import write_log
from simcast.pipeline import Pipeline, with_ways_back
from simcast.scenario import load_pipeline


@dataclass(frozen=True, eq=False)
class Converted:
    """A history that was written as a log.

    Parameters
    ----------
    history
        What is in the log.
    moves
        The moves beyond forward and lost that were seen, where the pipeline was not given.
    doubtful
        Neighbouring stages whose order is not clear from the file.
    given
        Whether the pipeline was given.
    """

    history: History
    moves: tuple[tuple[str, str], ...]
    doubtful: tuple[tuple[str, str], ...]
    given: bool

    def lines(self) -> list[str]:
        """Return the quality of the data and the pipeline, for people."""
        lines = self.history.quality.lines()
        if self.given:
            return lines
        lines += [
            f"note: whether {first!r} comes before {second!r} is not clear from the file; check the order"
            for first, second in self.doubtful
        ]
        stages = ", ".join(map(yaml_text, self.history.pipeline.path))
        lines += ["the pipeline, as found in the file, for a scenario:", "pipeline:", f"  stages: [{stages}]"]
        if self.moves:
            lines.append("  moves:")
            lines += [f"    - {{from: {yaml_text(start)}, to: {yaml_text(end)}}}" for start, end in self.moves]
        return lines

    def to_dict(self) -> dict[str, Any]:
        """Return the same in a form that JSON can hold."""
        moves = [{"from": start, "to": end} for start, end in self.moves]
        return {
            "pipeline": {"stages": list(self.history.pipeline.path), "moves": moves, "given": self.given},
            "doubtful": [list(pair) for pair in self.doubtful],
            "quality": self.history.quality.to_dict(),
        }


def convert(
    source: Source,
    out: Path,
    pipeline_file: Path | None = None,
    segments: Sequence[str] = (),
    on_bad_rows: Literal["stop", "quarantine"] = "stop",
) -> Converted:
    """Read a history from `source` and write it as a log.

    Parameters
    ----------
    source
        The export, and what is known of it.
    out
        The log to write: csv or parquet. Rows set aside go to ``<name>.rejects.csv`` beside it.
    pipeline_file
        A YAML file of stages and moves, or a scenario; without one the stages are found in the file.
    segments
        Columns to keep.
    on_bad_rows
        What becomes of bad rows.

    Raises
    ------
    DataError
        When the export cannot be read as it stands.
    """
    if out.suffix.lower() not in {".csv", ".parquet"}:
        raise DataError(f"{out}: a log is written as .csv or .parquet; name such a file")
    if not is_database(str(source.path)) and out.resolve() == Path(source.path).resolve():
        raise DataError(f"{out}: is the export itself, of which the log keeps only a part; name another file")
    moves: tuple[tuple[str, str], ...] = ()
    doubtful: tuple[tuple[str, str], ...] = ()
    if pipeline_file is not None:
        pipeline: Pipeline = load_pipeline(pipeline_file)
    else:
        found = survey(source).way
        pipeline, moves, doubtful = (
            found.pipeline(),
            tuple(with_ways_back(found.stages, tuple(found.moves))),
            found.doubtful,
        )
    history = read_history(
        source.path,
        pipeline,
        format=source.format,
        columns=source.columns,
        outcomes=source.outcomes,
        segments=segments,
        on_bad_rows=on_bad_rows,
        rejects=out.with_name(f"{out.stem}.rejects.csv"),
        dialect=source.dialect,
        where=source.where,
        query=source.query,
        folder=source.folder,
    )
    write_log(history, out)
    return Converted(history, moves, doubtful, pipeline_file is not None)
