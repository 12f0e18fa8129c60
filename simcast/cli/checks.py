"""What commands refuse before any work is done: names that are not there, and places that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from simcast.errors import SimcastError

if TYPE_CHECKING:
    from simcast.scenario import Scenario


def check_scenario(scenario: Scenario, standing_on: str | None) -> str:
    """Return the scenario to start from, the baseline unless named; refuse one that FILE has not, before any work."""
    from simcast.arguments import nearest
    from simcast.scenario import BASELINE

    if standing_on is not None and standing_on not in scenario.scenario_names:
        near = nearest(standing_on, scenario.scenario_names)
        raise SimcastError(f"--scenario {standing_on}: there is no scenario of this name; {near}")
    return standing_on or BASELINE


def check_held(scenario: Scenario, name: str, earlier: str) -> None:
    """Refuse an earlier run whose file had no scenario of this name."""
    if name not in scenario.scenario_names:
        raise SimcastError(f"{earlier}: had no scenario {name!r}; leave --scenario out, or name another run")


def check_players(threads: int | None, cluster: str | None) -> None:
    """Refuse threads beside a cluster, whose workers have one each."""
    if cluster is not None and threads is not None:
        raise SimcastError("--threads, --cluster: choose one; a cluster's workers have one thread each")


def check_could_play(threads: int | None, cluster: str | None) -> None:
    """Refuse what could not play futures, where none are to be played."""
    check_players(threads, cluster)
    if cluster is not None:
        from simcast.cluster import check_address

        check_address(cluster)


def check_is_text(file: Path, option: str = "") -> None:
    """Refuse a name that is no text in this system's encoding: it could not be written into a result."""
    try:
        str(file.absolute()).encode()
    except UnicodeEncodeError as error:
        shown = str(file.absolute()).encode(errors="replace").decode()
        raise SimcastError(f"{option}{shown}: this name is not UTF-8; rename the file or folder") from error


def check_writable(folder: Path | None) -> None:
    """Refuse a folder that cannot be made or written, before minutes of work are spent; it is not made yet."""
    if folder is None:
        return
    check_is_text(folder, "--out ")
    standing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not standing.is_dir() or not os.access(standing, os.W_OK):
        raise SimcastError(f"--out {folder}: {standing} is not a folder that can be written; name another")


def check_no_input(scenario: Scenario, targets: Mapping[str, Path | None]) -> None:
    """Refuse to write, by the option that says where, over a file that the scenario or its history is read from."""
    read = {file.resolve() for file in scenario.input_files}
    problems = [
        f"{option} {file}: {scenario.name!r} is read from this file; name another"
        for option, file in targets.items()
        if file is not None and file.resolve() in read
    ]
    if problems:
        raise SimcastError(problems)


def check_new_file(file: Path, *, force: bool) -> None:
    """Refuse to overwrite a file unless told to, and a folder that cannot be written, before any work is done."""
    if file.exists() and not force:
        raise SimcastError(f"{file}: is there already; name another, or overwrite it with --force")
    check_writable(file.parent)
