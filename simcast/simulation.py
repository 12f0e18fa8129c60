"""Simulation: chunks of futures on threads or on a cluster, from a plan to a forecast."""

from __future__ import annotations

import os
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.arguments import check_kind, whole_number
from simcast.engine.capacity_layout import TeamResults
from simcast.engine.chunks import AnyPlan, empty_chunk, empty_whole, entered_by_group, play_chunk, put_chunk
from simcast.engine.layout import Results, as_declared
from simcast.errors import ArgumentTypeError, OutOfRangeError, SimcastError
from simcast.forecast import Forecast
from simcast.plan import MINOR_UNITS, Plan
from simcast.progress import Progress
from simcast.writing import agreed, counted, money

if TYPE_CHECKING:
    from simcast.cluster import Cluster

FUTURES_PER_CHUNK = 250
"""Small enough for progress and for threads to share the work evenly; results do not depend on it."""

BYTES_PER_CHUNK = 2**25
"""The results of a chunk stay below this: every thread holds one beside the whole."""


def simulate(
    plan: Plan,
    *,
    threads: int | None = None,
    chunk: int | None = None,
    cluster: Cluster | None = None,
    progress: Progress | None = None,
    begin: int = 0,
) -> Forecast:
    """Play all futures of a plan.

    The result is the same, bit for bit, whatever the number of threads or workers and the size of chunks.

    Parameters
    ----------
    plan
        What to play.
    threads
        How many threads; all processors unless given.
    chunk
        How many futures a thread or worker plays at a time; unless given, `FUTURES_PER_CHUNK` or as many as fit in
        `BYTES_PER_CHUNK`.
    cluster
        Plays the futures instead of threads of this process, see `simcast.cluster.connect`.
    progress
        Called with a description and the fraction done.
    begin
        The first future to play, from 0, where those before have been played already, see `Forecast.joined`.

    Returns
    -------
    Forecast
        Its ``results`` are an `xarray.Dataset` with dims (future, period, segment, origin, stage, deal), and team where
        there are teams.

    Raises
    ------
    SimcastError
        When `threads` or `chunk` is less than 1, or both `threads` and a cluster are given; when the cluster fails.
    ArgumentTypeError
        When `plan` is no plan, or a number is not whole; a `TypeError` too.
    OutOfRangeError
        When there is no future at `begin`.
    """
    check_kind(plan, Plan, "plan", "build_plan makes one of a posterior, open deals and a scenario")
    for name, value in (("threads", threads), ("chunk", chunk)):
        if value is not None:
            whole_number(value, name)
    if whole_number(begin, "begin", least=0) >= plan.n_futures:
        raise OutOfRangeError(f"begin: there is no future {begin}; the plan has {plan.n_futures:,}, from 0")
    if isinstance(cluster, str):
        raise ArgumentTypeError(f"cluster: needs one that is connected, got {cluster!r}; see simcast.cluster.connect")
    if threads is not None and cluster is not None:
        raise SimcastError(f"threads={threads}: a cluster's workers have one thread each; give threads or a cluster")
    playable = as_declared(plan.playable)
    whole = empty_whole(playable)
    size = chunk or _futures_per_chunk(playable)
    chunks = [range(first, min(first + size, plan.n_futures)) for first in range(begin, plan.n_futures, size)]
    if cluster is None:
        playing = _play_on_threads(playable, whole, chunks, threads or os.cpu_count() or 1)
    else:
        playing = _play_on_cluster(playable, whole, chunks, cluster)
    with closing(playing):
        for done in playing:
            if progress is not None:
                progress(f"simulating {plan.scenario}", done / len(chunks))
    forecast = _labelled(plan, whole)
    return forecast if begin == 0 else replace(forecast, results=forecast.results.isel(future=slice(begin, None)))


