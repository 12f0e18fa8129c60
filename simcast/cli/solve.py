"""`simcast solve`: the smallest change for which a condition holds."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import ground_on, leave, write_answer
from simcast.cli.speaking import by_option
from simcast.errors import SimcastError


@click.command(short_help="Find the smallest change that meets a target.")
@options.scenario_file
@click.option(
    "--vary",
    "vary",
    required=True,
    callback=options.composed,
    metavar="LEVER",
    help="The lever to vary, with one number given as a range or ?.",
)
@click.option("--for", "wanted", required=True, metavar="CONDITION", help="The condition to meet.")
@options.overrides
@options.standing_on
@options.quick
@options.played
@options.folder
@options.answered
@by_option({"unknown": "--vary", "condition": "--for"})
def solve(
    file: Path,
    vary: str,
    wanted: str,
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
    """Find the smallest change of one lever that meets CONDITION in FILE's forecast.

    LEVER is a lever as in a scenario file, written as words or in braces. Give the number to find as a range (in
    either direction), or as ? for the usual range. A `count` is a whole number, and dates are whole days.

    CONDITION is P(QUANTITY>=VALUE)>=SHARE or mean(QUANTITY)>=VALUE, where QUANTITY is bookings, wins, or net
    (bookings times forecast.margin, less cost). VALUE may be `target`, the target in the file. With > instead of >=,
    the value itself is not enough.

    With --scenario the lever comes on top of one of the file's scenarios, and must not set the same thing for the same
    stays, as in a file.

    All values are played in the same futures (4,000 at most, or as many as --futures says). The answer comes with the
    range that the simulation's error allows.

    Exit status: 0 done; 1 it cannot be met, or the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast solve scenarios/q3.yaml --vary 'conversion stage=operator add=?' --for 'P(bookings>=target)>=0.8'
      simcast solve scenarios/q3.yaml --vary 'arrivals where.source=ads multiply=1..3' --for 'mean(wins)>=100'
      simcast solve scenarios/q3.yaml --vary '{lever: duration, stage: lead, multiply: 1..0.2}' --for 'P(wins>=95)>=50%'
      simcast solve scenarios/hiring.yaml --vary 'hire team=sales on=2026-08-01 count=?' --for 'P(wins>=90)>=0.8'
    """
    from simcast import analysis
    from simcast.analysis.leaks import MOST_FUTURES
    from simcast.analysis.questions import Condition, Unknown
    from simcast.analysis.solving import check_lever, check_on_top
    from simcast.report.solution import print_solution, solution_document

    checks.check_players(threads, cluster)
    checks.check_writable(folder)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    if vary in scenario.scenarios:
        raise SimcastError(
            f"--vary {vary!r}: is a scenario of the file, not a lever; write one of its levers, with the number looked "
            "for as a range or as ?: 'conversion stage=operator add=?'"
        )
    start = checks.check_scenario(scenario, standing_on)
    unknown = Unknown.parse(vary)
    check_lever(scenario, unknown)
    check_on_top(scenario, unknown, start)
    condition = Condition.parse(wanted, {str(name): value for name, value in scenario.forecast.target.items()})
    with (
        options.telling(quiet=quiet, as_json=as_json) as progress,
        ground_on(scenario, start, threads, cluster, progress) as ground,
    ):
        asked = ground if futures else ground.with_futures(MOST_FUTURES)
        found = analysis.solve(asked, unknown, condition, progress=progress)
    document = solution_document(found)
    write_answer(folder, "solution", document, found.to_frame())
    if as_json:
        options.print_json(document)
    else:
        print_solution(found, options.console_for_results(), aside=options.console_for_warnings(silent=quiet))
    leave(found.ground, as_json=as_json, quiet=quiet)
    if found.answer is None:
        sys.exit(options.NOT_TRUSTED)
