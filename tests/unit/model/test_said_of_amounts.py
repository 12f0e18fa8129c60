"""What a fit says of amounts and bursts, from histories on: the right stage, direction and numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import expit
from small_histories import PIPELINE, START

from simcast.history import History
from simcast.model.diagnosing import data_warnings
from simcast.model.tables import FitTables, tabulate

N, UNTIL = 1500, 700


def history(days_by: float, odds_by: float, known_of_lost: float = 1.0, burst: int = 0) -> History:
    """Return deals whose last stage lasts a power of the amount, and whose odds of the win go with it.

    The amount is known from entry on; of lost deals, only that of a share.
    """
    generator = np.random.default_rng(4)
    log_amount = 0.8 * generator.standard_normal(N)
    entered = generator.integers(0, UNTIL - 200, N)
    entered[: 4 * burst] = np.repeat([100, 200, 300, 400], burst)
    first, last = (1 + np.exp(0.8 * generator.standard_normal((2, N))) * [[5], [20]]).astype(int)
    last = (last * np.exp(days_by * log_amount)).astype(int)
    won = generator.random(N) < expit(odds_by * log_amount)
    known = won | (generator.random(N) < known_of_lost)
    amount = np.where(known, 1000 * np.exp(log_amount), np.nan)
    stays = pd.DataFrame(
        {
            "deal": np.repeat([f"D{n:04d}" for n in range(N)], 2),
            "stage": np.tile(["звонок", "встреча"], N),
            "entered": START + np.stack([entered, entered + first], axis=1).ravel().astype("timedelta64[D]"),
            "left": START
            + np.stack([entered + first, entered + first + last], axis=1).ravel().astype("timedelta64[D]"),
            "move": np.stack([np.full(N, "встреча"), np.where(won, "won", "lost")], axis=1).ravel(),
            "amount": np.repeat(amount, 2),
            "amount_at_end": np.repeat(amount, 2),
            "source": "site",
        }
    )
    until = START + np.timedelta64(UNTIL, "D")
    return History.of(PIPELINE, stays, ["source"], until).known_at(until)


def said(found: FitTables) -> list[str]:
    return [words for words in data_warnings(PIPELINE, found) if "larger deals" in words or "of the new deals" in words]


def test_days_that_go_with_the_amount_are_told_of_their_stage_alone() -> None:
    (slow,) = said(tabulate(history(0.6, 0.0)))
    assert slow.startswith("larger deals take longer to leave 'встреча' (rank correlation of amount and days 0.")
    assert slow.endswith("are forecast too high")
    (quick,) = said(tabulate(history(-0.6, 0.0)))
    assert "take less time to leave 'встреча'" in quick
    assert quick.endswith("are forecast too low")
    assert said(tabulate(history(0.0, 0.0))) == []


def test_chances_go_with_amounts_unless_these_are_known_of_the_won() -> None:
    used = tabulate(history(0.0, -1.0))
    assert used.stages[1].cells.with_amount
    assert said(used) == []
    unused = tabulate(history(0.0, -1.0, known_of_lost=0.3))
    assert not unused.stages[1].cells.with_amount
    (words,) = said(unused)
    assert words.startswith("larger deals move on from 'встреча' less often")
    assert "of only 6" in words
    assert "which move on more often" in words
    assert words.endswith("are forecast too high")


def test_few_days_that_hold_most_deals_are_told() -> None:
    (words,) = said(tabulate(history(0.0, 0.0, burst=150)))
    assert words.startswith("4 days of ")
    assert f"such as {START + np.timedelta64(100, 'D')} with 15" in words
    assert "contain 40% of the new deals" in words
