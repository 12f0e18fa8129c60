"""What changed since an earlier run: deals won and lost, slipped, amounts, new deals, parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from simcast.analysis.actual import recorded_wins
from simcast.analysis.ground import Ground
from simcast.errors import ScenarioArgumentError, ScenarioError
from simcast.forecast import Forecast, Metric
from simcast.plan import MINOR_UNITS, Plan

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
        ``"rest"``: what is not told apart, nothing but rounding.
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
    """Explain why the baseline of a forecast expects another total than that of an earlier one.

    The earlier expectation is worked out again, then the deals of today under the parameters of then, then today's.
    What is expected of some open deals is all that they bring in the same futures: a deal that may be won again, as by
    renewals, counts with each win.

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
    won = _won(before, now, metric)
    old, new = _OpenDeals(before, metric), _OpenDeals(middle, metric)
    of_old_deals, expected_of_old = _steps_of_old_deals(old, new, won)
    came = new.deals - old.deals
    expected_of_came = new.expected(came)
    brought = sum(sum(amounts) for deal, amounts in won.items() if deal not in old.deals)
    to_come = _mean(between, metric, "new") - _mean(then, metric, "new")
    changed = _mean(between, metric, "open") - _mean(then, metric, "open")
    return Changes(
        metric,
        before.book.as_of,
        now.book.as_of,
        np.datetime64(now.scenario.forecast.until),
        _mean(then, metric),
        sum(sum(amounts) for amounts in won.values()),
        _mean(today, metric),
        (
            *of_old_deals,
            Step("new", brought + expected_of_came + to_come, _n_came(before, now)),
            Step("parameters", _mean(today, metric) - _mean(between, metric), 0),
            Step("rest", changed - expected_of_old - expected_of_came, 0),
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


class _OpenDeals:
    """The open deals of a ground, and what is expected of some of them.

    Parameters
    ----------
    ground
        Whose baseline is played.
    metric
        What is counted.
    """

    def __init__(self, ground: Ground, metric: Metric) -> None:
        self._plan: Plan = ground.plan()
        self._simulate = ground.simulate
        self._of_plan: list[str] = self._plan.deals.astype(str).tolist()
        kernel = self._plan.kernel
        worth = kernel.deal_amount if metric == "bookings" else np.full_like(kernel.deal_amount, MINOR_UNITS)
        self.worth: dict[str, int] = dict(zip(self._of_plan, worth.tolist(), strict=True))
        """What each brings with a win: minor units, negative where it is not known; one unit where wins are counted."""

    @property
    def deals(self) -> set[str]:
        """Their ids."""
        return set(self._of_plan)

    def expected(self, deals: Collection[str], worth: Mapping[str, int] | None = None) -> float:
        """Return what some deals bring on average, worth what they are, or something else, while all are in play.

        The others are worth nothing: amounts change no deal's course (what goes with an amount has arrays of its own).
        """
        if not deals:
            return 0.0
        counted = set(deals)
        amounts = self.worth if worth is None else worth
        booked = np.array([amounts[deal] if deal in counted else 0 for deal in self._of_plan], dtype=np.int64)
        plan = replace(self._plan, kernel=self._plan.kernel._replace(deal_amount=booked))
        return _mean(self._simulate(plan), "bookings", "open")


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
    old: _OpenDeals, new: _OpenDeals, won: dict[str, list[float]]
) -> tuple[tuple[Step, ...], float]:
    """Return what became of the deals that were open then, and by how much more is expected of them from now on."""
    ended = {deal for deal in old.deals if deal in won}
    still = {deal for deal in old.deals if deal in new.deals} - ended
    lost = old.deals - still - ended
    other_amounts = {deal for deal in still if old.worth[deal] != new.worth[deal]}
    before = {name: old.expected(deals) for name, deals in (("won", ended), ("lost", lost), ("open", still))}
    again, go_on = new.expected(ended & new.deals), new.expected(still)
    grown = old.expected(other_amounts, new.worth) - old.expected(other_amounts)
    steps = (
        Step("won", sum(sum(won[deal]) for deal in sorted(ended)) + again - before["won"], len(ended)),
        Step("lost", -before["lost"], len(lost)),
        Step("open", go_on - before["open"] - grown, len(still)),
        Step("amounts", grown, len(other_amounts)),
    )
    return steps, again + go_on - sum(before.values())


def _n_came(before: Ground, now: Ground) -> int:
    """Return how many deals have come since, those that were lost again among them."""
    if now.history is None:
        return 0
    first = now.history.stays.groupby("deal", sort=False)["entered"].min()
    return int((first >= before.book.as_of).sum())
