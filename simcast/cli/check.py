"""`simcast check`: whether the scenario is sound, and the history behind it."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import options


@click.command(short_help="Validate a file and its history; write nothing.")
@options.scenario_file
@options.overrides
@options.answered
def check(file: Path, overrides: tuple[str, ...], as_json: bool, quiet: bool) -> None:
    """Validate FILE and the history behind it, and report on the quality of the data; write nothing.

    Exit status: 0 valid; 2 the input is wrong, with one line per problem.

    \b
    Example:
      simcast check scenarios/q3.yaml
    """
    from simcast import analysis

    scenario = options.load(file, overrides)
    with options.progress_on_stderr(silent=quiet or as_json):
        found = analysis.check(scenario)
    if as_json:
        options.print_json(found.to_dict())
        return
    for line in found.lines():
        click.echo(line)
