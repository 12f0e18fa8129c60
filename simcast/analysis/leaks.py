"""Each stage's worth: what one point of conversion, one day less or one more deal would bring; where deals leak."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.analysis.added import mean_added
from simcast.analysis.best import Best, Stays, best_of, forward_shares, play_at_best
from simcast.analysis.ground import GROUND_OF, Ground
from simcast.analysis.long_run import thinning, wins_from
from simcast.analysis.losses import Losses, losses_of
from simcast.analysis.parameters import days_isf, mean_amounts
from simcast.arguments import check_kind, listed, nearest
from simcast.errors import ArgumentError, ScenarioNameError
from simcast.forecast import Forecast, Summary
from simcast.notebook import Shown
from simcast.plan import Plan
from simcast.plan.costs import new_deals
from simcast.progress import Progress
from simcast.scenario import BASELINE, ArrivalsLever, ConversionLever, Distribution, DurationLever, Lever
from simcast.writing import count, money

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]

POINT = 0.01
"""One point of conversion."""

MOST_FUTURES = 4000
"""By default each change is played in so many futures, since differences under shared luck are sharp."""

MORE_ARRIVALS = 1.1
"""The worth of an extra deal is that of a tenth more, per deal: one deal more would drown in rounding."""

LEAST_DAYS = 1.0
"""Of a stage whose median stay is shorter nobody can save a day, and it is not told what one would bring."""

_UNCERTAIN_BELOW = 1.645


@dataclass(frozen=True)
class SmallGain:
    """What a small change of one stage brings by the end of the forecast, against the baseline in the same futures.

    Parameters
    ----------
    bookings, wins
        The paired differences over futures.
    uncertain
        Whether the mean gain may be no gain: its Monte Carlo interval, 1.645 errors either way, holds zero.
    """

    bookings: Summary
    wins: Summary
    uncertain: bool

    @classmethod
    def of(cls, changed: Forecast, baseline: Forecast, scale: float = 1.0) -> SmallGain:
        """Compare two forecasts; `scale` turns the difference into that of one unit."""
        bookings = Summary.of((changed.values("bookings") - baseline.values("bookings")) * scale)
        wins = Summary.of((changed.values("wins") - baseline.values("wins")) * scale)
        shown = wins if bookings.sd == 0.0 and bookings.mean == 0.0 else bookings
        return cls(bookings, wins, abs(shown.mean) <= _UNCERTAIN_BELOW * shown.mean_error)


@dataclass(frozen=True)
class Leak:
    """One stage, or one segment's part of it.

    Parameters
    ----------
    stage
        The stage.
    where
        The segment's column and value; empty for all.
    conversion
        Of the stays in it, the share that moves forward: mean and spread over posterior draws. Segments count by
        their stays in this stage, those open at the as-of date and those that begin within the forecast.
    point, day
        What one point of conversion more, and stays one day shorter, bring within the forecast.
    added
        The probability that `point` really adds on average: `POINT`, or less where conversions come to 100%.
    median_days
        The median days until the forward move.
    days_saved
        By how many days the median stay is shortened for `day`, which counts per day: 1, or less in short stages.
    long_run_wins, long_run_bookings
        What the point brings in the long run, with the deals that would arrive over as many days as are forecast.
    best
        The segment with the highest median conversion; None for a segment's part, where all are alike, and on top of a
        scenario, whose levers may have changed it.
    gap
        What its conversion would bring within the forecast in all other segments, played in the same futures.
    """

    stage: str
    where: Mapping[str, str]
    conversion: Summary
    point: SmallGain
    added: float
    day: SmallGain
    median_days: float
    days_saved: float
    long_run_wins: Summary | None
    long_run_bookings: Summary | None
    best: Best | None
    gap: SmallGain | None

    @property
    def usual_conversion(self) -> float:
        """The median of the conversion over draws.

        The mean hangs on few of them where all that move on do so at once, as on a web page: what hazards do beyond the
        oldest stay on record is not known, and in some draws others follow after years.
        """
        return self.conversion.quantile(0.5)

    @property
    def is_cut(self) -> bool:
        """Whether less than a point could be added, to the hundredth of a point."""
        return self.added < POINT - 0.5 * POINT / 100

    @property
    def day_told(self) -> SmallGain | None:
        """What a day saved brings; None where the stays are so short that none can be saved."""
        return self.day if self.median_days >= LEAST_DAYS else None

    @property
    def best_segment(self) -> str | None:
        """The name of the best segment."""
        return None if self.best is None else self.best.label

    @property
    def best_conversion(self) -> float | None:
        """Its median conversion over draws."""
        return None if self.best is None else self.best.conversion

    @property
    def gap_bookings(self) -> float | None:
        """The mean of the gap in money."""
        return None if self.gap is None else self.gap.bookings.mean

    @property
    def gap_wins(self) -> float | None:
        """The mean of the gap in deals."""
        return None if self.gap is None else self.gap.wins.mean

    @property
    def gap_is_uncertain(self) -> bool:
        """Whether the gap may be none: by the Monte Carlo error, or as chance may have made that segment the best."""
        return self.gap is not None and (self.gap.uncertain or self.best is None or not self.best.is_sure)


@dataclass(frozen=True, eq=False, repr=False)
class Leaks(Shown):
    """All stages, those first in which one point of conversion is worth most.

    Parameters
    ----------
    ground
        What the question was asked of.
    leaks
        Ranked by the bookings (or wins, where nothing has an amount) of one point of conversion.
    extra_deal
        What one more arriving deal brings within the forecast.
    losses
        Which deals each stage lost over the last year, and how its conversion changed; empty without a history.
    n_futures
        How many futures were played.
    """

    ground: Ground
    leaks: tuple[Leak, ...]
    extra_deal: SmallGain | None
    losses: tuple[Losses, ...]
    n_futures: int

    @property
    def by_wins(self) -> bool:
        """Whether changes are worth wins only, since nothing has an amount."""
        return _by_wins(self.leaks)

    def to_frame(self) -> pd.DataFrame:
        """Return a row per stage, or per segment's part of it, by rank: means over futures, in money and deals.

        Columns: ``stage``, ``where`` (empty for all), ``conversion`` (its median over draws), ``point_bookings`` and
        ``point_wins`` (what one point of conversion brings), ``day_bookings`` and ``day_wins`` (one day less; NaN where
        the median stay is shorter than a day), ``uncertain``, ``gap_bookings`` and ``gap_wins`` (the best segment's
        conversion in all), ``points_added`` (1, or less where the conversion comes to 100%).
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "stage": leak.stage,
                "where": ", ".join(f"{column}={value}" for column, value in leak.where.items()),
                "conversion": leak.usual_conversion,
                "point_bookings": leak.point.bookings.mean,
                "point_wins": leak.point.wins.mean,
                "day_bookings": np.nan if leak.day_told is None else leak.day_told.bookings.mean,
                "day_wins": np.nan if leak.day_told is None else leak.day_told.wins.mean,
                "uncertain": leak.point.uncertain,
                "gap_bookings": leak.gap_bookings,
                "gap_wins": leak.gap_wins,
                "points_added": leak.added / POINT,
            }
            for leak in self.leaks
        )

    def _headline(self) -> str:
        name, futures = self.ground.scenario.name, f"{self.n_futures:,} futures"
        under = "" if self.ground.standing_on == BASELINE else f" under {self.ground.standing_on!r}"
        return f"Leaks of {name!r}{under} in {futures}: what one point of conversion, and one day less, bring"

    def _table(self) -> pd.DataFrame:
        frame = self.to_frame()
        metric, write = ("wins", count) if self.by_wins else ("bookings", money)
        shown = frame[["stage", "where"]].assign(
            conversion=[f"{value:.0%}" for value in frame["conversion"]],
            point=[write(value, signed=True) for value in frame[f"point_{metric}"]],
            day=["" if np.isnan(value) else write(value, signed=True) for value in frame[f"day_{metric}"]],
        )
        return (shown if frame["where"].any() else shown.drop(columns="where")).set_index("stage")


