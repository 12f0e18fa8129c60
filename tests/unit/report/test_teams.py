"""The section and the sheet on teams: there where the file has teams, with what the forecast says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from simcast.analysis import run
from simcast.report.page import Material, collect, render
from simcast.report.page.charts import Fan, Intervals
from simcast.report.page.flowing import leaks
from simcast.report.page.waiting import teams
from simcast.report.team_tables import queue_table, teams_table, waits_table
from simcast.report.words import LANGUAGES
from simcast.report.workbook import write_workbook
from simcast.scenario import BASELINE, build_scenario, load_scenario

HOSTILE_TEAM = "=1+1 <b>звонари</b>"


@pytest.fixture(scope="module")
def waited_for() -> Material:
    """Two stages served by one busy team, another by one that has nothing to do."""
    stages = {name: {"conversion": 0.5, "days": {"exponential": {"mean": 2}}} for name in ("звонок", "встреча", "счёт")}
    busy = {"serves": ["звонок", "встреча"], "headcount": 1, "hours_per_day": 6}
    busy["effort_hours"] = {"звонок": 3, "встреча": 3}
    idle = {"serves": ["счёт"], "headcount": 40, "hours_per_day": 6, "effort_hours": {"счёт": 0.1}, "starts": "any_day"}
    scenario = build_scenario(
        {
            "simcast": 1,
            "pipeline": {"stages": list(stages)},
            "assume": {"stages": stages, "arrivals": {"per_day": 3}, "amount": 1000},
            "forecast": {"as_of": "2026-01-01", "until": "2026-03-31", "period": "month"},
            "simulation": {"futures": 100, "seed": 5},
            "teams": {HOSTILE_TEAM: busy, "счета": idle},
            "scenarios": {"нанять": [{"lever": "hire", "team": HOSTILE_TEAM, "count": 2, "on": "2026-01-15"}]},
        }
    )
    return collect(run(scenario, threads=1, fan=True), threads=1)


def test_the_section_tells_waits_lines_and_how_busy_people_are(waited_for: Material) -> None:
    section = teams(waited_for, LANGUAGES["en"])
    assert section is not None
    fans = [figure.chart for figure in section.figures if isinstance(figure.chart, Fan)]
    (rows,) = (figure.chart for figure in section.figures if isinstance(figure.chart, Intervals))
    queue = waited_for.baseline.results["team_queue"]
    assert len(fans) == 2
    assert len(fans[0].days) == 90
    for fan, team in zip(fans, (HOSTILE_TEAM, "счета"), strict=True):
        at_the_end = queue.sel(team=team).isel(period=-1).to_numpy()
        assert fan.quantiles[3, -1] == np.median(at_the_end)
    assert fans[0].quantiles[3, -1] > 20 > fans[1].quantiles[3, -1]  # the control: the idle team has no line
    assert [row.name for row in rows.rows] == [
        f"{name}: {stage}" for name in (BASELINE, "нанять") for stage in ("звонок", "встреча", "счёт")
    ]
    assert rows.rows[0].dot == pytest.approx(waited_for.baseline.wait_days("звонок").mean())
    assert "hardly any deal has to wait" in section.lead[1]
    assert "hardly" not in section.lead[0]


def test_tables_hold_every_scenario_team_and_period(waited_for: Material) -> None:
    language = LANGUAGES["ru"]
    table = teams_table(waited_for.run, language)
    assert [row[:2] for row in table.rows] == [
        (name, team) for name in (BASELINE, "нанять") for team in (HOSTILE_TEAM, "счета")
    ]
    busy = [row[2] for row in table.rows]
    assert busy[0] == pytest.approx(
        float(waited_for.baseline.results["team_utilisation"].sel(team=HOSTILE_TEAM).mean())
    )
    assert len(waits_table(waited_for.run, language).rows) == 6
    queue = queue_table(waited_for.run, language)
    assert len(queue.rows) == 6
    expected = waited_for.baseline.results["team_queue"].sel(team=HOSTILE_TEAM).isel(period=1).to_numpy()
    assert queue.rows[1][2:] == pytest.approx((expected.mean(), *np.quantile(expected, (0.1, 0.5, 0.9))))


@pytest.mark.parametrize("code", ["en", "ru"])
def test_the_page_holds_it_only_where_there_are_teams(code: str, waited_for: Material, hostile: Material) -> None:
    page = render(waited_for, LANGUAGES[code])
    assert '<section id="teams">' in page
    assert "<b>звонари" not in page
    assert '<section id="teams">' not in render(hostile, LANGUAGES[code])


def test_the_workbook_has_a_sheet_with_a_chart_and_no_formula(waited_for: Material, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    pytest.importorskip("xlsxwriter")
    write_workbook(waited_for, tmp_path / "teams.xlsx", LANGUAGES["en"])
    sheet = openpyxl.load_workbook(tmp_path / "teams.xlsx")["Teams"]
    assert len(sheet.tables) == 3
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}
    (chart,) = sheet._charts
    for series in chart.series:
        place = series.val.numRef.f.split("!")[1].replace("$", "")
        values = [cell.value for row in sheet[place] for cell in row]
        assert len(values) == 3
        assert all(isinstance(value, int | float) for value in values)


def test_a_stage_that_loses_by_more_deals_is_explained(waited_for: Material) -> None:
    file = Path(__file__).parents[3] / "scenarios" / "operator.yaml"
    busy = load_scenario(file, overrides=["simulation.futures=300", "scenarios={}"])
    for material, explained in ((collect(run(busy, threads=1, fan=True), threads=1), True), (waited_for, False)):
        section = leaks(material, LANGUAGES["en"])
        assert section is not None
        assert (LANGUAGES["en"].say("lead.leaks-below") in section.lead) is explained
        assert f"played in {material.leaks.n_futures} of the futures" in str(section.figures[0].table.note)
