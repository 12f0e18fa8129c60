"""`simcast explain`: a scenario in words, and where its uncertainty comes from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simcast.cli import checks, options
from simcast.cli.answering import ground_on, leave, write_answer
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
@options.standing_on
@options.quick
@options.played
@options.folder
@options.answered
@by_option({"before": "--since", "now": "--since", "folder": "--since"})
def explain(
    file: Path,
    since: Path | None,
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
    """Describe in sentences what FILE asks and what each scenario changes, and where the forecast's spread comes from.

    The variance of the baseline's total is divided between the luck of months and single deals, which no data can
    remove, and uncertainty about each part of the model, which more data can reduce. If there are scenarios to choose
    from, it shows how much more the choice would bring if part of the model, or a lever's effect, were known first.

    With --since, it shows how the expected total has changed since an earlier run of a file with the same last day:
    deals won and lost, chances and amounts of open deals, new deals, and what has been learned since.

    With --scenario it is the total of one of the file's scenarios whose spread is divided, how much its levers change
    being one more part, and whose expected total is compared with that of the earlier run.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast explain scenarios/q3.yaml
      simcast explain scenarios/assumed.yaml --json
      simcast explain scenarios/q3.yaml --scenario fix-operator --out explained
      simcast explain q3.yaml --set forecast.as_of=2026-08-01 --since runs/q3-1b2c3d4e
    """
    from simcast.analysis.knowing import worth_of_knowing
    from simcast.analysis.spread import sources_of_spread
    from simcast.report.changing import print_changes
    from simcast.report.explaining import explanation_document, print_explanation, sources_table
    from simcast.report.words import LANGUAGES

    checks.check_players(threads, cluster)
    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    start = checks.check_scenario(scenario, standing_on)
    with (
        options.telling(quiet=quiet, as_json=as_json) as progress,
        ground_on(scenario, start, threads, cluster, progress) as ground,
    ):
        forecasts = {name: ground.play(name, progress=progress) for name in scenario.scenario_names}
        changes = None if since is None else _changes(since, ground, progress)
    forecast = forecasts[start]
    sources, language = sources_of_spread(ground, forecast, forecast.metric), LANGUAGES["en"]
    knowing = worth_of_knowing(ground, forecasts)
    document = explanation_document(ground, forecast, sources, language, knowing) | _told(changes)
    write_answer(folder, "explanation", document, sources_table(sources))
    if as_json:
        options.print_json(document)
    else:
        print_explanation(ground, forecast, sources, language, options.console_for_results(), knowing)
        if changes is not None:
            print_changes(*changes, options.console_for_results(), aside=options.console_for_warnings(silent=quiet))
    leave(ground, as_json=as_json, quiet=quiet)


def _changes(folder: Path, now: Ground, progress: Progress | None) -> tuple[Changes, str]:
    """Return what changed since an earlier run, and what to beware of."""
    from simcast.analysis.since import changes_since
    from simcast.report.changing import earlier_ground

    before, remark = earlier_ground(folder, now.threads, progress)
    checks.check_held(before.scenario, now.standing_on, f"--since {folder}")
    return changes_since(replace(before.on(now.standing_on), cluster=now.cluster), now), remark


def _told(changes: tuple[Changes, str] | None) -> dict[str, Any]:
    """Return the part of the document on what changed, where that was asked."""
    from simcast.report.changing import changes_document

    return {} if changes is None else {"since": changes_document(*changes)}