def leaks(
    ground: Ground, *, by: Sequence[str] = (), baseline: Forecast | None = None, progress: Progress | None = None
) -> Leaks:
    """Work out what small changes of each stage are worth.

    Parameters
    ----------
    ground
        The pipeline, its parameters and open deals. Where it stands on a scenario, changes come on top of its levers;
        conversions, days and what comes in the long run stay those without levers, and no best segment is looked for.
    by
        Segment columns by whose values each stage is looked at too.
    baseline
        The forecast of the same ground without a change, when it has been played already, in as many futures or more.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioNameError
        When a column of `by` is not a segment column.
    ArgumentTypeError, ArgumentError
        When `ground` is not a `Ground` or `baseline` not a `Forecast`, or the baseline has too few futures.
    """
    check_kind(ground, Ground, "ground", GROUND_OF)
    by = listed(by)
    if baseline is not None:
        check_kind(baseline, Forecast, "baseline")
        needed = ground.scenario.simulation.futures
        if baseline.n_futures < needed:
            has = f"baseline: has {baseline.n_futures:,} futures, the ground plays {needed:,}"
            raise ArgumentError(f"{has}; leave it out, or ask ground.with_futures(...)")
    ground.posterior.segments.grouped(_checked(ground, by))
    parts = list(_parts(ground, by))
    baseline = ground.play() if baseline is None else baseline.first(ground.scenario.simulation.futures)
    stays, plan = Stays.of(ground), ground.plan()
    found = []
    for done, (stage, where) in enumerate(parts):
        found.append(_leak(ground, plan, baseline, stays, stage, where))
        if progress is not None:
            progress("working out what changes are worth", (done + 1) / len(parts))
    by_wins = _by_wins(found)
    ranked = sorted(found, key=lambda leak: -(leak.point.wins if by_wins else leak.point.bookings).mean)
    return Leaks(ground, tuple(ranked), _extra_deal(ground, baseline), losses_of(ground), baseline.n_futures)


