"""`simcast schema`: the JSON Schema of the scenario file."""

from __future__ import annotations

import click

from simcast.cli import options


@click.command(short_help="Print the JSON Schema of scenario files.")
@click.option("--markdown", is_flag=True, help="Print it as a readable page (docs/scenario.md).")
@options.says_what_is_wrong
def schema(markdown: bool) -> None:
    """Print the JSON Schema of the scenario file, which editors use to complete and check it.

    \b
    Examples:
      simcast schema > scenario.schema.json
      simcast schema --markdown > scenario.md

    Editors with a YAML language server find it through the first line of a scenario file:
    # yaml-language-server: $schema=scenario.schema.json
    """
    from simcast.scenario import json_schema
    from simcast.scenario.reference import reference

    if markdown:
        click.echo(reference(), nl=False)
        return
    options.print_json(json_schema())
