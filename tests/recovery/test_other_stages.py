"""What is measured of stages that learn of each other, without a fit: worlds, sums, and the table in the documents."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.special import logit

from benchmarks import other_stages
from benchmarks.other_stages import FITTED, KINDS, SOURCES, STAGES, Differences, Found, centred, world_of

PAGE = (Path(__file__).parents[2] / "docs" / "model.md").read_text(encoding="utf-8")


def odds(lasting: bool, seed: int) -> np.ndarray:
    """Log odds round their mean, (n_stages, n_sources)."""
    world = world_of(lasting, np.random.default_rng(seed))
    return centred(logit(np.array([stage.conversion for stage in world.truth])).T).T


def test_sources_differ_alike_at_all_stages_or_at_each_apart() -> None:
    assert np.ptp(odds(True, 1), axis=0) == pytest.approx(0.0, abs=1e-12)
    assert np.ptp(odds(False, 1), axis=0).min() > 0.1
    spread = np.std([odds(False, seed) for seed in range(200)]) * np.sqrt(4 / 3)
    assert spread == pytest.approx(other_stages.SPREAD, abs=0.02)


def test_a_history_has_the_deals_that_the_page_tells_of() -> None:
    history = world_of(True, np.random.default_rng(0)).history(other_stages.N_DAYS, 0)
    assert 950 < history.n_deals < 1250
    assert history.pipeline.stages == STAGES


def test_half_of_the_differences_found_is_a_slope_of_one_half() -> None:
    true = np.array([0.4, -0.4, 0.2, -0.2])
    one = Differences(true, 0.5 * true, np.array([True, True, True, False]), 1000)
    found = Found.of([one, one])
    assert (found.slope, found.held) == (0.5, 6)
    assert found.error == pytest.approx(np.sqrt(np.mean((0.5 * true) ** 2)))


def test_the_table_stands_in_the_page_with_its_command() -> None:
    rows = [
        {"kind": kind, "fitted": fitted, "n_deals": 1000, "true": [0.1] * 4, "found": [0.1] * 4, "held": [True] * 4}
        for kind in KINDS
        for fitted in FITTED
    ]
    told = other_stages.tables([{"rows": rows}, {"rows": rows}])
    assert f"| alike at all stages | each stage by itself | 1.00 | 0.00 | {2 * len(SOURCES)} of 8, 100% ± 0% |" in told
    header = next(line for line in told.splitlines() if line.startswith("| sources differ"))
    assert "python -m benchmarks.other_stages --markdown docs/model.md" in PAGE
    (after,) = PAGE.split("<!-- other stages -->")[1:]
    assert header in after.split("<!-- end of other stages -->")[0]
