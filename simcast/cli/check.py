"""`simcast check`: whether the scenario is sound, and the history behind it."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import write_answer
from simcast.cli.speaking import by_option


@click.command(short_help="Validate a file and its history before a forecast.")
@options.scenario_file
@options.overrides
@options.scenario_names
@options.checked_only
@options.folder
@options.answered
@by_option({"names": "--scenario"})
def check(
    file: Path,
    overrides: tuple[str, ...],
    names: tuple[str, ...],
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    folder: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Validate FILE and the history behind it, and report on the quality of the data; write nothing unless told where.

    Options that say how futures are played are checked too, so that what any command is to be given can be tried here
    first: with --scenario only the levers of these scenarios are held against the history, and with --cluster it is
    looked up whether the cluster is there.

    Some warnings only a run can give, which knows what a fit makes of the history: whether any new deals come that a
    lever on amounts could act on is told here where arrivals are assumed (assume.arrivals), or nothing is learned.

    Exit status: 0 valid; 2 the input is wrong, with one line per problem.

    \b
    Examples:
      simcast check scenarios/q3.yaml
      simcast check scenarios/q3.yaml --scenario fix-operator --set forecast.target.bookings=3e6
    """
    from simcast import analysis

    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed)
    checks.check_could_play(threads, cluster)
    with options.progress_on_stderr(silent=quiet or as_json):
        found = analysis.check(scenario, names=names)
    write_answer(folder, "check", found.to_dict())
    if as_json:
        options.print_json(found.to_dict())
        return
    for line in found.lines():
        click.echo(line)
