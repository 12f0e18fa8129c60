"""Stress worlds break one thing each, and the calm ones nothing."""

from __future__ import annotations

import numpy as np
import pytest

from simcast.synthetic.random_worlds import draw_world
from simcast.synthetic.stays import MixtureStays
from simcast.synthetic.stresses import CLEAN_AFTER_DAYS, KINDS, QUARTER_DAYS, RUSH_DAYS, CleanedUp, Rushed, stress_world
from simcast.synthetic.worlds import LOST, simulate_world

PLAIN = MixtureStays(
    family="lognormal",
    share=np.array([[0.5, 0.5]]),
    stalled=np.array([0.2]),
    scale=np.array([[20.0, 20.0]]),
    shape=np.array([[0.8, 0.8]]),
)
N = 20_000


@pytest.fixture
def entered() -> np.ndarray:
    return np.sort(np.random.default_rng(1).uniform(0.0, 700.0, N))


def ends(stays: MixtureStays | CleanedUp | Rushed, entered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return stays.end(np.zeros(len(entered), dtype=np.int64), entered, np.random.default_rng(2))


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_makes_a_world_that_goes_on_after_what_is_known(kind: str) -> None:
    drawn = stress_world(kind, 1, 40)
    assert len(drawn.world.arrivals.log_level) == drawn.n_days_known + 40
    events = simulate_world(drawn.world, "2024-01-01", 1)
    assert len(np.unique(events.deal)) > 500
    again = simulate_world(stress_world(kind, 1, 40).world, "2024-01-01", 1)
    np.testing.assert_array_equal(events.instant, again.instant)


def test_a_calm_world_is_as_it_was_drawn() -> None:
    calm, drawn = stress_world("calm", 3, 40), draw_world(3, 40)
    np.testing.assert_array_equal(calm.world.arrivals.log_level, drawn.world.arrivals.log_level)
    one, other = (simulate_world(each.world, "2024-01-01", 5).instant for each in (calm, drawn))
    np.testing.assert_array_equal(one, other)


def test_a_clean_up_leaves_no_old_stay_and_calls_them_lost(entered: np.ndarray) -> None:
    move, left = ends(CleanedUp(PLAIN), entered)
    assert (left - entered).max() <= CLEAN_AFTER_DAYS + QUARTER_DAYS
    plain_move, plain_left = ends(PLAIN, entered)
    swept = left < plain_left
    assert 0.2 < swept.mean() < 0.5
    assert (move[swept] == 1).all()
    np.testing.assert_array_equal(move[~swept], plain_move[~swept])


def test_a_rush_puts_most_forward_moves_at_the_end_of_quarters(entered: np.ndarray) -> None:
    shares = []
    for stays in (PLAIN, Rushed(PLAIN)):
        move, left = ends(stays, entered)
        forward = left[(move == 0) & np.isfinite(left)]
        shares.append((forward % QUARTER_DAYS >= QUARTER_DAYS - RUSH_DAYS).mean())
    assert shares[0] == pytest.approx(RUSH_DAYS / QUARTER_DAYS, abs=0.03)
    assert shares[1] > 0.6


def test_drift_turns_wins_into_losses_late_only() -> None:
    drift, calm = (simulate_world(stress_world(kind, 2, 400).world, "2024-01-01", 4) for kind in ("drift", "calm"))

    def lost_share(events: object, late: bool) -> float:
        instant, name = events.instant, events.name  # type: ignore[attr-defined]
        half = instant > instant.max() * 0.8 if late else instant < instant.max() * 0.4
        return float((name[half] == LOST).sum() / np.isin(name[half], (LOST, "won")).sum())

    assert lost_share(drift, late=True) > lost_share(calm, late=True) + 0.03
    assert lost_share(drift, late=False) == pytest.approx(lost_share(calm, late=False), abs=0.03)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="kind='storm' is not known"):
        stress_world("storm", 1, 40)
