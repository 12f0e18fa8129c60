"""What commands with one question share: who plays the futures, and where the answer goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcast.errors import SimcastError

if TYPE_CHECKING:
    import pandas as pd

    from simcast.analysis import Ground
    from simcast.progress import Progress
    from simcast.scenario import Scenario


@contextmanager
def ground_on(
    scenario: Scenario, start: str, threads: int | None, cluster: str | None, progress: Progress | None
) -> Iterator[Ground]:
    """Give the ground of a scenario that stands on one of the file's; a cluster plays on it until the block ends.

    Whether the cluster is there is looked up before minutes of fitting.
    """
    from simcast import analysis

    if cluster is None:
        yield analysis.ground_of(scenario, threads=threads, progress=progress).on(start)
        return
    from simcast.cluster import check_address, connect

    check_address(cluster)
    ground = analysis.ground_of(scenario, progress=progress).on(start)
    with connect(cluster) as workers:
        yield replace(ground, cluster=workers)


def write_answer(folder: Path | None, name: str, document: dict[str, Any], table: pd.DataFrame | None = None) -> None:
    """Write an answer as NAME.json, and its table as NAME.parquet, where a folder is named."""
    from simcast.report.folder import write_answer_folder

    if folder is None:
        return
    try:
        write_answer_folder(folder, name, document, table)
    except OSError as error:
        raise SimcastError(f"--out {folder}: {error}; name a folder that can be written") from error
