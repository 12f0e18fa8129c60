"""The quality report says what a planner should know before trusting a forecast."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from simcast.history import History
from simcast.pipeline import Pipeline

Read = Callable[..., History]
START = date(2025, 1, 6)  # a Monday


def rows(deals: Iterable[tuple[str, int, str, int | None]], amount: str = "10") -> str:
    """Write a log of deals in one stage: id, day entered, outcome, day ended."""
    lines = ["deal,stage,entered,amount"]
    for deal, entered, outcome, ended in deals:
        lines.append(f"{deal},lead,{START + timedelta(entered)},{amount}")
        if ended is not None:
            lines.append(f"{deal},{outcome},{START + timedelta(ended)},")
    return "\n".join(lines)


def steady(n_deals: int = 100) -> list[tuple[str, int, str, int | None]]:
    """Enter a deal every other day and end it within nine days, won and lost by turns; the last ones are open."""
    ends = [2 * k + 2 + k % 8 for k in range(n_deals)]
    last = 2 * n_deals - 2
    return [
        (f"S{k:03d}", 2 * k, "won" if k % 2 else "lost", ends[k] if ends[k] <= last else None) for k in range(n_deals)
    ]


def test_a_steady_history_gives_no_warning(read: Read) -> None:
    report = read(rows(steady()), ["lead"]).quality

    assert report.warnings == ()
    assert report.lines()[:2] == [
        "197 rows read, 197 kept, 0 set aside",
        "100 deals in 100 stays, 2025-01-06 to 2025-07-23: 48 won, 49 lost, 3 open",
    ]
    assert [line for line in report.lines() if not line.startswith("note: ")] == report.lines()[:2]


def test_open_stays_older_than_any_that_ended_are_counted(read: Read) -> None:
    stuck = [(f"X{k}", k, "", None) for k in range(10)]

    report = read(rows([*steady(), *stuck]), ["lead"]).quality

    (stage,) = (stage for stage in report.stages if stage.stage == "lead")
    assert (stage.n_open, stage.n_overdue, stage.longest_days) == (13, 10, 9)
    assert len(report.warnings) == 1
    assert report.warnings[0].startswith("these open deals have waited longer than any that ever left the stage")
    assert report.warnings[0].endswith(": 10 of 13 (77%) in 'lead' (others left within 9 days)")


@pytest.mark.parametrize(("observed_days", "n_overdue"), [(7, 0), (8, 1)])
def test_an_open_stay_is_overdue_only_when_it_is_longer_at_any_time_of_day(
    read: Read, observed_days: int, n_overdue: int
) -> None:
    deals = [*((f"E{k}", 0, "won", 5) for k in range(20)), ("O", 1, "", None)]

    # The longest ended within six days; entered on day 1, the open one has lasted more than six days on day 8.
    known = read(rows(deals), ["lead"]).known_at(START + timedelta(observed_days))

    assert known.quality.stages[0].n_overdue == n_overdue


@pytest.mark.parametrize(
    ("outcome", "says"),
    [("won", "no deal was ever lost: losses are probably not recorded"), ("lost", "no deal was ever won")],
)
def test_a_history_with_one_kind_of_end_is_warned_of(read: Read, outcome: str, says: str) -> None:
    deals = [(deal, entered, outcome, ended) for deal, entered, _, ended in steady()]

    assert any(says in warning for warning in read(rows(deals), ["lead"]).quality.warnings)


def test_ends_that_begin_long_after_entries_are_warned_of(read: Read) -> None:
    early = [(f"E{k}", k, "won", 120) for k in range(3)]
    late = [(deal, entered + 115, outcome, ended and ended + 115) for deal, entered, outcome, ended in steady()]

    warnings = read(rows([*early, *late]), ["lead"]).quality.warnings

    assert warnings[0].startswith("no deal ends in the first 117 days, though half of them end within 5 days")


def test_missing_and_zero_amounts_are_counted(read: Read) -> None:
    without = read(rows(steady(), amount=""), ["lead"]).quality
    zero = read(rows(steady(), amount="0"), ["lead"]).quality
    one = read(rows([*steady(), ("Z", 0, "won", 5)]).replace("Z,lead,2025-01-06,10", "Z,lead,2025-01-06,"), ["lead"])

    assert without.warnings[0].startswith("no amount is recorded")
    assert "48 of 48 (100%) wins have an amount of 0" in zero.warnings
    assert "49 of 49 (100%) lost deals have an amount of 0" in zero.notes
    assert one.quality.warnings == ("1 of 49 (2%) wins has no amount",)
    assert "more than 99% of the deals have an amount" in one.quality.notes


def test_a_day_with_too_many_events_is_named(read: Read) -> None:
    batch = [(f"B{k}", 40, "lost", 41) for k in range(30)]

    report = read(rows([*steady(), *batch]), ["lead"]).quality

    assert [day for day, _ in report.bulk_days] == ["2025-02-15", "2025-02-16"]
    assert "2025-02-15 (12%), 2025-02-16 (12%); a bulk import" in report.warnings[0]


def test_weekends_are_told_by_the_calendar(read: Read) -> None:
    weekdays = read(rows([("A", 0, "won", 4)]), ["lead"]).quality
    weekend = read(rows([("A", 5, "won", 6)]), ["lead"]).quality

    assert (weekdays.weekend_share, weekend.weekend_share) == (0, 1)


def test_stages_never_entered_or_never_left_are_named(read: Read) -> None:
    text = "deal,stage,entered\nA,lead,2026-01-05\nA,meeting,2026-01-06\n"

    warnings = read(text, ["lead", "meeting", "contract"]).quality.warnings

    assert any(warning.startswith("no stay has ended in 'meeting'") for warning in warnings)
    assert any(warning.startswith("no deal was ever in 'contract'") for warning in warnings)


def test_too_many_segments_are_warned_of(read: Read) -> None:
    lines = [f"D{k},lead,2026-01-05,{k % 30}" for k in range(60)]

    report = read("deal,stage,entered,owner\n" + "\n".join(lines), ["lead"], segments=["owner"]).quality

    assert any("30 segments, 2.0 in each on average" in warning for warning in report.warnings)
    assert report.segments is not None
    assert report.segments.smallest == ("0", 2)


def test_the_report_is_ready_for_json(read: Read) -> None:
    pipeline = Pipeline.define(["lead"], moves=[("won", "renewal")])

    content = json.loads(json.dumps(read(rows(steady()), pipeline).quality.to_dict(), allow_nan=False))

    assert content["reading"]["rows_read"] == 197
    assert {finding["severity"] for finding in content["findings"]} <= {"warning", "note"}
    assert content["observed_until"] == "2025-07-24"


def of_stays(rows: list[tuple[str, str, int, int | None, str | None, float]], stages: list[str]) -> History:
    """Return a history of rows of deal, stage, days of entry and end, move, and the amount at the end."""
    start = np.datetime64("2026-01-01")
    table = pd.DataFrame(rows, columns=["deal", "stage", "entered", "left", "move", "amount_at_end"])
    days = {
        name: [
            np.datetime64("NaT", "D") if pd.isna(day) else start + np.timedelta64(int(day), "D") for day in table[name]
        ]
        for name in ("entered", "left")
    }
    return History.of(Pipeline.define(stages), table.assign(**days), observed_until="2026-07-01")


def test_stages_that_deals_never_move_between_are_two_pipelines() -> None:
    def through(first: str, second: str, name: str) -> list[tuple[str, str, int, int | None, str | None, float]]:
        rows: list[tuple[str, str, int, int | None, str | None, float]] = []
        for n in range(40):
            rows += [
                (f"{name}{n}", first, n, n + 5, second, np.nan),
                (f"{name}{n}", second, n + 5, n + 9, "lost", np.nan),
            ]
        return rows

    apart = of_stays(
        [*through("lead", "demo", "A"), *through("inbound", "trial", "B")], ["lead", "inbound", "demo", "trial"]
    )
    said = " ".join(apart.quality.warnings)
    assert "no deal ever moves between {'lead', 'demo'} and {'inbound', 'trial'}" in said
    rare = [row for n in range(5) for row in through("demo", "inbound", f"C{n}")[:1]]
    bridged = of_stays(
        [*through("lead", "demo", "A"), *through("inbound", "trial", "B"), *rare], ["lead", "inbound", "demo", "trial"]
    )
    assert "ever moves between" not in " ".join(bridged.quality.warnings), "a few went over"
    linked = of_stays([*through("lead", "demo", "A"), *through("inbound", "demo", "B")], ["lead", "inbound", "demo"])
    assert "ever moves between" not in " ".join(linked.quality.warnings)


def test_a_stage_that_is_empty_though_it_is_not_on_usual_days_is_told() -> None:
    """A deal a day, each for ten days: ten are open on any day, unless the file has only those that have moved."""
    rows = [(f"D{n}", "lead", n, n + 10 if n < 171 else None, "lost" if n < 171 else None, np.nan) for n in range(181)]
    assert "no deal is in" not in " ".join(of_stays(rows, ["lead"]).quality.warnings)
    said = " ".join(of_stays(rows[:171], ["lead"]).quality.warnings)
    assert "no deal is in 'lead' (usually about 9)" in said


def test_wins_that_hold_most_of_all_are_told() -> None:
    rows = [(f"D{n}", "lead", n % 170, n % 170 + 3, "won", 1000.0) for n in range(200)]
    assert "of all that was won" not in " ".join(of_stays(rows, ["lead"]).quality.warnings)
    slips = [(*row[:5], row[5] * (1000.0 if n < 2 else 1.0)) for n, row in enumerate(rows)]
    few = [(*row[:5], row[5] if n < 3 else np.nan) for n, row in enumerate(slips)]
    assert "of all that was won" not in " ".join(of_stays(few, ["lead"]).quality.warnings), "three amounts are known"
    assert "2 of 200 wins make up 91% of all that was won" in " ".join(of_stays(slips, ["lead"]).quality.warnings)


def test_one_slow_deal_that_waits_a_little_longer_than_all_before_is_not_called_stuck(read: Read) -> None:
    deals = [(f"D{k:02d}", 5 * k, "won" if k % 2 else "lost", 5 * k + 1 + k * k // 10) for k in range(30)]

    report = read(rows([*deals, ("O", 160, "", None)]), ["lead"]).known_at(START + timedelta(260)).quality

    assert report.stages[0].n_overdue == 1
    assert not [text for text in report.warnings if "waited longer" in text]
