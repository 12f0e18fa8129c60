"""How the process of a command is set up before anything large is imported."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_OBJECTS_PER_COLLECTION = 50_000
_THREADS_FOR_MATRICES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def one_thread_for_matrices() -> None:
    """Let libraries of linear algebra use one thread, unless the environment says how many.

    Matrices are small here. Threads that wait for a share of one keep busy, and take the processors from those that
    sample and play.
    """
    if "OMP_NUM_THREADS" not in os.environ:  # which these heed where they have no variable of their own
        for name in _THREADS_FOR_MATRICES:
            os.environ.setdefault(name, "1")


def collect_garbage_less_often() -> None:
    """Let Python look for unreachable cycles less often than after every few hundred new objects.

    Modules, and models and kernels that are compiled, are half a million objects that stay: to look through them again
    and again takes a twentieth of a command's time, and a twelfth of that of compiling. Results are in no cycles.
    """
    gc.set_threshold(max(_OBJECTS_PER_COLLECTION, gc.get_threshold()[0]))


@contextmanager
def dask_left_alone() -> Iterator[None]:
    """Let nothing import Dask inside the block.

    Where Dask is installed xarray imports it, and SciPy's sparse matrices with it, only to see that no array is one of
    Dask's: a third of a second, a seventh of what a command may take. An xarray that is loaded already knows of it.
    """
    if "dask" in sys.modules or "xarray" in sys.modules:
        yield
        return
    sys.modules["dask"] = None  # type: ignore[assignment]  # what `import` takes for "not there"
    try:
        yield
    finally:
        del sys.modules["dask"]


def write_no_more() -> None:
    """Let what standard output still holds go nowhere, or Python would try again to write it as it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
