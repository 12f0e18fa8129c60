"""The command line: each command reads, calls one function, and prints."""

from __future__ import annotations

import click

from simcast import __version__
from simcast.cli.backtest import backtest
from simcast.cli.check import check
from simcast.cli.diagnose import diagnose
from simcast.cli.fit import fit
from simcast.cli.run import run
from simcast.cli.schema import schema

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="simcast")
def main() -> None:
    """Forecast what a pipeline will win, with honest intervals, and what would change it.

    \b
    Start here:
      simcast check scenarios/q3.yaml     is the file sound, and the history behind it?
      simcast run scenarios/q3.yaml       the forecast, and what each scenario brings
      simcast diagnose scenarios/q3.yaml  is the fit behind it to be trusted?
    """


for command in (check, fit, diagnose, run, backtest, schema):
    main.add_command(command)
