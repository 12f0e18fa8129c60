"""What commands with one question share: who plays the futures, and where the answer goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcast.cli import options
from simcast.cli.checks import check_writable
from simcast.errors import SimcastError

if TYPE_CHECKING:
    import pandas as pd

    from simcast.analysis import Ground
    from simcast.progress import Progress
    from simcast.scenario import Scenario

TABLES = (".csv", ".parquet")
"""How files of rows end."""


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


def write_answer(
    folder: Path | None, name: str, document: dict[str, Any] | list[Any], table: pd.DataFrame | None = None
) -> None:
    """Write an answer as NAME.json, and its table as NAME.parquet, where a folder is named."""
    from simcast.report.folder import write_answer_folder

    if folder is None:
        return
    try:
        write_answer_folder(folder, name, document, table)
    except OSError as error:
        raise SimcastError(f"--out {folder}: {error}; name a folder that can be written") from error


def leave(ground: Ground, *, as_json: bool, quiet: bool, all_are_in: str = "the JSON document") -> None:
    """Tell on stderr what to beware of, where no JSON document says it, and leave where the fit is not to be trusted.

    Parameters
    ----------
    ground
        What the question was asked of.
    as_json, quiet
        The command's flags.
    all_are_in
        Where the warnings are that a terminal has no room for.
    """
    from simcast.report.terminal import print_warnings

    doubts = ground.posterior.doubts
    warnings = [] if as_json else [warning for warning in ground.warnings if warning not in doubts]
    print_warnings(warnings, options.console_for_warnings(silent=quiet), all_are_in)
    options.exit_with(doubts, quiet)


def check_target(out: Path | None) -> None:
    """Refuse what is neither a folder nor the name of a table, before any work."""
    if out is None:
        return
    if _is_folder(out):
        check_writable(out)
    elif out.suffix not in TABLES:
        raise SimcastError(f"--out {out}: the name must end in {' or '.join(TABLES)}, or be that of a folder")


def write_rows(out: Path | None, name: str, document: dict[str, Any] | list[Any], table: pd.DataFrame) -> None:
    """Write a table to a file by its ending, or with its document into a folder, where one or the other is named."""
    from simcast.report.deals import write_table

    if out is None:
        return
    if _is_folder(out):
        write_answer(out, name, document, table)
    else:
        write_table(table, out)


def _is_folder(out: Path) -> bool:
    """Return whether a name is that of a folder, which need not be there yet."""
    return out.is_dir() or not (out.suffix or out.exists())
