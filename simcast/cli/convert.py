"""`simcast convert`: the export of a CRM as the canonical log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from simcast.cli import checks, options


@click.command(short_help="Turn a CRM export into the canonical log.")
@click.argument("source", metavar="SOURCE")
@click.argument("out", type=click.Path(path_type=Path), metavar="OUT")
@click.option(
    "--format",
    "form",
    required=True,
    metavar="F",
    help="salesforce, hubspot, pipedrive, bitrix24, amocrm, log or deals.",
)
@click.option(
    "--pipeline",
    "pipeline_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="A YAML file with stages and moves, or a scenario with a pipeline. Default: the stages found in SOURCE.",
)
@click.option("--segment", "segments", multiple=True, metavar="COLUMN", help="A column to keep; may be repeated.")
@click.option("--where", multiple=True, metavar="COLUMN=VALUE", help="Read only these rows; may be repeated.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    help="Which column of the file is ours; closed.won and closed.lost if wins and losses have separate dates.",
)
@click.option(
    "--outcome", "outcomes", multiple=True, metavar="WORD=OURS", help="What a word in the file means (won, lost, open)."
)
@click.option("--query", metavar="SQL", help="For a database: a table or a select.")
@click.option("--encoding", default="", help="Encoding, such as cp1251; auto for CRMs.")
@click.option("--delimiter", default="", help="Field delimiter; auto for CRMs.")
@click.option("--dates", default="", metavar="ORDER", help="Date order: iso, day-first, month-first or auto (CRMs).")
@click.option("--decimal", default="", metavar="MARK", help="Decimal mark: . or , or auto (CRMs).")
@click.option(
    "--time-zone",
    default="",
    metavar="ZONE",
    help="Time zone in which dates are read, such as Europe/Berlin or +03:00.",
)
@click.option("--quarantine", is_flag=True, help="Set bad rows aside, with a reason, instead of stopping.")
@click.option("--force", is_flag=True, help="Overwrite OUT.")
@options.answered
def convert(
    source: str,
    out: Path,
    form: str,
    pipeline_file: Path | None,
    segments: tuple[str, ...],
    where: tuple[str, ...],
    columns: tuple[str, ...],
    outcomes: tuple[str, ...],
    query: str | None,
    encoding: str,
    delimiter: str,
    dates: str,
    decimal: str,
    time_zone: str,
    quarantine: bool,
    force: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Turn SOURCE, the export of a CRM or a database, into the canonical log OUT (.csv or .parquet).

    Unless --pipeline gives the stages, they are those found in the file, in the order in which deals usually enter
    them. The quality of the data, and a pipeline to copy into a scenario, are printed to stderr. docs/crm.md explains
    how to export from each CRM. With --json, they are printed as one document to stdout instead.

    Exit status: 0 done; 2 the input is wrong, with one line per problem.

    \b
    Examples:
      simcast convert opportunity_history.csv deals.csv --format salesforce
      simcast convert сделки.csv deals.csv --format amocrm --where Воронка=Продажи --segment Ответственный
      simcast convert sqlite:///crm.db deals.parquet --format log --query stage_changes
      simcast convert opportunity_history.csv deals.csv --format salesforce --json > quality.json
    """
    from simcast.analysis.converting import convert as convert_history
    from simcast.history import Dialect
    from simcast.history.sources import Source

    checks.check_new_file(out, force=force)
    pairs = {name: options.pairs(values, name) for name, values in (("column", columns), ("outcome", outcomes))}
    chosen: dict[str, list[str]] = {}
    for item in where:
        for column, value in options.pairs((item,), "where").items():
            chosen.setdefault(column, []).append(value)
    on_bad_rows: Literal["stop", "quarantine"] = "quarantine" if quarantine else "stop"
    with options.progress_on_stderr(silent=quiet or as_json):
        converted = convert_history(
            Source(
                source,
                form,
                options.by_outcome(pairs["column"]),
                pairs["outcome"],
                Dialect(encoding, delimiter, dates, decimal, time_zone),
                dict(chosen),
                query,
            ),
            out,
            pipeline_file,
            segments,
            on_bad_rows,
        )
    for line in () if quiet or as_json else converted.lines():
        click.echo(line, err=True)
    if as_json:
        options.print_json({"out": str(out), **converted.to_dict()})
    else:
        click.echo(str(out))
