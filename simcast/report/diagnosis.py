"""A diagnosis for people and programs: the verdict first, then what failed and what to do, then the details."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

import simcast
from simcast.analysis import Diagnosis
from simcast.posterior import FamilyChoice
from simcast.predictive_checks import SIGNIFICANCE, SMALLEST_DISCREPANCY, PredictiveCheck
from simcast.report.advice import advice
from simcast.report.terminal import print_table, print_warning
from simcast.writing import count, money

MOST_CHECKS = 12
"""How many failed or differing checks the terminal lists; the document holds all."""
MOST_PARAMETERS = 8
"""How many parameters that rest on their priors the terminal lists."""

_SAMPLER = (
    "rhat_max",
    "ess_bulk_min",
    "ess_tail_min",
    "divergences",
    "ebfmi_min",
    "n_chains",
    "n_draws",
    "quick",
    "worst",
)


def diagnosis_document(diagnosis: Diagnosis) -> dict[str, Any]:
    """Return the document of a diagnosis, as ``simcast diagnose --json`` prints it; what is no number is null."""
    scenario, diagnostics = diagnosis.scenario, diagnosis.diagnostics
    document = {
        "simcast": simcast.__version__,
        "file": scenario.file.name if scenario.file else None,
        "name": scenario.name,
        "as_of": str(scenario.forecast.as_of),
        "fingerprint": diagnosis.posterior.fingerprint,
        "trusted": diagnosis.trusted,
        "sampler": {name: getattr(diagnostics, name) for name in _SAMPLER} | {"trusted": diagnostics.trusted},
        "parts": [asdict(part) for part in diagnostics.parts],
        "families": [asdict(choice) for choice in diagnostics.families],
        "checks": [check.to_dict() for check in diagnosis.checks],
        "thresholds": {"significance": SIGNIFICANCE, "discrepancy": dict(SMALLEST_DISCREPANCY)},
        "prior_influence": [asdict(item) for item in diagnostics.prior_influence],
        "advice": list(advice(diagnosis)),
        "faults": list(diagnosis.diagnostics.faults),
        "warnings": list(diagnosis.warnings),
    }
    plain: dict[str, Any] = without_nan(document)
    return plain


def without_nan(value: Any) -> Any:  # noqa: ANN401  # anything that JSON can hold
    """Put null in the place of NaN and infinity, which JSON has not."""
    if isinstance(value, dict):
        return {str(key): without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_diagnosis(diagnosis: Diagnosis, console: Console, *, aside: Console | None = None) -> None:
    """Print the verdict, what failed and what to do about it, and the details; warnings on a console of their own."""
    _print_verdict(diagnosis, console)
    for title, checks in (("Checks that failed", diagnosis.failed), ("Significant, but small", diagnosis.differing)):
        if checks:
            console.print()
            print_table(_checks_table(title, checks), console)
    console.print()
    print_table(_summary_table(diagnosis), console)
    console.print(_thresholds(), style="dim", highlight=False)
    if diagnosis.diagnostics.parts:
        console.print()
        print_table(_sampler_table(diagnosis), console)
    if diagnosis.families:
        console.print()
        print_table(_families_table(diagnosis.families), console)
    if diagnosis.resting_on_priors:
        console.print()
        print_table(_priors_table(diagnosis), console)
    console.print()
    for warning in [warning for warning in diagnosis.warnings if warning not in diagnosis.diagnostics.faults]:
        print_warning(warning, aside or console)


def _print_verdict(diagnosis: Diagnosis, console: Console) -> None:
    """Say whether to trust the fit, why not, and what to do."""
    n_checks, n_failed = len(diagnosis.checks), len(diagnosis.failed)
    sampled = "well sampled" if diagnosis.diagnostics.trusted else "NOT well sampled"
    passed = f"{n_checks - n_failed} of {n_checks} predictive checks passed"
    verdict = "[bold]The fit can be trusted" if diagnosis.trusted else "[bold red]Do not rely on this fit"
    end = "[/bold]" if diagnosis.trusted else "[/bold red]"
    console.print(f"{verdict}: {sampled}, {passed}.{end}", highlight=False)
    for problem in (*diagnosis.diagnostics.faults, *diagnosis.sampler_problems):
        console.print(f"[red]failed:[/red] {escape(problem)}", highlight=False)
    for line in advice(diagnosis):
        console.print(f"[cyan]to do:[/cyan] {escape(line)}", highlight=False)


def _table(title: str, columns: str, *, numbers: str) -> Table:
    """Return a table whose columns of names are on the left and whose columns of numbers are aligned on the right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in columns.split("|"):
        table.add_column(name)
    for name in numbers.split("|"):
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _checks_table(title: str, checks: tuple[PredictiveCheck, ...]) -> Table:
    """List what the history has against what the model expects."""
    table = _table(title, "part|check|of|number", numbers="history|model|90% of replicates|off by|p")
    for check in checks[:MOST_CHECKS]:
        low, high = check.interval
        table.add_row(
            escape(check.part),
            check.name,
            escape(check.subset),
            escape(check.statistic),
            _number(check.observed, check),
            _number(check.expected, check),
            f"{_number(low, check)} to {_number(high, check)}" if math.isfinite(low) else "never",
            _discrepancy(check),
            _p_value(check.p_adjusted),
        )
    if len(checks) > MOST_CHECKS:
        table.caption = f"({len(checks) - MOST_CHECKS} more with --json)"
        table.caption_justify = "left"
    return table


