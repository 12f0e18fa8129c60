"""The sliders of the page, and the plan that they make."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from simcast.app import controls
from simcast.app.bench import PLAN, Bench
from simcast.app.controls import Control, PlainLever
from simcast.app.wording import as_label, shortened
from simcast.errors import ScenarioError
from simcast.scenario import Lever, Scenario

_ALL = "all together"
_RESETS = "times put back"


def plan_of_sliders(bench: Bench) -> list[PlainLever]:
    """Show the sliders and return the levers that their positions stand for."""
    scenario = bench.scenario
    with st.sidebar:
        st.header("What if")
        names = startable(scenario)
        start = st.selectbox(
            "Start from", names, names.index(bench.start), format_func=shortened, help="A scenario in the file."
        )
        given = scenario.levers(start)
        if st.button("Back to the start", width="stretch"):
            st.session_state[_RESETS] = st.session_state.get(_RESETS, 0) + 1
        place = f"{start}|{st.session_state.get(_RESETS, 0)}"  # sliders of a new name stand at their start
        levers: list[PlainLever] = []
        if given:
            with st.expander("Levers of this scenario", expanded=True):
                levers += _file_levers(place, given)
        begins, ramp_days, cost = _when_and_cost(scenario, place)
        added: list[PlainLever] = []
        with st.expander("Stages", expanded=not given):
            added += _sliders(place, controls.stage_controls(scenario.pipeline_definition), given)
        with st.expander("New deals"):
            added += _arrivals(bench, place, given)
        with st.expander("Amounts"):
            open_too = st.toggle("of open deals too", key=f"{place}|open")
            added += _sliders(place, [controls.amount_control(open_too=open_too)], given)
        added += _headcount(bench, place)
    return [*levers, *controls.with_cost([controls.timed(lever, begins, ramp_days) for lever in added], cost)]


def startable(scenario: Scenario) -> list[str]:
    """Return the scenarios of a file that can be played: the baseline first."""
    return list(scenario.scenario_names)


def _when_and_cost(scenario: Scenario, place: str) -> tuple[date | None, int, float]:
    """Ask from when the sliders below act, and what that costs."""
    as_of, until = scenario.forecast.as_of, scenario.forecast.until
    with st.expander("When, and at what cost"):
        begins = st.date_input(
            "The changes below begin on",
            as_of,
            min_value=as_of,
            max_value=until,
            key=f"{place}|from",
            format="YYYY-MM-DD",
        )
        ramp = st.slider("and grow over days", 0, 90, 0, key=f"{place}|ramp")
        cost = st.number_input("They cost in all", value=0.0, step=1000.0, format="%.0f", key=f"{place}|cost")
    day = begins if isinstance(begins, date) and begins != as_of else None
    return day, int(ramp), float(cost)


def _sliders(place: str, shown: Sequence[Control], given: Sequence[Lever]) -> list[PlainLever]:
    """Show sliders and return their levers; a thing that the starting scenario changes has none here."""
    levers = []
    for control in shown:
        if not controls.is_free(control, given):
            st.caption(f"{as_label(control.label)}: see the levers of this scenario")
            continue
        lever = control.lever_at(_slider(f"{place}|{control.key}", control))
        if lever is not None:
            levers.append(lever)
    return levers


def _slider(key: str, control: Control) -> float:
    """Show one slider and return its position."""
    whole = all(float(number).is_integer() for number in (control.low, control.high, control.step, control.start))
    form = "%.0f" if whole else "%.2f"
    return float(
        st.slider(as_label(control.label), control.low, control.high, control.start, control.step, format=form, key=key)
    )


def _file_levers(place: str, given: Sequence[Lever]) -> list[PlainLever]:
    """Show a slider per lever of the starting scenario, a switch for those without a number."""
    levers = []
    for control in controls.file_controls(given):
        key = f"{place}|{control.key}"
        if control.slider is None:
            position: float | bool = st.toggle(as_label(control.label), value=True, key=key)
        else:
            position = _slider(key, control.slider)
        lever = control.lever_at(position)
        if lever is not None:
            levers.append(lever)
    return levers


def _arrivals(bench: Bench, place: str, given: Sequence[Lever]) -> list[PlainLever]:
    """Show the sliders for new deals by the values of a column."""
    columns = bench.segments.columns
    if not columns:
        return _sliders(place, controls.arrival_controls(None, ()), given)
    preferred = bench.columns[0]
    column = st.selectbox(
        "by",
        [preferred, *(name for name in columns if name != preferred), _ALL],
        format_func=shortened,
        key=f"{place}|column",
    )
    if column == _ALL and _ALL not in columns:
        return _sliders(place, controls.arrival_controls(None, ()), given)
    values = bench.values_by_arrivals(column)
    if len(values) > controls.MOST_VALUES:
        st.caption(f"The {controls.MOST_VALUES} of {len(values)} with the most new deals.")
    return _sliders(place, controls.arrival_controls(column, values), given)


def _headcount(bench: Bench, place: str) -> list[PlainLever]:
    """Show sliders for the people of teams by month, where the file has teams."""
    shown = [control for control in controls.headcount_controls(bench.scenario) if _playable(bench, control)]
    if not shown:
        return []
    levers = []
    with st.expander("Headcount"):
        for control in shown:
            label = f"{as_label(control.team)}: more or fewer people from {control.day}"
            position = st.slider(label, control.low, control.high, 0, key=f"{place}|{control.key}")
            lever = control.lever_at(int(position))
            if lever is not None:
                levers.append(lever)
    return levers


def _playable(bench: Bench, control: controls.HeadcountControl) -> bool:
    """Return whether the file could have a lever on this headcount."""
    lever: dict[str, Any] | None = control.lever_at(1)
    try:
        bench.with_plans({PLAN: [lever] if lever else []})
    except ScenarioError:
        return False
    return True