def _by_wins(found: Sequence[Leak]) -> bool:
    return all(leak.point.bookings.mean == 0.0 for leak in found)


def _checked(ground: Ground, by: Sequence[str]) -> Sequence[str]:
    known = ground.posterior.segments.columns
    if missing := [column for column in by if column not in known]:
        raise ScenarioNameError([f"by {column}: not a segment column; {nearest(column, known)}" for column in missing])
    return by


def _parts(ground: Ground, by: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each stage, then each stage by each value of the columns asked for."""
    for stage in ground.posterior.pipeline.stages:
        yield stage, {}
        for column in by:
            for value in dict.fromkeys(ground.posterior.segments.column(column)):
                yield stage, {column: value}


def _leak(ground: Ground, plan: Plan, baseline: Forecast, stays: Stays, stage: str, where: dict[str, str]) -> Leak:
    """Work out one stage, or one segment's part of it."""
    shares = stays.shares(stage, ground.posterior.segments.select(where))
    chosen: dict[str, tuple[str, ...]] = {column: (value,) for column, value in where.items()}
    point = _play(ground, ConversionLever(stage=stage, add=Distribution.constant(POINT), where=chosen))
    median = _median_days(ground, stage, shares)
    saved, factor = _one_day_less(median)
    day = _play(
        ground,
        DurationLever(stage=stage, multiply=Distribution.constant(factor), where=chosen),
    )
    best = None if where or ground.standing_on != BASELINE else best_of(ground, stage, stays)
    gap = None if best is None else SmallGain.of(play_at_best(ground, stage, best), baseline)
    wins, bookings = _long_run(ground, stage, where)
    return Leak(
        stage=stage,
        where=where,
        conversion=Summary.of(forward_shares(ground, stage) @ shares),
        point=SmallGain.of(point, baseline),
        added=mean_added(plan, stage, shares, POINT),
        day=SmallGain.of(day, baseline, 1.0 / saved),
        median_days=median,
        days_saved=saved,
        long_run_wins=wins,
        long_run_bookings=bookings,
        best=best,
        gap=gap,
    )


def _play(ground: Ground, lever: Lever) -> Forecast:
    """Play what the ground stands on, with one lever more."""
    return ground.play("one change", [lever])


def _one_day_less(median: float) -> tuple[float, float]:
    """Return by how many days a median stay can be shortened, one or half of it, and the factor that does it."""
    if not median > 0.0:
        return 1.0, 1.0
    saved = min(1.0, 0.5 * median)
    return saved, 1.0 - saved / median


def _median_days(ground: Ground, stage: str, shares: Floats) -> float:
    """Return the median days until the forward move, over draws, segments weighed by their shares of the stays."""
    forward = ground.posterior.pipeline.forward(stage)
    found = days_isf(ground.posterior, stage, forward, 0.5)
    return float(np.median(found, axis=0) @ shares)


def _long_run(ground: Ground, stage: str, where: Mapping[str, str]) -> tuple[Summary | None, Summary | None]:
    """Return what a point brings in the end, in wins and bookings, with the deals arriving over the forecast's days."""
    posterior = ground.posterior
    gain = wins_from(posterior, stage, POINT) - wins_from(posterior)
    if not np.isfinite(gain).all():
        return None, None
    step = thinning(posterior)
    rate = posterior.draws["arrivals_per_day"].transpose("draw", "segment").to_numpy()[::step]
    entry = posterior.draws["entry_share"].transpose("segment", "stage").to_numpy()
    chosen = posterior.segments.select(where)
    wins = np.where(chosen, rate, 0.0) * np.einsum("dgs,gs->dg", gain, entry) * ground.scenario.forecast.days
    bookings = wins * mean_amounts(posterior)[::step]
    return Summary.of(wins.sum(axis=1)), Summary.of(bookings.sum(axis=1)) if np.isfinite(bookings).all() else None


def _extra_deal(ground: Ground, baseline: Forecast) -> SmallGain | None:
    """Return what one more arriving deal brings: a tenth more arrivals, per deal that they add."""
    lever = ArrivalsLever(multiply=Distribution.constant(MORE_ARRIVALS))
    more = ground.plan("one change", [lever])
    added = float(np.mean(new_deals(more.kernel) - new_deals(ground.plan().kernel)))
    if not added > 0.0:
        return None
    return SmallGain.of(ground.simulate(more), baseline, 1.0 / added)
