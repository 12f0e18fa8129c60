"""Teams as the capacity kernel reads them: positions, working days, effort, and what waiting does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simcast.days import DAYS_PER_YEAR, weekday_of
from simcast.engine.capacity_layout import FOREVER, NO_TEAM, TABLE, CapacityPlan
from simcast.engine.layout import NOT_FORCED, Effects
from simcast.engine.samplers import CONSTANT, EXPONENTIAL, GAMMA, LOGNORMAL
from simcast.plan.derived import day_of
from simcast.plan.levers import LeverFrame, PlacedLever, key_of
from simcast.plan.response import HOURS_PER_DAY, stages_of, usual_hours
from simcast.scenario import Distribution, HireLever, LeaveLever, Team, TrainLever
from simcast.scenario.team import WEEKDAYS, YoungerThan
from simcast.writing import counted

_LEVELS = np.linspace(0.0, 1.0, 1025)
_MOST_LEVEL = 1.0 - 1e-6
"""Quantiles in a table end here where a distribution has no upper end."""

_DAYS_BEYOND = 366
"""Working days are known so far beyond the horizon; afterwards work goes on at their average rate."""


@dataclass(frozen=True)
class Position:
    """A place in a team: its name, the first day of a new person in it or None, and the first day without it."""

    name: str
    since: float | None
    until: float = FOREVER


def positions_of(frame: LeverFrame, team_name: str, team: Team, levers: Sequence[PlacedLever]) -> list[Position]:
    """Return the positions of a team, in an order that does not depend on that of the levers.

    Who is hired on a day has the same name, and so the same luck, in every scenario. The last to come leave first.
    """
    positions = [Position(f"{team_name}:{number}", None) for number in range(team.headcount)]
    hired: dict[object, int] = {}
    for lever in sorted(_of_team(levers, HireLever, team_name), key=lambda lever: lever.on):
        for _ in range(lever.count):
            number = hired[lever.on] = hired.get(lever.on, -1) + 1
            positions.append(Position(f"{team_name}:{lever.on}:{number}", day_of(frame, lever.on)))
    for lever in sorted(_of_team(levers, LeaveLever, team_name), key=lambda lever: lever.on):
        on, left = day_of(frame, lever.on), lever.count
        for number in range(len(positions) - 1, -1, -1):
            place = positions[number]
            if left and place.until == FOREVER and (place.since is None or place.since <= on):
                positions[number] = Position(place.name, place.since, on)
                left -= 1
    return positions


def people_at(frame: LeverFrame, team_name: str, team: Team, levers: Sequence[PlacedLever], day: float) -> int:
    """Return how many places a team has on a day, whether or not somebody has just left one."""
    places = positions_of(frame, team_name, team, levers)
    return sum((place.since is None or place.since <= day) and place.until > day for place in places)


def too_many_leave(frame: LeverFrame, teams: Mapping[str, Team], levers: Sequence[PlacedLever]) -> list[str]:
    """List the teams that more people would leave than are there."""
    problems = []
    for name, team in teams.items():
        leaving = [placed for placed in levers if isinstance(placed.lever, LeaveLever) and placed.lever.team == name]
        wanted = sum(lever.count for lever in _of_team(levers, LeaveLever, name))
        found = sum(place.until < FOREVER for place in positions_of(frame, name, team, levers))
        if found < wanted:
            problems.append(
                f"{leaving[-1].place}.count: {counted(wanted, 'person', 'people')} would leave team {name!r}, which"
                f" has {found}"
            )
    return problems


def capacity_of(
    frame: LeverFrame,
    teams: Mapping[str, Team],
    levers: Sequence[PlacedLever],
    deals: Mapping[str, Any],
    age: NDArray[np.float64],
    on_response: Effects,
) -> CapacityPlan | None:
    """Return the teams as the kernel reads them, given open deals' arrays and ages, (n_deals,); None without any."""
    if not teams:
        return None
    stages = frame.pipeline.stages
    team_of_stage = np.full(len(stages), NO_TEAM, dtype=np.int64)
    for code, team in enumerate(teams.values()):
        team_of_stage[[stages.index(stage) for stage in team.serves]] = code
    return CapacityPlan(
        team_of_stage=team_of_stage,
        **_effort_arrays(stages, teams),
        **_working_arrays(frame, teams),
        **_people_arrays(frame, teams, levers),
        **_training_arrays(frame, list(teams), levers),
        deal_waits_since=_waiting(frame, teams, deals, age),
        **_response_arrays(frame, teams),
        on_response=on_response,
    )


