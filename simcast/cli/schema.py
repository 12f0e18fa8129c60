"""`simcast schema`: the JSON Schema of the scenario file."""

from __future__ import annotations

import click

from simcast.cli import options


@click.command(short_help="Print the JSON Schema of scenario files.")
@options.says_what_is_wrong
def schema() -> None:
    """Print the JSON Schema of the scenario file, by which editors complete and check it.

    \b
    Example:
      simcast schema > scenario.schema.json
    """
    from simcast.scenario import json_schema

    options.print_json(json_schema())
