"""The section on teams: how busy they are, how the line before them grows, and how long deals wait."""

from __future__ import annotations

from simcast.forecast import Summary
from simcast.report.page.answering import interval_legend
from simcast.report.page.charts import Intervals, course, interval_of
from simcast.report.page.material import Material
from simcast.report.page.section import Figure, Key, Section
from simcast.report.tables import written
from simcast.report.team_tables import (
    has_teams,
    queue_table,
    served_stages,
    team_values,
    teams_table,
    waits_table,
)
from simcast.report.words import Language

_HARDLY_DAYS, _HARDLY_DEALS = 0.05, 0.5
"""Below these waits and lines hardly anybody waits."""


def teams(material: Material, language: Language) -> Section | None:
    """Show how long deals wait for people; None without teams."""
    run = material.run
    if not has_teams(run):
        return None
    lead = [_sentence(material, team, language) for team in run.scenario.teams]
    figures = [_line(material, team, language) for team in run.scenario.teams]
    waits = _waits(material, language)
    return Section(
        "teams",
        language.say("section.teams"),
        (*lead, language.say("lead.teams")),
        (*(figure for figure in figures if figure is not None), waits),
        tables=(teams_table(run, language),),
    )


def _sentence(material: Material, team: str, language: Language) -> str:
    """Say of one team how busy it is and how long it is waited for."""
    baseline = material.baseline
    busy = float(team_values(baseline, "team_utilisation", team).mean())
    wait = float(team_values(baseline, "team_wait_90", team).mean())
    queue = Summary.of(team_values(baseline, "team_queue", team)[:, -1])
    hardly = wait < _HARDLY_DAYS and queue.mean < _HARDLY_DEALS
    return language.say(
        "lead.team-free" if hardly else "lead.team",
        team=team,
        busy=language.share(busy),
        wait=written(wait, "days", language),
        queue=language.count(round(queue.mean)),
        most=language.count(round(queue.quantile(0.9))),
    )


def _line(material: Material, team: str, language: Language) -> Figure | None:
    """Show how the line before a team grows; None where there is one day only."""
    fine = material.fine
    chart = course(fine, team_values(fine, "team_queue", team))
    if len(chart.days) < 2:
        return None
    legend = [Key("line-median", language.say("legend.median"))]
    legend += [
        Key(f"band{level}", language.say("legend.central", share=language.share(level / 100))) for level in (50, 80, 90)
    ]
    name = language.say("figure.queue", team=team)
    return Figure(name, chart, tuple(legend), queue_table(material.run, language, team))


def _waits(material: Material, language: Language) -> Figure:
    """Show the mean wait at each stage that is served, in each scenario."""
    run = material.run
    stages = list(served_stages(run))
    rows = []
    for name, forecast in run.forecasts.items():
        for stage, _ in stages:
            waits = forecast.wait_days(stage)
            title = name if len(stages) == 1 else stage if len(run.forecasts) == 1 else f"{name}: {stage}"
            mean = float(waits.mean())
            label = language.say("label.wait", days=written(mean, "days", language))
            rows.append(interval_of(title, label, waits, mean))
    chart = Intervals(tuple(rows), signed=False, metric="wins")
    title = language.say("figure.waits")
    return Figure(title, chart, interval_legend(chart, language), waits_table(run, language))
