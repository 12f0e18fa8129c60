"""`simcast schema`: the JSON Schema of the scenario file."""

from __future__ import annotations

import click

from simcast.cli import options


@click.command(short_help="Print the JSON Schema of scenario files.")
@click.option("--markdown", is_flag=True, help="Print it as a page to read (docs/scenario.md).")
@options.says_what_is_wrong
def schema(markdown: bool) -> None:
    """Print the JSON Schema of the scenario file, by which editors complete and check it.

    \b
    Examples:
      simcast schema > scenario.schema.json
      simcast schema --markdown > scenario.md

    An editor with a YAML language server finds it by the first line of a scenario file:
    # yaml-language-server: $schema=scenario.schema.json
    """
    from simcast.scenario import json_schema
    from simcast.scenario.reference import reference

    if markdown:
        click.echo(reference(), nl=False)
        return
    options.print_json(json_schema())
