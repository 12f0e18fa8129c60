"""Steps and drift of the level of amounts, found in synthetic deals; histories without either are the controls."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from simcast.model.amount_levels import AmountChange, find_amount_change
from simcast.model.diagnosing import data_warnings
from simcast.pipeline import Pipeline
from simcast.report.words.russian_sentences import in_russian
from tests.unit.model.small_histories import tables_that_say

Floats = NDArray[np.float64]
Law = Callable[[np.random.Generator, int], Floats]

FIRST = np.datetime64("2024-07-01", "D")
DAYS = 730
PIPELINE = Pipeline.define(["lead"])
RISE = np.log(1.6)

LAWS: dict[str, Law] = {
    "lognormal": lambda rng, n: 0.8 * rng.standard_normal(n),
    "wide": lambda rng, n: 1.5 * rng.standard_normal(n),
    "Pareto": lambda rng, n: rng.exponential(1 / 1.5, n),
    "whales": lambda rng, n: 0.6 * rng.standard_normal(n) + np.where(rng.random(n) < 0.03, 4.0, 0.0),
    "one price": lambda _, n: np.zeros(n),
    "two plans": lambda rng, n: np.where(rng.random(n) < 0.8, 0.0, 2.0),
}


def stays(
    seed: int,
    law: str = "lognormal",
    *,
    per_day: float = 3.0,
    won: float = 0.1,
    from_entry: bool = True,
    level: Callable[[Floats], Floats] = np.zeros_like,
    pace: float = 0.0,
    n_segments: int = 1,
) -> pd.DataFrame:
    """Deals in one stage, of two years; `level` adds to the log amount by the day of the beginning."""
    rng = np.random.default_rng(seed)
    begun = np.sort(rng.uniform(0, DAYS, rng.poisson(per_day * DAYS)))
    n_deals = begun.size
    segment, size = rng.integers(0, n_segments, n_deals), LAWS[law](rng, n_deals)
    amount = np.exp(9.0 + size + segment + level(begun))
    is_won = rng.random(n_deals) < won
    left = begun + 45.0 * np.exp(0.7 * rng.standard_normal(n_deals) + pace * size)
    ended = left < DAYS
    return pd.DataFrame(
        {
            "deal": [f"{k:05}" for k in range(n_deals)],
            "stage": "lead",
            "segment_code": segment,
            "entered": pd.Series(dates(begun)),
            "left": pd.Series(dates(np.where(ended, left, 0.0))).where(ended),
            "move": np.where(ended, np.where(is_won, "won", "lost"), None),
            "amount": amount if from_entry else np.nan,
            "amount_at_end": np.where(ended & is_won, amount, np.nan),
        }
    )


def dates(days: Floats) -> NDArray[np.datetime64]:
    return (FIRST + days.astype(np.int64)).astype("datetime64[us]")


def risen(days_ago: float) -> Callable[[Floats], Floats]:
    return lambda begun: np.where(begun >= DAYS - days_ago, RISE, 0.0)


def found(n_histories: int, law: str = "lognormal", **how: object) -> list[AmountChange]:
    worlds = (stays(seed, law, **how) for seed in range(n_histories))  # type: ignore[arg-type]  # of several kinds
    changes = (find_amount_change(PIPELINE, world) for world in worlds)
    return [change for change in changes if change is not None]


@pytest.mark.parametrize("law", ["lognormal", "Pareto", "one price", "two plans"])
def test_a_rise_by_six_tenths_five_months_ago_is_found_and_when(law: str) -> None:
    changes = found(20, law, level=risen(150))
    assert len(changes) >= 18
    assert {change.of for change in changes} == {"all"}
    month = (2026 - 1970) * 12 + 1  # 150 days before 2026-07-01 is 2026-02-01
    assert np.mean([abs(change.first - month) <= 1 and not change.is_trend for change in changes]) >= 0.8
    assert np.median([change.factor for change in changes]) == pytest.approx(1.6, rel=0.08)


@pytest.mark.parametrize("law", ["wide", "whales"])
def test_a_rise_of_heavy_tailed_amounts_is_found_if_it_lasts(law: str) -> None:
    assert len(found(20, law, level=risen(365))) >= 18


def test_a_rise_is_found_in_wins_if_there_are_enough() -> None:
    changes = found(20, won=0.5, from_entry=False, level=risen(365))
    assert len(changes) >= 18
    assert {change.of for change in changes} == {"won"}


def test_drift_is_found_and_told_from_one_end_to_the_other() -> None:
    changes = found(20, level=lambda begun: RISE * begun / DAYS)
    assert len(changes) >= 18
    assert np.median([change.factor for change in changes]) == pytest.approx(1.55, rel=0.1)


def test_what_new_deals_are_short_of_is_the_level_over_the_mean_of_wins() -> None:
    """Deals begun at the new price are few of the won ones: the mean won amount is 1.05 to 1.2 times the old level."""
    for change in found(5, level=risen(150), won=0.3):
        assert 1.6 / 1.2 < change.multiply / change.factor * 1.6 < 1.6 / 1.05


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"per_day": 0.1},
        {"from_entry": False},
        {"n_segments": 3, "per_day": 0.5},
        {"pace": 0.4},
        {"pace": 0.4, "from_entry": False},
    ],
    ids=["many", "few", "wins", "segments", "slow large deals", "slow large wins"],
)
def test_amounts_that_stay_what_they_are_hardly_ever_raise_an_alarm(how: dict[str, object]) -> None:
    """Of 120 histories at most 6: by chance alone one in a hundred does."""
    assert sum(len(found(20, law, **how)) for law in LAWS) <= 6


def test_small_changes_are_not_worth_a_word() -> None:
    assert not found(5, "one price", level=lambda begun: np.where(begun > 365, np.log(1.15), 0.0))


def test_a_history_without_amounts_or_deals_tells_nothing() -> None:
    some = stays(1)
    assert find_amount_change(PIPELINE, some.assign(amount=np.nan, amount_at_end=np.nan)) is None
    assert find_amount_change(PIPELINE, some[:0]) is None


@pytest.mark.parametrize(
    ("change", "english", "russian"),
    [
        (
            AmountChange("all", 673, 677, False, 1.58, 1.46),
            "amounts have changed: deals begun from 2026-02 on are worth 1.6 times those before, and new deals ",
            "суммы изменились: сделки, начавшиеся с 2026-02, стоят 1,6 от прежних",
        ),
        (
            AmountChange("won", 654, 677, True, 0.6, 1.46),
            "amounts drift: deals won in 2026-06 are worth 0.6 times those won in 2024-07, and new deals are taken",
            "суммы постепенно меняются: сделки, выигранные в 2026-06, стоят 0,6 от выигранных в 2024-07",
        ),
    ],
)
def test_it_is_said_with_what_to_do(change: AmountChange, english: str, russian: str) -> None:
    (text,) = data_warnings(PIPELINE, tables_that_say(amount_change=change))
    assert text.startswith(english)
    assert text.endswith("(a lever, amount: multiply 1.5; or assume.amount)")
    assert in_russian(text) == (
        f"{russian}, а новые сделки прогноз оценивает по выигранным за всё время; если перемена надолго, задайте её "
        "(рычаг amount: multiply 1,5 или assume.amount)"
    )
