"""How the functions are compiled that only compiled functions call.

Numba writes for each function a wrapper that turns Python's objects into plain numbers, and another one for C. For one
that takes a whole plan, some seventy arrays, these take four times as long to compile as the function itself. And it
counts references to each of these arrays, hundreds of times per function, though all of them outlive the call: that
would take most of the time, both to compile and to run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from numba import njit

F = TypeVar("F", bound=Callable[..., object])

# Numba's type hints leave these options out.
inner: Callable[[F], F] = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)  # type: ignore[call-overload]
"""Compile a function for other compiled functions: Python must not call it. On disk it is part of its callers.

It may look at arrays and parts of them, and must neither allocate one nor return one.
"""

allocating: Callable[[F], F] = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=True)  # type: ignore[call-overload]
"""The same for functions that allocate arrays, with their references counted."""
