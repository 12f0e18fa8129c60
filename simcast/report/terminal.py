"""A run as a planner reads it in a terminal: the answer first, then the tables, then what to beware of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console, JustifyMethod
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from simcast.analysis import Difference, Run
from simcast.forecast import METRICS, ORIGINS, Forecast, Metric, Summary
from simcast.report.phrases import answer, exact_phrase, margin_words, more_wins
from simcast.scenario import BASELINE
from simcast.writing import chance, count, counted, interval, money

N_WARNINGS = 3
"""How many warnings the terminal shows; the result holds all."""

_FEWEST_LETTERS = 8
"""Texts are not folded to fewer letters than these."""

_MOST_LETTERS = 60
"""Texts that are longer than these are folded where a table is wide."""

_ANY_WIDTH = 100_000

WINS_CAPTION = (
    "more wins: mean of the paired differences ± its Monte Carlo error; in the other futures the number is equal"
)
WINS_PRICE = "; per win: mean cost divided by the mean of more wins"


def print_run(run: Run, console: Console, folder: Path | None = None, *, aside: Console | None = None) -> None:
    """Print the answer, the tables, the most important warnings (on their own console), and where the files are."""
    baseline = run.forecasts[BASELINE]
    if run.scenario.question:
        console.print(f"[dim]{escape(run.scenario.question)}[/dim]")
    console.print(f"[bold]{escape(answer(run))}[/bold]")
    for doubt in run.posterior.doubts:
        console.print(f"[bold red]Do not rely on this: {escape(doubt)}[/bold red]")
    console.print()
    print_table(_periods(run, baseline), console)
    if run.differences:
        console.print()
        print_table(_scenarios_by_wins(run) if run.by_wins else _scenarios(run), console)
    for column in baseline.segments.columns:
        console.print()
        print_table(_by(baseline, column, run.by_wins), console)
    if run.won_ends:
        console.print()
        print_table(_won_outcomes(run), console)
    console.print()
    print_table(_stages(baseline), console)
    if "team" in baseline.results.dims:
        console.print()
        print_table(_teams(run), console)
    _print_footer(run, console, folder, aside or console)


def plain_table(title: str, *columns: str, n_texts: int = 1) -> Table:
    """Return a table whose first columns hold names, which may be folded, and whose others hold numbers."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for position, column in enumerate(columns):
        justify: JustifyMethod = "right" if position else "left"
        table.add_column(column, justify=justify, no_wrap=position >= n_texts, overflow="fold")
    return table


def print_table(table: Table, console: Console) -> None:
    """Print a table with no number cut off.

    It is as wide as it has to be where no terminal reads it; only long texts are folded. Where a terminal is too
    narrow for it the names of its columns are folded, and then its texts; what is still too wide the terminal folds
    itself.
    """
    if _width(table, console) > console.width and console.is_terminal:
        table.width = max(console.width, _folded(table))
    elif _width(table, console) > console.width:
        for column in table.columns:
            column.max_width = None if column.no_wrap else _MOST_LETTERS
        table.width = max(console.width, _width(table, console))
    title, table.title = table.title, None
    if title:  # apart from the table, which would fill it with blanks up to its own width
        console.print(title, style="bold", highlight=False)
    console.print(table, crop=False)


def _width(table: Table, console: Console) -> int:
    """Return how wide a table is where there is room for it."""
    return console.measure(table, options=console.options.update(width=_ANY_WIDTH)).maximum


def _folded(table: Table) -> int:
    """Let the names of columns with numbers be folded to what the numbers need; return the least width of all."""
    for column in table.columns:
        cells = max((_length(str(cell)) for cell in column.cells), default=0)
        if column.no_wrap:
            words = (_length(word) for word in str(column.header).split())
            column.no_wrap, column.width = False, max(cells, *words, 0)
        else:
            column.min_width = min(cells, _FEWEST_LETTERS)
    return sum((column.width or column.min_width or 0) + 2 for column in table.columns)


def _length(cell: str) -> int:
    """Return how wide a cell is, without its markup."""
    return Text.from_markup(cell).cell_len


