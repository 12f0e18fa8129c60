"""A cluster that plays futures: workers of Dask distributed, on this machine or elsewhere.

A chunk of futures is a pure function of the plan and its first future, so Dask may play it wherever and as often as it
likes: a chunk whose worker died is played again by another. Dask is imported only when a cluster is asked for.
"""

from __future__ import annotations

import importlib
import logging
import re
import signal
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from typing import TYPE_CHECKING

from simcast.errors import SimcastError

if TYPE_CHECKING:
    from distributed import Client, Future

    from simcast.engine.capacity_layout import TeamResults
    from simcast.engine.chunks import AnyPlan
    from simcast.engine.layout import Results

CONNECT_SECONDS = 10.0
"""How long a scheduler may take to answer."""

FIRST_WORKER_SECONDS = 10.0
"""How long a scheduler that answers may take to have a worker."""

MOST_LOCAL_WORKERS = 512
"""More processes than this on one machine are taken for a slip of the hand."""

_LOCAL = re.compile(r"local:(\d+)")
_REMOTE = re.compile(r"tcp://(?:\[[0-9A-Fa-f:.]+\]|[^\s:/\[\]]+):(\d{1,5})")
_CLOSE_SECONDS = 5.0
_CHUNKS_AHEAD = 3
"""How many chunks each of the workers' threads is given before one of them is done."""

_LOOPBACK = "127.0.0.1"

Identity = tuple[str, str]
"""simcast's version, and the digest of the kernels' sources: equal identities give equal results."""


class Cluster:
    """Workers that play chunks of futures; made by `connect`.

    Parameters
    ----------
    address
        As it was given, for messages.
    client
        Dask's connection to the scheduler.
    here
        Whether the workers run on this machine and find what this process has compiled.
    """

    def __init__(self, address: str, client: Client, *, here: bool) -> None:
        self.address = address
        self._client = client
        self._here = here

    def play(self, plan: AnyPlan, chunks: Sequence[range]) -> Generator[tuple[range, Results | TeamResults]]:
        """Play chunks of a plan's futures, and yield each with its results as they come, in any order.

        Closed early, as by an interrupt, it takes back the chunks that are not played yet.

        Raises
        ------
        SimcastError
            When a chunk's workers died again and again, or the connection is lost.
        """
        from distributed import CancelledError, KilledWorker, as_completed

        if self._here:
            _compile(plan)
        sent = self._send(plan)
        waiting = iter(chunks)
        running = {self._submit(sent, futures): futures for futures in islice(waiting, self._most_at_once())}
        finished = as_completed(list(running), with_results=True)
        try:
            for future, part in finished:
                yield running.pop(future), part
                for futures in islice(waiting, 1):
                    further = self._submit(sent, futures)
                    running[further] = futures
                    finished.add(further)
        except KilledWorker as error:
            raise SimcastError(
                f"--cluster {self.address}: a chunk of futures was given up since its workers died again and again "
                f"({error}); look into the workers' memory"
            ) from error
        except (CancelledError, OSError) as error:
            raise SimcastError(f"--cluster {self.address}: the connection was lost ({error}); run it again") from error
        finally:
            if self._client.status == "running":
                self._client.cancel([sent, *running], force=True)

    def _send(self, plan: AnyPlan) -> Future[AnyPlan]:
        """Hand the plan to the scheduler once, and return Dask's future of it.

        It is the result of a task, not scattered data: so it is made again when its only worker dies.
        """
        from simcast.engine.layout import as_declared

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            return self._client.submit(as_declared, plan, pure=False)

    def _submit(self, sent: Future[AnyPlan], futures: range) -> Future[Results | TeamResults]:
        """Have a chunk played, and return Dask's future of it."""
        return self._client.submit(_play_chunk, sent, futures, _identity(), pure=False)

    def _most_at_once(self) -> int:
        """Return how many chunks to hand out at a time: enough to keep all busy, few enough to bound memory."""
        threads: Mapping[str, int] = self._client.nthreads()
        return _CHUNKS_AHEAD * max(1, sum(threads.values()))


def check_address(address: str) -> None:
    """Refuse a cluster that is not there, before other work is done; workers on this machine are not started yet.

    Raises
    ------
    SimcastError
        As `connect`.
    """
    if _local_workers(address) is None:
        with connect(address):
            pass
    else:
        _require_dask()


@contextmanager
def connect(address: str) -> Iterator[Cluster]:
    """Start workers on this machine, or connect to a scheduler; what was started ends with the block.

    A scheduler runs what it is sent, and sends what is run here: connect to one that you trust. Workers on this
    machine listen on its loopback interface only, without a dashboard. They are new Python processes, so a script
    needs the guard ``if __name__ == "__main__":``.

    Parameters
    ----------
    address
        ``local:N`` for N worker processes of one thread each, or ``tcp://host:port`` of a Dask scheduler.

    Raises
    ------
    SimcastError
        When the address is malformed, Dask is not installed, nothing answers, there are no workers, or a worker has
        another version of simcast or of its kernels.

    Examples
    --------
    ::

        with simcast.cluster.connect("local:4") as cluster:
            forecast = simcast.simulate(plan, cluster=cluster)
    """
    n_workers = _local_workers(address)
    _require_dask()
    with ExitStack() as opened:
        client = _client(address, n_workers, opened)
        if n_workers is None and (problems := _unlike(address, client)):
            raise SimcastError(problems)
        yield Cluster(address, client, here=n_workers is not None)


