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
from simcast.cli.group import Commands
from simcast.cli.init import init
from simcast.cli.leaks import leaks
from simcast.cli.report import report
from simcast.cli.run import run
from simcast.cli.schema import schema
from simcast.cli.serve import serve
from simcast.cli.solve import solve

__all__ = ["main"]


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="simcast")
def main() -> None:
    """Forecast what a pipeline will win, with honest intervals, and what would change that.

    \b
    Start here:
      simcast init demo              a sample project in demo/ (or --from your_file.csv)
      simcast check demo/q3.yaml     are the file and its history valid?
      simcast run demo/q3.yaml       the forecast, and what each scenario brings
      simcast diagnose demo/q3.yaml  can the fit behind it be trusted?
      simcast compare demo/q3.yaml   which scenario is best, and how certain is that?
      simcast leaks demo/q3.yaml     which stage is most worth improving?
      simcast deals demo/q3.yaml     the chances of each open deal
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
