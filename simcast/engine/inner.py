"""How the functions are compiled that only compiled functions call.

Numba writes for each function a wrapper that turns Python's objects into plain numbers, and another one for C. For one
that takes a whole plan, some seventy arrays, these take four times as long to compile as the function itself.
"""

from __future__ import annotations

from numba import njit

inner = njit(no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""Compile a function for other compiled functions: Python must not call it. On disk it is part of its callers."""