def hours_of_one(capacity: CapacityPlan | None, n_days: int) -> NDArray[np.float64]:
    """Return what one person of each team works in the first days: float64, (n_teams,)."""
    if capacity is None:
        return np.zeros(0)
    return np.asarray(capacity.hours_per_day * capacity.is_working[:, :n_days].sum(axis=1))


def as_waiting(arrays: dict[str, Any], capacity: CapacityPlan | None) -> dict[str, Any]:
    """Return the arrays of open deals; those that wait have not begun their own days, so these are as new."""
    if capacity is None:
        return arrays
    waits = ~np.isnan(capacity.deal_waits_since)
    return arrays | {"deal_age": np.where(waits[:, None], 0.0, arrays["deal_age"])}


def _of_team(levers: Sequence[PlacedLever], kind: type[Any], team: str) -> list[Any]:
    """Return the levers of one kind on a team."""
    return [placed.lever for placed in levers if isinstance(placed.lever, kind) and placed.lever.team == team]


def _effort_arrays(stages: Sequence[str], teams: Mapping[str, Team]) -> dict[str, Any]:
    """Return the hours that stays take: by family where the samplers have it, else by a table of quantiles."""
    family = np.full(len(stages), CONSTANT, dtype=np.int64)
    scale, shape = np.zeros(len(stages)), np.zeros(len(stages))
    table = np.zeros((len(stages), len(_LEVELS)))
    for team in teams.values():
        for stage, hours in team.effort_hours.items():
            code = stages.index(stage)
            family[code], scale[code], shape[code] = _family_of(hours)
            if family[code] == TABLE:
                table[code] = np.maximum(hours.ppf(np.clip(_LEVELS, 1.0 - _MOST_LEVEL, _MOST_LEVEL)), 0.0)
    return {"effort_family": family, "effort_scale": scale, "effort_shape": shape, "effort_table": table}


def _family_of(hours: Distribution) -> tuple[int, float, float]:
    """Return family, scale and shape as the samplers take them."""
    match hours.family, hours.parameters:
        case "constant", (value,):
            return CONSTANT, value, 0.0
        case "exponential", (mean,):
            return EXPONENTIAL, mean, 1.0
        case "lognormal", (median, sigma):
            return LOGNORMAL, median, sigma
        case "gamma", (mean, shape):
            return GAMMA, mean / shape, shape
    return TABLE, 0.0, 0.0


def _working_arrays(frame: LeverFrame, teams: Mapping[str, Team]) -> dict[str, Any]:
    """Return when people work."""
    days = frame.days.as_of + np.arange(frame.days.n_days + _DAYS_BEYOND)
    weekday = weekday_of(days)
    working = np.zeros((len(teams), len(days)))
    for code, team in enumerate(teams.values()):
        on_weekday = np.isin(weekday, [WEEKDAYS.index(name) for name in team.working_days])
        holidays = np.array(team.holidays, dtype="datetime64[D]")
        working[code] = on_weekday & ~np.isin(days, holidays)
    return {
        "hours_per_day": np.array([team.hours_per_day for team in teams.values()]),
        "is_working": working,
        "worked_before": np.hstack([np.zeros((len(teams), 1)), np.cumsum(working, axis=1)]),
        "waits_for_working_day": np.array([team.starts == "working_days" for team in teams.values()]),
    }


