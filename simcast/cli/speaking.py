"""Errors about arguments of the library, rewritten to name the option that gave the argument."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from simcast.errors import ArgumentError


@contextmanager
def by_option(arguments: Mapping[str, str]) -> Iterator[None]:
    """Let errors of arguments speak of options; around a block, or over a command.

    Parameters
    ----------
    arguments
        The option for each argument with whose name an error may begin; and words for phrases that stand inside one.
    """
    try:
        yield
    except ArgumentError as error:
        raise type(error)([_said(problem, arguments) for problem in error.problems]) from error


def _said(problem: str, arguments: Mapping[str, str]) -> str:
    """Put options in the place of arguments.

    Examples
    --------
    >>> _said("names fix: there is none; take fewer steps", {"names": "--scenario", "fewer steps": "fewer --steps"})
    '--scenario fix: there is none; take fewer --steps'
    """
    for name, option in arguments.items():
        if " " in name:
            problem = problem.replace(name, option)
        elif re.match(rf"{name}[ .:]", problem):
            return _said(option + problem.removeprefix(name), {k: v for k, v in arguments.items() if " " in k})
    return problem
