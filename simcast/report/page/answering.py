"""The first sections of a page: the answer, how the total builds up, how it is distributed, what scenarios change."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simcast.analysis import Difference, Run
from simcast.forecast import Metric
from simcast.report.page.charts import Bar, Bars, Interval, Intervals, fan, histogram, interval_of
from simcast.report.page.material import Material
from simcast.report.page.section import Figure, Key, Section, Tile
from simcast.report.scenario_tables import gains_table, scenarios_table
from simcast.report.tables import (
    Column,
    Table,
    as_date,
    distribution_table,
    listed_table,
    periods_table,
    segment_tables,
)
from simcast.report.words import Language

_MOST_DATES = 14
_MOSTLY = 0.98
"""Where luck has so large a share of the variance, the others are said together to be next to nothing."""


def total(value: float, metric: Metric, language: Language) -> str:
    """Write a total: money, or a number of wins."""
    return language.say("n-wins", n=round(value)) if metric == "wins" else language.money(value)


def wanted_total(value: float, metric: Metric, language: Language) -> str:
    """Write a target as it was given, as far as four digits do."""
    return language.say("n-wins", n=value) if metric == "wins" else language.axis_money(value)


def answer_sentence(material: Material, language: Language) -> str:
    """Answer the scenario's question in one sentence."""
    values = material.baseline.values(material.metric)
    low, middle, high = (float(q) for q in np.quantile(values, (0.1, 0.5, 0.9)))
    sentence = language.say(
        f"answer.{material.metric}",
        n=material.baseline.n_futures,
        until=language.date(as_date(material.run.days.until)),
        middle=total(middle, material.metric, language),
        low=language.count(round(low)) if material.metric == "wins" else language.money(low),
        high=total(high, material.metric, language),
    )
    chances = [
        language.say(
            "answer.target",
            chance=language.chance(material.baseline.probability(metric, wanted)),
            target=wanted_total(wanted, metric, language),
        )
        for metric, wanted in material.baseline.targets.items()
    ]
    return " ".join([sentence, *chances])


def tiles(material: Material, language: Language) -> list[Tile]:
    """Return the numbers that stand out on top of the page."""
    baseline, metric = material.baseline, material.metric
    low, middle, high = (float(q) for q in np.quantile(baseline.values(metric), (0.1, 0.5, 0.9)))
    found = [
        Tile(language.say(f"tile.{name}"), total(value, metric, language), language.say(f"tile.{name}.hint"))
        for name, value in (("low", low), ("middle", middle), ("high", high))
    ]
    found += [
        Tile(
            language.say("chance.target"),
            language.chance(baseline.probability(wanted_metric, wanted)),
            language.say("tile.target.hint", target=wanted_total(wanted, wanted_metric, language)),
        )
        for wanted_metric, wanted in baseline.targets.items()
    ]
    found.append(
        Tile(
            language.say("tile.open"),
            language.count(len(material.run.book)),
            language.say("tile.open.hint", date=language.date(as_date(material.run.days.as_of))),
        )
    )
    return found


