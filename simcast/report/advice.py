"""What to do about checks that failed, in sentences: one for each part and kind."""

from __future__ import annotations

from collections.abc import Callable

from simcast.analysis import Diagnosis
from simcast.posterior.draws import EMPIRICAL
from simcast.posterior.hazards import HAZARD
from simcast.predictive_checks import PredictiveCheck
from simcast.predictive_checks.amount_checks import AMOUNTS
from simcast.predictive_checks.arrival_checks import ARRIVALS
from simcast.predictive_checks.stage_checks import CONVERSION, DAYS, OPEN_STAYS, PACE


def advice(diagnosis: Diagnosis) -> tuple[str, ...]:
    """Return what to do about each kind of check that failed; parts that need the same thing share a sentence."""
    failed = [check for check in diagnosis.checks if check.verdict == "fails"]
    parts: dict[str, list[str]] = {}
    for part, name in dict.fromkeys((check.part, check.name) for check in failed):
        checks = [check for check in failed if (check.part, check.name) == (part, name)]
        parts.setdefault(_SENTENCES[name](diagnosis, checks), []).append(part)
    return tuple(f"{', '.join(of)}: {sentence}" for sentence, of in parts.items())


def _stays_by_day(diagnosis: Diagnosis, checks: list[PredictiveCheck]) -> str:
    quarters = list(dict.fromkeys(check.subset for check in checks))
    if "all" not in quarters:
        return (
            f"days differ in {_listed(quarters)} though not over all time: look for bulk changes of deals in those "
            f"months{_or_drift(diagnosis)}"
        )
    family, compared = _family(diagnosis, checks[0].part)
    if family != HAZARD and HAZARD not in compared:
        return "no family has this shape of days: use hazards, which fit any shape (history.model.durations: hazard)"
    shape = "even days of free shape do not fit" if family == HAZARD else "no family compared has this shape of days"
    return (
        f"{shape}: look for dates that were set by a rule, in bulk or later (simcast check), or for kinds of deals "
        f"that history.segments does not separate{_or_drift(diagnosis)}"
    )


def _conversion(diagnosis: Diagnosis, checks: list[PredictiveCheck]) -> str:
    segments = list(dict.fromkeys(check.subset for check in checks))
    return (
        f"moves of {_listed(segments)} differ from the model: look for a change in how ends are recorded"
        f"{_or_drift(diagnosis)}"
    )


def _open_stays(_: Diagnosis, checks: list[PredictiveCheck]) -> str:
    check = checks[0]
    more = "more" if check.observed > check.expected else "fewer"
    return (
        f"{more} stays are open than the model would leave: losses may be recorded late or not at all, or records "
        "begin in the middle (history.model.recorded_from)"
    )


def _pace(diagnosis: Diagnosis, checks: list[PredictiveCheck]) -> str:
    if all(check.observed > check.expected for check in checks):
        return (
            "more stays ended recently than usual: a rush before the end of a quarter that the model does not know "
            f"looks like this{_or_drift(diagnosis)}"
        )
    return (
        "fewer stays ended recently than usual: if the last days are not recorded yet, choose an earlier as-of date"
        f"{_or_drift(diagnosis)}"
    )


def _arrivals(_: Diagnosis, checks: list[PredictiveCheck]) -> str:
    numbers = _listed([check.statistic for check in checks])
    return (
        f"weekly counts differ from the model ({numbers}): look for bulk imports and holidays; intervals of new deals "
        "have the wrong width"
    )


def _amounts(diagnosis: Diagnosis, checks: list[PredictiveCheck]) -> str:
    segments = _listed(list(dict.fromkeys(check.subset for check in checks)))
    if diagnosis.posterior.draws.attrs["amount_family"] == EMPIRICAL:
        return f"even the recorded amounts do not describe those of {segments}: look for a few very large deals"
    return f"amounts of {segments} differ from the model: use the recorded ones (history.model.amounts: empirical)"


def _or_drift(diagnosis: Diagnosis) -> str:
    """Advise drift, unless parameters drift already."""
    settings = diagnosis.scenario.history
    if settings is not None and settings.model.drift != "none":
        return ""
    return "; if the change is permanent, let parameters drift (history.model.drift: quarterly)"


_SENTENCES: dict[str, Callable[[Diagnosis, list[PredictiveCheck]], str]] = {
    DAYS: _stays_by_day,
    CONVERSION: _conversion,
    OPEN_STAYS: _open_stays,
    PACE: _pace,
    ARRIVALS: _arrivals,
    AMOUNTS: _amounts,
}


def _family(diagnosis: Diagnosis, part: str) -> tuple[str, set[str]]:
    """Return the family of days of a stage, and those that it was compared with."""
    stage = part.removeprefix("stage ")
    forward = diagnosis.posterior.pipeline.forward(stage)
    family = str(diagnosis.posterior.draws["days_family"].sel(stage=stage, move=forward).item())
    return family, {name for choice in diagnosis.families if choice.stage == stage for name in choice.elpd}


def _listed(names: list[str], most: int = 4) -> str:
    """Join names, a few at most.

    Examples
    --------
    >>> _listed(["a", "b", "c"], most=2)
    'a, b and 1 more'
    """
    rest = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + rest
