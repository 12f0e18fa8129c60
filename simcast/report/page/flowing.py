"""The sections on the deals themselves: how they flow through the stages, and the chance of each open one."""

from __future__ import annotations

from simcast.analysis.deals import have_no_worth
from simcast.report.page.answering import interval_legend
from simcast.report.page.charts import Bar, Bars, Interval, Intervals
from simcast.report.page.material import Material
from simcast.report.page.section import Figure, Key, Section
from simcast.report.tables import (
    deals_table,
    leak_name,
    leaks_table,
    losses_table,
    stage_flows,
    stages_table,
    won_outcomes_table,
)
from simcast.report.words import Language

MOST_DEALS_SHOWN, MOST_DEALS = 20, 500
"""How many open deals the page shows at once, and how many it holds; the workbook holds all."""


def funnel(material: Material, language: Language) -> Section:
    """Show how deals flow through the stages."""
    rows = []
    for flow in stage_flows(material.run):
        there = flow.at_start + flow.entered
        share = language.share(flow.forward / there) if there else language.share(0.0)
        wins = material.run.wins_aside.get(flow.stage, 0.0) > 0.0
        label = language.say(
            "label.forward-or-won" if wins else "label.forward",
            forward=language.count(round(flow.forward)),
            share=share,
        )
        rows.append(Bar(flow.stage, label, (flow.forward, flow.other, flow.at_end)))
    legend = tuple(Key(style, language.say(f"legend.{style}")) for style in ("part-forward", "part-other", "part-open"))
    chart = Bars(tuple(rows), ("part-forward", "part-other", "part-open"))
    figure = Figure(language.say("figure.funnel"), chart, legend, stages_table(material.run, language))
    ends = won_outcomes_table(material.run, language)
    return Section(
        "funnel",
        language.say("section.funnel"),
        (language.say("lead.funnel"),),
        (figure,),
        tables=() if ends is None else (ends,),
    )


def leaks(material: Material, language: Language) -> Section | None:
    """Show what a point of conversion is worth at each stage; None where there is no stage to change."""
    found = material.leaks
    if not found.leaks:
        return None
    by_wins = found.by_wins
    rows = []
    for leak in found.leaks:
        worth = leak.point.wins if by_wins else leak.point.bookings
        label = language.say("label.point", gain=_gain(worth.mean, by_wins, language))
        quantiles = (worth.quantile(0.05), worth.quantile(0.25), worth.quantile(0.75), worth.quantile(0.95))
        rows.append(Interval(leak_name(leak), label, worth.mean, quantiles))
    first = found.leaks[0]
    worth = first.point.wins if by_wins else first.point.bookings
    now = first.usual_conversion
    lead = [
        language.say(
            "lead.leaks",
            stage=leak_name(first),
            gain=_told(worth.mean, by_wins, language),
            now=language.share(now),
            then=language.share(now + first.added),
        )
    ]
    if found.extra_deal is not None:
        extra = found.extra_deal.wins if by_wins else found.extra_deal.bookings
        lead.append(language.say("lead.extra-deal", gain=_told(extra.mean, by_wins, language)))
    if material.run.scenario.teams and any(
        row.dot < 0.0 and not leak.point.uncertain for row, leak in zip(rows, found.leaks, strict=True)
    ):
        lead.append(language.say("lead.leaks-below"))
    chart = Intervals(tuple(rows), signed=True, metric="wins" if by_wins else "bookings")
    figure = Figure(language.say("figure.leaks"), chart, interval_legend(chart, language), leaks_table(found, language))
    losses = losses_table(found, language)
    return Section(
        "leaks", language.say("section.leaks"), tuple(lead), (figure,), folded=() if losses is None else (losses,)
    )


def _gain(value: float, by_wins: bool, language: Language) -> str:
    return language.number(value, 2, signed=True) if by_wins else language.money(value, signed=True)


def _told(value: float, by_wins: bool, language: Language) -> str:
    """Write a gain in a sentence, which says that it is in wins."""
    gain = _gain(value, by_wins, language)
    return language.say("gain.wins", gain=gain) if by_wins else gain


def deals(material: Material, language: Language) -> Section:
    """Show the open deals and their chances."""
    segments = material.run.book.segments.columns
    table = deals_table(material.deals, segments, language)
    n_deals = len(table.rows)
    if not n_deals:
        return Section("deals", language.say("section.deals"), (language.say("lead.no-deals"),))
    lead = [language.say("lead.deals", n=n_deals)]
    n_stalled = int(material.deals["stalled"].sum())
    if n_stalled:
        lead.append(language.say("lead.stalled", n=n_stalled))
    if n_deals > MOST_DEALS_SHOWN:
        by_wins = have_no_worth(material.deals)
        lead.append(language.say("lead.deals-shown.wins" if by_wins else "lead.deals-shown", n=MOST_DEALS_SHOWN))
    if n_deals > MOST_DEALS:
        lead.append(language.say("lead.deals-held", n=MOST_DEALS))
    full = deals_table(material.deals, segments, language, full=True)
    return Section(
        "deals",
        language.say("section.deals"),
        tuple(lead),
        tables=(table.shortened(MOST_DEALS_SHOWN),),
        folded=(full.shortened(MOST_DEALS),),
    )