def build_up(material: Material, language: Language) -> Section:
    """Show how the total builds up over the horizon."""
    chart = fan(material.fine, material.metric)
    legend = [Key("line-median", language.say("legend.median"))]
    legend += [
        Key(f"band{level}", language.say("legend.central", share=language.share(level / 100))) for level in (50, 80, 90)
    ]
    if chart.target is not None:
        legend.append(Key("line-target", language.say("legend.target")))
    step = max(1, -(-(len(chart.days) - 1) // _MOST_DATES))
    places = sorted({*range(len(chart.days) - 1, 0, -step)})
    kind = Column("P10", "count" if material.metric == "wins" else "money").kind
    columns = [
        Column(language.say("by-start-of"), "date"),
        *(Column(f"P{q}", kind) for q in (5, 10, 25, 50, 75, 90, 95)),
    ]
    rows = [(chart.days[at], *(float(q) for q in chart.quantiles[:, at])) for at in places]
    table = listed_table("fan", language.say("table.fan"), columns, rows)
    name = language.say(f"figure.fan.{material.metric}")
    return Section(
        "build-up",
        language.say("section.build-up"),
        (language.say("lead.build-up"),),
        (Figure(name, chart, tuple(legend), table),),
        tables=(periods_table(material.run, language),),
    )


def distribution(material: Material, language: Language) -> Section:
    """Show how likely each total is."""
    baseline, metric = material.baseline, material.metric
    chart = histogram(baseline, metric)
    lead = [language.say("lead.distribution", n=baseline.n_futures)]
    for wanted_metric, wanted in baseline.targets.items():
        probability = baseline.probability(wanted_metric, wanted)
        lead.append(
            language.say(
                "lead.target",
                target=wanted_total(wanted, wanted_metric, language),
                chance=language.chance(probability),
            )
        )
    legend = [Key("missed", language.say("legend.missed")), Key("reached", language.say("legend.reached"))]
    if chart.target is None:
        legend = [Key("part-forward", language.say("legend.futures"))]
    legend.append(Key("line-whisker", language.say("legend.range")))
    figure = Figure(
        language.say(f"figure.distribution.{metric}"), chart, tuple(legend), distribution_table(baseline, language)
    )
    return Section("distribution", language.say("section.distribution"), tuple(lead), (figure,))


def scenarios(material: Material, language: Language) -> Section | None:
    """Show what each scenario brings; None where there is only the baseline."""
    run = material.run
    if not run.differences:
        return None
    by_wins = run.by_wins  # without amounts there is no net gain to speak of
    rows = []
    for difference in run.differences:
        gain = difference.gain(by_wins=by_wins)
        written = language.say(
            "label.more-often" if by_wins else "label.better",
            gain=_gain(gain.mean, by_wins, language),
            chance=language.chance(difference.better(by_wins=by_wins)),
        )
        outer = (gain.quantile(0.05), gain.quantile(0.25), gain.quantile(0.75), gain.quantile(0.95))
        rows.append(Interval(difference.scenario, written, gain.mean, outer))
    chart = Intervals(tuple(rows), signed=True, metric="wins" if by_wins else "bookings")
    figure = Figure(
        language.say("figure.scenarios.wins" if by_wins else "figure.scenarios"),
        chart,
        interval_legend(chart, language),
        gains_table(run, language),
    )
    return Section(
        "scenarios",
        language.say("section.scenarios"),
        (_best_sentence(run, language), language.say("lead.paired")),
        (figure,),
        tables=(scenarios_table(run, language),),
    )


def _best_sentence(run: Run, language: Language) -> str:
    """Say which scenario brings most; where that is told in wins, what they cost too."""
    by_wins = run.by_wins
    best = max(run.differences, key=lambda difference: difference.gain(by_wins=by_wins).mean)
    gain = best.gain(by_wins=by_wins)
    key = {
        (False, True): "lead.best",
        (False, False): "lead.none-better",
        (True, True): "lead.best-wins",
        (True, False): "lead.none-more-wins",
    }[by_wins, gain.mean > 0]
    low, high = (_gain(gain.quantile(level), by_wins, language) for level in (0.1, 0.9))
    sentence = language.say(
        key,
        name=best.scenario,
        gain=_gain(gain.mean, by_wins, language),
        interval=language.interval(low, high),
        chance=language.chance(best.better(by_wins=by_wins)),
        net=language.say("part.net" if best.cost else "part.no-cost"),
    )
    return " ".join([sentence, *(_price_sentences(run, best, language) if by_wins else ())])


def _price_sentences(run: Run, best: Difference, language: Language) -> Iterator[str]:
    """Say what each additional win of the best scenario costs, and which one's cost least."""
    if best.cost_per_win is None:
        return
    each = language.money(best.cost_per_win)
    yield language.say("lead.cost-per-win", cost=language.money(best.cost), each=each)
    winners = [difference for difference in run.differences if difference.clearly_wins]
    least = min(winners, key=lambda difference: difference.cost_per_win or 0.0)
    if least.cost_per_win is None:
        gain = _gain(least.wins.mean, True, language)
        yield language.say("lead.no-cost-wins", name=least.scenario, gain=gain)
    elif least.cost_per_win < best.cost_per_win:
        yield language.say("lead.least-per-win", name=least.scenario, each=language.money(least.cost_per_win))


def _gain(value: float, by_wins: bool, language: Language) -> str:
    return language.count(value, signed=True) if by_wins else language.money(value, signed=True)


def interval_legend(chart: Intervals, language: Language, dot: str = "legend.mean") -> tuple[Key, ...]:
    """Return the legend of rows of intervals: the colours that are there, and what dots (means) and bars are."""
    signs = {"gain" if row.dot >= 0 else "loss" for row in chart.rows} if chart.signed else set()
    return (
        *(Key(sign, language.say(f"legend.{sign}")) for sign in ("gain", "loss") if sign in signs),
        Key("dot", language.say(dot)),
        Key("thick", language.say("legend.half")),
        Key("thin", language.say("legend.ninety")),
    )


def parts(material: Material, language: Language) -> Section | None:
    """Show which segments the total comes from; None where the forecast was not asked for by any column."""
    baseline, metric = material.baseline, material.metric
    tables = segment_tables(material.run, language)
    if not tables:
        return None
    figures = []
    for column, table in zip(baseline.segments.columns, tables, strict=True):
        rows = []
        for value in dict.fromkeys(baseline.segments.column(column)):
            values = baseline.values(metric, where={column: value})
            middle = float(np.median(values))
            rows.append(interval_of(value, total(middle, metric, language), values, middle))
        name = language.say(f"figure.by.{metric}", column=column)
        chart = Intervals(tuple(rows), signed=False, metric=metric)
        figures.append(Figure(name, chart, interval_legend(chart, language, "legend.median"), table))
    return Section("parts", language.say("section.parts"), (language.say("lead.parts"),), tuple(figures))


def spread(material: Material, language: Language) -> Section | None:
    """Show where the uncertainty of the total comes from; None where that cannot be told."""
    if not material.sources:
        return None
    table = spread_table(material, language)
    rows = [
        Bar(str(name), language.chance(source.share), (source.share,))
        for (name, _), source in zip(table.rows, material.sources, strict=True)
    ]
    figure = Figure(
        language.say("figure.spread"),
        Bars(tuple(rows), ("share-part",)),
        (Key("share-part", language.say("legend.share-part")),),
        table,
    )
    luck = sum(source.share for source in material.sources if source.is_chance)
    mostly_luck = luck >= _MOSTLY
    words = {} if mostly_luck else {"luck": language.share(luck), "known": language.share(1.0 - luck)}
    known = "lead.spread.wins" if material.run.by_wins else "lead.spread"
    lead = language.say("lead.spread-luck" if mostly_luck else known, **words)
    return Section("spread", language.say("section.spread"), (lead,), (figure,))


def spread_table(material: Material, language: Language) -> Table:
    """Return the sources of the spread of the total, with their shares of its variance."""
    columns = (Column(language.say("source")), Column(language.say("source.share"), "chance"))
    rows = [(language.say(f"source.{source.kind}", stage=source.stage), source.share) for source in material.sources]
    return listed_table("spread", language.say("table.spread"), columns, rows)
