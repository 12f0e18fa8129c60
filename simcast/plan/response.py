"""Answers in time: what the `response` lever and a team's `response` do, with what was assumed or what was fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from simcast.engine import layout
from simcast.plan.levers import Acting, LeverFrame, PlacedLever
from simcast.posterior.response import FittedResponse
from simcast.scenario import ConversionLever, ResponseLever, Team

Floats = NDArray[np.float64]

HOURS_PER_DAY = 24.0

CAUTION = "; that is association: deals that waited longer may differ in other ways too, so try it before relying on it"
"""What is said beside everything that rests on first contacts."""
ANSWERS = "answers in time"

_STEPS = 6
"""Newton's steps to the log odds without waiting; the third is exact to seven digits already."""


def missing_numbers(frame: LeverFrame, levers: Sequence[PlacedLever], teams: Mapping[str, Team]) -> list[str]:
    """List the numbers without which a lever or a team says nothing, or says it in two places."""
    problems = [
        f"teams.{name}.response.from: no response in {stage!r} was fitted; name the column of the first contact under "
        "history.columns.first_response (simcast fit says why a stage has none), or give half_life_hours"
        for name, team in teams.items()
        if team.response is not None and team.response.from_ is not None
        for stage in stages_of(team)
        if stage not in frame.responses
    ]
    served = {stage: name for name, team in teams.items() for stage in team.serves}
    for placed in levers:
        lever = placed.lever
        if not isinstance(lever, ResponseLever):
            continue
        given = [key for key in ("now_hours", "half_life_hours") if getattr(lever, key) is not None]
        team = served.get(lever.stage)
        if team is None and len(given) < 2 and lever.stage not in frame.responses:
            problems.append(
                f"{placed.place}: no team serves {lever.stage!r}, so nothing says how long deals wait and what that "
                "does; add now_hours (the hours after which deals are answered today) and half_life_hours (the hours "
                "of waiting by which the odds of the forward move halve), or a team under teams, or name the column of "
                "first contacts under history.columns.first_response"
            )
        elif team is not None and given:
            problems.append(
                f"{placed.place}.{given[0]}: team {team!r} serves {lever.stage!r}, and its work says how long deals "
                f"wait; leave it out, and say under teams.{team}.response what waiting does"
            )
    return problems


def stages_of(team: Team) -> tuple[str, ...]:
    """Return the stages whose conversion depends on the wait for a team."""
    if team.response is None:
        return ()
    return team.serves if team.response.stage is None else (team.response.stage,)


def answered(frame: LeverFrame, placed: PlacedLever, lever: ResponseLever, *, served: bool) -> Iterator[Acting]:
    """Yield the cap on the wait for a team; without one, what a shorter wait does to the odds."""
    within = frame.size(lever, lever.within_hours, "within_hours")
    segments = frame.segments.select(lever.where, f"{placed.place}.where")
    stage, weight = frame.pipeline.stage_code(lever.stage), frame.weight(lever)
    if served:
        yield Acting(ResponseLever, layout.CAP, stage, segments, weight, within / HOURS_PER_DAY)
        return
    if lever.half_life_hours is None:
        slope = frame.slope(lever.stage)
    else:
        slope = math.log(2.0) / frame.size(lever, lever.half_life_hours, "half_life_hours")
    if lever.now_hours is not None:
        saved = np.maximum(frame.size(lever, lever.now_hours, "now_hours") - within, 0.0)
        yield Acting(ConversionLever, layout.ODDS, stage, segments, weight, np.exp(slope * saved))
        return
    fitted = frame.responses[lever.stage]  # `missing_numbers` refused a lever without either
    for code in np.flatnonzero(segments):
        only = np.arange(len(segments)) == code
        odds = odds_of_answer(fitted.waits[code], float(fitted.conversion[code]), slope, within)
        yield Acting(ConversionLever, layout.ODDS, stage, only, weight, odds)


def odds_of_answer(waits: Floats, conversion: float, slope: Floats, within: Floats) -> Floats:
    """Return the factor on the odds of deals taken together when none waits longer than some hours.

    Deals that waited differently have different odds: with the log odds a - slope x wait, where a is such that the
    mean over the waits is the conversion, the factor is that of the mean over the waits as capped.

    Parameters
    ----------
    waits : float64, (n_levels,)
        Hours, equally likely.
    conversion
        The share that moves forward today.
    slope, within : float64, (n_futures,)
        What an hour takes off the log odds, and the hours within which all are answered.

    Returns
    -------
    float64, (n_futures,)
    """
    conversion = min(max(conversion, 1e-6), 1.0 - 1e-6)
    now = -slope[:, None] * waits
    then = -slope[:, None] * np.minimum(waits, within[:, None])
    level = np.full(len(slope), math.log(conversion / (1.0 - conversion))) - now.mean(axis=1)
    for _ in range(_STEPS):
        chance = _logistic(level[:, None] + now)
        curvature = np.maximum((chance * (1.0 - chance)).mean(axis=1), 1e-12)
        level -= np.clip((chance.mean(axis=1) - conversion) / curvature, -2.0, 2.0)
    before, after = (_logistic(level[:, None] + shift).mean(axis=1) for shift in (now, then))
    return np.asarray((after / before) * ((1.0 - before) / (1.0 - after)))  # exactly 1 where nothing is capped


def usual_hours(fitted: FittedResponse) -> float:
    """Return the wait that has the conversion of all the waits on record together."""
    slope = float(fitted.slope.mean())
    waits = fitted.waits.ravel()
    if abs(slope) * float(np.ptp(waits)) < 1e-6:
        return float(waits.mean())
    return float(-np.log(np.exp(-slope * waits).mean()) / slope)


def _logistic(log_odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(log_odds, -700.0, 700.0))))


def response_notes(frame: LeverFrame, levers: Sequence[PlacedLever], teams: Mapping[str, Team]) -> list[str]:
    """Say what answers in time rest on, and where they cannot bring more wins."""
    notes = [
        f"{ANSWERS}: {frame.responses[stage].words()}{CAUTION}"
        for team in teams.values()
        if team.response is not None and team.response.from_ is not None
        for stage in stages_of(team)
    ]
    for placed in levers:
        lever = placed.lever
        if not isinstance(lever, ResponseLever):
            continue
        serving = {name: team for name, team in teams.items() if lever.stage in team.serves}
        if not serving and lever.half_life_hours is None:
            notes.append(f"{ANSWERS}: {frame.responses[lever.stage].words()}{CAUTION}")
        if lever.now_hours is not None and lever.half_life_hours is not None:
            now = frame.size(lever, lever.now_hours, "now_hours")
            if not (now > frame.size(lever, lever.within_hours, "within_hours")).any():
                notes.append(f"{placed.path}: deals are answered within these hours already (now_hours)")
        notes += [
            f"{placed.path}: deals of {lever.stage!r} wait less, but nothing says that waiting loses deals; "
            f"add teams.{name}.response, such as {{half_life_hours: 24}}"
            for name, team in serving.items()
            if lever.stage not in stages_of(team)
        ]
    return notes