def _number(value: float, check: PredictiveCheck) -> str:
    """Write a number of a check in its unit.

    Examples
    --------
    >>> check = PredictiveCheck("amounts", "new deals", "ads", "mean", 2e4, 1e4, (9e3, 1.1e4), 0.0, 1.0, "ratio", 50)
    >>> _number(check.observed, check), _number(float("nan"), check)
    ('20.0 k', 'never')
    """
    if not math.isfinite(value):
        return "never"
    if check.scale in ("distribution", "share"):
        return f"{value:.1%}"
    if check.scale == "correlation":
        return f"{value:+.2f}"
    return money(value) if check.name == "amounts" else count(value)


def _discrepancy(check: PredictiveCheck) -> str:
    """Write how far apart history and model are: in points of percent, in percent, or in points of correlation."""
    if not math.isfinite(check.discrepancy):
        return "all"
    if check.scale in ("distribution", "share"):
        return f"{100 * check.discrepancy:.1f} points"
    return f"{check.discrepancy:.2f}" if check.scale == "correlation" else f"{check.discrepancy:.0%}"


def _p_value(value: float) -> str:
    return "under 0.0001" if value < 1e-4 else f"{value:.4f}"


def _thresholds() -> str:
    """State when a check fails."""
    return (
        f"A check fails when its p-value, corrected over all checks of its kind (Holm), is below {SIGNIFICANCE:.0%} "
        "and the difference is large enough to matter: distribution functions or shares more than "
        f"{100 * SMALLEST_DISCREPANCY['share']:.0f} points apart, counts, means and variances off by more than "
        f"{SMALLEST_DISCREPANCY['ratio']:.0%}, correlations by more than {SMALLEST_DISCREPANCY['correlation']:.1f}. "
        "It differs when only the first holds."
    )


def _summary_table(diagnosis: Diagnosis) -> Table:
    """How many checks of each kind passed, and the largest discrepancy among them."""
    title = "Predictive checks (where stays are few, large differences may be chance)"
    table = _table(title, "part|check", numbers="checks|pass|differ|fail|largest difference")
    kinds = dict.fromkeys((check.part, check.name) for check in diagnosis.checks)
    for part, name in kinds:
        checks = [check for check in diagnosis.checks if (check.part, check.name) == (part, name)]
        tally = [sum(check.verdict == verdict for check in checks) for verdict in ("passes", "differs", "fails")]
        largest = max(checks, key=lambda check: check.discrepancy / SMALLEST_DISCREPANCY[check.scale])
        shown = [str(number) if number else "" for number in tally]
        shown[2] = f"[red]{shown[2]}[/red]" if shown[2] else ""
        table.add_row(escape(part), name, str(len(checks)), *shown, _discrepancy(largest))
    return table


def _sampler_table(diagnosis: Diagnosis) -> Table:
    """How well each part of the model was sampled."""
    diagnostics = diagnosis.diagnostics
    title = f"Sampling: {diagnostics.n_chains} chains of {diagnostics.n_draws} draws"
    table = _table(title, "part", numbers="r-hat|bulk ESS|tail ESS|divergences|E-BFMI")
    for part in diagnostics.parts:
        table.add_row(
            escape(part.part),
            f"{part.rhat_max:.3f}",
            f"{part.ess_bulk_min:.0f}",
            f"{part.ess_tail_min:.0f}",
            str(part.divergences),
            f"{part.ebfmi_min:.2f}",
        )
    return table


def _families_table(families: tuple[FamilyChoice, ...]) -> Table:
    """Which family of days each stage has, and how the others compare."""
    table = _table(
        "Families of days", "stage|family|others against it (log density of left-out stays)|why", numbers="k > 0.7"
    )
    for choice in families:
        chosen = choice.elpd.get(choice.chosen, float("nan"))
        others = [
            f"{family} {elpd - chosen:+.0f} ± {choice.elpd_error.get(family, float('nan')):.0f}"
            for family, elpd in choice.elpd.items()
            if family != choice.chosen
        ]
        table.add_row(
            escape(choice.stage), choice.chosen, ", ".join(others), escape(choice.reason), str(choice.n_high_pareto_k)
        )
    return table


def _priors_table(diagnosis: Diagnosis) -> Table:
    """List the parameters that the data hardly moved."""
    resting = diagnosis.resting_on_priors
    table = _table("What rests on priors", "part|parameter", numbers="moved by the data|shift if priors weighed double")
    for item in resting[:MOST_PARAMETERS]:
        table.add_row(
            escape(item.part), escape(item.parameter), f"{max(item.contraction, 0.0):.0%}", f"{item.sensitivity:.2f} sd"
        )
    if len(resting) > MOST_PARAMETERS:
        table.caption = f"({len(resting) - MOST_PARAMETERS} more with --json)"
        table.caption_justify = "left"
    return table
