"""`simcast backtest`: how often a file's forecasts would have been right, against what people use today."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from simcast.cli import checks, options
from simcast.cli.speaking import by_option


@click.command(short_help="Measure how often past forecasts would have been right.")
@options.scenario_file
@options.overrides
@click.option(
    "--every",
    type=click.Choice(["week", "month", "quarter"]),
    default="month",
    show_default=True,
    help="Interval between past as-of dates.",
)
@click.option("--horizon", metavar="WORDS", help="How far to forecast, such as '1 quarter'. Default: as in the file.")
@click.option(
    "--min-history",
    type=click.IntRange(min=1),
    default=182,
    show_default=True,
    metavar="DAYS",
    help="Least history that each forecast learns from.",
)
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the N latest as-of dates.")
@click.option(
    "--metric",
    type=click.Choice(["bookings", "wins"]),
    help="What the headline is about. Default: bookings if amounts are recorded.",
)
@click.option("--recalibrate", is_flag=True, help="Also score forecasts corrected by the results known at each date.")
@click.option("--futures", type=click.IntRange(min=2), metavar="N", help="Number of futures per as-of date.")
@options.seed
@options.threads
@options.cluster
@click.option(
    "--jobs",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    metavar="N",
    help="As-of dates to run in parallel, one process (about 1 GB) each.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder for the files. Default: one of their own in runs/ beside FILE.",
)
@options.quick
@options.answered
@by_option(
    {
        "metric": "--metric",
        "horizon": "--horizon",
        "a smaller least_history_days or a shorter horizon": "a smaller --min-history or a shorter --horizon",
    }
)
def backtest(
    file: Path,
    overrides: tuple[str, ...],
    every: Literal["week", "month", "quarter"],
    horizon: str | None,
    min_history: int,
    last: int | None,
    metric: Literal["bookings", "wins"] | None,
    recalibrate: bool,
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    jobs: int,
    out: Path | None,
    quick: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Forecast FILE's past from many as-of dates, and measure how often the intervals contained the actual result.

    Each forecast uses only what was known on its as-of date. It is scored against the weighted pipeline, win rate x
    open pipeline, the last period, the year before, the chain ladder and, if statsforecast is installed, AutoETS and
    AutoARIMA, all from the same data. Finished as-of dates are stored: an interrupted backtest continues where it
    stopped.

    Exit status: 0 done; 1 done, but the forecast is not to be trusted: intervals contained the result significantly
    too rarely or too often, a baseline is better, or most fits are poor; 2 the input is wrong.

    \b
    Examples:
      simcast backtest scenarios/q3.yaml --last 12
      simcast backtest scenarios/q3.yaml --every quarter --horizon '1 quarter' --quick --futures 2000
      simcast backtest scenarios/q3.yaml --recalibrate --jobs 2 --json > backtest.json
    """
    from simcast.backtesting.scenario_file import backtest_scenario
    from simcast.backtesting.store import default_store
    from simcast.errors import SimcastError
    from simcast.report.backtest_document import backtest_document, write_backtest_folder
    from simcast.report.backtest_words import print_backtest
    from simcast.report.folder import default_folder

    checks.check_players(threads, cluster)
    if cluster is not None and jobs > 1:
        raise SimcastError("--jobs, --cluster: choose one; processes of their own play on a thread each")
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    folder = out or default_folder(scenario).with_name(f"{default_folder(scenario).name}-backtest")
    checks.check_writable(folder)
    with options.telling(quiet=quiet) as progress:
        run = backtest_scenario(
            scenario,
            every=every,
            horizon=horizon,
            least_history_days=min_history,
            most=last,
            metric=metric,
            recalibrate=recalibrate,
            jobs=jobs,
            threads=threads,
            cluster=cluster,
            store=default_store(),
            progress=progress,
        )
    try:
        write_backtest_folder(run, folder)
        note = _draw(run, folder)
    except OSError as error:
        raise SimcastError(f"--out {folder}: {error}; name a folder that can be written") from error
    if as_json:
        options.print_json(backtest_document(run))
    else:
        print_backtest(run, options.console_for_results(), folder, aside=options.console_for_warnings(silent=quiet))
    if note and not quiet:
        click.echo(f"note: {note}", err=True)
    if not run.judgement.trusted:
        sys.exit(options.NOT_TRUSTED)


def _draw(run: object, folder: Path) -> str:
    """Draw the page of plots where matplotlib is installed; return a note where it is not."""
    from simcast.backtesting.scenario_file import BacktestRun
    from simcast.errors import SimcastError
    from simcast.plots.backtest_page import draw_backtest_page

    if not isinstance(run, BacktestRun):
        raise TypeError(f"expected a backtest, got {run!r}")
    try:
        draw_backtest_page(run, folder / "backtest.png")
    except SimcastError as error:
        return f"no plots: {error}"
    return ""
