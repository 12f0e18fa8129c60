"""Numbers and findings in words: amounts, probabilities, and the sentence that answers a scenario's question."""

from __future__ import annotations

import math

from simcast.analysis import Difference, ExactMeans, Run
from simcast.forecast import Forecast, Metric, Summary
from simcast.scenario import BASELINE, Distribution
from simcast.writing import chance, count, interval, money


def margins(run: Run) -> list[tuple[str, Distribution]]:
    """Return the margin of each value of the column by which margins go, as the file says; one without a name else.

    That of values which the file does not name stands first where it is one value, and without a name at the end where
    there are several.
    """
    rest = run.scenario.forecast.margin
    for column, named in run.scenario.forecast.margin_by.items():
        present = dict.fromkeys(run.forecasts[BASELINE].segments.column(column))
        others = [value for value in present if value not in named]
        first = [(others[0], rest)] if len(others) == 1 else []
        return [*first, *named.items(), *([("", rest)] if len(others) > 1 else [])]
    return [("", rest)]


def margin_words(run: Run) -> str:
    """Say what the net gain is made of, less the cost; nothing where it is the bookings themselves.

    Uncertain margins are told by their mean.
    """
    found = margins(run)
    if not run.scenario.forecast.margin_by:
        (_, margin), *_ = found
        return "" if margin.is_fixed and margin.mean() == 1.0 else f"bookings times the margin of {_margin(margin)}"
    written = ", ".join(f"{value or 'all others'} {_margin(margin)}" for value, margin in found)
    return f"each deal's bookings times its margin ({written})"


def _margin(margin: Distribution) -> str:
    return f"{margin.mean():.4g}" if margin.is_fixed else f"{margin.mean():.4g} on average"


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
    by_wins = run.by_wins
    total = Summary.of(baseline.values("wins" if by_wins else "bookings"))
    middle = f"{count(total.quantile(0.5))} wins" if by_wins else money(total.quantile(0.5))
    sentence = (
        f"{run.scenario.name}: half of the futures reach {middle} by {run.days.until} (P50), "
        f"8 in 10 end between {interval(total, deals=by_wins).replace(' to ', ' and ')} (P10 and P90)"
    )
    target = target_phrase(baseline)
    return sentence + (f"; {target}." if target else ".")


def more_wins(wins: Summary, *, error: bool = True) -> str:
    """Write a mean of additional wins with its Monte Carlo error, to the digits that the error leaves.

    Examples
    --------
    >>> more_wins(Summary(3.358, 1.2, (), 400)), more_wins(Summary(2.0, 0.0, (), 400))
    ('+3.36 ± 0.06', '+2')
    """
    if not wins.mean_error > 0.0:
        return count(wins.mean, signed=True)
    digits = min(max(math.ceil(-math.log10(wins.mean_error)), 0), 3)
    return f"{wins.mean:+,.{digits}f}" + (f" ± {wins.mean_error:,.{digits}f}" if error else "")


def price_per_win(difference: Difference) -> str:
    """Write what an additional win costs; empty where nothing is paid, or nothing is clearly won."""
    each = difference.cost_per_win
    return "" if each is None else f"{money(each)} per additional win"


def exact_phrase(exact: ExactMeans) -> str:
    """Give the exact mean of the bookings, and the mean simulated in the same futures.

    Of wins, where nothing is booked.
    """
    booked = exact.means["bookings"]
    metric: Metric = "bookings" if booked.expected or booked.simulated else "wins"
    means, write = exact.means[metric], _money if metric == "bookings" else _wins
    of = "" if exact.covers_all else f" of {' and '.join(exact.origins)} deals"
    error = "" if means.monte_carlo_error is None else f" ± {write(means.monte_carlo_error, 2)}"
    z = "" if means.z is None else f", z = {means.z:+.1f}"
    simulated = f"{write(means.simulated)}{error}{z}"
    return (
        f"exact mean of {metric}{of}: {write(means.expected)} (simulated in the same {exact.n_futures} "
        f"futures: {simulated}; numerical error {write(means.numerical_error, 1)})"
    )


def _money(amount: float, _: int = 4) -> str:
    return money(amount)


def _wins(number: float, digits: int = 4) -> str:
    return f"{number:,.{digits}g}"
