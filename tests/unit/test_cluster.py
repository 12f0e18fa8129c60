"""Futures played by Dask's workers. The processes of one cluster on this machine serve all tests that need some."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest

import simcast.cluster
import simcast.engine
from simcast.assume import assumed_book, assumed_posterior
from simcast.cluster import Cluster, check_address, connect
from simcast.errors import SimcastError
from simcast.plan import Plan, build_plan
from simcast.scenario import build_scenario
from simcast.simulation import simulate

if TYPE_CHECKING:
    from distributed import Scheduler

SCENARIO = build_scenario(
    {
        "simcast": 1,
        "pipeline": {"stages": ["заявка", "встреча"]},
        "assume": {
            "segments": {"источник": {"реклама": 0.5, "сайт": 0.5}},
            "stages": {
                "заявка": {"conversion": {"beta": [5, 5]}, "days": {"lognormal": {"median": 5, "sigma": 0.8}}},
                "встреча": {"conversion": 0.5, "days": {"exponential": {"mean": 9}}, "stalled": 0.1},
            },
            "arrivals": {"per_day": 20},
            "amount": {"lognormal": {"median": 900, "sigma": 0.7}},
            "open": [{"stage": "встреча", "count": 300, "age_days": 4}],
        },
        "forecast": {"as_of": "2026-07-01", "until": "2026-08-31", "by": ["источник"]},
        "simulation": {"futures": 1500, "seed": 5},
    }
)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for as long as a machine that is busy with other tests may take; what never comes is waited for briefly."""
    monkeypatch.setattr(simcast.cluster, "CONNECT_SECONDS", 120.0)
    monkeypatch.setattr(simcast.cluster, "FIRST_WORKER_SECONDS", 120.0)


@pytest.fixture(scope="module")
def plan() -> Plan:
    assert SCENARIO.assume is not None
    posterior = assumed_posterior(SCENARIO.pipeline_definition, SCENARIO.assume)
    book = assumed_book(SCENARIO.assume, posterior.pipeline, posterior.segments, np.datetime64("2026-07-01"))
    return build_plan(posterior, book, SCENARIO)


@pytest.fixture(scope="module")
def workers() -> Iterator[Cluster]:
    """Start two workers on this machine."""
    pytest.importorskip("distributed")
    with connect("local:2") as cluster:
        yield cluster


def scheduler_of(workers: Cluster) -> str:
    """The address of a scheduler, by which others may connect to it."""
    address: str = workers._client.scheduler.address
    return address


def pids_of(workers: Cluster) -> set[int]:
    workers._client.wait_for_workers(2, timeout=600)
    return set(workers._client.run(os.getpid).values())


def tasks_left(workers: Cluster) -> int:
    def count(dask_scheduler: Scheduler) -> int:
        return len(dask_scheduler.tasks)

    return int(workers._client.run_on_scheduler(count))


@pytest.mark.parametrize("chunk", [33, 250, 5000])
def test_a_cluster_gives_the_bits_of_one_process(plan: Plan, workers: Cluster, chunk: int) -> None:
    alone = simulate(plan, threads=1)
    assert alone.results["wins"].sum() > 0
    assert simulate(plan, cluster=workers, chunk=chunk).results.identical(alone.results)


def test_workers_find_the_kernel_compiled_already(plan: Plan, workers: Cluster) -> None:
    """The worker is told of another process's arrays, which come read-only, and still needs no other kernel."""

    def compiled() -> tuple[int, int]:
        from simcast.engine.inner import Outer
        from simcast.engine.kernel import play_in_room

        kernel = cast("Outer", play_in_room).compiled
        return len(kernel.signatures), sum(kernel.stats.cache_misses.values())

    simulate(plan, cluster=workers, chunk=100)
    found = set(workers._client.run(compiled).values())
    assert found <= {(1, 0), (0, 0)}, "a worker compiled the kernel for itself, or twice"
    assert (1, 0) in found


def test_the_chunks_of_a_killed_worker_are_played_again(plan: Plan, workers: Cluster) -> None:
    before = pids_of(workers)
    killed: list[float] = []

    def kill(_: str, fraction: float) -> None:
        if not killed:
            killed.append(fraction)
            for pid in before:
                os.kill(pid, signal.SIGKILL)

    whole = simulate(plan, cluster=workers, chunk=20, progress=kill)
    assert killed[0] < 0.5, "the run was over before a worker was killed"
    assert not before & pids_of(workers), "no worker was killed"
    assert whole.results.identical(simulate(plan).results)


def test_an_interrupt_takes_back_what_is_not_played(plan: Plan, workers: Cluster) -> None:
    def interrupt(_: str, fraction: float) -> None:  # noqa: ARG001
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        simulate(plan, cluster=workers, chunk=5, progress=interrupt)
    for _ in range(600):  # the scheduler hears of it a moment later
        if tasks_left(workers) == 0:
            break
        time.sleep(0.1)
    assert tasks_left(workers) == 0
    assert simulate(plan, cluster=workers).results.identical(simulate(plan).results)


