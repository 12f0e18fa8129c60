"""Compiling in two processes at the same time, of which each compiles one function after the other.

Compiling takes most of the time of a first run. Half of the functions that are compiled apart (`simcast.engine.apart`)
are compiled by another process, which keeps them on disk and ends; it begins as soon as there is a plan, while this one
goes on. Whatever becomes of it: what is not on disk when it is needed is compiled here.
"""

from __future__ import annotations

import atexit
import importlib
import logging
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, cast

from simcast.engine.apart import Apart, Kinds, kinds_of
from simcast.engine.inner import Outer

Call: TypeAlias = tuple[Callable[..., object], tuple[object, ...]]
"""A function that is compiled apart, and arguments like those that it will be called with."""

_MOST_SECONDS = 300.0
"""So long at most the other process is waited for."""
_COMPILING = "compiling the simulation for this machine, once: this takes under a minute, and later runs are quick"

_log = logging.getLogger("simcast")
_one_at_a_time = threading.RLock()
_begun: set[Callable[..., object]] = set()
_ready: set[tuple[Callable[..., object], Kinds]] = set()
_asked: dict[tuple[Apart, Kinds], subprocess.Popen[bytes] | None] = {}
"""What was not on disk, and the process that was asked to compile it, if any was."""


def begin_compiling(caller: Callable[..., object], parts: Callable[[], Sequence[Call]]) -> None:
    """Begin to compile what a function calls, as far as another process does so; return at once.

    The first time only: whatever the arguments are, they are of the same types.

    Parameters
    ----------
    caller, parts
        As for `make_ready`.
    """
    with _one_at_a_time:
        if caller not in _begun:
            _begun.add(caller)
            _ask_another_process(_typed(parts()))


def make_ready(
    caller: Callable[..., object], arguments: tuple[object, ...], parts: Callable[[], Sequence[Call]]
) -> None:
    """Have a function compiled, or loaded from disk, with those that it calls, before it is called.

    Parameters
    ----------
    caller, arguments
        A function that Python calls, and what it will be called with.
    parts
        Returns the functions that it calls and that are compiled apart.
    """
    kinds = kinds_of(*arguments)
    if (caller, kinds) in _ready:
        return
    with _one_at_a_time:
        called = _typed(parts())
        _ask_another_process(called)
        missing = [one for one in called if not one[0].is_ready(one[1])]
        theirs = [one for one in missing if _asked.get(one)]
        for function, of in missing:
            if (function, of) not in theirs:
                function.make_ready(of)
        cast("Outer", caller).compiled.compile(kinds)  # meanwhile: it needs their slots only
        for function, of in theirs:
            _wait(_asked[function, of])
            function.make_ready(of)
        _ready.add((caller, kinds))


def _ask_another_process(called: Sequence[tuple[Apart, Kinds]]) -> None:
    """Let another process compile half of what is not on disk, the first ones of these."""
    absent = [one for one in called if one not in _asked and not one[0].is_kept(one[1])]
    if not absent:
        return
    _log.info(_COMPILING)
    _asked.update(dict.fromkeys(absent))
    if len(absent) > 1 and _may_start():
        theirs = absent[: len(absent) // 2]
        _asked.update(dict.fromkeys(theirs, _start(theirs)))


def _typed(calls: Sequence[Call]) -> list[tuple[Apart, Kinds]]:
    """Return the functions and the types of their arguments."""
    return [(cast("Apart", function), kinds_of(*arguments)) for function, arguments in calls]


def _may_start() -> bool:
    """Return whether there is a processor for another process, and a Python to start."""
    return bool(sys.executable) and not getattr(sys, "frozen", False) and (os.cpu_count() or 1) > 1


def _start(wanted: Sequence[tuple[Apart, Kinds]]) -> subprocess.Popen[bytes] | None:
    """Start a process that compiles these functions for these types of arguments; None where that cannot be done."""
    names = [(function.function.__module__, function.function.__name__, kinds) for function, kinds in wanted]
    command = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import compile_what_is_asked as go_on; go_on()"
    try:
        other = subprocess.Popen(  # noqa: S603  # this Python, and this module
            [sys.executable, "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        atexit.register(other.kill)
        with cast("Any", other.stdin) as pipe:
            pipe.write(pickle.dumps(names))
    except OSError:
        return None
    return other


def _wait(other: subprocess.Popen[bytes] | None) -> None:
    """Wait until another process has ended; one that takes too long is ended."""
    if other is not None:
        try:
            other.wait(_MOST_SECONDS)
        except subprocess.TimeoutExpired:
            other.kill()


def compile_what_is_asked() -> None:
    """Compile what another process asks for on stdin."""
    for module, name, kinds in pickle.load(sys.stdin.buffer):  # noqa: S301  # from the process that started this one
        getattr(importlib.import_module(module), name).make_ready(kinds)
