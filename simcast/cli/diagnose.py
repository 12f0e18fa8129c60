"""`simcast diagnose`: whether the fit of a file is to be trusted, and why not."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import write_answer


@click.command(short_help="Check whether the fit of a file can be trusted.")
@options.scenario_file
@options.overrides
@options.checked_scenario
@options.quick
@options.checked_only
@options.folder
@options.answered
def diagnose(
    file: Path,
    overrides: tuple[str, ...],
    standing_on: str | None,
    quick: bool,
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    folder: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Check whether the fit of FILE can be trusted, and suggest what to do if it cannot.

    The history is fitted first unless a fit of the same data is already stored. Then histories are replicated from
    the fit and compared with the real one: days until each move, conversion by segment, open deals, recent pace,
    weekly arrivals and amounts. A check fails when the difference is more than chance and large enough to matter.
    The results are stored with the fit: other commands that use it warn of failed checks and exit with 1.

    No futures are played and no lever is pulled: options on these are checked only.

    Exit status: 0 trusted; 1 not to be trusted; 2 the input is wrong, or there is no history to diagnose.

    \b
    Examples:
      simcast diagnose scenarios/q3.yaml
      simcast diagnose scenarios/q3.yaml --set history.model.durations=hazard
      simcast diagnose scenarios/q3.yaml --json > diagnosis.json
      simcast diagnose scenarios/q3.yaml --out diagnosis
    """
    from simcast import analysis
    from simcast.report.diagnosis import diagnosis_document, print_diagnosis

    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    checks.check_scenario(scenario, standing_on)
    checks.check_could_play(threads, cluster)
    with options.progress_on_stderr(silent=quiet or as_json) as progress:
        diagnosis = analysis.diagnose(scenario, progress)
    document = diagnosis_document(diagnosis)
    write_answer(folder, "diagnosis", document, diagnosis.to_frame())
    if as_json:
        options.print_json(document)
    else:
        print_diagnosis(diagnosis, options.console_for_results(), aside=options.console_for_warnings(silent=quiet))
    if not diagnosis.trusted:
        sys.exit(options.NOT_TRUSTED)
