"""Numbers and findings in words: amounts, probabilities, and the sentence that answers a scenario's question."""

from __future__ import annotations

from simcast.analysis import Difference, Run, WithoutChance
from simcast.forecast import Forecast, Summary
from simcast.scenario import BASELINE
from simcast.writing import chance, count, interval, money


def margin_words(forecast: Forecast) -> str:
    """Write the share of bookings that counts as gain, its mean where it is uncertain; empty where all of them do."""
    return "" if forecast.margin is None else f"{float(forecast.margin.mean()):.4g}"


def target_phrase(forecast: Forecast) -> str:
    """Say how likely the targets are, empty without any."""
    parts = []
    for metric, wanted in forecast.targets.items():
        written = money(wanted) if metric == "bookings" else f"{count(wanted)} wins"
        likely = chance(forecast.probability(metric, wanted))
        parts.append(f"{likely} reach the target of {written}")
    if len(parts) > 1:
        parts.append(f"{chance(forecast.probability_of_targets())} reach all of them")
    return "; ".join(parts)


def answer(run: Run) -> str:
    """Answer the scenario's question in one sentence."""
    baseline = run.forecasts[BASELINE]
    bookings = Summary.of(baseline.values("bookings"))
    by_wins = bookings.quantile(0.95) == 0.0
    total = Summary.of(baseline.values("wins")) if by_wins else bookings
    middle = f"{count(total.quantile(0.5))} wins" if by_wins else money(total.quantile(0.5))
    sentence = (
        f"{run.scenario.name}: half of the futures reach {middle} by {run.days.until} (P50), "
        f"8 in 10 end between {interval(total, deals=by_wins).replace(' to ', ' and ')} (P10 and P90)"
    )
    target = target_phrase(baseline)
    return sentence + (f"; {target}." if target else ".")


def difference_phrase(difference: Difference) -> str:
    """Say in one sentence what a scenario brings."""
    return (
        f"{difference.scenario} brings {money(difference.bookings.mean, signed=True)} of bookings on average "
        f"({interval(difference.bookings, signed=True)} in 8 of 10 futures) and is better than {difference.against} "
        f"with probability {chance(difference.probability_better)}."
    )


def exact_phrase(exact: WithoutChance) -> str:
    """Say what the mean bookings are without chance, and what was simulated in the same futures."""
    means = exact.means["bookings"]
    of = "" if exact.covers_all else f" of {' and '.join(exact.origins)} deals"
    error = "" if means.monte_carlo_error is None else f" ± {money(means.monte_carlo_error)}"
    z = "" if means.z is None else f", z = {means.z:+.1f}"
    simulated = f"{money(means.simulated)}{error}{z}"
    return (
        f"expected bookings{of} without chance: {money(means.expected)} (simulated in the same {exact.n_futures} "
        f"futures: {simulated}; numerical error {money(means.numerical_error)})"
    )


__all__ = [
    "answer",
    "chance",
    "count",
    "difference_phrase",
    "exact_phrase",
    "interval",
    "margin_words",
    "money",
    "target_phrase",
]
