"""`simcast compare`: the scenarios of one file or several, ranked."""

from __future__ import annotations

from pathlib import Path

import click

from simcast.cli import checks, options
from simcast.cli.answering import check_target, write_rows
from simcast.cli.speaking import by_option


@click.command(short_help="Rank the scenarios of one file or several.")
@click.argument("files", type=click.Path(path_type=Path), metavar="FILE...", nargs=-1, required=True)
@options.overrides
@options.scenario_names
@options.quick
@options.played
@options.rows
@options.answered
@by_option({"names": "--scenario"})
def compare(
    files: tuple[Path, ...],
    overrides: tuple[str, ...],
    names: tuple[str, ...],
    quick: bool,
    futures: int | None,
    seed: int | None,
    threads: int | None,
    cluster: str | None,
    out: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Rank all scenarios of the FILEs by their net gain over the baseline, played in the same futures.

    Shows the gain with its interval and Monte Carlo error, the chances of beating the baseline, of falling short of
    it and of reaching the target, the cost, when it pays back, and what combined scenarios add beyond the sum of their
    parts. Baselines of several files are compared too if their dates, parameters, futures and seed are the same.

    Exit status: 0 done; 1 done, but a fit is not to be trusted; 2 the input is wrong.

    \b
    Examples:
      simcast compare scenarios/q3.yaml
      simcast compare scenarios/q3.yaml --scenario fix-operator --scenario move-budget
      simcast compare budget-a.yaml budget-b.yaml --json > comparison.json
    """
    from simcast import analysis
    from simcast.report.ranking import print_ranking, ranking_document, ranking_table

    checks.check_players(threads, cluster)
    scenarios = [options.load(file, overrides, futures, seed, quick=quick) for file in files]
    for scenario in scenarios:
        checks.check_no_input(scenario, {"--out": out})
    check_target(out)
    with options.telling(quiet=quiet, as_json=as_json) as progress:
        runs = [
            analysis.run(scenario, names=names, threads=threads, cluster=cluster, progress=progress)
            for scenario in scenarios
        ]
    ranking = analysis.rank(runs)
    document = ranking_document(ranking)
    write_rows(out, "comparison", document, ranking_table(ranking))
    if as_json:
        options.print_json(document)
    else:
        print_ranking(ranking, options.console_for_results(), aside=options.console_for_warnings(silent=quiet))
    options.exit_with(ranking.doubts, quiet)
