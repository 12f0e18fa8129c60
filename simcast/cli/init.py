"""`simcast init`: a project to start from, with sample data or for a file of one's own."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import options


@click.command(short_help="Create a project to start from.")
@click.argument("folder", type=click.Path(path_type=Path), metavar="[DIR]", required=False)
@click.option(
    "--from", "source", metavar="FILE", help="Your own deals: a csv, parquet or xlsx file, or a database URL."
)
@click.option("--query", metavar="SQL", help="For a database: a table or a select.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Name a column (deal, stage, entered, outcome, closed, amount, first_response) if the guess is wrong;"
    " closed.won and closed.lost if wins and losses have separate dates. May be repeated.",
)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    metavar="WORD=OURS",
    help="What a word in the file means (won, lost, open); may be repeated.",
)
@click.option(
    "--time-zone",
    default="",
    metavar="ZONE",
    help="Time zone in which dates are read, such as Europe/Berlin or +03:00.",
)
@options.says_what_is_wrong
def init(
    folder: Path | None,
    source: str | None,
    query: str | None,
    columns: tuple[str, ...],
    outcomes: tuple[str, ...],
    time_zone: str,
) -> None:
    """Write a commented scenario with sample data, ready to run, into DIR (default: the current folder).

    With --from, use your own file instead: find its columns, stages and words, write a scenario for it
    (scenario.yaml, in DIR or the current folder), and list anything it had to guess. Existing files are not
    overwritten.

    Exit status: 0 done; 2 the input is wrong.

    \b
    Examples:
      simcast init demo
      simcast init --from deals.csv forecast
      simcast init --from deals.csv --column entered=opened --column closed=last_updated
      simcast init --from candidates.csv --column "closed.won=Hired on" --column "closed.lost=Rejected on"
      simcast init --from donors.csv --outcome Pledged=won --outcome Silent=lost
      simcast init --from events.csv --time-zone Europe/Berlin
      simcast init --from sqlite:///crm.db --query stage_changes
    """
    if source is None:
        if query or columns or outcomes or time_zone:
            raise click.UsageError("--query, --column, --outcome and --time-zone go with --from")
        _write_sample(folder or Path())
        return
    from simcast.starting import Said, propose

    said = Said(options.pairs(columns, "column"), options.pairs(outcomes, "outcome"), time_zone)
    with options.progress_on_stderr(silent=False):
        proposal = propose(source, folder or Path(), query, said)
    for line in proposal.found:
        click.echo(line)
    for line in proposal.unsure:
        click.echo(f"unsure: {line}")
    click.echo(f"wrote {proposal.scenario}")
    _say_next(proposal.scenario)


def _write_sample(folder: Path) -> None:
    from simcast.starting import NAME, write_project

    for file in write_project(folder):
        click.echo(f"wrote {file}")
    _say_next(folder / NAME)


def _say_next(scenario: Path) -> None:
    click.echo("next:")
    click.echo(f"  simcast check {scenario}")
    click.echo(f"  simcast run {scenario} --quick")