def _periods(run: Run, baseline: Forecast) -> Table:
    """Bookings and wins by period, with what happened where that is known; wins alone where nothing is booked."""
    by_wins = run.by_wins and not (run.actual and any(run.actual.bookings))
    metrics: tuple[Metric, ...] = ("wins",) if by_wins else METRICS
    with_actual = [f"actual {metric}" for metric in metrics if run.actual is not None]
    bands = [title for metric in metrics for title in (f"{metric} P10", "P50", "P90")]
    table = plain_table(f"Baseline by {run.days.period}", "period", *bands, *with_actual)

    def row(label: str, bookings: Summary, wins: Summary, actual: tuple[float, float] | None) -> None:
        booked = () if by_wins else [money(bookings.quantile(q)) for q in (0.1, 0.5, 0.9)]
        won = [count(round(wins.quantile(q))) for q in (0.1, 0.5, 0.9)]
        happened = () if actual is None else (money(actual[0]), count(actual[1]))[-len(metrics) :]
        table.add_row(label, *booked, *won, *happened)

    for position, (start, end) in enumerate(zip(run.days.starts, run.days.ends, strict=True)):
        happened = (run.actual.bookings[position], run.actual.wins[position]) if run.actual else None
        bookings, wins = (Summary.of(baseline.values(metric, period=position)) for metric in METRICS)
        row(f"{start} to {end}" if start != end else str(start), bookings, wins, happened)
    total = (sum(run.actual.bookings), sum(run.actual.wins)) if run.actual else None
    row("total", Summary.of(baseline.values("bookings")), Summary.of(baseline.values("wins")), total)
    for origin in ORIGINS:
        bookings, wins = (Summary.of(baseline.values(metric, origin=origin)) for metric in METRICS)
        row(f"  from {origin} deals", bookings, wins, None)
    return table


def _scenarios(run: Run) -> Table:
    """Each scenario and its difference from the baseline, future by future."""
    has_target = bool(run.forecasts[BASELINE].targets)
    columns = ["scenario", "bookings P50", *(["P(target)"] if has_target else []), "difference", "80% interval"]
    table = plain_table(
        "Scenarios against the baseline, in the same futures", *columns, "more wins", "cost", "net gain", "P(better)"
    )
    for name, forecast in run.forecasts.items():
        row = [escape(name), money(Summary.of(forecast.values("bookings")).quantile(0.5))]
        if has_target:
            row.append(" / ".join(chance(forecast.probability(m, v)) for m, v in forecast.targets.items()))
        difference = next((found for found in run.differences if found.scenario == name), None)
        if difference is None:
            row += [""] * 6
        else:
            error = f" ± {money(difference.bookings.mean_error)}" if difference.bookings.sd > 0 else ""
            row += [
                money(difference.bookings.mean, signed=True) + error,
                interval(difference.bookings, signed=True),
                count(difference.wins.mean, signed=True),
                money(float(forecast.results["cost"].mean())),
                money(difference.net.mean, signed=True),
                chance(difference.probability_better) if difference.net.sd > 0 or difference.net.mean else "same",
            ]
        table.add_row(*row)
    gain = margin_words(run)
    net = f"{gain}, less the cost" if gain else "less the cost"
    table.caption = f"difference: mean of the paired differences ± its Monte Carlo error; net gain: {escape(net)}"
    table.caption_justify = "left"
    return table


def _scenarios_by_wins(run: Run) -> Table:
    """Each scenario and its additional wins, future by future, with what they cost: nothing is booked."""
    has_target = bool(run.forecasts[BASELINE].targets)
    is_paid = any(difference.cost for difference in run.differences)
    columns = ["scenario", "wins P50", *(["P(target)"] if has_target else []), "more wins", "80% interval"]
    columns += ["P(more)", "P(fewer)", *(["cost", "per win"] if is_paid else [])]
    table = plain_table("Scenarios against the baseline, in the same futures", *columns)
    differences = {difference.scenario: difference for difference in run.differences}
    for name, forecast in run.forecasts.items():
        row = [escape(name), count(round(Summary.of(forecast.values("wins")).quantile(0.5)))]
        if has_target:
            row.append(" / ".join(chance(forecast.probability(m, v)) for m, v in forecast.targets.items()))
        found = differences.get(name)
        table.add_row(*row, *wins_cells(found, is_paid=is_paid))
    table.caption = WINS_CAPTION + (WINS_PRICE if is_paid else "")
    table.caption_justify = "left"
    return table


def wins_cells(difference: Difference | None, *, is_paid: bool) -> list[str]:
    """Return the cells on additional wins: mean, 80% interval, chances of more and fewer, cost, and cost of each."""
    if difference is None:
        return [""] * (6 if is_paid else 4)
    wins = difference.wins
    shares = (difference.probability_more_wins, difference.probability_fewer_wins)
    paid = [money(difference.cost), "" if difference.cost_per_win is None else money(difference.cost_per_win)]
    return [
        more_wins(wins),
        interval(wins, signed=True, deals=True),
        *(map(chance, shares) if any(shares) else ("same", "same")),
        *(paid if is_paid else []),
    ]


