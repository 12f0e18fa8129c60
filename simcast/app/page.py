"""The page: what it shows, from top to bottom. All it knows comes from a `Bench`; names are shown as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from simcast.app import figures, tables
from simcast.app.bench import Bench, Levers, Question, shared_bench
from simcast.app.outcome import Outcome
from simcast.app.plans import show_plans
from simcast.app.sidebar import plan_of_sliders
from simcast.app.upload import check_csv
from simcast.app.wording import as_label, as_markdown
from simcast.errors import SimcastError
from simcast.forecast import Metric
from simcast.writing import chance, count, interval, money

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator


_STALLED = "In their stage for longer than nine of ten won deals were."


def show(question: Question) -> None:
    """Show the whole page once; Streamlit calls this again after every change."""
    st.set_page_config(page_title="simcast: what if", layout="wide")
    try:
        with st.spinner("Reading the file, its history and its fit …"):
            bench = shared_bench(question)
    except SimcastError as error:
        show_problems(error)
        return
    st.title(as_markdown(bench.scenario.name))
    if bench.scenario.question:
        st.markdown(as_markdown(bench.scenario.question))
    _beware(bench)
    levers = plan_of_sliders(bench)
    status = st.empty()
    try:
        outcome, baseline = _first_answer(bench, levers, status)
    except SimcastError as error:
        show_problems(error)
        return
    _show_answer(bench, levers, baseline, outcome if levers else None)
    if outcome.futures < bench.futures:
        _play_the_rest(bench, levers, status)
        st.rerun()


def show_problems(error: SimcastError) -> None:
    """Show the problems of an error, one line each, as text."""
    st.error("This is not possible:")
    st.code("\n".join(str(error).splitlines()), language=None, wrap_lines=True)


def _beware(bench: Bench) -> None:
    """Show what a reader should know of fit and data."""
    if not bench.ground.trusted:
        st.warning("The fit behind this page is not to be trusted; the reasons are below.")
    warnings = bench.ground.warnings
    if warnings:
        with st.expander(
            f"Beware of {len(warnings)} thing{'s' * (len(warnings) > 1)}", expanded=not bench.ground.trusted
        ):
            for text in warnings:
                st.markdown(f"- {as_markdown(text)}")


def _first_answer(bench: Bench, levers: Levers, status: DeltaGenerator) -> tuple[Outcome, Outcome]:
    """Return a plan and the baseline, in all futures where that is known or quick, else in the first ones."""
    known = bench.played(levers, bench.futures)
    futures = bench.futures if known is not None else bench.preview
    if futures < bench.futures:
        status.progress(0.0, f"The first {futures:,} of {bench.futures:,} futures are shown; playing the others …")
    else:
        status.caption(f"{futures:,} futures, the same luck in the baseline and the plan.")
    return bench.play(levers, futures), bench.play((), futures)


def _play_the_rest(bench: Bench, levers: Levers, status: DeltaGenerator) -> None:
    """Play all futures; a slider moved meanwhile ends this at the next report of progress."""

    def report(_: str, fraction: float) -> None:
        status.progress(fraction, f"The first {bench.preview:,} of {bench.futures:,} futures are shown; playing …")

    bench.play(levers, progress=report)


def _show_answer(bench: Bench, levers: Levers, baseline: Outcome, plan: Outcome | None) -> None:
    """Show numbers, figures and tables of the plan beside the baseline."""
    _numbers(baseline, plan)
    column = bench.columns[0] if bench.columns else None
    names = [
        "Forecast",
        "By period",
        *([f"By {as_label(column)}"] if column else []),
        "Plans",
        "Open deals",
        "Check a csv",
    ]
    tabs = iter(st.tabs(names))
    with next(tabs):
        _forecast(bench, baseline, plan)
    with next(tabs):
        period = bench.scenario.forecast.period
        _split(period, baseline.periods, plan.periods if plan else None, baseline.metric, key="period")
    if column:
        with next(tabs):
            for name in bench.columns:
                after = plan.groups[name] if plan else None
                _split(name, baseline.groups[name], after, baseline.metric, key=f"column {name}")
    with next(tabs):
        show_plans(bench, levers)
    with next(tabs):
        _open_deals(bench, baseline, plan)
    with next(tabs):
        _upload(bench)


def _numbers(baseline: Outcome, plan: Outcome | None) -> None:
    """Show the answer in four numbers."""
    shown = plan or baseline
    first, second, third, fourth = st.columns(4)
    by_wins = baseline.by_wins
    write = count if by_wins else money
    median, before = shown.total.quantile(0.5), baseline.total.quantile(0.5)
    change = write(median - before, signed=True) if plan else None
    title = f"{baseline.metric.capitalize()}, median"
    first.metric(title, write(median), change, help="Half of the futures end above it.")
    first.caption(f"80% interval: {interval(shown.total, deals=by_wins)}")
    for metric, (wanted, share) in shown.targets.items():
        wish = money(wanted) if metric == "bookings" else f"{wanted:,.0f} wins"
        points = f"{100 * (share - baseline.targets[metric][1]):+.1f} points" if plan else None
        second.metric(f"P(target of {wish})", chance(share), points)
    if not shown.targets:
        second.metric("P(target)", "no target", help="Set forecast.target in the file.")
    if plan is None:
        third.metric("Difference, mean", "0")
        fourth.metric("P(more wins)" if by_wins else "P(better)", "–", help="Move a slider.")
        return
    third.metric(
        "Difference, mean",
        write(plan.gained.mean, signed=True),
        help=f"Of {plan.metric}, against the baseline.",
    )
    third.caption(f"80% interval: {interval(plan.gained, signed=True, deals=by_wins)}")
    _better(plan, fourth)
    for note in plan.notes:
        st.caption(as_markdown(note))


def _better(plan: Outcome, place: DeltaGenerator) -> None:
    """Show how often a plan is better, and what it costs: by wins where nothing is booked."""
    difference = plan.difference
    if plan.by_wins:
        same = 1.0 - difference.probability_more_wins - difference.probability_fewer_wins
        place.metric("P(more wins)", chance(difference.probability_more_wins), help=f"As many in {chance(same)}.")
        each = difference.cost_per_win
        place.caption(f"cost {money(plan.cost)}" + ("" if each is None else f"; {money(each)} per additional win"))
        return
    place.metric(
        "P(better)",
        chance(difference.probability_better),
        help="Net gain (bookings times the margin, less cost) above 0.",
    )
    place.caption(f"net gain {money(difference.net.mean, signed=True)}; cost {money(plan.cost)}")


def _forecast(bench: Bench, baseline: Outcome, plan: Outcome | None) -> None:
    """Show the fan, and how the difference varies."""
    as_of = np.datetime64(bench.scenario.forecast.as_of, "D")
    target = baseline.targets[baseline.metric][0] if baseline.metric in baseline.targets else None
    st.plotly_chart(figures.fan(baseline, plan, as_of, target), key="fan", config=figures.CONFIG)
    darker = "" if plan is None else ", and for the what-if the middle half in a darker shade"
    st.caption(f"Lines: medians. Bands: 8 of 10 futures{darker}.")
    if plan is not None:
        st.plotly_chart(figures.differences(plan), key="differences", config=figures.CONFIG)
        st.caption("Against the baseline in the same future, before the cost. Shaded: 8 of 10 futures.")


def _split(
    title: str,
    baseline: Mapping[str, tables.Floats],
    plan: Mapping[str, tables.Floats] | None,
    metric: Metric,
    *,
    key: str,
) -> None:
    """Show the total by part as figure and table."""
    after = tables.bands(plan) if plan is not None else None
    st.markdown(f"{metric.capitalize()} by {as_label(title)}")
    figure = figures.bars(list(baseline), tables.bands(baseline), after, metric)
    st.plotly_chart(figure, key=f"bars of {key}", config=figures.CONFIG)
    narrow = {title: st.column_config.TextColumn(width="medium")}  # a long name leaves room for the numbers
    shown = tables.split(baseline, plan, title, by_wins=metric == "wins")
    st.dataframe(shown, hide_index=True, column_config=narrow)


def _open_deals(bench: Bench, baseline: Outcome, plan: Outcome | None) -> None:
    """Show the open deals with filters."""
    deals = tables.open_deals(bench.book, baseline, plan, bench.stalled)
    wanted = {}
    titles = ["stage", *tables.segment_titles(bench.book)]
    for place, title in zip(st.columns(len(titles)), titles, strict=True):
        options = sorted(deals[title].unique())
        wanted[title] = place.multiselect(as_label(title), options, key=f"filter {title}", placeholder="all")
    shown = tables.filtered(deals, wanted)
    if st.toggle("stalled only", key="stalled", help=_STALLED):
        shown = shown[shown["stalled"]]
    worth = float(tables.worth_of(shown).sum())
    until = bench.scenario.forecast.until
    told = f"; amount times P(won by {until}): {money(worth)}" if "amount" in shown else ""
    st.caption(f"{len(shown):,} of {len(deals):,} open deals{told}")
    chances = ["P(won)", *(["P(won), what-if"] if plan is not None else [])]
    shown = shown.assign(**{name: 100 * shown[name] for name in chances})  # shown in whole percent, as everywhere
    st.dataframe(shown, hide_index=True, column_config=_deal_columns(chances))


def _deal_columns(chances: Sequence[str]) -> dict[str, Any]:
    """Return how the columns of the open deals are shown."""
    return {
        "amount": st.column_config.NumberColumn(format="localized"),
        "days in stage": st.column_config.NumberColumn(format="%.0f"),
        "expected close, if won": st.column_config.DateColumn(format="YYYY-MM-DD"),
        **{name: st.column_config.ProgressColumn(format="%.0f%%", min_value=0.0, max_value=100.0) for name in chances},
    }


def _upload(bench: Bench) -> None:
    """Take a csv and report on its quality; nothing of it is kept."""
    st.markdown("Check a newer export: it is read like the history of this file, reported on, and not kept.")
    handed_in = st.file_uploader("A csv with the same columns", type=["csv"])
    if handed_in is None:
        return
    found = check_csv(handed_in.name, handed_in.getvalue(), bench.scenario)
    if found.problems:
        st.error("The file cannot be read:")
        st.code("\n".join(found.problems), language=None, wrap_lines=True)
        return
    st.success("The file can be read.")
    st.text("\n".join(found.summary))
    for text in found.warnings:
        st.warning(as_markdown(text))
    for text in found.notes:
        st.info(as_markdown(text))
