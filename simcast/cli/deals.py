"""`simcast deals`: each open deal, its chances, and what can still be changed."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import check_target, ground_on, leave, write_rows


@click.command(short_help="List open deals with their chances and expected dates.")
@options.scenario_file
@options.overrides
@click.option(
    "--where",
    "where",
    multiple=True,
    callback=options.composed,
    metavar="COLUMN=VALUE",
    help="Only these deals; may be repeated.",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    callback=options.composed,
    metavar="NAME",
    help="Only deals in this stage; may be repeated.",
)
@click.option("--stalled/--not-stalled", default=None, help="Only stalled deals, or only the others.")
@click.option(
    "--sort",
    type=click.Choice(
        ["value_at_stake", "probability_won", "amount", "age_days", "expected_close", "stage", "deal"],
        case_sensitive=False,
    ),
    default="value_at_stake",
    show_default=True,
    help="Column to sort by: largest numbers, earliest dates and first names come first; when sorting by date, deals "
    "with a chance below 5% come last.",
)
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="Only the first N. Default in the terminal: 30.")
@options.standing_on
@options.quick
@options.played
@options.rows
@options.answered
def deals(
    file: Path,
    overrides: tuple[str, ...],
    where: tuple[str, ...],
    stages: tuple[str, ...],
    stalled: bool | None,
    sort: str,
    top: int | None,
    standing_on: str | None,
    quick: bool,
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """List the open deals of FILE with their chances of being won by the end of the forecast.

    A deal is stalled if it has been in its stage longer than nine in ten won deals were. Deals with the most at stake
    come first: amount x P(won) x P(not won), which is largest where the outcome is most open. Without amounts, the
    deals whose outcome is most open come first.

    Exit status: 0 done; 1 done, but the fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast deals scenarios/q3.yaml
      simcast deals scenarios/q3.yaml --where region=West --stage contract --not-stalled
      simcast deals scenarios/q3.yaml --sort expected_close --out deals.csv
    """
    from simcast import analysis
    from simcast.analysis.deals import chosen_deals
    from simcast.report.deals import deals_document, print_deals

    checks.check_players(threads, cluster)
    scenario = options.load(file, overrides, futures, seed, quick=quick)
    checks.check_no_input(scenario, {"--out": out})
    check_target(out)
    start = checks.check_scenario(scenario, standing_on)
    with (
        options.telling(quiet=quiet, as_json=as_json) as progress,
        ground_on(scenario, start, threads, cluster, progress) as ground,
    ):
        table = analysis.deal_table(ground)
    table = chosen_deals(table, where=where, stages=stages, stalled=stalled, sort=sort)
    write_rows(out, "deals", deals_document(table), table)
    if as_json:
        options.print_json(deals_document(table if top is None else table.head(top)))
    else:
        columns = ground.book.segments.columns
        console, until = options.console_for_results(), str(scenario.forecast.until)
        print_deals(table, columns, until, console, top or 30, sort=sort, scenario=start)
    leave(ground, as_json=as_json, quiet=quiet, all_are_in="the result.json of a run")