def _by(baseline: Forecast, column: str, by_wins: bool) -> Table:
    """Bookings and wins by one column; wins alone where nothing is booked."""
    booked = () if by_wins else ("bookings P50", "80% interval")
    table = plain_table(f"Baseline by {escape(column)}", column, *booked, "wins P50", "80% interval")
    for value in dict.fromkeys(baseline.segments.column(column)):
        bookings, wins = (Summary.of(baseline.values(metric, where={column: value})) for metric in METRICS)
        table.add_row(
            escape(value),
            *(() if by_wins else (money(bookings.quantile(0.5)), interval(bookings))),
            count(round(wins.quantile(0.5))),
            interval(wins, deals=True),
        )
    return table


def _won_outcomes(run: Run) -> Table:
    """Bookings and wins by the outcome that is won; wins alone where nothing is booked."""
    booked = () if run.by_wins else ("bookings P50", "80% interval")
    table = plain_table("Baseline by won outcome", "outcome", *booked, "wins P50", "80% interval", "mean")
    for outcome, end in run.won_ends[BASELINE].items():
        bookings, wins = Summary.of(end.bookings), Summary.of(end.wins)
        table.add_row(
            escape(outcome),
            *(() if run.by_wins else (money(bookings.quantile(0.5)), interval(bookings))),
            count(round(wins.quantile(0.5))),
            interval(wins, deals=True),
            count(wins.mean),
        )
    return table


def _stages(baseline: Forecast) -> Table:
    """How deals flow through the stages."""
    table = plain_table("Baseline by stage (means)", "stage", "entered", "moved on or won", "in stage at the end")
    for stage in baseline.results["stage"].to_numpy():
        flow = [baseline.stage_values(name, stage).mean() for name in ("entered", "left_forward", "open_at_end")]
        table.add_row(escape(str(stage)), *map(count, flow))
    return table


def _teams(run: Run) -> Table:
    """How busy the teams are, and how long deals wait for them, in each scenario."""
    columns = ("scenario", "team", "busy", "P90", "90% wait at most, days", "waiting at the end", "P90")
    table = plain_table("Teams: mean over the futures, and 90th percentile", *columns, n_texts=2)
    for name, forecast in run.forecasts.items():
        for team in forecast.results["team"].to_numpy():
            of_team = forecast.results.sel(team=team)
            busy, queue = (of_team["team_utilisation"].to_numpy(), of_team["team_queue"].isel(period=-1).to_numpy())
            table.add_row(
                escape(name),
                escape(str(team)),
                f"{busy.mean():.0%}",
                f"{Summary.of(busy).quantile(0.9):.0%}",
                f"{of_team['team_wait_90'].to_numpy().mean():.1f}",
                count(queue.mean()),
                count(Summary.of(queue).quantile(0.9)),
            )
    return table


def _print_footer(run: Run, console: Console, folder: Path | None, aside: Console) -> None:
    """Say how far to trust the tables, and where the files are."""
    metric: Metric = "wins" if run.by_wins else "bookings"
    total = Summary.of(run.forecasts[BASELINE].values(metric))
    error = f"{total.mean_error:.2g}" if run.by_wins else money(total.mean_error)
    known = f"; Monte Carlo error of the mean {metric}: ± {error}" if total.n_futures > 1 else ""
    console.print()
    console.print(
        f"{counted(len(run.book), 'open deal')}, {counted(total.n_futures, 'future')}, "
        f"seed {run.scenario.simulation.seed}{known}",
        style="dim",
        highlight=False,
    )
    for name, exact in run.exact.items():
        console.print(f"{escape(name)}: {exact_phrase(exact)}", style="dim", highlight=False)
    if run.trusted and (verdict := run.posterior.verdict()):
        console.print(escape(verdict), style="dim", highlight=False)
    warnings = [warning for warning in run.warnings if warning not in run.posterior.doubts]
    print_warnings(warnings, aside, "result.json")
    if folder is not None:
        console.print(f"[dim]files: {escape(str(folder))}[/dim]", soft_wrap=True)


def print_warnings(warnings: Sequence[str], console: Console, where_all_are: str) -> None:
    """Print the most important warnings, and where the others are."""
    for warning in warnings[:N_WARNINGS]:
        print_warning(warning, console)
    if len(warnings) > N_WARNINGS:
        console.print(f"[dim]({len(warnings) - N_WARNINGS} more in {where_all_are})[/dim]")


def print_warning(warning: str, console: Console) -> None:
    """Print what to beware of."""
    console.print(f"[yellow]beware:[/yellow] {escape(warning)}", highlight=False)
