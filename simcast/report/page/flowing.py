"""The sections on the deals themselves: how they flow through the stages, and the chance of each open one."""

from __future__ import annotations

from simcast.report.page.charts import Bar, Bars
from simcast.report.page.material import Material
from simcast.report.page.section import Figure, Key, Section
from simcast.report.tables import deals_table, stage_flows, stages_table
from simcast.report.words import Language

MOST_DEALS_SHOWN, MOST_DEALS = 20, 500
"""How many open deals the page shows at once, and how many it holds; the workbook holds all."""


def funnel(material: Material, language: Language) -> Section:
    """Tell how deals flow through the stages."""
    rows = []
    for flow in stage_flows(material.run):
        there = flow.at_start + flow.entered
        share = language.share(flow.forward / there) if there else language.share(0.0)
        label = language.say("label.forward", forward=language.count(round(flow.forward)), share=share)
        rows.append(Bar(flow.stage, label, (flow.forward, flow.other, flow.at_end)))
    legend = tuple(Key(style, language.say(f"legend.{style}")) for style in ("part-forward", "part-other", "part-open"))
    chart = Bars(tuple(rows), ("part-forward", "part-other", "part-open"))
    figure = Figure(language.say("figure.funnel"), chart, legend, stages_table(material.run, language))
    return Section("funnel", language.say("section.funnel"), (language.say("lead.funnel"),), (figure,))


def deals(material: Material, language: Language) -> Section:
    """Tell the open deals and their chances."""
    table = deals_table(material.run, language)
    n_deals = len(table.rows)
    if not n_deals:
        return Section("deals", language.say("section.deals"), (language.say("lead.no-deals"),))
    lead = [language.say("lead.deals", n=n_deals)]
    if n_deals > MOST_DEALS_SHOWN:
        lead.append(language.say("lead.deals-shown", n=MOST_DEALS_SHOWN))
    if n_deals > MOST_DEALS:
        lead.append(language.say("lead.deals-held", n=MOST_DEALS))
    folded = (table.shortened(MOST_DEALS),) if n_deals > MOST_DEALS_SHOWN else ()
    return Section(
        "deals",
        language.say("section.deals"),
        tuple(lead),
        tables=(table.shortened(MOST_DEALS_SHOWN),),
        folded=folded,
    )
