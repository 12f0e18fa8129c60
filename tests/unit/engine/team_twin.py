"""The capacity kernel's plain-Python twin: an event calendar, which the kernel has not.

The kernel gives each stay its turn at once, by the times from which people are free. Here days pass: deals come and
ask, people come, end their work and leave, and whoever is free takes, of the deals that they may take, the one that
has asked the longest. How a stay ends comes from the twin of independent deals.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simcast.engine.capacity_layout import FOREVER, NO_TEAM, CapacityPlan, TeamPlan, TeamResults
from simcast.engine.layout import MAX_VISITS, NEW, NOT_FORCED, NOWHERE, OPEN, KernelPlan
from tests.unit.engine import twin

TURNOVER, EFFORT = 32, 33
MONTH = 365.25 / 12


@dataclass(eq=False)
class Person:
    """Someone who holds a position for a while."""

    position: int
    started: float
    leaves_on: float
    free_from: float


@dataclass(eq=False)
class Asking:
    """A deal that waits for its turn."""

    course: Generator[Any, float, None]
    key: int
    visit: int
    stage: int
    since: float
    enters_on: float
    asks_on: float
    owner: Person | None
    promised: float  # when extra hands take it up, if nobody has


@dataclass(eq=False)
class Team:
    """The people of a team, those who ask for them, and who began which deal."""

    people: list[Person]
    line: list[Asking] = field(default_factory=list)
    owner_of: dict[int, Person] = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)


class Calendar:
    """Working days passed at any time."""

    def __init__(self, capacity: CapacityPlan, team: int) -> None:
        self.is_working = capacity.is_working[team]
        self.passed = np.concatenate([[0.0], np.cumsum(self.is_working)])
        self.days = np.arange(len(self.passed), dtype=float)

    def worked(self, time: float) -> float:
        """Working days from the as-of date on."""
        return float(np.interp(time, self.days, self.passed))

    def end_of(self, start: float, work: float) -> float:
        """When work ends that is begun at a time: the first at which so much is done."""
        wanted = self.worked(start) + work
        if wanted >= self.passed[-1]:
            return math.inf
        day = int(np.searchsorted(self.passed, wanted)) - 1
        return max(start, day + wanted - self.passed[day]) if day >= 0 else start


def holders(plan: TeamPlan, future: int, team: int) -> list[Person]:
    """All who hold the positions of a team, one after another, until the horizon."""
    capacity, found = plan.capacity, []
    for position in range(capacity.first_position[team], capacity.first_position[team + 1]):
        started, ends, generation = capacity.position_from[position], capacity.position_until[position], 0
        while started < min(plan.kernel.horizon_days, FOREVER):
            leaves_on, rate = ends, capacity.turnover[team, future]
            if rate > 0:
                u, _ = twin.uniforms(plan.kernel, future, int(capacity.position_key[position]), generation, TURNOVER)
                leaves_on = min(leaves_on, max(0.0, started) - math.log(u) / rate)
            found.append(Person(position, started, leaves_on, max(0.0, started)))
            started, generation = leaves_on + capacity.replacement_days[team], generation + 1
            if started >= ends:
                break
    return found


def promised(plan: TeamPlan, future: int, deal: twin.Deal, since: float) -> float:
    """The day by which a deal is to be taken up; the promises of these plans hold in full."""
    effects, days = plan.capacity.on_response, math.inf
    for i in np.flatnonzero((effects.stage == deal.stage) & effects.segments[:, deal.segment]):
        assert effects.weight[i].min() == 1.0
        days = min(days, effects.value[i, future])
    return max(since + days, deal.enters_on)


def later(
    plan: KernelPlan, future: int, deal: twin.Deal, slot: int, leaves_on: float, start: float, is_open: bool
) -> float:
    """When a stay ends that begins later, as many days of its clock after."""
    clock = plan.clock_of[deal.stage, slot]
    if math.inf in (start, leaves_on):
        return math.inf
    if start <= deal.enters_on:
        return leaves_on
    if clock == NOWHERE:
        return start + leaves_on - deal.enters_on
    passed, opening = twin.passed_by(plan, future, clock), plan.clock_opening[clock]
    entered = twin.reading(passed, deal.enters_on) if is_open else twin.begun(passed, opening, deal.enters_on)
    days = twin.reading(passed, leaves_on) - entered
    return max(start, twin.on_clock(passed, twin.begun(passed, opening, start), days))


def course(plan: TeamPlan, future: int, deal: twin.Deal, results: TeamResults, row: int) -> Generator[Any, float, None]:
    """Follow a deal, as the twin of independent deals does; yield when it asks for a team, and when a stay ends."""
    kernel, flow = plan.kernel, results.flow
    group = kernel.group_of_segment[deal.segment]
    for visit in range(MAX_VISITS):
        began = kernel.period_of_day[int(deal.enters_on)]
        first = deal.number >= 0 and visit == 0
        if deal.origin == NEW or visit > 0:
            flow.entered[row, began, group, deal.stage] += 1
        slot, days = twin.stay(kernel, future, deal, visit, twin.ages_of(kernel, deal, visit))
        is_open = deal.origin == OPEN and visit == 0
        leaves_on = twin.end_of_stay(kernel, future, deal, slot, days, is_open)
        destination = kernel.destination[deal.stage, slot]
        if first and kernel.deal_forced[deal.number] != NOT_FORCED:
            destination, leaves_on = kernel.deal_forced[deal.number], kernel.deal_forced_day[deal.number]
        since = plan.capacity.deal_waits_since[deal.number] if first and deal.origin == OPEN else deal.enters_on
        if plan.capacity.team_of_stage[deal.stage] != NO_TEAM and not math.isnan(since):
            start = yield deal, visit, since
            leaves_on = later(kernel, future, deal, slot, leaves_on, start, is_open)
        ended = kernel.period_of_day[int(leaves_on)] if leaves_on < kernel.horizon_days else flow.open_at_end.shape[1]
        flow.open_at_end[row, began:ended, group, deal.stage] += 1
        if not leaves_on < kernel.horizon_days:
            return
        yield leaves_on
        flow.left_forward[row, ended, group, deal.stage] += destination == kernel.destination[deal.stage, 0]
        if destination >= len(kernel.destination):
            outcome = destination - len(kernel.destination)
            if kernel.outcome_won[outcome]:
                flow.bookings[row, ended, group, deal.origin] += twin.worth(kernel, future, deal)
                flow.wins[row, ended, group, deal.origin] += 1
                if deal.number >= 0:
                    flow.deal_wins[deal.number] += 1
                    flow.deal_win_days[deal.number] += int(leaves_on)
                deal = deal._replace(number=-1)
            destination = kernel.outcome_resumes[outcome]
            if destination == NOWHERE:
                return
        deal = deal._replace(stage=int(destination), enters_on=leaves_on)
    flow.capped[0] += 1


class Future:
    """One future, event by event."""

    def __init__(self, plan: TeamPlan, future: int, results: TeamResults, row: int) -> None:
        self.plan, self.future, self.results, self.row = plan, future, results, row
        self.teams = [Team(holders(plan, future, team)) for team in range(len(plan.capacity.hours_per_day))]
        self.calendars = [Calendar(plan.capacity, team) for team in range(len(self.teams))]
        self.events: list[tuple[float, int, Generator[Any, float, None] | None]] = []
        self.number = itertools.count()

    def wake(self, time: float, who: Generator[Any, float, None] | None = None) -> None:
        heapq.heappush(self.events, (time, next(self.number), who))

    def play(self) -> None:
        horizon = self.plan.kernel.horizon_days
        for deal in (*twin.open_deals(self.plan.kernel), *twin.new_deals(self.plan.kernel, self.future)):
            self.wake(deal.enters_on, course(self.plan, self.future, deal, self.results, self.row))
        for time in {t for team in self.teams for p in team.people for t in (p.started, p.leaves_on)} | {
            *range(horizon)
        }:
            if 0 <= time < horizon:
                self.wake(float(time))
        while self.events and self.events[0][0] < horizon:
            now = self.events[0][0]
            while self.events and self.events[0][0] == now:
                _, _, who = heapq.heappop(self.events)
                if who is not None:
                    self.go_on(who, now, None)
            for number in range(len(self.teams)):
                self.serve(number, now)
        for number in range(len(self.teams)):
            self.sum_up(number)

    def sum_up(self, number: int) -> None:
        """Tell of those who have waited in vain, and of the people who were there."""
        team, horizon = self.teams[number], self.plan.kernel.horizon_days
        for asking in team.line:
            self.tell(number, asking, math.inf)
            self.go_on(asking.course, horizon, math.inf)
        self.results.wait_90[self.row, number] = np.quantile(team.waits, 0.9) if team.waits else 0.0
        for person in team.people:
            until, since = min(person.leaves_on, horizon), max(person.started, 0.0)
            worked = self.calendars[number].worked
            self.results.present[self.row, number] += max(0.0, worked(until) - worked(since))

    def go_on(self, who: Generator[Any, float, None], now: float, start: float | None) -> None:
        """Let a deal go on until its stay ends or it asks for a team."""
        try:
            said = next(who) if start is None else who.send(start)
        except StopIteration:
            return
        if isinstance(said, tuple):
            deal, visit, since = said
            team = self.teams[self.plan.capacity.team_of_stage[deal.stage]]
            owner = team.owner_of.get(deal.key)
            there = owner is not None and owner.leaves_on > now
            by = promised(self.plan, self.future, deal, since)
            owner = owner if there else None
            team.line.append(Asking(who, deal.key, visit, deal.stage, since, deal.enters_on, since, owner, by))
            if by < math.inf:
                self.wake(max(by, now))
        else:
            self.wake(max(said, now), who)

    def serve(self, number: int, now: float) -> None:
        """Let whoever is free take up the deals that they may, in the order in which these have asked."""
        team, capacity = self.teams[number], self.plan.capacity
        for asking in team.line:
            if asking.owner is not None and asking.owner.leaves_on <= now:
                asking.asks_on, asking.owner = asking.owner.leaves_on, None
        nobody_works = capacity.waits_for_working_day[number] and not capacity.is_working[number, int(now)]
        for asking in sorted(team.line, key=lambda asking: (asking.asks_on, asking.key)):
            free = [p for p in team.people if max(p.started, p.free_from) <= now < p.leaves_on and not nobody_works]
            if asking.owner is not None:
                free = [p for p in free if p is asking.owner]
            if free:
                team.line.remove(asking)
                self.begin(number, asking, min(free, key=lambda p: (p.free_from, p.position)), now)
        for asking in [asking for asking in team.line if asking.promised <= now]:
            self.lend_a_hand(number, asking, now)

    def lend_a_hand(self, number: int, asking: Asking, now: float) -> None:
        """Let extra hands take up a deal; they own nothing."""
        self.teams[number].line.remove(asking)
        self.results.extra_hours[self.row, number] += self.hours(asking)
        self.tell(number, asking, now)
        self.go_on(asking.course, now, max(now, asking.enters_on))

    def hours(self, asking: Asking) -> float:
        """How long the work takes at full speed."""
        u, _ = twin.uniforms(self.plan.kernel, self.future, asking.key, asking.visit, EFFORT)
        return float(-math.log(u) * self.plan.capacity.effort_scale[asking.stage])

    def begin(self, number: int, asking: Asking, person: Person, now: float) -> None:
        """Let a person take up a deal."""
        plan, capacity, row = self.plan.kernel, self.plan.capacity, self.row
        month = int((now - person.started) / MONTH) if person.started > -FOREVER else len(capacity.ramp[number])
        speed = capacity.ramp[number, month] if month < len(capacity.ramp[number]) else 1.0
        work = self.hours(asking) / (capacity.hours_per_day[number] * speed)
        for i in np.flatnonzero(capacity.training_team == number):
            begins = capacity.training_from[i]
            if begins <= now < begins + capacity.training_days[i, self.future]:
                work *= capacity.training_factor[i, self.future]
        calendar = self.calendars[number]
        person.free_from = calendar.end_of(now, work)
        if capacity.keeps_owner[number]:
            self.teams[number].owner_of[asking.key] = person
        self.results.busy[row, number] += min(work, calendar.worked(plan.horizon_days) - calendar.worked(now))
        self.tell(number, asking, now)
        self.wake(person.free_from)
        self.go_on(asking.course, now, max(now, asking.enters_on))

    def tell(self, number: int, asking: Asking, start: float) -> None:
        """Write down a wait."""
        horizon, period_of_day = self.plan.kernel.horizon_days, self.plan.kernel.period_of_day
        wait = min(start, horizon) - asking.since
        self.teams[number].waits.append(wait)
        self.results.wait_days[self.row, asking.stage] += wait
        self.results.waited_for[self.row, asking.stage] += 1
        if start > asking.enters_on:
            ends = period_of_day[int(start)] if start < horizon else self.results.queue.shape[1]
            self.results.queue[self.row, period_of_day[int(asking.enters_on)] : ends, number] += 1


def play_team_futures(plan: TeamPlan, first: int, results: TeamResults) -> None:
    """Play the futures ``first, first + 1, ...`` as the capacity kernel does."""
    for row in range(len(results.busy)):
        Future(plan, first + row, results, row).play()
