"""What changed since an earlier run: deals won and lost, slipped, amounts, new deals, parameters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from simcast.analysis.actual import recorded_wins
from simcast.analysis.deals import typical_amounts
from simcast.analysis.ground import Ground
from simcast.errors import ScenarioArgumentError, ScenarioError
from simcast.forecast import Forecast, Metric

StepKind = Literal["won", "lost", "open", "amounts", "new", "parameters", "rest"]


@dataclass(frozen=True)
class Step:
    """One reason why the expectation is another.

    Parameters
    ----------
    kind
        ``"won"``, ``"lost"``: deals open then that have been won, or lost, against what was expected of them;
        ``"open"``: the chances of those open still; ``"amounts"``: their amounts; ``"new"``: deals that came since, or
        may still come, against what was expected of new deals; ``"parameters"``: what has been learned since;
        ``"rest"``: deals whose amount is not known.
    value
        By how much the expectation of the total has changed.
    deals
        How many deals it is about; 0 where it is about none in particular.
    """

    kind: StepKind
    value: float
    deals: int


@dataclass(frozen=True)
class Changes:
    """How the expectation of a total went from then to now.

    Parameters
    ----------
    metric
        Bookings, or wins where nothing is booked.
    since, as_of, until
        The day of the earlier run, that of this one, and the last day of both.
    before
        What was expected in all, then.
    won
        What has been won since.
    ahead
        What is expected from now on; with `won` it is what is expected in all, now.
    steps
        They add up to the difference of the two.
    notes
        What a reader should know.
    """

    metric: Metric
    since: np.datetime64
    as_of: np.datetime64
    until: np.datetime64
    before: float
    won: float
    ahead: float
    steps: tuple[Step, ...]
    notes: tuple[str, ...]


def changes_since(before: Ground, now: Ground) -> Changes:
    """Tell why the baseline of a forecast expects another total than that of an earlier one.

    The earlier expectation is worked out again, then the deals of today under the parameters of then, then today's.
    What was expected of a deal is its chance to be won in the earlier futures times its amount.

    Parameters
    ----------
    before
        What the earlier forecast was played from.
    now
        What is known today, later than `before` and with the same last day.

    Raises
    ------
    ScenarioArgumentError
        When the two do not speak of the same total, or nothing is known of what happened between.
    """
    _check(before, now)
    then = before.play()
    metric: Metric = "bookings" if then.values("bookings").any() else "wins"
    notes: tuple[str, ...] = ()
    middle = replace(now, posterior=before.posterior)
    try:
        between = middle.play()
    except ScenarioError as error:
        notes = (f"what has been learned since is not shown separately: {error.problems[0]}",)
        middle, between = now, now.play()
    today = now.play()
    old, new = _values(before, then, metric), _values(middle, between, metric)
    won = _won(before, now, metric)
    return Changes(
        metric,
        before.book.as_of,
        now.book.as_of,
        np.datetime64(now.scenario.forecast.until),
        _mean(then, metric),
        sum(sum(amounts) for amounts in won.values()),
        _mean(today, metric),
        (
            *_steps_of_old_deals(before, middle, old, new, won, _chances(then) if metric == "bookings" else None),
            _step_of_new_deals(
                old, new, won, _mean(between, metric, "new") - _mean(then, metric, "new"), _n_came(before, now)
            ),
            Step("parameters", _mean(today, metric) - _mean(between, metric), 0),
            Step(
                "rest",
                _mean(between, metric, "open") - sum(new.values()) - _mean(then, metric, "open") + sum(old.values()),
                0,
            ),
        ),
        notes,
    )


def _check(before: Ground, now: Ground) -> None:
    """Refuse forecasts that do not speak of the same total."""
    problems = []
    if now.history is None:
        problems.append("now: what happened since is read from a history; this scenario assumes everything")
    if before.book.as_of > now.book.as_of:
        problems.append(f"before: the earlier run stands at {before.book.as_of}, later than {now.book.as_of}")
    ends = (before.scenario.forecast.until, now.scenario.forecast.until)
    if ends[0] != ends[1]:
        problems.append(f"before: the earlier run reaches to {ends[0]}, this forecast to {ends[1]}; give both one end")
    if before.posterior.pipeline != now.posterior.pipeline:
        problems.append("before: the earlier run has another pipeline")
    if problems:
        raise ScenarioArgumentError(problems)


def _mean(forecast: Forecast, metric: Metric, origin: Literal["open", "new"] | None = None) -> float:
    return float(forecast.values(metric, origin=origin).mean())


def _chances(forecast: Forecast) -> dict[str, float]:
    """Return how likely each open deal is to be won."""
    wins = forecast.results["deal_wins"].to_numpy() / forecast.n_futures
    return dict(zip(forecast.results["deal"].to_numpy().astype(str).tolist(), wins.tolist(), strict=True))


def _amounts(ground: Ground) -> dict[str, float]:
    """Return the amount of each open deal, a typical one of its segment where it is not known."""
    book = ground.book
    amount = np.where(np.isnan(book.amount), typical_amounts(book, ground.posterior), book.amount)
    return dict(zip(book.deal.astype(str).tolist(), amount.tolist(), strict=True))


def _values(ground: Ground, forecast: Forecast, metric: Metric) -> dict[str, float]:
    """Return what is expected of each open deal."""
    worth = _amounts(ground) if metric == "bookings" else {}
    return {deal: chance * worth.get(deal, 1.0) for deal, chance in _chances(forecast).items()}


def _won(before: Ground, now: Ground, metric: Metric) -> dict[str, list[float]]:
    """Return what has been won since by each deal that has been."""
    if now.history is None:
        return {}
    wins = recorded_wins(now.history)
    day = wins["day"].to_numpy()
    wins = wins[(day >= before.book.as_of) & (day < now.book.as_of)]
    amounts = np.nan_to_num(wins["amount"].to_numpy(dtype=np.float64)) if metric == "bookings" else np.ones(len(wins))
    found: dict[str, list[float]] = {}
    for deal, amount in zip(wins["deal"].astype(str), amounts.tolist(), strict=True):
        found.setdefault(deal, []).append(amount)
    return found


def _steps_of_old_deals(
    before: Ground,
    now: Ground,
    old: dict[str, float],
    new: dict[str, float],
    won: dict[str, list[float]],
    chances: dict[str, float] | None,
) -> tuple[Step, ...]:
    """Return what became of the deals that were open then; chances are those of then, where amounts count."""
    ended = [deal for deal in old if deal in won]
    still = [deal for deal in old if deal in new and deal not in won]
    lost = [deal for deal in old if deal not in new and deal not in won]
    grown = dict.fromkeys(still, 0.0)
    if chances is not None:
        amounts = (_amounts(before), _amounts(now))
        grown = {deal: chances[deal] * (amounts[1][deal] - amounts[0][deal]) for deal in still}
    return (
        Step("won", sum(sum(won[deal]) + new.get(deal, 0.0) - old[deal] for deal in ended), len(ended)),
        Step("lost", -sum(old[deal] for deal in lost), len(lost)),
        Step("open", sum(new[deal] - old[deal] - grown[deal] for deal in still), len(still)),
        Step("amounts", sum(grown.values()), sum(value != 0.0 for value in grown.values())),
    )


def _step_of_new_deals(
    old: dict[str, float], new: dict[str, float], won: dict[str, list[float]], to_come: float, n_came: int
) -> Step:
    """Return what deals that were not open then have brought and may bring, against what was expected of new deals."""
    came = {deal for deal in (*new, *won) if deal not in old}
    return Step("new", sum(sum(won.get(deal, ())) + new.get(deal, 0.0) for deal in sorted(came)) + to_come, n_came)


def _n_came(before: Ground, now: Ground) -> int:
    """Return how many deals have come since, those that were lost again among them."""
    if now.history is None:
        return 0
    first = now.history.stays.groupby("deal", sort=False)["entered"].min()
    return int((first >= before.book.as_of).sum())
