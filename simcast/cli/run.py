"""`simcast run`: the forecast of every scenario in a file, and its difference from the baseline."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.speaking import by_option


@click.command(short_help="Forecast every scenario of a file.")
@options.scenario_file
@options.overrides
@options.scenario_names
@options.played
@click.option("--actual", is_flag=True, help="Also print what actually happened, if the history covers it.")
@click.option(
    "--exact",
    is_flag=True,
    help="Also compute the mean exactly, without simulation, as a check, with its error.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the files. Default: one of their own in runs/ beside FILE.",
)
@options.quick
@options.answered
@by_option({"names": "--scenario"})
def run(
    file: Path,
    overrides: tuple[str, ...],
    names: tuple[str, ...],
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    actual: bool,
    exact: bool,
    out: Path | None,
    quick: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Forecast every scenario in FILE and compare each with the baseline.

    The history is fitted first unless a fit of the same data is already stored. Every run writes a folder with the
    full result, its quantiles, the resolved scenario and its provenance.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast run scenarios/q3.yaml
      simcast run scenarios/q3.yaml --scenario fix-operator --futures 50000
      simcast run scenarios/q3.yaml --set forecast.target.bookings=3e6 --json > q3.json
    """
    from simcast import analysis, report
    from simcast.errors import SimcastError
    from simcast.report.folder import default_folder

    checks.check_players(threads, cluster)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    folder = out or default_folder(scenario)
    checks.check_writable(folder)
    try:
        with options.telling(quiet=quiet, as_json=as_json) as progress:
            result = analysis.run(
                scenario,
                names=names,
                threads=threads,
                cluster=cluster,
                actual=actual,
                exact=exact,
                rejects=folder / "rejects.csv",
                progress=progress,
            )
        report.write_run_folder(result, folder, sys.argv)
    except OSError as error:
        raise SimcastError(f"--out {folder}: {error}; name a folder that can be written") from error
    if as_json:
        options.print_json(report.run_document(result))
    else:
        report.print_run(
            result, options.console_for_results(), folder, aside=options.console_for_warnings(silent=quiet)
        )
    if actual and result.actual is None and not quiet:
        why = "there is no history" if scenario.history is None else "the history ends before the as-of date"
        click.echo(f"note: --actual: {why}; nothing to compare with", err=True)
    if not result.trusted:
        sys.exit(options.NOT_TRUSTED)
