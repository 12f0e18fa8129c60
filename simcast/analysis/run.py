"""Running a scenario file: history, posterior, open deals, and the forecast of each of its scenarios."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from simcast.analysis.actual import Actual, actual_of
from simcast.analysis.cautions import distinct_in_order, warnings_of
from simcast.analysis.compare import Difference, compare
from simcast.analysis.exact_means import ExactMeans, exact_means
from simcast.analysis.fine import coarser, play_fine
from simcast.analysis.inputs import book_of, chosen_names, posterior_of, read_scenario_history
from simcast.analysis.won_ends import WonEnd, wins_aside, won_ends
from simcast.arguments import check_kind, check_name, listed
from simcast.cluster import check_address, connect
from simcast.forecast import METRICS, Forecast, Summary
from simcast.history import Book, History
from simcast.notebook import Shown
from simcast.plan import ForecastDays, Plan, build_plan, check_names
from simcast.posterior import Posterior
from simcast.progress import Progress
from simcast.scenario import BASELINE, Scenario
from simcast.simulation import simulate
from simcast.writing import chance, count, interval, money

if TYPE_CHECKING:
    import pandas as pd


class Forecasts(dict[str, Forecast]):
    """Forecasts by scenario; of a name that is none it tells the nearest, and all there are."""

    def __missing__(self, name: object) -> Forecast:
        """Refuse a name that is none; `UnknownNameError` is a `KeyError` too."""
        check_name(name, self, "forecast of a scenario")
        raise KeyError(name)


@dataclass(frozen=True, eq=False, repr=False)
class Run(Shown):
    """All that running a scenario file brought to light.

    Parameters
    ----------
    scenario
        The file, resolved.
    history
        What was known at the as-of date, with all that came later cut off; None when everything was assumed.
    posterior
        The parameters that the futures were played under.
    book
        The open deals.
    days
        The days forecast.
    forecasts
        By scenario, the baseline first.
    differences
        Each other scenario against the baseline.
    actual
        What really happened, when asked for and known.
    warnings
        What a reader should know, the most important first.
    exact
        By scenario, the exact means beside the simulated ones, when asked for.
    fine
        The baseline in periods fine enough for a fan, when asked for.
    won_ends
        By scenario, what each won outcome brings; empty where there is but one.
    wins_aside
        The baseline's mean wins by stage that end it by another than its forward move.
    """

    scenario: Scenario
    history: History | None
    posterior: Posterior
    book: Book
    days: ForecastDays
    forecasts: dict[str, Forecast]
    differences: tuple[Difference, ...]
    actual: Actual | None
    warnings: tuple[str, ...]
    exact: dict[str, ExactMeans] = field(default_factory=dict)
    fine: Forecast | None = None
    won_ends: dict[str, dict[str, WonEnd]] = field(default_factory=dict)
    wins_aside: dict[str, float] = field(default_factory=dict)

    @property
    def by_wins(self) -> bool:
        """Whether no scenario books anything in any future, so that wins are what they are judged by."""
        return all(forecast.books_nothing for forecast in self.forecasts.values())

    @property
    def trusted(self) -> bool:
        """Whether the fit allows the answer to be trusted, as far as is known; assumptions always do."""
        return self.posterior.trusted

    def to_frame(self) -> pd.DataFrame:
        """Return a row per scenario, the baseline first: means and quantiles over futures, in money and deals.

        Columns: ``bookings`` and ``wins`` (means), ``bookings_p10``, ``_p50``, ``_p90`` and the same of wins, ``cost``,
        ``probability_of_targets`` (NaN without any), and against the baseline (NaN for itself) the mean differences
        ``more_bookings``, ``more_wins`` and ``more_net``, and ``probability_better``.
        """
        import pandas as pd

        differences = {found.scenario: found for found in self.differences}
        rows = {name: _row(forecast, differences.get(name)) for name, forecast in self.forecasts.items()}
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("scenario")

    def _headline(self) -> str:
        doubts = "" if self.trusted else "; the fit is NOT TO BE TRUSTED"
        warned = f"; warnings: {len(self.warnings)} (.warnings)" if self.warnings else ""
        first = next(iter(self.forecasts.values()))
        return (
            f"Run of {self.scenario.name!r}: {self.days.as_of} to {self.days.until} by {self.days.period}, "
            f"{first.n_futures:,} futures{doubts}{warned}"
        )

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        differences = {found.scenario: found for found in self.differences}
        rows = {}
        for name, forecast in self.forecasts.items():
            bookings, wins = (Summary.of(forecast.values(metric)) for metric in METRICS)
            row = {"wins P50": count(wins.quantile(0.5))}
            if self.by_wins:
                row["80% interval"] = interval(wins, deals=True)
            else:
                money_columns = {"bookings P50": money(bookings.quantile(0.5)), "80% interval": interval(bookings)}
                row = money_columns | row
            if forecast.targets:
                row["P(target)"] = chance(forecast.probability_of_targets())
            if name in differences:
                found = differences[name]
                gain = count(found.wins.mean, signed=True) if self.by_wins else money(found.net.mean, signed=True)
                row["more wins" if self.by_wins else "net gain"] = gain
                row["P(more)" if self.by_wins else "P(better)"] = chance(found.better(by_wins=self.by_wins))
            rows[name] = row
        return pd.DataFrame.from_dict(rows, orient="index").fillna("")


def _row(forecast: Forecast, difference: Difference | None) -> dict[str, float]:
    """Return the numbers of one scenario."""
    row: dict[str, float] = {}
    for metric in METRICS:
        summary = Summary.of(forecast.values(metric))
        row[metric] = summary.mean
        row |= {f"{metric}_p{level:.0f}": summary.quantile(level / 100) for level in (10, 50, 90)}
    nothing = float("nan")
    return row | {
        "cost": float(forecast.results["cost"].mean()),
        "probability_of_targets": forecast.probability_of_targets() if forecast.targets else nothing,
        "more_bookings": nothing if difference is None else difference.bookings.mean,
        "more_wins": nothing if difference is None else difference.wins.mean,
        "more_net": nothing if difference is None else difference.net.mean,
        "probability_better": nothing if difference is None else difference.probability_better,
    }


def run(
    scenario: Scenario,
    *,
    names: Sequence[str] = (),
    threads: int | None = None,
    cluster: str | None = None,
    actual: bool = False,
    exact: bool = False,
    rejects: Path | Literal[False] = False,
    fan: bool = False,
    progress: Progress | None = None,
) -> Run:
    """Forecast every scenario of a file and compare each with the baseline.

    Parameters
    ----------
    scenario
        The file.
    names
        Only these scenarios, and the baseline; all unless given.
    threads
        How many threads play the futures.
    cluster
        The address of a cluster that plays the futures instead, see `simcast.cluster.connect`.
    actual
        Whether to look up what really happened, if the history goes beyond the as-of date.
    exact
        Whether to compute the exact means too, without simulation.
    rejects
        Where rows of the history that are set aside go; False writes none.
    fan
        Whether the baseline is wanted by day or week too; where memory allows it is played once for both.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioError
        When the scenario asks for what cannot be done, or names what is not there.
    ScenarioNameError
        When it has no scenario of one of `names`; a `KeyError` too.
    DataError
        When the history cannot be read.
    FitError
        When the model cannot be fitted.
    ArgumentTypeError
        When `scenario` is not a `Scenario` (but the path of its file, say).
    SimcastError
        When the cluster is not there or fails; when a mean is to be worked out and is not finite.
    """
    check_kind(scenario, Scenario, "scenario", "load_scenario reads one from a file")
    chosen = chosen_names(scenario, listed(names))
    if cluster is not None:
        check_address(cluster)
    history = read_scenario_history(scenario, rejects=rejects)
    known = None if history is None else history.known_at(scenario.forecast.as_of)
    if known is not None and scenario.assume is None:
        check_names(
            scenario, known.segments, known.open_deals(known.observed_until), chosen
        )  # before minutes of fitting
    posterior = posterior_of(scenario, known, progress)
    book = book_of(scenario, known, posterior)
    first = build_plan(posterior, book, scenario)
    plans = {
        name: first if name == BASELINE else build_plan(posterior, book, scenario, name, like=first) for name in chosen
    }
    if exact:
        _check_covered(plans.values())
    with connect(cluster) if cluster is not None else nullcontext() as workers:
        play = partial(simulate, threads=threads, cluster=workers, progress=progress)
        fine = play_fine(scenario, posterior, book, play, like=first) if fan else None
        played = {} if fine is None else coarser(fine, first)
        forecasts = {name: played.get(name) or play(plan) for name, plan in plans.items()}
        ends = {name: found for name, plan in plans.items() if (found := won_ends(plan, forecasts[name], play))}
        aside = wins_aside(first, play)
    days = first.days
    answers = {
        name: exact_means(plan, forecasts[name], threads=threads, progress=progress)
        for name, plan in plans.items()
        if exact
    }
    return Run(
        scenario=scenario,
        history=known,
        posterior=posterior,
        book=book,
        days=days,
        forecasts=Forecasts(forecasts),
        differences=tuple(
            compare(forecast, forecasts[BASELINE]) for name, forecast in forecasts.items() if name != BASELINE
        ),
        actual=actual_of(history, days) if actual and history is not None else None,
        warnings=_warnings(scenario, known, posterior, forecasts, answers),
        exact=answers,
        fine=fine,
        won_ends=ends,
        wins_aside=aside,
    )


def _check_covered(plans: Iterable[Plan]) -> None:
    """Refuse plans that have no exact means; imported here, since that loads compiled code."""
    from simcast.expectation import check_covered

    for plan in plans:
        check_covered(plan)


def _warnings(
    scenario: Scenario,
    known: History | None,
    posterior: Posterior,
    forecasts: dict[str, Forecast],
    answers: dict[str, ExactMeans],
) -> tuple[str, ...]:
    """Collect what a reader should know, the most important first."""
    wrong = [f"{name}: {line}" for name, answer in answers.items() for line in answer.disagreements()]
    notes = [note for forecast in forecasts.values() for note in forecast.notes]
    notes += [note for answer in answers.values() for note in answer.notes]
    baseline = forecasts.get(BASELINE)
    if baseline and baseline.books_nothing and baseline.targets.get("bookings", 0.0) > 0.0:
        notes.append("forecast.target.bookings: no amounts are known, so nothing is booked; give a target of wins")
    return distinct_in_order([*wrong, *warnings_of(scenario, known, posterior, notes)])
