"""`simcast fit`: learn the parameters from the history, and store them."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import options


@click.command(short_help="Fit the history of a file and store the result.")
@options.scenario_file
@options.overrides
@options.quick
@options.answered
def fit(file: Path, overrides: tuple[str, ...], quick: bool, as_json: bool, quiet: bool) -> None:
    """Fit the model to the history of FILE as known at its as-of date, and store the posterior.

    A fit of the same data with the same model is not repeated: `simcast run` uses the stored one.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Example:
      simcast fit scenarios/q3.yaml
    """
    from simcast import analysis
    from simcast.posterior import posterior_path
    from simcast.posterior.response import fitted_responses

    scenario = options.load(file, overrides, quick=quick)
    with options.progress_on_stderr(silent=quiet or as_json) as progress:
        posterior = analysis.fit_scenario(scenario, progress)
    diagnostics = posterior.diagnostics
    stored = posterior_path(posterior.fingerprint)
    responses = fitted_responses(posterior).values()
    if as_json:
        options.print_json(
            {
                "fingerprint": posterior.fingerprint,
                "stored": str(stored) if stored.is_file() else None,
                "diagnostics": None if diagnostics is None else diagnostics.to_dict(),
                "responses": [response.to_dict() for response in responses],
            }
        )
    else:
        click.echo(posterior.verdict() or "nothing to diagnose")
        for response in responses:
            click.echo(f"response: {response.words()}")
        for warning in () if diagnostics is None else diagnostics.warnings:
            click.echo(f"beware: {warning}")
        if stored.is_file():
            click.echo(f"stored: {stored}")
    if not posterior.trusted:
        sys.exit(options.NOT_TRUSTED)
