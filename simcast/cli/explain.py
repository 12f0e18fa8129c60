"""`simcast explain`: a scenario in words, and where its uncertainty comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simcast.cli import options

if TYPE_CHECKING:
    from simcast.forecast import Metric


@click.command(short_help="Say a file in words, and where its uncertainty comes from.")
@options.scenario_file
@options.overrides
@options.futures
@options.seed
@options.threads
@options.as_json
@options.quiet
@options.says_what_is_wrong
def explain(
    file: Path,
    overrides: tuple[str, ...],
    futures: int | None,
    seed: int | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say in sentences what FILE asks and what each of its scenarios changes; then what its interval is made of.

    The variance of the baseline's total is shared out: the luck of single deals, which no data can take away, and not
    knowing each part of the model, which more data can. Where there are scenarios to choose from, it is told how much
    more the choice would bring if a part of the model, or how much a lever changes, were known before.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast explain scenarios/q3.yaml
      simcast explain scenarios/assumed.yaml --json
    """
    from simcast import analysis
    from simcast.analysis.knowing import worth_of_knowing
    from simcast.analysis.spread import sources_of_spread
    from simcast.report.explaining import explanation_document, print_explanation
    from simcast.report.words import LANGUAGES
    from simcast.scenario import BASELINE

    scenario = options.load(file, overrides, futures, seed)
    with options.remarks_on_stderr(silent=quiet), options.progress_on_stderr(silent=quiet or as_json) as progress:
        ground = analysis.ground_of(scenario, threads=threads, progress=progress)
        forecasts = {name: ground.play(name, progress=progress) for name in scenario.scenario_names}
    baseline = forecasts[BASELINE]
    metric: Metric = "bookings" if baseline.values("bookings").any() else "wins"
    sources, language = sources_of_spread(ground, baseline, metric), LANGUAGES["en"]
    knowing = worth_of_knowing(ground, forecasts)
    if as_json:
        options.print_json(explanation_document(ground, baseline, sources, language, knowing))
    else:
        print_explanation(ground, baseline, sources, language, options.console_for_results(), knowing)
    options.exit_unless(ground.trusted, quiet)
