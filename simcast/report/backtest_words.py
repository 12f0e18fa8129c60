"""A backtest as a planner reads it in a terminal: one sentence first, then the tables, then what to beware of."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from simcast.backtesting import DealScores, MetricSummary, Ratio, Scores, StalledScores
from simcast.backtesting.baselines import BASELINES_IN_WORDS
from simcast.backtesting.cells import INTERVALS
from simcast.backtesting.recalibration import RECALIBRATED
from simcast.backtesting.scenario_file import BacktestRun
from simcast.report.terminal import plain_table, print_table, print_warning
from simcast.writing import count, counted, money

_IN_WORDS = {**BASELINES_IN_WORDS, RECALIBRATED: "simcast recalibrated"}

_LEGEND = (
    "CRPS: error of the distribution; error: of the single number; lower is better. ratio: simcast's CRPS divided by "
    "the method's. bias: forecast minus actual. in 80%: how often the 80% interval contained the actual result."
)


def answer(run: BacktestRun) -> str:
    """Return the backtest in one sentence."""
    summary = run.summary.metrics[run.metric]
    scores = summary.methods["simcast"]
    held = round(scores.coverage[0.8] * scores.n)
    text = f"The 80% interval of {run.metric} contained the actual result in {held} of {counted(scores.n, 'forecast')}"
    ratio = next((each for each in summary.ratios if each.against == "weighted_pipeline"), None)
    if ratio is None:
        return f"{text}."
    how = {"better": "clearly better", "worse": "clearly worse", "cannot tell": "chance may explain the difference"}
    return f"{text}; CRPS {ratio.ratio:.2f} x the weighted pipeline's ({how[ratio.verdict]})."


def print_backtest(
    run: BacktestRun, console: Console, folder: Path | None = None, *, aside: Console | None = None
) -> None:
    """Print the answer, the tables, what to beware of (on a console of its own), and where the files are."""
    if run.scenario.question:
        console.print(f"[dim]{escape(run.scenario.question)}[/dim]")
    console.print(f"[bold]{escape(answer(run))}[/bold]", highlight=False)
    for reason in run.judgement.reasons:
        console.print(f"[bold red]Do not rely on the forecast: {escape(reason)}[/bold red]", highlight=False)
    console.print()
    print_table(_history(run), console)
    for metric, summary in run.summary.metrics.items():
        console.print()
        print_table(_methods(metric, summary), console)
    console.print(_LEGEND, style="dim", highlight=False)
    lead = run.summary.metrics[run.metric]
    console.print()
    print_table(_parts(f"{run.metric}: simcast by period of the horizon", "period", lead.periods, run.metric), console)
    for column, by_value in lead.segments.items():
        console.print()
        print_table(_parts(f"{run.metric}: simcast by {escape(column)}", column, by_value, run.metric), console)
    if run.deals is not None:
        console.print()
        print_table(_deals(run.deals), console)
        console.print(_deals_in_words(run.deals), style="dim", highlight=False)
    console.print()
    for note in run.judgement.notes:
        print_warning(note, aside or console)
    if folder is not None:
        console.print(f"[dim]files: {escape(str(folder))}[/dim]", soft_wrap=True)


def _shown(metric: str, value: float, *, signed: bool = False) -> str:
    return count(value, signed=signed) if metric == "wins" else money(value, signed=signed)


def _history(run: BacktestRun) -> Table:
    """Each as-of date: what was foreseen, and what happened."""
    cells = run.summary.cells
    rows = cells[(cells["part"] == "total") & (cells["method"] == "simcast") & (cells["metric"] == run.metric)]
    weighted = cells[(cells["method"] == "weighted_pipeline") & (cells["metric"] == run.metric)].set_index("origin")
    table = plain_table(
        f"{run.metric}: forecast and actual",
        *("as of", "until", "P10", "P50", "P90", "actual", "in 80%", "weighted pipeline"),
    )
    for _, row in rows.sort_values("origin").iterrows():
        held = row["q0.1"] <= row["actual"] <= row["q0.9"]
        numbers = [row["q0.1"], row["q0.5"], row["q0.9"], row["actual"]]
        told = _shown(run.metric, round(weighted.loc[row["origin"], "mean"]))
        table.add_row(
            f"{row['origin']:%Y-%m-%d}",
            f"{row['until']:%Y-%m-%d}",
            *(_shown(run.metric, round(number)) for number in numbers),
            "yes" if held else ("too high" if row["actual"] < row["q0.1"] else "too low"),
            told,
        )
    return table


def _methods(metric: str, summary: MetricSummary) -> Table:
    """All methods beside each other."""
    n = summary.methods["simcast"].n
    table = plain_table(
        f"{metric}: against methods in use today, {counted(n, 'as-of date')}",
        *("method", "CRPS", "ratio", "95% interval", "verdict", "error", "bias"),
        *(f"in {level:.0%}" for level in INTERVALS),
    )
    ratios = {ratio.against: ratio for ratio in summary.ratios}
    for name, scores in summary.methods.items():
        table.add_row(
            _IN_WORDS.get(name, name) + (f" ({scores.n})" if scores.n != n else ""),
            _shown(metric, scores.crps),
            *_ratio_shown(ratios.get(name)),
            _shown(metric, scores.mae),
            _shown(metric, scores.bias, signed=True),
            *_coverage_shown(scores),
        )
    return table


def _ratio_shown(ratio: Ratio | None) -> tuple[str, str, str]:
    if ratio is None:
        return "", "", ""
    between = "" if ratio.low is None else f"{ratio.low:.2f} to {ratio.high:.2f}"
    return f"{ratio.ratio:.2f}", between, ratio.verdict


def _coverage_shown(scores: Scores) -> list[str]:
    return [f"{scores.coverage[level]:.0%}" if scores.coverage else "-" for level in INTERVALS]


def _parts(title: str, column: str, by_value: dict[str, Scores], metric: str) -> Table:
    table = plain_table(title, column, "n", "actual", "CRPS", "bias", *(f"in {level:.0%}" for level in INTERVALS))
    for value, scores in by_value.items():
        table.add_row(
            escape(value),
            str(scores.n),
            _shown(metric, scores.actual),
            _shown(metric, scores.crps),
            _shown(metric, scores.bias, signed=True),
            *_coverage_shown(scores),
        )
    return table


def _deals(deals: DealScores) -> Table:
    """How often deals of each class of probability were won."""
    table = plain_table(
        "open deals: forecast and actual wins by the end of the horizon", "P(won)", "deals", "forecast", "won"
    )
    for row in deals.table:
        table.add_row(
            f"{row['low']:.0%} to {row['high']:.0%}", f"{row['n']:.0f}", f"{row['foreseen']:.1%}", f"{row['won']:.1%}"
        )
    return table


def _deals_in_words(deals: DealScores) -> str:
    if not deals.n_won:
        return f"none of {counted(deals.n, 'open deal')} was won"
    return (
        f"{counted(deals.n, 'open deal')}, {deals.n_won:,} won; Brier score {deals.brier:.4f} (with one share for all "
        f"{deals.brier_base_rate:.4f}, with one per stage {deals.brier_stage_rate:.4f}); a won deal ranks above "
        f"another {deals.auc:.0%} of the time"
        + ("" if deals.stalled is None else f"\n{_stalled_in_words(deals.stalled)}")
    )


def _stalled_in_words(stalled: StalledScores) -> str:
    return (
        f"{stalled.n_stalled:,} of {counted(stalled.n, 'open deal')} had waited longer than nine in ten won deals did: "
        f"{stalled.stayed_stalled:.0%} of them were still in the same stage at the end of the horizon "
        f"({stalled.won_stalled:.1%} won), of the others {stalled.stayed_others:.0%} ({stalled.won_others:.1%} won); "
        f"a deal that stayed had waited longer than one that moved {stalled.auc:.0%} of the time"
    )
