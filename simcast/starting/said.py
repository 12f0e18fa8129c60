"""What a user says of a file beside the file itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from simcast.errors import DataError
from simcast.history.dialect import Dialect, check_dialect
from simcast.history.outcome_words import without_pipeline
from simcast.starting.columns import Column

OURS = ("deal", "stage", "entered", "outcome", "closed", "closed.won", "closed.lost", "amount", "first_response")
"""Names of columns that can be said."""
_ENDS = ("won", "lost", "open")


@dataclass(frozen=True)
class Said:
    """What is not to be guessed.

    Parameters
    ----------
    columns
        One of `OURS` -> the file's column.
    outcomes
        A word of the file -> won, lost or open.
    time_zone
        The zone whose days are meant; empty: guessed.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    outcomes: Mapping[str, str] = field(default_factory=dict)
    time_zone: str = ""

    def check(self, columns: Sequence[Column]) -> None:
        """Compare with the columns of the file; all that is wrong at once.

        Raises
        ------
        DataError
            When a name is not ours, or something is not in the file.
        """
        names = [column.name for column in columns]
        problems = [
            f"--column {name}: is not one of ours ({', '.join(OURS)})" for name in self.columns if name not in OURS
        ]
        problems += [
            f"--column {name}: there is no column {column!r} (known: {', '.join(names)})"
            for name, column in self.columns.items()
            if column not in names
        ]
        if self.ends and "closed" in self.columns:
            problems.append(
                f"--column closed: goes without --column closed.{next(iter(self.ends))}; name one or both ends"
            )
        problems += [
            f"--outcome {word}={name}: {name!r} is not one of {', '.join(_ENDS)}"
            for word, name in self.outcomes.items()
            if name not in _ENDS
        ]
        there = {word for column in columns for word in column.words} if self.outcomes else set()
        there |= {without_pipeline(word) for word in there}  # as stages are named
        problems += [
            f"--outcome {word}: no cell of the file is {word!r}" for word in self.outcomes if word not in there
        ]
        try:
            check_dialect(Dialect(time_zone=self.time_zone))
        except DataError as error:
            problems += [problem.replace("history.time_zone", "--time-zone") for problem in error.problems]
        if problems:
            raise DataError(problems)

    @property
    def ends(self) -> dict[str, str]:
        """The columns of dates that are named for one outcome alone, by the outcome."""
        return {name: self.columns[key] for name in _ENDS if (key := f"closed.{name}") in self.columns}

    def column(self, columns: Sequence[Column], name: str) -> Column | None:
        """Return the column that the user names for one of ours."""
        return next((column for column in columns if column.name == self.columns.get(name)), None)
