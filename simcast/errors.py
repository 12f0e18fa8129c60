"""The errors that simcast raises on purpose, each a list of problems a person can act on."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST_SHOWN = 20
"""How many problems an error prints; `SimcastError.problems` holds all."""


_PASSWORD = re.compile(r"(://[^:/@\s'\"]*:)[^\s'\"]*@|([?&]password=)[^&\s'\"]*", re.IGNORECASE)


def hide_passwords(text: str) -> str:
    """Put stars in place of passwords in the URLs of databases; ``${NAME}`` tells none and stays.

    Examples
    --------
    >>> hide_passwords("postgresql://anna:s3cret@host/crm")
    'postgresql://anna:***@host/crm'
    """

    def hidden(found: re.Match[str]) -> str:
        if re.search(r":\$\{\w+\}@$|=\$\{\w+\}$", found[0]):
            return found[0]
        return f"{found[1]}***@" if found[1] else f"{found[2]}***"

    return _PASSWORD.sub(hidden, text)


class SimcastError(Exception):
    """Something a user can mend: every problem found, one line each.

    As text it shows the first `MOST_SHOWN` and how many more there are.

    Parameters
    ----------
    problems
        One line per problem: where it is, what was found, and what to do about it.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = tuple(
            map(hide_passwords, (problems,) if isinstance(problems, str) else problems)
        )
        super().__init__("\n".join(self.problems))

    def __str__(self) -> str:
        more = len(self.problems) - MOST_SHOWN
        return "\n".join([*self.problems[:MOST_SHOWN], *([f"... and {more:,} more problems"] if more > 0 else [])])


class DataError(SimcastError):
    """The history cannot be read as it stands; where an argument is at fault, a `DataArgumentError`."""


class ScenarioError(SimcastError):
    """The scenario asks for what is not there or not possible; where an argument does, a `ScenarioArgumentError`."""


class FitError(SimcastError):
    """The model could not be fitted to this history."""


class ArgumentError(SimcastError, ValueError):
    """A function was given a value that it has no meaning for; also a `ValueError`."""


class UnknownNameError(ArgumentError, KeyError):
    """There is no stage, scenario, metric, column, ... of this name; also a `KeyError`."""


class OutOfRangeError(ArgumentError, IndexError):
    """There is nothing at this position; also an `IndexError`."""


class ScenarioArgumentError(ScenarioError, ArgumentError):
    """An argument asks for something that the scenario does not allow; also a `ValueError`."""


class ScenarioNameError(ScenarioError, UnknownNameError):
    """An argument names something that the scenario does not have; also a `KeyError`."""


class DataArgumentError(DataError, ArgumentError):
    """An argument about a history has no meaning; also a `ValueError`."""


class DataNameError(DataError, UnknownNameError):
    """An argument names something that the history does not have; also a `KeyError`."""


class ArgumentTypeError(SimcastError, TypeError):
    """A function was given another kind of thing than it works with; also a `TypeError`."""