def _futures_per_chunk(plan: AnyPlan) -> int:
    """Return how many futures to play at a time."""
    bytes_per_future = _n_bytes(empty_chunk(plan, 1)) - _n_bytes(empty_chunk(plan, 0))
    return max(1, min(FUTURES_PER_CHUNK, BYTES_PER_CHUNK // bytes_per_future))


def stays_by_segment(plan: Plan, *, threads: int | None = None) -> NDArray[np.float64]:
    """Play all futures of a plan, and return the mean number of stays per stage and segment of the posterior.

    Counted are those that open deals are in at the as-of date, and those that begin in the days forecast.

    Returns
    -------
    float64, (n_stages, n_segments)
    """
    kernel, n_segments = plan.kernel, len(plan.kernel.group_of_segment)
    apart = kernel._replace(
        group_of_segment=np.arange(n_segments, dtype=np.int64), period_of_day=np.zeros_like(kernel.period_of_day)
    )
    playable = as_declared(replace(plan, kernel=apart).playable)
    size = _futures_per_chunk(playable)
    chunks = [range(first, min(first + size, plan.n_futures)) for first in range(0, plan.n_futures, size)]
    with ThreadPoolExecutor(max_workers=threads or os.cpu_count() or 1) as pool:
        begun = sum(pool.map(lambda futures: entered_by_group(playable, futures), chunks))
    stays = np.zeros((n_segments, len(plan.pipeline.stages)))
    np.add.at(stays, (kernel.deal_segment, kernel.deal_stage), 1.0)
    return np.asarray((stays + begun / plan.n_futures).T)


def _n_bytes(results: Results | TeamResults) -> int:
    """Return how much memory results take."""
    return sum(_n_bytes(part) if isinstance(part, Results) else part.nbytes for part in results)


def _play_on_threads(
    plan: AnyPlan, whole: Results | TeamResults, chunks: Sequence[range], threads: int
) -> Generator[int]:
    """Play all chunks on threads of this process, and yield how many are done."""
    putting = Lock()

    def play(futures: range) -> None:
        part = play_chunk(plan, futures)
        with putting:
            put_chunk(whole, futures, part)

    with ThreadPoolExecutor(max_workers=threads) as pool:
        tasks = [pool.submit(play, futures) for futures in chunks]
        try:
            for done, task in enumerate(as_completed(tasks), start=1):
                task.result()
                yield done
        finally:
            for task in tasks:
                task.cancel()


def _play_on_cluster(
    plan: AnyPlan, whole: Results | TeamResults, chunks: Sequence[range], cluster: Cluster
) -> Generator[int]:
    """Play all chunks on a cluster, and yield how many are done; they come in any order."""
    with closing(cluster.play(plan, chunks)) as playing:
        for done, (futures, part) in enumerate(playing, start=1):
            put_chunk(whole, futures, part)
            yield done


def _labelled(plan: Plan, played: Results | TeamResults) -> Forecast:
    """Give results their names back, and money its unit."""
    results = played.flow if isinstance(played, TeamResults) else played
    by_origin = ("future", "period", "segment", "origin")
    by_stage = ("future", "period", "stage")
    dataset = xr.Dataset(
        {
            "bookings": (by_origin, _in_money(results.bookings)),
            "wins": (by_origin, results.wins),
            "entered": (by_stage, results.entered[:, :, 0]),
            "left_forward": (by_stage, results.left_forward[:, :, 0]),
            "open_at_end": (by_stage, results.open_at_end[:, :, 0]),
            "cost": ("future", plan.cost),
            **({} if plan.margin is None else {"margin": (("future", "segment")[: plan.margin.ndim], plan.margin)}),
            "deal_wins": ("deal", results.deal_wins),
            "deal_win_days": ("deal", results.deal_win_days),
            "period_end": ("period", plan.days.ends.astype("datetime64[s]")),
            **(_team_variables(played) if isinstance(played, TeamResults) else {}),
        },
        coords={
            "future": np.arange(plan.n_futures),
            "period": plan.days.starts.astype("datetime64[s]"),
            "segment": list(plan.groups.labels),
            "origin": ["open", "new"],
            "stage": list(plan.pipeline.stages),
            "deal": plan.deals.astype(str),
            **({"team": list(plan.teams)} if plan.teams else {}),
        },
        attrs={
            "period": plan.days.period,
            "as_of": str(plan.days.as_of),
            "until": str(plan.days.until),
            "seed": int(plan.kernel.seed),
        },
    )
    notes = plan.notes
    if results.capped[0]:
        n_capped = int(results.capped[0])
        they, their = agreed(n_capped, "it was", "they were"), agreed(n_capped, "its", "their")
        stopped = (
            f"{counted(n_capped, 'deal')} visited so many stages that {they} stopped: {their} later wins are missing"
        )
        notes += (f"{stopped}; check the pipeline's moves",)
    notes += _team_notes(plan, dataset)
    return Forecast(plan.scenario, dataset, plan.groups, plan.targets, plan.fingerprint, notes)


def _team_variables(results: TeamResults) -> dict[str, tuple[tuple[str, ...], NDArray[np.float64]]]:
    """Return what is told of teams, by future.

    Where nobody came into a stage the mean wait is 0, and so is the utilisation of a team without people.
    """
    by_team = ("future", "team")
    return {
        "wait_days": (("future", "stage"), results.wait_days / np.maximum(results.waited_for, 1)),
        "team_wait_90": (by_team, results.wait_90),
        "team_utilisation": (by_team, results.busy / np.where(results.present > 0.0, results.present, np.inf)),
        "team_queue": (("future", "period", "team"), results.queue.astype(np.float64)),
        "team_extra_hours": (by_team, results.extra_hours),
    }


def _team_notes(plan: Plan, dataset: xr.Dataset) -> tuple[str, ...]:
    """Say what work a promise to answer in time needs beyond what the people can do."""
    if "team" not in dataset.dims:
        return ()
    notes = []
    for team, of_one, cost in zip(plan.teams, plan.person_hours, plan.person_cost, strict=True):
        hours = float(dataset["team_extra_hours"].sel(team=team).mean("future"))
        if hours > 0.0:
            people = hours / of_one if of_one > 0.0 else 0.0
            as_many = f", as much as {people:.1f} of them work until {plan.days.until}" if people else ""
            paid = f", and would be {money(people * cost)} if paid like theirs" if people * cost > 0.0 else ""
            notes.append(
                f"teams.{team}: to answer in time takes {hours:,.0f} hours of work beyond what its people can do (mean "
                f"over futures){as_many}; these hours are not in the cost{paid}"
            )
    return tuple(notes)


def _in_money(minor_units: NDArray[np.int64]) -> NDArray[np.float64]:
    """Turn whole minor units into money in their own place, since a copy would be as large as all the rest."""
    money = minor_units.view(np.float64)
    for first in range(0, len(money), FUTURES_PER_CHUNK):
        rows = slice(first, first + FUTURES_PER_CHUNK)
        money[rows] = minor_units[rows] / MINOR_UNITS
    return money
