"""`simcast explain`: a scenario in words, and where its uncertainty comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simcast.cli import options
from simcast.cli.speaking import by_option

if TYPE_CHECKING:
    from simcast.analysis import Ground
    from simcast.analysis.since import Changes
    from simcast.progress import Progress


@click.command(short_help="Describe a file in words, and where its uncertainty comes from.")
@options.scenario_file
@click.option(
    "--since",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of an earlier run: show what has changed since.",
)
@options.overrides
@options.quick
@options.played
@options.answered
@by_option({"before": "--since", "now": "--since", "folder": "--since"})
def explain(
    file: Path,
    since: Path | None,
    overrides: tuple[str, ...],
    quick: bool,
    futures: int | None,
    seed: int | None,
    threads: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Describe in sentences what FILE asks and what each scenario changes, and where the forecast's spread comes from.

    The variance of the baseline's total is divided between the luck of months and single deals, which no data can
    remove, and uncertainty about each part of the model, which more data can reduce. If there are scenarios to choose
    from, it shows how much more the choice would bring if part of the model, or a lever's effect, were known first.

    With --since, it shows how the expected total has changed since an earlier run of a file with the same last day:
    deals won and lost, chances and amounts of open deals, new deals, and what has been learned since.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast explain scenarios/q3.yaml
      simcast explain scenarios/assumed.yaml --json
      simcast explain q3.yaml --set forecast.as_of=2026-08-01 --since runs/q3-1b2c3d4e
    """
    from simcast import analysis
    from simcast.analysis.knowing import worth_of_knowing
    from simcast.analysis.spread import sources_of_spread
    from simcast.report.changing import changes_document, print_changes
    from simcast.report.explaining import explanation_document, print_explanation
    from simcast.report.words import LANGUAGES
    from simcast.scenario import BASELINE

    scenario = options.load(file, overrides, futures, seed, quick=quick)
    with options.telling(quiet=quiet, as_json=as_json) as progress:
        ground = analysis.ground_of(scenario, threads=threads, progress=progress)
        forecasts = {name: ground.play(name, progress=progress) for name in scenario.scenario_names}
        changes = None if since is None else _changes(since, ground, threads, progress)
    baseline = forecasts[BASELINE]
    sources, language = sources_of_spread(ground, baseline, baseline.metric), LANGUAGES["en"]
    knowing = worth_of_knowing(ground, forecasts)
    if as_json:
        told = {} if changes is None else {"since": changes_document(*changes)}
        options.print_json(explanation_document(ground, baseline, sources, language, knowing) | told)
    else:
        print_explanation(ground, baseline, sources, language, options.console_for_results(), knowing)
        if changes is not None:
            print_changes(*changes, options.console_for_results())
    options.exit_with(ground.posterior.doubts, quiet)


def _changes(folder: Path, now: Ground, threads: int | None, progress: Progress | None) -> tuple[Changes, str]:
    """Return what changed since an earlier run, and what to beware of."""
    from simcast.analysis.since import changes_since
    from simcast.report.changing import earlier_ground

    before, remark = earlier_ground(folder, threads, progress)
    return changes_since(before, now), remark
