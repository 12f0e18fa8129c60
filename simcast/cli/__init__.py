"""The command line: each command reads, calls one function, and prints."""

from __future__ import annotations

import click

from simcast import __version__
from simcast.cli.allocate import allocate
from simcast.cli.backtest import backtest
from simcast.cli.check import check
from simcast.cli.compare import compare
from simcast.cli.completion import completion
from simcast.cli.convert import convert
from simcast.cli.deals import deals
from simcast.cli.diagnose import diagnose
from simcast.cli.explain import explain
from simcast.cli.fit import fit
from simcast.cli.init import init
from simcast.cli.leaks import leaks
from simcast.cli.options import Commands
from simcast.cli.report import report
from simcast.cli.run import run
from simcast.cli.schema import schema
from simcast.cli.serve import serve
from simcast.cli.solve import solve

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="simcast")
def main() -> None:
    """Forecast what a pipeline will win, with honest intervals, and what would change it.

    \b
    Start here:
      simcast init demo                   a sample project (or --from your_file.csv)
      simcast check scenarios/q3.yaml     is the file sound, and the history behind it?
      simcast run scenarios/q3.yaml       the forecast, and what each scenario brings
      simcast diagnose scenarios/q3.yaml  is the fit behind it to be trusted?
      simcast compare scenarios/q3.yaml   which scenario is best, and how surely?
      simcast leaks scenarios/q3.yaml     where is a better stage worth most?
      simcast deals scenarios/q3.yaml     what will become of each open deal?
    """


for command in (
    init,
    check,
    convert,
    explain,
    fit,
    diagnose,
    run,
    compare,
    leaks,
    solve,
    allocate,
    deals,
    backtest,
    report,
    serve,
    schema,
    completion,
):
    main.add_command(command)
