"""Plans that are worth keeping: named, compared, and saved as a scenario file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import streamlit as st

from simcast.app import tables
from simcast.app.bench import PLAN, Bench, Levers
from simcast.app.outcome import Outcome
from simcast.app.sidebar import startable
from simcast.app.wording import as_markdown
from simcast.errors import SimcastError
from simcast.scenario import BASELINE, dump_yaml

if TYPE_CHECKING:
    from streamlit.delta_generator import DeltaGenerator

LONGEST_NAME = 100
_KEPT = "kept plans"
_MOVING = "(under the sliders)"


def show_plans(bench: Bench, levers: Levers) -> None:
    """Show the levers in the syntax of the file, and what has been kept."""
    kept: dict[str, Levers] = st.session_state.setdefault(_KEPT, {})
    st.subheader("The plan under the sliders")
    if levers:
        st.code(dump_yaml({PLAN: list(levers)}), language="yaml", wrap_lines=True)
        _keep(bench, levers, kept)
    else:
        st.caption("Nothing is changed yet: move a slider, or start from a scenario in the file.")
    st.subheader("Plans compared")
    of_file = [name for name in startable(bench.scenario) if name != BASELINE]
    with_file = bool(of_file) and st.toggle("with the scenarios in the file", help="Each is played once.")
    plans: dict[str, Levers] = {BASELINE: ()}
    if with_file:
        plans |= {name: plain_levers(bench, name) for name in of_file}
    plans |= kept
    if levers and levers not in kept.values():
        plans[_MOVING] = levers
    narrow = {"plan": st.column_config.TextColumn(width="medium")}
    played = _played(bench, plans)
    st.dataframe(tables.comparison(played), hide_index=True, column_config=narrow)
    st.caption(
        "More wins: mean over the same futures, against the baseline; cost per win: mean cost divided by that mean."
        if all(outcome.by_wins for outcome in played.values())
        else "Difference: mean over the same futures, against the baseline; net gain: less the cost."
    )
    if kept:
        _save(bench, kept)


def plain_levers(bench: Bench, name: str) -> Levers:
    """Return the levers of a scenario of the file."""
    from simcast.app.controls import plain_lever

    return [plain_lever(lever) for lever in bench.scenario.levers(name)]


def name_problem(bench: Bench, name: str) -> str | None:
    """Say why a plan cannot have a name; None where it can."""
    if not name.strip():
        return "Give the plan a name."
    if len(name) > LONGEST_NAME:
        return f"The name has {len(name)} characters; at most {LONGEST_NAME} are allowed."
    if name in bench.scenario.scenario_names:
        return "The file has a scenario of this name; choose another."
    return None


def file_name(bench: Bench) -> str:
    """Return a name for the saved file, of plain letters and digits."""
    stem = bench.scenario.file.stem if bench.scenario.file else "scenario"
    return f"{re.sub(r'[^A-Za-z0-9_-]+', '-', stem).strip('-') or 'scenario'}-plans.yaml"


def _keep(bench: Bench, levers: Levers, kept: dict[str, Levers]) -> None:
    """Ask for a name and keep the plan under it."""
    with st.form("keep", border=False):
        name = st.text_input("Name", "my-plan", max_chars=LONGEST_NAME)
        asked = st.form_submit_button("Keep this plan")
    if not asked:
        return
    problem = name_problem(bench, name)
    if problem:
        st.error(problem)
        return
    kept[name.strip()] = [dict(lever) for lever in levers]
    st.success("Kept for as long as this page is open; save it below.")


def _played(bench: Bench, plans: dict[str, Levers]) -> dict[str, Outcome]:
    """Play the plans of the table in all futures, but for the one under the sliders, which follows them."""
    outcomes = {}
    waiting = st.empty()
    for name, levers in plans.items():
        if name == _MOVING:
            outcomes[name] = bench.played(levers, bench.futures) or bench.play(levers, bench.preview)
            continue
        # Shown at each step, so that a slider moved meanwhile ends the playing.
        outcomes[name] = bench.play(levers, progress=lambda _, done: _tell(waiting, done))
    waiting.empty()
    return outcomes


def _tell(place: DeltaGenerator, done: float) -> None:
    place.progress(done, "Playing the plans …")


def _save(bench: Bench, kept: dict[str, Levers]) -> None:
    """Offer the kept plans as a file, and a way to drop one."""
    st.subheader("Save")
    try:
        text = bench.as_yaml(kept)
    except SimcastError as error:
        st.error("The plans cannot be saved:")
        st.code(str(error), language=None, wrap_lines=True)
        return
    name = file_name(bench)
    st.download_button("Save as a scenario file", text, name, "application/yaml", on_click="ignore")
    folder = bench.scenario.folder.resolve()
    st.caption(
        f"Put it into {as_markdown(str(folder))}, since its paths are relative to that folder, and play it with "
        f"simcast run {as_markdown(name)}. With --futures {bench.futures} it prints the numbers of this page."
    )
    dropped = st.selectbox("Drop a plan", ["", *kept], key="drop")
    if dropped and st.button("Drop it"):
        del kept[dropped]
        st.rerun()
