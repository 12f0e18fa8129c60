"""What the exact means do not cover: left out with a reason, rather than computed wrongly."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simcast.engine.layout import ADD, NEW, OPEN, KernelPlan
from simcast.engine.samplers import LOGLOGISTIC
from simcast.forecast import ORIGINS, Origin


def origins_left_out(plan: KernelPlan, futures: NDArray[np.int64]) -> dict[Origin, str]:
    """Return the origins that the expectation of some futures does not cover, each with the reason."""
    found: dict[Origin, str] = {}
    if _has_no_mean_amount(plan, futures):
        reason = "there is no exact mean: log-logistic amounts of shape 1 or less have no mean"
        return {ORIGINS[OPEN]: reason, ORIGINS[NEW]: reason}
    if _conversion_goes_with_amounts(plan):
        found[ORIGINS[OPEN]] = "open deals are left out of the exact mean: their conversion depends on their amounts"
    elif _levers_take_all(plan, futures):
        found[ORIGINS[OPEN]] = (
            "open deals are left out of the exact mean: a lever takes more off some amounts than there is"
        )
    return found


def _has_no_mean_amount(plan: KernelPlan, futures: NDArray[np.int64]) -> bool:
    """Return whether log-logistic amounts have too heavy a tail; the engine's shape is one over that of a file."""
    draws = plan.draw_of_future[futures]
    return plan.amount_family == LOGLOGISTIC and bool(np.any(plan.amount_shape[draws] >= 1.0))


def _conversion_goes_with_amounts(plan: KernelPlan) -> bool:
    """Return whether the conversion of any open deal depends on its own amount: each would be a flow of its own.

    New deals, open ones once they are won, and those whose amount is unknown have the chances of all deals together.
    """
    return len(plan.amount_slope) > 0 and not bool(np.all(np.isnan(plan.deal_log_amount)))


def _levers_take_all(plan: KernelPlan, futures: NDArray[np.int64]) -> bool:
    """Return whether levers might leave an open deal's own amount below zero, where the kernel cuts it.

    All that is taken off is compared with the least that levers leave of the smallest amount: seldom is more said to be
    left out than need be.
    """
    effects = plan.on_amount
    known = plan.deal_amount[plan.deal_amount >= 0]
    acting = effects.on_open & np.any(effects.segments, axis=1)
    added = acting & (effects.operation == ADD)
    least_added = np.minimum(effects.value[added][:, futures], 0.0).sum(axis=0)
    if not len(known) or not np.any(least_added < 0.0):
        return False
    factor = np.minimum(effects.value[acting & ~added][:, futures], 1.0).prod(axis=0)
    return bool(np.any(np.min(known) * factor + least_added < 0.0))
