"""`simcast report`: the forecast of a file as one page, and as a workbook."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.speaking import by_option


@click.command(short_help="Write an HTML report and an Excel workbook.")
@options.scenario_file
@options.overrides
@options.scenario_names
@options.played
@click.option(
    "--out",
    "page",
    type=click.Path(path_type=Path),
    metavar="PAGE.html",
    help="Where to write the page, or a folder that is there, for NAME.html. Default: the current folder, unless only "
    "--xlsx is given.",
)
@click.option(
    "--xlsx",
    "workbook",
    type=click.Path(path_type=Path),
    metavar="BOOK.xlsx",
    help="Also write an Excel workbook (needs simcast[excel]).",
)
@click.option(
    "--lang",
    "code",
    type=click.Choice(["en", "ru"]),
    default="en",
    show_default=True,
    help="Language of the report: English or Russian.",
)
@click.option(
    "--interactive", is_flag=True, help="Draw the figures with plotly; the page then contains its script (4.8 MB)."
)
@options.quick
@options.answered
@by_option({"names": "--scenario"})
def report(
    file: Path,
    overrides: tuple[str, ...],
    names: tuple[str, ...],
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    page: Path | None,
    workbook: Path | None,
    code: str,
    interactive: bool,
    quick: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Forecast every scenario in FILE and write one page that anyone can open, print and send.

    The page is self-contained: it loads nothing, and runs no script unless --interactive is given. The history is
    fitted first unless a fit of the same data is already stored. With --json, what is in the page is printed too, as
    `simcast run --json` does.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast report scenarios/q3.yaml --out q3.html
      simcast report scenarios/q3.yaml --out q3.html --xlsx q3.xlsx --lang ru
      simcast report scenarios/assumed.yaml --xlsx assumed.xlsx
      simcast report scenarios/q3.yaml --out q3.html --json > q3.json
    """
    from simcast import analysis
    from simcast.report import run_document
    from simcast.report.making import check_targets, write_report

    checks.check_players(threads, cluster)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    if page is None and workbook is None:
        page = Path(f"{file.stem}.html")
    if page is not None and page.is_dir():
        page = page / f"{file.stem}.html"
    checks.check_no_input(scenario, {"--out": page, "--xlsx": workbook})
    check_targets(page, workbook, interactive=interactive)
    with options.telling(quiet=quiet, as_json=as_json) as progress:
        run = analysis.run(scenario, names=names, threads=threads, cluster=cluster, fan=True, progress=progress)
        written = write_report(
            run,
            page,
            workbook,
            language=code,
            interactive=interactive,
            threads=threads,
            progress=progress,
            command=sys.argv,
        )
    if as_json:
        options.print_json(run_document(run))
    for target in () if as_json else written:
        click.echo(target)
    if not run.trusted:
        sys.exit(options.NOT_TRUSTED)