def test_workers_on_this_machine_listen_on_its_loopback_only(workers: Cluster) -> None:
    import psutil

    assert pids_of(workers)

    family = [psutil.Process(), *psutil.Process().children(recursive=True)]
    listening = {
        found.laddr.ip
        for process in family
        for found in process.net_connections("inet")
        if found.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_a_scheduler_elsewhere_is_reached_by_its_address(plan: Plan, workers: Cluster) -> None:
    with connect(scheduler_of(workers)) as elsewhere:
        assert simulate(plan, cluster=elsewhere).results.identical(simulate(plan).results)
    check_address(scheduler_of(workers))


def test_progress_on_a_cluster_ends_at_one(plan: Plan, workers: Cluster) -> None:
    seen: list[float] = []
    simulate(plan, cluster=workers, chunk=300, progress=lambda _, fraction: seen.append(fraction))
    assert seen == [0.2, 0.4, 0.6, 0.8, 1.0]


def test_workers_with_other_kernels_are_refused_by_name_before_work_is_sent(
    workers: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simcast.engine, "SOURCES_DIGEST", "0123456789abcdef")
    with pytest.raises(SimcastError, match="install the same simcast") as refused, connect(scheduler_of(workers)):
        pass
    addresses = workers._client.scheduler_info()["workers"]
    assert [address for address in addresses if address not in str(refused.value)] == []
    assert f"this process {simcast.__version__} with kernels 0123456789abcdef" in str(refused.value)


def test_a_worker_that_joins_late_with_other_kernels_refuses_its_chunk(
    plan: Plan, workers: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simcast.engine, "SOURCES_DIGEST", "0123456789abcdef")
    with pytest.raises(SimcastError, match="was sent work by"):
        simulate(plan, cluster=workers)


def test_a_greeting_that_came_with_other_messages_is_asked_for_again(
    workers: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an assertion inside Distributed; one that fails each time is not hidden."""
    distributed = pytest.importorskip("distributed")
    client, tries = distributed.Client, []

    def hurried(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  Distributed's own
        tries.append(args)
        assert len(tries) > n_failing
        return client(*args, **kwargs)

    monkeypatch.setattr(distributed, "Client", hurried)
    n_failing = 1
    with connect(scheduler_of(workers)):
        assert len(tries) == 2
    n_failing = 9
    with pytest.raises(AssertionError), connect(scheduler_of(workers)):
        pass


def test_a_scheduler_without_workers_says_how_to_start_some(monkeypatch: pytest.MonkeyPatch) -> None:
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(simcast.cluster, "FIRST_WORKER_SECONDS", 0.5)
    with (
        distributed.LocalCluster(
            n_workers=0, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0"
        ) as none,
        pytest.raises(SimcastError, match="dask worker tcp://"),
    ):
        check_address(none.scheduler_address)


def test_an_address_where_nothing_answers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr(simcast.cluster, "CONNECT_SECONDS", 0.5)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(SimcastError, match=r"no Dask scheduler answers within 0\.5 s"):
            check_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("local:0", "local:513", "local:", "local:two", "local", "tcp://host", "tcp://host:0", "tcp://host:99999"),
        *("tcp://a b:1", "http://host:80", "host:8786", "", "local:2\n"),
    ],
)
def test_a_malformed_address_is_refused_and_told_what_it_may_be(address: str) -> None:
    with pytest.raises(SimcastError, match=r"must be local:N, .* or tcp://host:port"):
        check_address(address)


@pytest.mark.parametrize("address", ["local:1", "local:512"])
def test_a_check_starts_no_workers(address: str) -> None:
    pytest.importorskip("distributed")
    check_address(address)


@pytest.mark.parametrize("address", ["local:2", "tcp://127.0.0.1:8786", "tcp://[::1]:8786"])
def test_without_dask_it_says_what_to_install(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SimcastError, match=r"pip install 'simcast\[cluster\]'"):
        check_address(address)


def test_threads_and_a_cluster_are_one_too_many(plan: Plan) -> None:
    with pytest.raises(SimcastError, match="give threads or a cluster"):
        simulate(plan, threads=2, cluster=Cluster("local:1", None, here=True))  # type: ignore[arg-type]  # never used


@pytest.mark.slow
def test_a_chunk_that_kills_every_worker_is_given_up(plan: Plan, workers: Cluster) -> None:
    far_beyond = np.full(plan.n_futures, 2**40)  # a draw that is not there: the process dies reading it
    deadly = replace(plan, kernel=plan.kernel._replace(draw_of_future=far_beyond))
    with pytest.raises(SimcastError, match="its workers died again and again"):
        simulate(deadly, cluster=workers, chunk=plan.n_futures)


def test_commands_that_need_no_cluster_do_not_load_dask_and_leave_it_to_others() -> None:
    """In a process of its own, in which nothing is loaded yet."""
    program = """
import sys
from simcast.cli.process import dask_left_alone

with dask_left_alone():
    import xarray

    assert float(xarray.Dataset({"deals": ("day", [1.0, 2.0])})["deals"].sum()) == 3.0
    assert sys.modules["dask"] is None
assert "dask" not in sys.modules
import dask

with dask_left_alone():
    assert sys.modules["dask"] is dask
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
