"""`simcast fit`: learn the parameters from the history, and store them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import write_answer


@click.command(short_help="Fit the history of a file and store the result.")
@options.scenario_file
@options.overrides
@options.checked_scenario
@options.quick
@options.checked_only
@options.folder
@options.answered
def fit(
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
    """Fit the model to the history of FILE as known at its as-of date, and store the posterior.

    A fit of the same data with the same model is not repeated: `simcast run` uses the stored one. No futures are played
    and no lever is pulled: options on these are checked only.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast fit scenarios/q3.yaml
      simcast fit scenarios/q3.yaml --quick --out fitted
    """
    from simcast import analysis
    from simcast.posterior import posterior_path
    from simcast.posterior.response import fitted_responses
    from simcast.report.diagnosis import without_nan

    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    checks.check_scenario(scenario, standing_on)
    checks.check_could_play(threads, cluster)
    with options.progress_on_stderr(silent=quiet or as_json) as progress:
        posterior = analysis.fit_scenario(scenario, progress)
    diagnostics = posterior.diagnostics
    stored = posterior_path(posterior.fingerprint)
    responses = fitted_responses(posterior).values()
    document = without_nan(
        {
            "fingerprint": posterior.fingerprint,
            "stored": str(stored) if stored.is_file() else None,
            "diagnostics": None if diagnostics is None else diagnostics.to_dict(),
            "responses": [response.to_dict() for response in responses],
        }
    )
    write_answer(folder, "fit", document)
    if as_json:
        options.print_json(document)
    else:
        click.echo(posterior.verdict() or "nothing to diagnose")
        for response in responses:
            click.echo(f"response: {response.words()}")
        for warning in () if diagnostics is None or quiet else diagnostics.warnings:
            click.echo(f"beware: {warning}", err=True)
        if stored.is_file():
            click.echo(f"stored: {stored}")
    if not posterior.trusted:
        sys.exit(options.NOT_TRUSTED)
