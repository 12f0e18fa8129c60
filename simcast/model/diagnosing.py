"""Diagnostics of what the sampler drew, and warnings about what the data could not tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from simcast.model.amount_levels import AmountChange
from simcast.model.arrival_shares import ShareChange, ValueShare
from simcast.model.arviz_generation import effective_sample_size, rhat
from simcast.model.carried_over import CarriedOver
from simcast.model.changes import Change
from simcast.model.judging import STATISTIC_PREFIX
from simcast.model.new_deals import DAYS_FOR_TREND, DAYS_FOR_WEEKDAYS
from simcast.model.quiet import QuietDays
from simcast.model.sampling import Sample
from simcast.model.tables import FitTables
from simcast.pipeline import Pipeline
from simcast.posterior import Diagnostics, FamilyChoice, PartDiagnostics, PriorInfluence
from simcast.posterior.diagnostics import AMOUNTS_CHANGED, AMOUNTS_DRIFT, NO_AMOUNTS, TOO_QUIET
from simcast.writing import counted

FEW_STAYS = 30
MOSTLY_OPEN = 0.7
ENOUGH_TO_RULE_OUT = 300
"""A move that none of so many stays made is one of at most a hundredth (the rule of three), whatever the prior."""
MOST_UNKNOWN = 0.05


def diagnose(
    parameters: Mapping[str, xr.Dataset],
    samples: Mapping[str, Sample],
    *,
    warnings: Sequence[str],
    families: Sequence[FamilyChoice],
    prior_influence: Sequence[PriorInfluence],
    quick: bool,
    faults: Sequence[str] = (),
) -> Diagnostics:
    """Find the worst of each diagnostic.

    Parameters
    ----------
    parameters
        The natural parameters of each part of the model, with dimensions chain and draw.
    samples
        What the sampler drew for each part.
    warnings
        Sentences to keep with the diagnostics.
    families, prior_influence
        Kept as they are.
    quick
        Whether few draws were asked for.
    faults
        Sentences about data of which no fit is to be trusted.
    """
    judged = [_judge(part, parameters[part], samples[part]) for part in samples]
    worst_rhat = _extreme([part.rhat for part in judged], np.argmax)
    worst_bulk = _extreme([part.bulk for part in judged], np.argmin)
    worst_tail = _extreme([part.tail for part in judged], np.argmin)
    least_energy = min(judged, key=lambda part: part.ebfmi)
    some = next(iter(samples.values())).draws.sizes
    return Diagnostics(
        rhat_max=worst_rhat[0],
        ess_bulk_min=worst_bulk[0],
        ess_tail_min=worst_tail[0],
        divergences=sum(part.divergences for part in judged),
        ebfmi_min=least_energy.ebfmi,
        n_chains=int(some["chain"]),
        n_draws=int(some["draw"]),
        worst={
            "rhat": worst_rhat[1],
            "ess_bulk": worst_bulk[1],
            "ess_tail": worst_tail[1],
            "ebfmi": least_energy.name,
        },
        warnings=tuple(warnings),
        parts=tuple(part.summary() for part in judged),
        families=tuple(families),
        prior_influence=tuple(prior_influence),
        quick=quick,
        faults=tuple(faults),
    )


@dataclass(frozen=True)
class _Judged:
    """One part: the worst r-hat, bulk and tail effective sample sizes, each with the name of its parameter."""

    name: str
    rhat: tuple[float, str]
    bulk: tuple[float, str]
    tail: tuple[float, str]
    divergences: int
    ebfmi: float

    def summary(self) -> PartDiagnostics:
        return PartDiagnostics(self.name, self.rhat[0], self.bulk[0], self.tail[0], self.divergences, self.ebfmi)


def _judge(part: str, parameters: xr.Dataset, sample: Sample) -> _Judged:
    """Judge one part by its natural parameters, those that vary."""
    varying = parameters[
        [
            name
            for name, values in parameters.data_vars.items()
            if values.dims[:2] == ("chain", "draw")
            and not str(name).startswith(STATISTIC_PREFIX)
            and float(values.std()) > 0
        ]
    ]
    return _Judged(
        part,
        _worst(part, rhat(varying), np.argmax),
        _worst(part, effective_sample_size(varying, "bulk"), np.argmin),
        _worst(part, effective_sample_size(varying, "tail"), np.argmin),
        sample.n_diverging,
        ebfmi(sample.statistics["energy"].to_numpy()),
    )


def ebfmi(energy: NDArray[np.float64]) -> float:
    """Return the smallest energy Bayesian fraction of missing information over chains.

    Parameters
    ----------
    energy
        float64, (n_chains, n_draws).

    References
    ----------
    Betancourt (2016), Diagnosing suboptimal cotangent disintegrations in Hamiltonian Monte Carlo.
    """
    change = np.square(np.diff(energy, axis=1)).sum(axis=1)
    spread = np.square(energy - energy.mean(axis=1, keepdims=True)).sum(axis=1)
    return float(np.min(change / spread))


_Worst = tuple[float, str]
_Finder = Callable[[NDArray[np.float64]], np.intp]


def _worst(part: str, measured: xr.Dataset, find: _Finder) -> _Worst:
    """Return the worst value over the parameters of a part, and whose it is; NaN when none varies."""
    values: list[float] = []
    names: list[str] = []
    for name, variable in measured.data_vars.items():
        flat = variable.to_numpy().astype(np.float64)
        for index in np.ndindex(flat.shape):
            values.append(float(flat[index]))
            labels = [str(variable[dim].to_numpy()[at]) for dim, at in zip(variable.dims, index, strict=True)]
            names.append(f"{part}: {name}" + (f"[{', '.join(labels)}]" if labels else ""))
    return _extreme(list(zip(values, names, strict=True)), find)


def _extreme(found: Sequence[_Worst], find: _Finder) -> _Worst:
    """Return the worst of several; NaN when there is none."""
    worst = [item for item in found if not np.isnan(item[0])]
    return worst[int(find(np.array([value for value, _ in worst])))] if worst else (float("nan"), "none")


def data_warnings(pipeline: Pipeline, tables: FitTables) -> list[str]:
    """Return sentences about what this history cannot tell, the most important first."""
    found = []
    if tables.recorded_from is not None and tables.n_missing:
        found.append(
            f"no deal ended before {np.datetime64(tables.recorded_from, 'D')}, though about {tables.n_missing:.0f} "
            "should have: the records are assumed to begin there (history.model.recorded_from)"
        )
    found += [] if tables.quiet is None else [_quiet(tables.quiet)]
    found += [_change(pipeline.stages[change.stage], change) for change in tables.changes]
    found += [] if tables.amount_change is None else [_amount_change(tables.amount_change)]
    found += [_share_change(change) for change in tables.share_changes]
    found += _amount_notes(pipeline, tables)
    found += [] if tables.carried_over is None else [_carried_over(tables.carried_over)]
    never: dict[str, list[str]] = {}
    for stage, moves, stays in zip(pipeline.stages, pipeline.moves, tables.stages, strict=True):
        total = stays.n_ended + stays.n_open
        if stays.n_ended < FEW_STAYS:
            few = f"only {counted(stays.n_ended, 'stay')}" if stays.n_ended else "no stay"
            found.append(f"stage {stage!r}: {few} ended; its conversion and times rest mostly on the priors")
        if total and stays.n_undecided > MOSTLY_OPEN * (stays.n_undecided + stays.n_ended):
            found.append(
                f"stage {stage!r}: {stays.n_open / total:.0%} of its stays are open; low conversion cannot be "
                "distinguished from slow moves"
            )
        if FEW_STAYS <= stays.n_ended < ENOUGH_TO_RULE_OUT:
            for name, count in zip(moves, stays.ended_by_move, strict=True):
                if not count:
                    never.setdefault(name, []).append(repr(stage))
    found += [
        f"no stay in {', '.join(stages)} ended in {name!r}; how likely that is rests on the prior"
        for name, stages in never.items()
    ]
    return found + _calendar_notes(pipeline, tables) + _new_deal_warnings(tables)


def _amount_notes(pipeline: Pipeline, tables: FitTables) -> list[str]:
    """Say what goes with amounts and is not in the model: days, and chances where too few amounts are known."""
    found = []
    for stage, unused in zip(pipeline.stages, tables.unused_amounts, strict=True):
        if unused is not None:
            less = unused.correlation < 0
            found.append(
                f"larger deals move on from {stage!r} {'less' if less else 'more'} often (rank correlation "
                f"{unused.correlation:.2f}), but amounts are known from the beginning of only {unused.share:.0%} of "
                f"its stays, which move on {'more' if unused.odds > 1 else 'less'} often than the others: chances of "
                "open deals do not depend on their amounts, and their bookings are forecast too "
                f"{'high' if less else 'low'}"
            )
    for slow in (True, False):
        alike = [pace for pace in tables.paces if (pace.correlation > 0) == slow]
        if alike:
            stages = ", ".join(repr(pipeline.stages[pace.stage]) for pace in alike)
            correlations = sorted(pace.correlation for pace in alike)
            sizes = " to ".join(dict.fromkeys(f"{size:.2f}" for size in (correlations[0], correlations[-1])))
            found.append(
                f"larger deals take {'longer' if slow else 'less time'} to leave {stages} (rank correlation of amount "
                f"and days {sizes}), which the model ignores: new deals "
                f"won within the forecast are {'smaller' if slow else 'larger'} than it assumes, and their bookings "
                f"are forecast too {'high' if slow else 'low'}"
            )
    return found


def _carried_over(found: CarriedOver) -> str:
    """Say that how deals moved so far goes with how they move on, and what that does to the forecast."""
    often = "less" if found.correlation < 0 else "more"
    return (
        f"deals that were slow at earlier stages move on {often} often at later ones than fast ones of their segment "
        f"do ({found.of_slow:.0%} for {found.of_fast:.0%}; rank correlation {found.correlation:.2f}), which the model "
        f"ignores: wins of open deals are forecast too {'high' if often == 'less' else 'low'}, and a column that tells "
        "such deals apart from the beginning belongs in history.segments"
    )


def _change(stage: str, change: Change) -> str:
    """Say that a stage is no longer what it was, and what to do."""
    first, last = (str(np.datetime64(month, "M")) for month in (change.first, change.last))
    if change.of == "conversion" and change.is_trend:
        before, after = change.shares
        what = (
            f"conversion in {stage!r} drifts: about {before:.0%} of the ended stays that began in {first} moved "
            f"forward, and {after:.0%} of those that began in {last}"
        )
    elif change.of == "conversion":
        what = (
            f"conversion in {stage!r} has changed: for stays that began from {first} on, the odds of moving forward "
            f"are {change.factor:.2g} times those before"
        )
    elif change.is_trend:
        what = (
            f"the speed of {stage!r} drifts: in {last} stays of the same age end {change.factor:.2g} times as often as "
            f"in {first}"
        )
    else:
        what = (
            f"the speed of {stage!r} has changed: from {first} on stays of the same age end {change.factor:.2g} times "
            "as often as before"
        )
    doubt = "" if change.is_trend else "if the change is permanent, "
    return f"{what}, and the forecast takes the average; {doubt}let parameters drift (history.model.drift: quarterly)"


def _amount_change(change: AmountChange) -> str:
    """Say that deals are not worth what they were, and what to do."""
    first, last = (str(np.datetime64(month, "M")) for month in (change.first, change.last))
    how = "begun" if change.of == "all" else "won"
    if change.is_trend:
        what = f"{AMOUNTS_DRIFT} deals {how} in {last} are worth {change.factor:.2g} times those {how} in {first}"
    else:
        what = f"{AMOUNTS_CHANGED} deals {how} from {first} on are worth {change.factor:.2g} times those before"
    return (
        f"{what}, and new deals are taken to be worth what won deals of all the past were; if the change is for good, "
        f"say so (a lever, amount: multiply {change.multiply:.2g}; or assume.amount)"
    )


def _share_change(change: ShareChange) -> str:
    """Say that new deals are of other kinds than they were, and what to do."""

    def told(share: ValueShare) -> str:
        first, last = (str(np.datetime64(month, "M")) for month in (share.first, share.last))
        when = (
            f"in {first} and {share.after:.0%} in {last}"
            if share.is_trend
            else f"and {share.after:.0%} from {first} on"
        )
        return (
            f"{share.value!r} was {share.before:.0%} {when}, {share.taken:.0%} over all "
            f"(multiply {change.multiply(share):.2g})"
        )

    others = "" if change.others is None else f"; all others (multiply {change.others:.2g})"
    return (
        f"the mix of new deals by {change.column!r} has changed: {', '.join(map(told, change.values))}{others}; the "
        "forecast takes the mix of the whole history; if the change is for good, say so (levers, arrivals: multiply, "
        "where they are of these values)"
    )


def _quiet(days: QuietDays) -> str:
    """Say that the forecast may start from the level of a holiday, and what to do."""
    first, last = (np.datetime64(day, "D") for day in (days.first, days.last))
    return (
        f"from {first} to {last} only {days.begun:.0%} of the usual deals began and {days.ended:.0%} of the usual "
        f"stays ended: {TOO_QUIET}take an as-of date some weeks later, or assume the usual level "
        f"(assume.arrivals.per_day: {days.per_day:.2g})"
    )


def _calendar_notes(pipeline: Pipeline, tables: FitTables) -> list[str]:
    """Say where stays end by the calendar."""
    found: dict[str, list[str]] = {"on some weekdays": [], "at some times of the quarter": []}
    for stage, clocks in zip(pipeline.stages, tables.clocks, strict=True):
        some = [clock for clock in clocks.clocks if clock is not None]
        if any(np.any(clock.weekday != 1.0) for clock in some):
            found["on some weekdays"].append(repr(stage))
        if any(np.any(clock.month != 1.0) for clock in some):
            found["at some times of the quarter"].append(repr(stage))
    said = [f"{what} in {', '.join(stages)}" for what, stages in found.items() if stages]
    notes = []
    if said:
        notes = [
            f"deals move faster {', and '.join(said)}; the forecast assumes this continues (history.model.calendar)"
        ]
    weather = tables.weather
    parts = () if weather is None else (("odds of the forward move", weather.conversion), ("speed", weather.speed))
    sure = [(what, np.expm1(spread.quantile(np.array([0.5, 0.1, 0.9])))) for what, spread in parts if spread.is_sure]
    if sure:
        sizes = " and ".join(f"{what} by {size:.0%} ({low:.0%} to {high:.0%})" for what, (size, low, high) in sure)
        notes.append(
            f"months were good or bad for all deals together ({sizes}, one standard deviation), which makes totals "
            "less certain; the forecast assumes this continues (history.model.weather)"
        )
    return notes


def _new_deal_warnings(tables: FitTables) -> list[str]:
    found = []
    if tables.amounts_of == "none":
        found.append(NO_AMOUNTS)
    elif tables.amounts_of == "all":
        found.append("no won deal has an amount: new deals are given the amounts of all deals")
    known, unknown, zeros = tables.amounts.n_known, tables.amounts.n_unknown, tables.amounts.n_zeros
    deals = "won deals" if tables.amounts_of == "won" else "deals"
    if known and unknown > MOST_UNKNOWN * (known + unknown):
        found.append(
            f"{unknown} of {known + unknown} {deals} have no amount: they are left out, as if they were worth the same"
            " as the others"
        )
    if zeros > MOST_UNKNOWN * known:
        found.append(
            f"{zeros} of {known} {deals} with an amount have one of 0: the same share of new deals is worth nothing;"
            " leave unknown amounts empty"
        )
    found += [
        f"{counted(count, 'deal')} began on {np.datetime64(day, 'D')}, far more than on other days: treated as"
        " an import and left out of arrivals"
        for day, count in tables.arrivals.imports
    ]
    found += [window.words() for window in tables.arrivals.windows]
    if (bursts := tables.bursts) is not None:
        found.append(
            f"{counted(bursts.n_days, 'day')} of {bursts.length_days:,}, such as "
            f"{np.datetime64(bursts.largest_day, 'D')} with {bursts.largest:,} deals, "
            f"contain{'s' if bursts.n_days == 1 else ''} {bursts.share:.0%} of the new deals, which no model of daily "
            "counts foresees: the forecast has too few new deals if another such day comes, and too many if none does; "
            "give the number to expect (assume.arrivals), or leave out imported deals"
        )
    length = tables.arrivals.length_days
    if length < DAYS_FOR_WEEKDAYS:
        found.append(f"the history spans {counted(length, 'day')}: new deals have neither a weekly pattern nor a trend")
    elif length < DAYS_FOR_TREND:
        found.append(f"the history spans {length} days: new deals have no trend")
    return found
