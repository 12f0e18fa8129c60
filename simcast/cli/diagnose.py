"""`simcast diagnose`: whether the fit of a file is to be trusted, and why not."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import options


@click.command(short_help="Check whether the fit of a file can be trusted.")
@options.scenario_file
@options.overrides
@options.quick
@options.answered
def diagnose(file: Path, overrides: tuple[str, ...], quick: bool, as_json: bool, quiet: bool) -> None:
    """Check whether the fit of FILE can be trusted, and suggest what to do if it cannot.

    The history is fitted first unless a fit of the same data is already stored. Then histories are replicated from
    the fit and compared with the real one: days until each move, conversion by segment, open deals, recent pace,
    weekly arrivals and amounts. A check fails when the difference is more than chance and large enough to matter.
    The results are stored with the fit: other commands that use it warn of failed checks and exit with 1.

    Exit status: 0 trusted; 1 not to be trusted; 2 the input is wrong, or there is no history to diagnose.

    \b
    Examples:
      simcast diagnose scenarios/q3.yaml
      simcast diagnose scenarios/q3.yaml --set history.model.durations=hazard
      simcast diagnose scenarios/q3.yaml --json > diagnosis.json
    """
    from simcast import analysis
    from simcast.report.diagnosis import diagnosis_document, print_diagnosis

    scenario = options.load(file, overrides, quick=quick)
    with options.progress_on_stderr(silent=quiet or as_json) as progress:
        diagnosis = analysis.diagnose(scenario, progress)
    if as_json:
        options.print_json(diagnosis_document(diagnosis))
    else:
        print_diagnosis(diagnosis, options.console_for_results())
    if not diagnosis.trusted:
        sys.exit(options.NOT_TRUSTED)
