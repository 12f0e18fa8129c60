"""`simcast allocate`: how to split a budget, or people, among levers."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import ground_on, leave, write_answer
from simcast.cli.speaking import by_option


@click.command(short_help="Find the best split of a budget among levers.")
@options.scenario_file
@click.option("--budget", type=click.FloatRange(min=0), metavar="MONEY", help="Most money to spend in total.")
@click.option("--people", type=click.IntRange(min=0), metavar="N", help="Most people to hire in total.")
@click.option(
    "--among",
    multiple=True,
    callback=options.composed,
    metavar="CHOICE",
    help="A scenario in the file, or a lever with a range; may be repeated. Default: all scenarios in the file.",
)
@click.option(
    "--goal",
    type=click.Choice(["net", "bookings", "wins", "target"]),
    help="What to maximize. Default: net, or wins if there are no amounts.",
)
@click.option(
    "--steps",
    type=click.IntRange(min=1, max=20),
    default=4,
    show_default=True,
    help="Number of steps a range is divided into.",
)
@click.option(
    "--method",
    type=click.Choice(["auto", "enumeration", "greedy", "optuna"]),
    default="auto",
    show_default=True,
    help="Search method; optuna needs simcast[optimize].",
)
@click.option(
    "--trials",
    type=click.IntRange(min=10, max=10_000),
    default=200,
    show_default=True,
    help="Number of splits that --method optuna tries.",
)
@options.overrides
@options.standing_on
@options.quick
@options.played
@options.folder
@options.answered
@by_option(
    {
        "among": "--among",
        "limits": "--budget, --people",
        "goal": "--goal",
        "method": "--method",
        "fewer steps": "fewer --steps",
    }
)
def allocate(
    file: Path,
    budget: float | None,
    people: int | None,
    among: tuple[str, ...],
    goal: str | None,
    steps: int,
    method: str,
    trials: int,
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
    """Find the split of a budget among levers that FILE's forecast gains most from, and what less money would bring.

    A CHOICE is a scenario in the file, used in full or not at all, at the cost of its levers; or a lever with a
    range, as in `simcast solve`, with the `cost` or `cost_per_month` of its largest change: half the change costs
    half. With --people, hires are limited instead of money, or as well.

    All splits are played in the same futures (2,000 at most). If there are more than 150, the best next step is
    added each time; this misses choices that only pay off together. --method optuna finds more of those and copes
    with many choices (pip install 'simcast[optimize]'). The best split is played again in fresh futures so that its
    result is not flattered by selection.

    With --scenario everything comes on top of one of the file's scenarios, which costs none of the budget; what sets
    the same thing for the same stays as that scenario is no choice.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast allocate scenarios/q3.yaml --budget 40000
      simcast allocate scenarios/q3.yaml --budget 40000 --scenario fix-operator --out split
      simcast allocate scenarios/q3.yaml --budget 60000 --among fix-operator \\
          --among 'arrivals where.source=ads multiply=1..1.5 cost=50000' --goal target
      simcast allocate scenarios/hiring.yaml --people 4 --among 'hire team=sales on=2026-07-15 count=0..4' \\
          --among 'hire team=sales on=2026-10-01 count=0..4'
    """
    from simcast import analysis
    from simcast.analysis.allocating import GOALS, METHODS, check_question
    from simcast.analysis.choices import clashing_choices, usual_choices
    from simcast.analysis.splits import Limits
    from simcast.report.allocation import allocation_document, print_allocation

    checks.check_players(threads, cluster)
    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    start = checks.check_scenario(scenario, standing_on)
    chosen = among or usual_choices(scenario, start)
    if not among and not quiet:
        for name, why in clashing_choices(scenario, start).items():
            click.echo(f"note: {name!r} is left out: it {why}", err=True)
    limits = Limits(budget, people)
    wished = next((known for known in GOALS if known == goal), None)
    how = next(known for known in METHODS if known == method)
    check_question(scenario, chosen, limits, wished, how, standing_on=start)
    with (
        options.telling(quiet=quiet, as_json=as_json) as progress,
        ground_on(scenario, start, threads, cluster, progress) as ground,
    ):
        wanted = wished or analysis.usual_goal(ground)
        found = analysis.allocate(
            ground, chosen, limits, wanted, steps=steps, method=how, trials=trials, progress=progress
        )
    document = allocation_document(found)
    write_answer(folder, "allocation", document, found.to_frame().reset_index())
    if as_json:
        options.print_json(document)
    else:
        print_allocation(found, options.console_for_results())
    leave(ground, as_json=as_json, quiet=quiet)