def _people_arrays(frame: LeverFrame, teams: Mapping[str, Team], levers: Sequence[PlacedLever]) -> dict[str, Any]:
    """Return the positions of all teams, team after team, and how people come and go."""
    by_team = [positions_of(frame, name, team, levers) for name, team in teams.items()]
    everybody = [place for places in by_team for place in places]
    ramp = np.ones((len(teams), max(len(team.ramp) for team in teams.values())))
    for code, team in enumerate(teams.values()):
        ramp[code, : len(team.ramp)] = team.ramp
    return {
        "keeps_owner": np.array([team.owner for team in teams.values()]),
        "ramp": ramp,
        "turnover": np.array(
            [
                frame.shared_size(f"teams.{name}.turnover_per_year", team.turnover_per_year) / DAYS_PER_YEAR
                for name, team in teams.items()
            ]
        ),
        "replacement_days": np.array(
            [FOREVER if team.replacement_days is None else team.replacement_days for team in teams.values()]
        ),
        "first_position": np.cumsum([0, *map(len, by_team)]).astype(np.int64),
        "position_key": np.array([key_of(f"person:{place.name}") for place in everybody], dtype=np.uint64),
        "position_from": np.array([-FOREVER if place.since is None else place.since for place in everybody], float),
        "position_until": np.array([place.until for place in everybody], dtype=float),
    }


def _training_arrays(frame: LeverFrame, names: Sequence[str], levers: Sequence[PlacedLever]) -> dict[str, Any]:
    """Return the trainings, during which work takes longer."""
    trainings = [placed.lever for placed in levers if isinstance(placed.lever, TrainLever)]
    shape = (len(trainings), frame.n_futures)
    return {
        "training_team": np.array([names.index(lever.team) for lever in trainings], dtype=np.int64),
        "training_from": np.array([day_of(frame, lever.begins) for lever in trainings], dtype=float),
        "training_days": np.array([frame.size(lever, lever.days, "days") for lever in trainings]).reshape(shape),
        "training_factor": np.array([frame.size(lever, lever.slowdown, "slowdown") for lever in trainings]).reshape(
            shape
        ),
    }


def _waiting(
    frame: LeverFrame, teams: Mapping[str, Team], deals: Mapping[str, Any], age: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return since when each open deal waits, NaN for those that do not."""
    stage = deals["deal_stage"]
    waits = np.zeros(len(age), dtype=bool)
    for team in teams.values():
        of_team = np.isin(stage, [frame.pipeline.stage_code(name) for name in team.serves])
        if isinstance(team.backlog, YoungerThan):
            waits |= of_team & (age < team.backlog.younger_than_days)
        elif team.backlog == "all":
            waits |= of_team
    waits &= deals["deal_forced"] == NOT_FORCED
    return np.where(waits, -age, np.nan)


def _response_arrays(frame: LeverFrame, teams: Mapping[str, Team]) -> dict[str, Any]:
    """Return what waiting does to the odds of the forward move, by stage."""
    stages = frame.pipeline.stages
    half_life, usual = np.full((len(stages), frame.n_futures), FOREVER), np.zeros(len(stages))
    n_points = max((len(team.response.table) for team in teams.values() if team.response), default=0)
    days = np.tile(np.arange(n_points, dtype=float), (len(stages), 1))
    log_odds = np.zeros((len(stages), n_points))
    for name, team in teams.items():
        response = team.response
        if response is None:
            continue
        for stage in stages_of(team):
            code = stages.index(stage)
            usual[code] = response.usual_hours / HOURS_PER_DAY
            if response.from_ is not None:
                fitted, slope = frame.responses[stage], frame.slope(stage)
                if "usual_hours" not in response.model_fields_set:
                    usual[code] = usual_hours(fitted) / HOURS_PER_DAY
                # Where waiting does good the half-life is below 0; beyond FOREVER nothing is counted.
                steep = np.where(slope == 0.0, np.finfo(float).tiny, slope)
                half_life[code] = np.log(2.0) / steep / HOURS_PER_DAY
            if response.half_life_hours is not None:
                hours = frame.shared_size(f"teams.{name}.response.half_life_hours", response.half_life_hours)
                half_life[code] = hours / HOURS_PER_DAY
            if response.table:
                points = np.array([*response.table, *[response.table[-1]] * (n_points - len(response.table))])
                beyond = np.maximum(np.arange(n_points) - len(response.table) + 1, 0)  # np.interp wants rising days
                days[code], log_odds[code] = points[:, 0] / HOURS_PER_DAY + beyond, np.log(points[:, 1])
    return {"half_life": half_life, "usual_wait": usual, "table_days": days, "table_log_odds": log_odds}
