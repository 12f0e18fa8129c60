import tempfile
from pathlib import Path

import pytest

from simcast.app import upload
from simcast.app.bench import Bench
from simcast.app.upload import check_csv
from simcast.scenario import HistorySettings

GOOD = """deal,stage,entered,amount,source
A,lead,2026-01-05,100,ads
A,lost,2026-01-20,100,ads
=HYPERLINK("x"),lead,2026-02-01,,referral
"""


def test_a_good_file_is_reported_on(bench: Bench) -> None:
    scenario = bench.scenario
    found = check_csv("deals.csv", GOOD.encode(), scenario)
    assert found.problems == ()
    assert any("3 rows read" in line for line in found.summary)
    assert found.warnings or found.notes


def test_each_bad_row_is_a_line_under_the_name_that_was_handed_in(bench: Bench) -> None:
    found = check_csv(
        "mine <b>.csv", (GOOD + "B,nowhere,2026-01-05,1,ads\nC,lead,soon,1,ads\n").encode(), bench.scenario
    )
    assert len(found.problems) >= 2
    assert all("mine <b>.csv" in line or "nowhere" in line or "soon" in line for line in found.problems)
    assert not any(tempfile.gettempdir() in line for line in found.problems)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"a,b\n1,2\n", b"\x00" * 1000])
def test_what_is_no_history_is_refused_without_a_traceback(bench: Bench, content: bytes) -> None:
    assert check_csv("x.csv", content, bench.scenario).problems


def test_a_file_that_is_too_large_is_not_read(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "LARGEST_BYTES", 10)
    (problem,) = check_csv("x.csv", GOOD.encode(), bench.scenario).problems
    assert "at most 10" in problem


def test_nothing_of_it_stays(bench: Bench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    check_csv("deals.csv", GOOD.encode(), bench.scenario)
    assert list(tmp_path.iterdir()) == []


def test_it_is_read_as_the_scenario_says(bench: Bench) -> None:
    stage = bench.scenario.pipeline_definition.path[0]
    rows = [f"{k};{stage};{day:02}.01.2026;Да;-" for k in range(3) for day in (5, 6)] + [f"9;{stage};05.01.2026;Нет;"]
    content = "\n".join(["deal;stage;entered;наш;amount", *rows]).encode("cp1251")
    history = {"path": "x.csv", "delimiter": ";", "encoding": "cp1251", "dates": "day-first", "decimal": ","}
    settings = HistorySettings.model_validate({**history, "repeats": "join", "where": {"наш": "Да"}})
    checked = check_csv("мой.csv", content, bench.scenario.model_copy(update={"history": settings}))
    assert checked.problems == ()
    assert any("3 deals in 3 stays" in line for line in checked.summary)
    assert check_csv("мой.csv", content, bench.scenario).problems