def _local_workers(address: str) -> int | None:
    """Return how many workers to start on this machine, None for a scheduler elsewhere.

    Examples
    --------
    >>> _local_workers("local:2")
    2
    >>> _local_workers("tcp://[::1]:8786")
    """
    if (local := _LOCAL.fullmatch(address)) and 1 <= int(local[1]) <= MOST_LOCAL_WORKERS:
        return int(local[1])
    if (remote := _REMOTE.fullmatch(address)) and 1 <= int(remote[1]) <= 65535:
        return None
    raise SimcastError(
        f"--cluster {address}: must be local:N, N worker processes on this machine (at most {MOST_LOCAL_WORKERS}), "
        "or tcp://host:port, the address of a Dask scheduler"
    )


def _require_dask() -> None:
    """Refuse to go on without Dask."""
    try:
        import distributed  # noqa: F401  # only to see whether it is there
    except ImportError as error:
        raise SimcastError(
            f"--cluster: Dask is not installed ({error}); install it with: pip install 'simcast[cluster]'"
        ) from error


def _greeted(connected: Callable[[], Client]) -> Client:
    """Connect, once more if need be: Distributed asserts that a scheduler's greeting comes alone.

    On a busy machine other messages may come with it.
    """
    try:
        return connected()
    except AssertionError:
        return connected()


def _client(address: str, n_workers: int | None, opened: ExitStack) -> Client:
    """Connect to the scheduler, which is started first for workers on this machine."""
    from distributed import Client, LocalCluster

    if n_workers is not None:
        workers = LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            host=_LOOPBACK,
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": f"{_LOOPBACK}:0"},  # for Dask's bare health page; else it takes 8787
            memory_limit=None,  # Dask would stop workers above their share, though results are short-lived
            silence_logs=logging.CRITICAL,
            preload=[__name__],  # for `dask_setup` below
        )
        opened.callback(workers.close, timeout=_CLOSE_SECONDS)
        return opened.enter_context(_greeted(lambda: Client(workers)))
    try:
        client = _greeted(lambda: Client(address, timeout=CONNECT_SECONDS))
        opened.callback(client.close, timeout=_CLOSE_SECONDS)
    except OSError as error:
        raise SimcastError(
            f"--cluster {address}: no Dask scheduler answers within {CONNECT_SECONDS:g} s ({error}); "
            "check the address, and that the scheduler runs"
        ) from error
    try:
        client.wait_for_workers(1, timeout=FIRST_WORKER_SECONDS)
    except TimeoutError as error:
        raise SimcastError(
            f"--cluster {address}: the scheduler has no workers; start some with: dask worker {address}"
        ) from error
    return client


def _unlike(address: str, client: Client) -> list[str]:
    """List the workers that would not give the same results as this process."""
    ours = _identity()
    found: Mapping[str, Identity | BaseException] = client.run(_identity, on_error="return")
    problems = []
    for worker, theirs in sorted(found.items()):
        if isinstance(theirs, BaseException):
            what = f"cannot load simcast ({type(theirs).__name__}: {theirs})"
        elif theirs != ours:
            what = f"has simcast {theirs[0]} with kernels {theirs[1]}, this process {ours[0]} with kernels {ours[1]}"
        else:
            continue
        problems.append(f"--cluster {address}: worker {worker} {what}; install the same simcast and Numba on both")
    return problems


def _identity() -> Identity:
    """Return what must be equal for equal results."""
    from simcast.engine import SOURCES_DIGEST

    # Not imported above: simcast's own module names all packages, and imports flow one way.
    version: str = importlib.import_module("simcast").__version__
    return version, SOURCES_DIGEST


def dask_setup(worker: object) -> None:  # noqa: ARG001  # Dask's name and argument
    """Make a worker on this machine leave interrupts to this process, which ends it; Dask calls this in the worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _compile(plan: AnyPlan) -> None:
    """Compile the kernel, unless it is, by playing no futures: else every worker would compile it for itself."""
    from simcast.engine.chunks import play_chunk

    play_chunk(plan, range(0))


def _play_chunk(plan: AnyPlan, futures: range, identity: Identity) -> Results | TeamResults:
    """Play some futures, on a worker.

    Raises
    ------
    SimcastError
        When this worker joined later than the others were asked, and is not like them.
    """
    from simcast.engine.chunks import play_chunk

    if (ours := _identity()) != identity:
        raise SimcastError(f"a worker has simcast {ours}, and was sent work by {identity}; install the same on both")
    return play_chunk(plan, futures)
