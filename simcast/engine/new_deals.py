"""How many new deals come in each future, without playing them."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simcast.engine.kernel import _count_arrivals
from simcast.engine.layout import KernelPlan
from simcast.engine.tables import _apply_arrivals, empty_tables


@njit(cache=True, nogil=True)
def count_new_deals(plan: KernelPlan, counts: NDArray[np.int64]) -> None:
    """Write the new deals of the first futures, as many as `counts` is long: the very ones that the kernels play."""
    tables = empty_tables(plan)
    arrivals = np.zeros((len(plan.arrival_key), plan.horizon_days), np.int64)
    for future in range(len(counts)):
        tables.arrival_factor.fill(1.0)
        tables.arrival_add.fill(0.0)
        mean = plan.arrival_mean[plan.draw_of_future[future]]
        _apply_arrivals(plan.on_arrivals, future, mean, tables.arrival_factor, tables.arrival_add)
        _count_arrivals(plan, tables, future, arrivals)
        counts[future] = np.sum(arrivals)
