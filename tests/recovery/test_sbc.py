"""Simulation-based calibration in little: thirty worlds from the priors, and a planted bug that it must catch.

`python -m benchmarks.sbc` runs it in full. Here a sound program fails with a probability of 1%, which is Holm's over
all quantities together; the seeds are fixed, so this is the rate at which a sound change of the sampler could fail.
"""

from __future__ import annotations

import pytest

from benchmarks.sbc import FAMILY_WISE, p_values, replicate
from benchmarks.uniformity import holm

N_REPLICATES = 30


def corrected_p_values(**settings: object) -> dict[str, float]:
    """Return the p-values of uniform ranks of all quantities, corrected after Holm."""
    sampler = {"chains": 2, "tune": 500, "draws": 500}
    records = [replicate(seed, {"sampler": sampler, **settings}) for seed in range(N_REPLICATES)]
    assert all(record["not_ranked"] == [] for record in records)
    return holm(p_values(records))


@pytest.mark.slow
def test_the_truth_has_uniform_ranks_among_the_draws() -> None:
    corrected = corrected_p_values(case="lognormal")
    assert len(corrected) > 40
    assert {name: p for name, p in corrected.items() if p < FAMILY_WISE} == {}


@pytest.mark.slow
def test_leaving_open_stays_out_of_the_fit_is_caught() -> None:
    corrected = corrected_p_values(case="lognormal", plant="open-stays-left-out")
    failed = {name for name, p in corrected.items() if p < FAMILY_WISE}
    assert any(name.endswith(("stalled", "log-likelihood")) for name in failed)
    assert not any(name.startswith("amounts") for name in failed)
