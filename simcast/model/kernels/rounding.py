"""How the model's kernels are compiled: every sum in the order in which it is written.

PyTensor compiles its functions so that LLVM may reorder sums, and Numba hands such a permission down from a function
to those that it calls, unless they decline it. Then the last digit of a likelihood depends on who called a kernel
first and on whether it was found on disk, and a chain that starts with another last digit ends somewhere else. The
same history and seed shall give the same posterior, on a machine where nothing is compiled yet, too.
"""

from __future__ import annotations

from numba import njit

as_written = njit(nogil=True, cache=True, fastmath=False)
"""Compile a kernel whose numbers do not depend on who calls it."""
