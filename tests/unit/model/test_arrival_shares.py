"""Steps and drift of the mix of new deals, found in drawn deals; mixes that stay what they were are the controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.model.arrival_shares import ShareChange, ValueShare, find_share_changes
from simcast.model.diagnosing import data_warnings
from simcast.model.new_deals import count_arrivals
from simcast.pipeline import Pipeline
from simcast.report.words.russian_sentences import in_russian
from simcast.segments import Segments
from tests.unit.model.small_histories import tables_that_say

Floats = NDArray[np.float64]
Level = Callable[[Floats], Floats]

START, DAYS = 20_000, 730
YEARS = np.arange(DAYS) / 365.0
STEADY: Mapping[str, float] = {"ads": 1.5, "cold": 0.9, "site": 0.6}


def found(
    seed: int,
    rates: Mapping[str, float] = STEADY,
    *,
    of_ads: Level = np.ones_like,
    of_all: Level = np.ones_like,
    months_differ: float = 0.0,
    days_differ: float = 0.0,
    begins: int = 0,
) -> tuple[ShareChange, ...]:
    """Draw deals by source and look at their mix; months differ by source, each for itself."""
    rng = np.random.default_rng(seed)
    segments = Segments(("source",), tuple((name,) for name in sorted(rates)))
    days, codes = [], []
    for code, (name,) in enumerate(segments.values):
        mean = rates[name] * of_all(YEARS) * (of_ads(YEARS) if name == "ads" else 1.0)
        mean = mean * np.exp(months_differ * rng.standard_normal(25))[np.arange(DAYS) // 30]
        if days_differ:
            mean = mean * rng.gamma(1 / days_differ, days_differ, DAYS)
        came = rng.poisson(np.where((np.arange(DAYS) >= begins) | (name != "ads"), mean, 0.0))
        days.append(START + np.repeat(np.arange(DAYS), came))
        codes.append(np.full(came.sum(), code))
    day, segment = np.concatenate(days), np.concatenate(codes)
    return find_share_changes(day, segment, segments, count_arrivals(day, segment, START + DAYS, segments))


@pytest.mark.parametrize("months_differ", [0.0, 0.2])
def test_a_source_that_outgrows_the_others_is_told_with_what_it_is_now(months_differ: float) -> None:
    """Ads grow from 0.5 to 4.5 a day: from a quarter of the deals to three quarters, and 51% or more on average."""
    told = [found(seed, of_ads=lambda t: np.exp(1.1 * t) / 3.0, months_differ=months_differ) for seed in range(20)]
    first = [changes[0].values[0] for changes in told if changes]
    assert len(first) >= 18
    assert {share.value for share in first} == {"ads"}
    assert np.median([share.after for share in first]) == pytest.approx(0.75, abs=0.04)
    assert np.median([share.before for share in first]) == pytest.approx(0.25, abs=0.04)


def test_a_step_is_told_with_its_month() -> None:
    told = [found(seed, of_ads=lambda t: np.where(t >= 1.5, 3.0, 1.0)) for seed in range(20)]
    first = [changes[0].values[0] for changes in told if changes]
    assert len(first) >= 18
    assert np.mean([not share.is_trend for share in first]) >= 0.8
    assert np.median([share.after for share in first]) == pytest.approx(0.75, abs=0.03)
    month = (np.datetime64(START + 547, "D").astype("datetime64[M]")).astype(int)
    assert np.median([abs(share.first - month) for share in first]) <= 1


def test_levers_that_are_told_make_the_mix_of_now_and_leave_the_total() -> None:
    (change,) = found(3, of_ads=lambda t: np.exp(1.1 * t) / 3.0)
    taken = sum(share.taken for share in change.values)
    now = sum(share.taken * change.multiply(share) for share in change.values)
    assert now + (1.0 - taken) * (change.others or 0.0) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    "how",
    [
        {},
        {"rates": {"ads": 0.3, "cold": 0.2}},
        {"rates": {f"owner {n}": 0.25 for n in range(12)}},
        {"months_differ": 0.3},
        {"days_differ": 2.0},
        {"of_all": lambda t: np.exp(0.8 * t)},
        {"of_all": lambda t: 1 + 0.4 * np.sin(2 * np.pi * t)},
    ],
    ids=["steady", "few", "owners", "months", "bursts", "growth", "seasons"],
)
def test_a_mix_that_stays_what_it_is_hardly_ever_raises_an_alarm(how: dict[str, object]) -> None:
    """Of 60 histories at most 3: by chance alone one in a hundred does."""
    assert sum(bool(found(seed, **how)) for seed in range(60)) <= 3  # type: ignore[arg-type]  # of several kinds


def test_a_source_that_began_late_is_not_told_again() -> None:
    assert found(1, begins=500) == ()


def test_small_changes_are_not_worth_a_word() -> None:
    assert found(1, {"ads": 20.0, "site": 20.0}, of_ads=lambda t: np.where(t > 1, 1.1, 1.0)) == ()


def test_of_many_rare_values_none_is_looked_at_and_the_common_ones_are(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    monkeypatch.setattr("simcast.model.arrival_shares._change_of", lambda value, *_: looked_at.append(value))
    found(1, {"ads": 2.0, **{f"owner {n}": 0.02 for n in range(100)}})
    assert looked_at == ["ads"]


def test_it_is_said_with_what_to_do() -> None:
    drift = ValueShare("ads", 658, 681, True, 0.48, 0.92, 0.73)
    step = ValueShare("cold", 679, 681, False, 0.3, 0.06, 0.16)
    (text,) = data_warnings(
        Pipeline.define(["lead"]), tables_that_say(share_changes=(ShareChange("source", (drift, step), 0.18),))
    )
    assert text == (
        "the mix of new deals by 'source' has changed: 'ads' was 48% in 2024-11 and 92% in 2026-10, 73% over all "
        "(multiply 1.3), 'cold' was 30% and 6% from 2026-08 on, 16% over all (multiply 0.38); all others (multiply "
        "0.18); the forecast takes the mix of the whole history; if the change is for good, say so (levers, arrivals: "
        "multiply, where they are of these values)"
    )
    russian = in_russian(text)
    assert russian is not None
    assert russian.replace("\u00a0", " ") == (
        "состав новых сделок по «source» изменился: «ads» — 48 % в 2024-11 и 92 % в 2026-10, за всё время 73 % "
        "(multiply 1,3), «cold» — 30 % и 6 % с 2026-08, за всё время 16 % (multiply 0,38); остальные (multiply 0,18); "
        "прогноз берёт состав за всё время; если перемена надолго, задайте её (рычаги arrivals: multiply, where — с "
        "этими значениями)"
    )
