"""Many independent runs in a few processes, one JSON line each, resumed where they stopped; and tables in documents."""

from __future__ import annotations

import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

Record = dict[str, Any]

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def read_records(path: Path, settings: Mapping[str, object]) -> list[Record]:
    """Read the records of earlier runs, and refuse to go on with others' settings.

    A last line that was cut off in the middle is left out; `run_missing` writes it again.
    """
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.exists() else [], start=1):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            continue
        if record["settings"] != settings:
            raise SystemExit(
                f"{path}:{number}: was made with {record['settings']}, not with {dict(settings)}; name another --out"
            )
        records.append(record)
    return records


def run_missing(
    path: Path,
    work: Callable[[int, Mapping[str, object]], Record],
    seeds: Iterable[int],
    settings: Mapping[str, object],
    jobs: int,
) -> list[Record]:
    """Do the work for each seed that `path` does not hold yet, add a line for each, and return all records by seed.

    Parameters
    ----------
    path
        A file of JSON lines, made when missing.
    work
        Called in another process with a seed and `settings`; returns what to keep.
    seeds
        The seeds wanted.
    settings
        Kept with each record; a file with other settings is refused.
    jobs
        How many processes, each on one processor and with one thread.
    """
    wanted = list(seeds)
    done = {record["seed"]: record for record in read_records(path, settings)}
    missing = [seed for seed in wanted if seed not in done]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        if path.stat().st_size and not path.read_text(encoding="utf-8").endswith("\n"):
            file.write("\n")
        for record in _worked(work, missing, settings, jobs):
            done[record["seed"]] = record
            file.write(json.dumps(record, allow_nan=False) + "\n")
            file.flush()
    return [done[seed] for seed in sorted(set(wanted) & set(done))]


def _worked(
    work: Callable[[int, Mapping[str, object]], Record], seeds: list[int], settings: Mapping[str, object], jobs: int
) -> Iterator[Record]:
    """Yield a record per seed as each is finished, telling how far it is."""
    if not seeds:
        return
    os.environ.update(dict.fromkeys(_THREAD_VARIABLES, "1"))
    context = multiprocessing.get_context("spawn")
    processors: multiprocessing.Queue[int] = context.Queue()
    for number in range(jobs):
        processors.put(number)
    started = time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_settle, initargs=(processors,)) as pool:
        running: dict[Future[Record], int] = {pool.submit(work, seed, settings): seed for seed in seeds}
        try:
            for count, future in enumerate(as_completed(running), start=1):
                yield future.result() | {"seed": running[future], "settings": dict(settings)}
                spent = time.monotonic() - started
                left = spent / count * (len(seeds) - count)
                print(f"{count} of {len(seeds)}, {spent / count:.1f} s each, {left / 60:.0f} min left", flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _settle(processors: multiprocessing.Queue[int]) -> None:
    """Keep this process, its sampler's threads too, on one processor where the system knows how."""
    position = processors.get()
    if hasattr(os, "sched_setaffinity"):
        allowed = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {allowed[position % len(allowed)]})


def table(header: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """Return a Markdown table."""
    lines = [list(header), *([str(cell) for cell in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put_into_document(path: Path, region: str, text: str) -> None:
    """Replace what stands in a Markdown document between ``<!-- region -->`` and ``<!-- end of region -->``."""
    content = path.read_text(encoding="utf-8")
    begin, end = f"<!-- {region} -->", f"<!-- end of {region} -->"
    if content.count(begin) != 1 or content.count(end) != 1:
        raise SystemExit(f"{path}: needs the lines {begin} and {end}, once each")
    before, rest = content.split(begin)
    after = rest.split(end)[1]
    path.write_text(f"{before}{begin}\n\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
