"""Numbers and findings in words: amounts, probabilities, and the sentence that answers a scenario's question."""

from __future__ import annotations

from simcast.analysis import Difference, Run, WithoutChance
from simcast.forecast import Forecast, Summary
from simcast.scenario import BASELINE

_THOUSAND = 1e3
_MILLION = 1e6
_BILLION = 1e9


def money(amount: float, *, signed: bool = False) -> str:
    """Write an amount in at most four digits.

    Examples
    --------
    >>> money(2412345.6), money(-18250, signed=True), money(0.5), money(12_000_000_000)
    ('2.41 M', '-18.2 k', '0.50', '12.00 bn')
    """
    sign = "+" if signed and amount > 0 else ""
    for unit, size in (("bn", _BILLION), ("M", _MILLION), ("k", _THOUSAND)):
        # 999.96 k would round to 1000.0 k: the next larger unit takes it.
        if abs(amount) >= size * 0.99995:
            scaled = amount / size
            return f"{sign}{scaled:.2f} {unit}" if size > _THOUSAND else f"{sign}{scaled:.1f} {unit}"
    return f"{sign}{amount:.0f}" if abs(amount) >= 100 or amount == round(amount) else f"{sign}{amount:.2f}"


def count(number: float, *, signed: bool = False) -> str:
    """Write a number of deals, with a decimal where it is small and not whole.

    Examples
    --------
    >>> count(3.0), count(2.25), count(1234.4, signed=True)
    ('3', '2.2', '+1,234')
    """
    digits = 0 if number == round(number) or abs(number) >= 100 else 1
    return f"{number:{'+' if signed and number != 0 else ''},.{digits}f}"


def chance(probability: float) -> str:
    """Write a probability in whole percent, without claiming certainty that a simulation cannot give.

    Examples
    --------
    >>> chance(0.632), chance(0.005), chance(0.995)
    ('63%', 'under 1%', 'over 99%')
    """
    if probability <= 0.005:
        return "under 1%"
    if probability >= 0.995:
        return "over 99%"
    return f"{probability:.0%}"


def margin_words(forecast: Forecast) -> str:
    """Write the share of bookings that counts as gain, its mean where it is uncertain; empty where all of them do."""
    return "" if forecast.margin is None else f"{float(forecast.margin.mean()):.4g}"


def interval(summary: Summary, *, signed: bool = False, deals: bool = False) -> str:
    """Write the 80% interval of a summary, P10 to P90."""
    low, high = summary.quantile(0.1), summary.quantile(0.9)
    if deals:
        return f"{count(round(low), signed=signed)} to {count(round(high), signed=signed)}"
    return f"{money(low, signed=signed)} to {money(high, signed=signed)}"


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
