"""What is known on a day: nothing later leaks, whatever the history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simcast.errors import DataError
from simcast.history import History, read_history
from simcast.pipeline import Pipeline
from simcast.segments import UNKNOWN

Read = Callable[..., History]
PIPELINE = Pipeline.define(
    ["заявка", "meeting", "proposal"],
    moves=[
        ("meeting", "заявка"),
        ("заявка", "proposal"),
        ("won", "renewal"),
        ("renewal", "won"),
        ("meeting", "nurture"),
    ],
)
START = date(2026, 1, 1)


def random_log(generator: np.random.Generator, n_deals: int) -> pd.DataFrame:
    """Walk deals through the pipeline at random, with amounts and a segment that are recorded now and then."""
    rows = []
    for number in range(n_deals):
        place = str(generator.choice(["заявка", "meeting"]))
        day = START + timedelta(int(generator.integers(0, 60)))
        source = str(generator.choice(["ads", "сайт"]))
        for _ in range(int(generator.integers(1, 8))):
            amount = f"{generator.integers(1, 9)}00.5" if generator.random() < 0.4 else ""
            rows.append((f"{number:03d}", place, str(day), amount, source if generator.random() < 0.5 else ""))
            if place == "lost":
                break
            place = str(generator.choice(PIPELINE.moves[PIPELINE.stage_code(place)]))
            day += timedelta(int(generator.integers(1, 15)))
    return pd.DataFrame(rows, columns=["deal", "stage", "entered", "amount", "source"])


def write(log: pd.DataFrame, file: Path) -> History:
    log.to_csv(file, index=False)
    return read_history(file, PIPELINE, segments=["source"], today=date(2027, 1, 1))


@pytest.mark.parametrize("seed", range(12))
def test_what_is_known_on_a_day_is_what_a_file_cut_on_that_day_tells(seed: int, tmp_path: Path) -> None:
    generator = np.random.default_rng(seed)
    log = random_log(generator, n_deals=40)
    history = write(log.sample(frac=1, random_state=seed), tmp_path / "all.csv")

    for offset in (*generator.integers(1, 120, size=5), 0, 400):
        as_of = START + timedelta(int(offset))
        known = history.known_at(as_of)
        cut = log[log["entered"] < str(as_of)]
        assert known.observed_until == np.datetime64(as_of)
        assert len(known.stays) == 0 if cut.empty else known == write(cut, tmp_path / "cut.csv").known_at(as_of)


def test_the_comparison_with_a_cut_file_can_fail(tmp_path: Path) -> None:
    log = random_log(np.random.default_rng(5), n_deals=40)
    as_of = START + timedelta(50)
    cut = log[log["entered"] <= str(as_of)]

    assert len(cut) > (log["entered"] < str(as_of)).sum()
    leaking = write(cut, tmp_path / "cut.csv")
    leaking = History.of(PIPELINE, leaking.stays, ["source"], as_of)
    assert leaking != write(log, tmp_path / "all.csv").known_at(as_of)


def test_knowing_less_twice_is_knowing_least(tmp_path: Path) -> None:
    generator = np.random.default_rng(8)
    history = write(random_log(generator, n_deals=60), tmp_path / "all.csv")

    for earlier, span in generator.integers(1, 60, size=(20, 2)):
        a, b = START + timedelta(int(earlier)), START + timedelta(int(earlier + span))
        least, more = history.known_at(a), history.known_at(b)
        assert more.known_at(a) == least
        assert least.known_at(a) == least
        assert least != more


def test_a_stay_that_ends_on_the_day_is_still_open(read: Read) -> None:
    history = read(
        "deal,stage,entered,amount\nA,lead,2026-01-05,10\nA,won,2026-01-09,12\nB,lead,2026-01-09,\n", ["lead"]
    )

    known = history.known_at("2026-01-09")

    assert known.stays["deal"].tolist() == ["A"]
    assert known.stays[["left", "move", "amount_at_end"]].isna().all(axis=None)
    assert known.stays["amount"].tolist() == [10]
    assert history.known_at("2026-01-10").stays["move"].fillna("").tolist() == ["won", ""]


def test_segments_are_those_of_the_deals_that_remain(read: Read) -> None:
    history = read(
        "deal,stage,entered,source\nA,lead,2026-01-05,site\nB,lead,2026-01-09,ads\n", ["lead"], segments=["source"]
    )

    assert history.segments.labels == ("ads", "site")
    assert history.known_at("2026-01-06").segments.labels == ("site",)
    assert history.known_at("2026-01-06").stays["segment_code"].tolist() == [0]


def test_a_segment_recorded_later_is_not_known_before(read: Read) -> None:
    history = read(
        "deal,stage,entered,source\nA,lead,2026-01-05,\nA,lost,2026-01-09,ads\nB,lead,2026-01-05,ads\n",
        ["lead"],
        segments=["source"],
    )

    assert history.stays["source"].tolist() == ["ads", "ads"]
    assert history.known_at("2026-01-09").stays["source"].tolist() == [UNKNOWN, "ads"]
    assert history.known_at("2026-01-10").stays["source"].tolist() == ["ads", "ads"]


def test_a_day_after_the_last_event_is_allowed_and_the_silence_measured(read: Read) -> None:
    known = read("deal,stage,entered\nA,lead,2026-01-05\n", ["lead"]).known_at("2026-01-16")

    assert known.observed_until == np.datetime64("2026-01-16")
    assert known.silent_days == 10
    assert "nothing is recorded in the 10 days before 2026-01-16" in " ".join(known.quality.warnings)


def daily(first: str, days: int, deals_per_day: int = 2) -> pd.DataFrame:
    """Return deals that each leave their only stage after three days, so many begun each day."""
    end = np.datetime64(first) + np.timedelta64(days, "D")
    begun = np.repeat(np.arange(np.datetime64(first), end), deals_per_day)
    left = begun + np.timedelta64(3, "D")
    left = np.where(left < end, left, np.datetime64("NaT", "D"))
    stays = pd.DataFrame(
        {"deal": [f"D{n}" for n in range(begun.size)], "stage": "lead", "entered": begun, "left": left}
    )
    return stays.assign(move=pd.Series("lost", stays.index).mask(stays["left"].isna()))


def test_records_end_where_a_silence_is_not_to_be_expected() -> None:
    """An export of the end of March, forecast from the middle of April."""
    history = History.of(Pipeline.define(["lead"]), daily("2026-01-01", 90))
    fresh, stale = history.known_at("2026-04-01"), history.known_at("2026-04-15")

    assert (fresh.recorded_until, stale.recorded_until) == (fresh.observed_until, np.datetime64("2026-04-01"))
    assert "the records are assumed to end before 2026-04-01" in stale.quality.warnings[0]
    book = stale.open_deals("2026-04-15")
    assert (book.as_of, book.recorded_until) == (np.datetime64("2026-04-15"), np.datetime64("2026-04-01"))
    np.testing.assert_array_equal(
        stale.open_deals("2026-04-15").age_days, fresh.open_deals("2026-04-01").age_days, "as they stood then"
    )


def test_silences_as_there_were_before_or_in_which_little_was_due_mean_nothing() -> None:
    pause = pd.concat([daily("2026-01-01", 40), daily("2026-02-20", 40).assign(deal=lambda rows: rows["deal"] + "b")])
    history = History.of(Pipeline.define(["lead"]), pause)
    assert history.known_at("2026-04-15").recorded_until == np.datetime64("2026-04-15"), "ten days, as in February"

    rare = daily("2026-01-01", 90).iloc[::40]
    history = History.of(Pipeline.define(["lead"]), rare)
    assert history.known_at("2026-06-01").recorded_until == np.datetime64("2026-06-01"), "a deal in three weeks"

    import_day = daily("2026-01-01", 1, deals_per_day=500)
    history = History.of(Pipeline.define(["lead"]), import_day)
    assert history.known_at("2026-01-09").recorded_until == np.datetime64("2026-01-09"), "a day tells of no others"


def test_a_user_may_say_where_records_end() -> None:
    history = History.of(Pipeline.define(["lead"]), daily("2026-01-01", 90))
    go_on = replace(history, said_end=np.datetime64("9999-12-31")).known_at("2026-04-15")
    assert go_on.recorded_until == go_on.observed_until
    assert go_on.digest != history.known_at("2026-04-15").digest, "or the stored fit of the other would be taken"
    assert "exported" not in " ".join(go_on.quality.warnings)
    said = replace(history, said_end=np.datetime64("2026-04-05"))
    warning = " ".join(said.known_at("2026-04-15").quality.warnings)
    assert "the records end before 2026-04-05 (history.recorded_until)" in warning
    assert said.known_at("2026-04-15").recorded_until == np.datetime64("2026-04-05")
    assert said.known_at("2026-04-03").recorded_until == np.datetime64("2026-04-03"), "nothing later is known"
    early = replace(history, said_end=np.datetime64("2026-02-01")).known_at("2026-04-15")
    assert early.recorded_until == np.datetime64("2026-04-01"), "what is on record is on record"


def test_what_was_cut_off_is_not_taken_for_silence(read: Read) -> None:
    whole = read("deal,stage,entered\nA,заявка,2026-01-05\nA,meeting,2026-03-02\n", PIPELINE)
    cut = whole.known_at("2026-02-01")
    assert cut.known_at("2026-02-01") == cut
    assert len(cut.open_deals("2026-02-01")) == 1
    with pytest.raises(DataError, match="was cut at 2026-02-01; ask the whole one what was known at 2026-04-01"):
        cut.known_at("2026-04-01")
    with pytest.raises(DataError, match="was cut"):
        cut.open_deals("2026-04-01")


def test_before_the_first_event_nothing_is_known(read: Read) -> None:
    history = read("deal,stage,entered,source\nA,lead,2026-01-05,ads\n", ["lead"], segments=["source"])

    known = history.known_at("2026-01-05")

    assert (known.n_deals, len(known.segments), known.silent_days) == (0, 0, 0)
    assert known.quality.lines() == ["1 row read, 1 kept, 0 set aside", "no deal is known before 2026-01-05"]
    assert len(history.open_deals("2026-01-05")) == 0
    assert known.digest == known.known_at("2026-01-05").digest


@pytest.mark.parametrize("day", ["2026-02-30", "soon", "", pd.Timestamp("2026-01-05", tz="UTC"), pd.NaT])
def test_an_as_of_day_that_is_none_is_refused(read: Read, day: object) -> None:
    history = read("deal,stage,entered\nA,lead,2026-01-05\n", ["lead"])

    with pytest.raises(DataError, match="as_of"):
        history.known_at(day)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "day", ["2026-01-09", date(2026, 1, 9), np.datetime64("2026-01-09"), pd.Timestamp("2026-01-09 12:00")]
)
def test_an_as_of_day_may_be_text_or_a_date(read: Read, day: str) -> None:
    history = read("deal,stage,entered\nA,lead,2026-01-05\n", ["lead"])

    assert history.known_at(day).observed_until == np.datetime64("2026-01-09", "D")
