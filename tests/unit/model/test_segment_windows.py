"""Sources that begin, end and are renamed: found by the other deals of their time, counted while they were there."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from simcast.model.new_deals import count_arrivals
from simcast.model.segment_windows import Window, days_of_segments, find_windows
from simcast.segments import Segments

Ints = NDArray[np.int64]
START, UNTIL = 20_000, 20_540
BOTH = Segments(("source",), (("ads",), ("site",)))


def came(rates: dict[str, tuple[float, int, int]], seed: int, level: float = 1.0) -> tuple[Ints, Ints, Segments]:
    """Draw the days and segments of deals: by source, how many a day, and from and up to which day."""
    generator = np.random.default_rng(seed)
    segments = Segments(("source",), tuple((name,) for name in sorted(rates)))
    days, codes = [], []
    for code, (name,) in enumerate(segments.values):
        per_day, begins, ends = rates[name]
        counts = generator.poisson(per_day * level ** (np.arange(begins, ends) / 540))
        days.append(START + begins + np.repeat(np.arange(counts.size), counts))
        codes.append(np.full(counts.sum(), code))
    return np.concatenate(days), np.concatenate(codes), segments


def found(rates: dict[str, tuple[float, int, int]], seed: int = 1, level: float = 1.0) -> tuple[Window, ...]:
    days, codes, segments = came(rates, seed, level)
    return find_windows(days, codes, segments, UNTIL)


def test_a_renamed_source_ends_and_begins() -> None:
    ended, begun = found({"ads": (6, 0, 420), "google ads": (6, 420, 540), "site": (6, 0, 540)})
    assert (ended.value, ended.begins, ended.ends) == ("ads", None, START + 420)
    assert ended.due == pytest.approx(6 * 120, rel=0.15)
    assert (begun.value, begun.begins, begun.ends) == ("google ads", START + 420, None)


def test_a_source_of_which_few_deals_come_is_judged_by_how_many() -> None:
    assert [window.value for window in found({"ads": (0.3, 480, 540), "site": (12, 0, 540)})] == ["ads"]
    assert found({"ads": (0.02, 300, 540), "site": (1, 0, 540)}) == ()


def test_what_all_sources_share_is_the_level() -> None:
    assert found({"ads": (6, 0, 420), "site": (6, 0, 420)}) == ()  # business has stopped
    assert found({"ads": (2, 0, 540), "site": (3, 0, 540)}, level=20.0) == ()


def test_a_source_that_comes_and_goes_is_left_alone() -> None:
    days, codes, segments = came({"ads": (6, 0, 540), "site": (6, 0, 540)}, seed=2)
    in_season = (codes == 1) | ((days - START) % 180 < 60)
    assert find_windows(days[in_season], codes[in_season], segments, UNTIL) == ()


def test_no_source_that_is_always_there_is_taken_for_another() -> None:
    """2,000 sources, from one deal a month to twenty a day, overdispersed: none begins late or ends early."""
    wrong = 0
    for seed in range(200):
        generator = np.random.default_rng(seed)
        rates = np.exp(generator.uniform(np.log(0.03), np.log(20.0), 10))
        varied = rates[:, None] * generator.gamma(0.5, 2.0, (10, 540))
        code, day = np.nonzero(counts := generator.poisson(varied))
        days, codes = (np.repeat(values, counts[code, day]) for values in (START + day, code))
        segments = Segments(("source",), tuple((f"{k:02}",) for k in range(10)))
        wrong += len(find_windows(days, codes, segments, UNTIL))
    assert wrong == 0


def test_segments_count_where_all_their_values_do() -> None:
    segments = Segments(("source", "region"), (("ads", "North"), ("ads", "South"), ("site", "North")))
    windows = (Window("source", "ads", START + 10, None), Window("region", "South", START + 5, START + 90, 12.0))
    span = days_of_segments(windows, segments, START, START + 100)
    assert (span - START).tolist() == [[10, 100], [10, 90], [0, 100]]


def test_days_on_which_a_source_was_not_there_are_not_counted() -> None:
    days, codes, segments = came({"ads": (6, 0, 540), "site": (6, 480, 540)}, seed=3)
    counts = count_arrivals(days, codes, UNTIL, segments)
    assert counts.exposed.sum(axis=(1, 2)).tolist() == [540, 60]
    assert counts.hidden.sum() == 480
    assert counts.mean_rate == pytest.approx(days.size / 600)
    always = count_arrivals(*came({"ads": (6, 0, 540), "site": (6, 0, 540)}, seed=3)[:2], UNTIL, BOTH)
    np.testing.assert_array_equal(always.exposed, np.broadcast_to(always.n_days, always.exposed.shape))
