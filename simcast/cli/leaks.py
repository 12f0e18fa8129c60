"""`simcast leaks`: what each stage is worth, and where deals leak."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import ground_on, leave, write_answer
from simcast.cli.speaking import by_option


@click.command(short_help="Rank stages by what one point of conversion, or one day less, would bring.")
@options.scenario_file
@options.overrides
@options.standing_on
@click.option(
    "--by",
    "by",
    multiple=True,
    callback=options.composed,
    metavar="COLUMN",
    help="Also show each value of this segment column.",
)
@options.quick
@options.played
@options.folder
@options.answered
@by_option({"by": "--by"})
def leaks(
    file: Path,
    overrides: tuple[str, ...],
    standing_on: str | None,
    by: tuple[str, ...],
    quick: bool,
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    folder: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Rank the stages of FILE by what a small change of each would bring.

    Each stage's conversion is raised by one point, its stays are shortened in proportion until the median of those that
    move forward is one day less (or halved, if it is short), and arrivals are raised. Each change is played in the same
    futures as the baseline, which makes the difference precise. 'In the long run' counts everything those deals bring,
    however long they take.

    With --scenario the changes come on top of one of the file's scenarios: which stage is the next to mend, once the
    operators are hired? Conversions are shown as they are without its levers, and no best segment is looked for.

    Each change is played in at most 4,000 of the futures, or in as many as --futures says.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast leaks scenarios/q3.yaml
      simcast leaks scenarios/q3.yaml --by region
      simcast leaks scenarios/q3.yaml --scenario fix-operator
      simcast leaks scenarios/q3.yaml --json > leaks.json
      simcast leaks scenarios/q3.yaml --out leaks
    """
    from simcast import analysis
    from simcast.analysis.leaks import MOST_FUTURES
    from simcast.report.leaks import leaks_document, print_leaks

    checks.check_players(threads, cluster)
    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    start = checks.check_scenario(scenario, standing_on)
    with (
        options.telling(quiet=quiet, as_json=as_json) as progress,
        ground_on(scenario, start, threads, cluster, progress) as ground,
    ):
        asked = ground if futures else ground.with_futures(MOST_FUTURES)
        found = analysis.leaks(asked, by=by, progress=progress)
    document = leaks_document(found)
    write_answer(folder, "leaks", document, found.to_frame())
    if as_json:
        options.print_json(document)
    else:
        print_leaks(found, options.console_for_results())
    leave(found.ground, as_json=as_json, quiet=quiet)
