"""`simcast diagnose`: whether the fit of a file is to be trusted, and why not."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import options


@click.command(short_help="Tell whether the fit of a file is to be trusted.")
@options.scenario_file
@options.overrides
@options.quick
@options.answered
def diagnose(file: Path, overrides: tuple[str, ...], quick: bool, as_json: bool, quiet: bool) -> None:
    """Tell whether the fit of FILE is to be trusted, and what to do where it is not.

    The history is fitted first, unless a fit of the same data is stored already. Then histories are replicated from
    the fit and compared with the real one: days until each move, conversion by segment, open deals, recent pace,
    weekly arrivals and amounts. A check fails when the difference is more than chance and large enough to matter.
    What is found is kept with the stored fit: other commands on it warn of checks that failed, and end with 1.

    Exit status: 0 to be trusted; 1 not to be trusted; 2 the input is wrong, or there is no history to diagnose.

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
