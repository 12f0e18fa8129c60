"""The priors, all in one place, each with its reason; a scenario file may override them by name.

A quantity that may have either sign has a normal prior on the scale that its name says. A spread, which is positive,
has a lognormal one; given by a scenario file, it has a normal one cut at zero. The priors are weakly informative:
with a few hundred ended stays per stage the data outweigh them; with ten deals they keep the forecast wide and sane.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from simcast.errors import FitError


@dataclass(frozen=True)
class Prior:
    """A normal prior, of the quantity or of its logarithm, and why it is what it is.

    Parameters
    ----------
    family
        ``"normal"``, cut at zero for a positive quantity, or ``"lognormal"``.
    mean, sd
        Of the normal distribution: of the quantity, or of its logarithm when lognormal.
    reason
        What it says about deals, in plain words.
    """

    family: Literal["normal", "lognormal"]
    mean: float
    sd: float
    reason: str

    @property
    def typical(self) -> float:
        """A typical value of a spread: the median; of a normal prior cut at zero, about its middle."""
        return math.exp(self.mean) if self.family == "lognormal" else max(self.mean, 0.67 * self.sd)


def _normal(mean: float, sd: float, reason: str) -> Prior:
    return Prior("normal", mean, sd, reason)


def _lognormal(median: float, sigma: float, reason: str) -> Prior:
    return Prior("lognormal", math.log(median), sigma, reason)


DEFAULT_PRIORS: Mapping[str, Prior] = {
    "conversion_logit": _normal(
        0.0, 1.5, "A stage converts somewhere between 5% and 95% of the stays that end; nothing is known of which half."
    ),
    "other_moves_logit": _normal(
        -1.0,
        1.5,
        "Beside `lost`, a move that is not forward (back, waiting) is rarer than a loss, by an unknown factor.",
    ),
    "conversion_spread": _lognormal(
        0.3, 0.7, "Segments differ in the odds of a move by a factor of about 1.35; between 1.1 and 3 is possible."
    ),
    "log_median_days": _normal(
        math.log(14.0),
        1.75,
        "The median stay lasts between half a day and a year; two weeks are as good a guess as any.",
    ),
    "median_spread": _lognormal(
        0.3, 0.7, "Segments differ in median days by a factor of about 1.35; between 1.1 and 3 is possible."
    ),
    "log_days_shape": _normal(
        math.log(0.9),
        0.5,
        "The shape of the days (lognormal: sigma of log days) lies between 0.35 and 2.4: from punctual to long-tailed.",
    ),
    "stalled_logit": _normal(
        math.log(0.04 / 0.96), 1.5, "About one stay in 25 never ends; anything from 1 in 500 to 1 in 2 is possible."
    ),
    "amount_slope": _normal(
        0.0, 0.5, "A deal e times as large has between a third and three times the odds of moving on."
    ),
    "standing_slope": _normal(
        1.0,
        0.4,
        "A segment's odds are as far from the others' as the other stages let expect, give or take two fifths of that.",
    ),
    "drift_spread": _lognormal(
        0.05, 1.0, "Odds, speed and hazards change by about 5% from quarter to quarter; 1% to 35% is possible."
    ),
    "log_hazard": _normal(
        math.log(0.02), 2.0, "On its second day a stay ends with a chance between 1 in 2,500 and 2 in 3."
    ),
    "first_day_step": _normal(0.0, 1.5, "On the day of its entry a stay ends up to twenty times as easily, or hardly."),
    "spike_step": _normal(
        4.0,
        4.0,
        "On a day that is seen to end far more stays than those round it (a deadline) a stay ends fifty times as "
        "easily, or with all but certainty.",
    ),
    "hazard_step": _lognormal(
        0.3,
        0.6,
        "From one piece of time to the next the chance to end, times the days, changes by a factor of about 1.35.",
    ),
    "hazard_spread": _lognormal(
        0.3, 0.7, "Segments differ in the chance to end by a factor of about 1.35; between 1.1 and 3 is possible."
    ),
}
"""The priors of the stage model, by the names that ``history.model.priors`` accepts."""


NEW_DEAL_PRIORS: Mapping[str, Prior] = {
    "log_rate_mean": _normal(
        0.0, 2.0, "A typical segment's rate is within a factor of 50 of the average; counts have no natural unit."
    ),
    "log_rate_spread": _lognormal(
        0.8, 0.7, "Segments differ in arrivals by a factor of about 2; 1.2 to 25 is possible."
    ),
    "log_amount_mean": _normal(
        0.0,
        2.0,
        "A typical segment's median amount is within a factor of 50 of the average; money has no natural unit.",
    ),
    "log_amount_spread": _lognormal(
        0.4, 0.7, "Segments differ in median amount by a factor of about 1.5; 1.1 to 5 is possible."
    ),
    "log_amount_shape_mean": _normal(
        math.log(0.8), 0.5, "The sigma of log amounts lies between 0.3 and 2.1: from price lists to long tails."
    ),
    "log_amount_shape_spread": _lognormal(0.3, 0.7, "Segments differ in that sigma by a factor of about 1.35."),
    "weekday_logit": _normal(0.0, 2.0, "Any day of the week may bring almost all or almost none of the deals."),
    "walk_spread": _lognormal(
        0.03, 0.8, "The level of arrivals moves by about 3% in four weeks; 0.6% to 15% is possible."
    ),
    "block_spread": _lognormal(
        0.06,
        0.7,
        "Four weeks bring about 6% more or less than the level, which the next four do not; 1.5% to 25% is possible.",
    ),
    "ramp_spread": _lognormal(
        0.2, 0.8, "In the first half-year of a young CRM it moves by about 20% in four weeks; 4% to 100% is possible."
    ),
    "season_spread": _lognormal(
        0.05,
        0.7,
        "Over the year arrivals swing by about 5% up and down; 1% to 20%, or where data say so more, is possible.",
    ),
    "trend_per_year": _normal(
        0.0,
        0.3,
        "Arrivals grow or shrink by up to a third per year, two times in three; in few pipelines they nearly double or "
        "halve.",
    ),
    "log_size": _normal(math.log(10.0), 1.5, "Daily counts vary somewhat more than Poisson counts do."),
}
"""The priors of new deals, relative to the history's own averages."""


RESPONSE_PRIORS: Mapping[str, Prior] = {
    "response_conversion_logit": _normal(
        0.0, 1.5, "Of the deals whose first contact is on record between 5% and 95% move forward."
    ),
    "response_segment": _normal(0.0, 1.0, "Segments differ in those odds by a factor of up to seven."),
    "response_quarter": _normal(0.0, 0.5, "Quarters differ in them by a factor of up to two and a half."),
    "response_slope": _normal(
        0.0,
        1.5,
        "Between a short and a long wait (10% and 90% points) the odds change by a factor of twenty at most.",
    ),
}
"""The priors of what waiting for the first contact does, fixed: a few dozen deals outweigh them."""


def effect_names(n_moves: int) -> list[str]:
    """Return the priors' names of a stage's effects under a family of days: log odds of moves, then log medians."""
    return ["conversion_logit"] + ["other_moves_logit"] * (n_moves - 2) + ["log_median_days"] * n_moves


def spread_names(n_moves: int) -> list[str]:
    """Return the priors' names of how far segments lie apart in each of `effect_names`."""
    return ["conversion_spread"] * (n_moves - 1) + ["median_spread"] * n_moves


def resolve_priors(overrides: Mapping[str, object] | None = None) -> dict[str, Prior]:
    """Lay a scenario's priors over the defaults.

    Parameters
    ----------
    overrides
        For a name of `DEFAULT_PRIORS`, a mapping ``{"normal": (mean, sd)}``; that of a spread is cut at zero.

    Raises
    ------
    FitError
        On an unknown name, another family, or numbers that make no distribution. All problems are listed at once.

    Examples
    --------
    >>> resolve_priors({"stalled_logit": {"normal": (-4, 1)}})["stalled_logit"].mean
    -4.0
    """
    priors = dict(DEFAULT_PRIORS)
    problems = []
    for name, value in (overrides or {}).items():
        place = f"history.model.priors.{name}"
        pair = _normal_pair(value)
        if name not in priors:
            problems.append(f"{place}: there is no such prior (known: {', '.join(DEFAULT_PRIORS)})")
        elif pair is None:
            problems.append(f"{place}: got {value!r}; give {{normal: [mean, sd]}} with finite numbers and sd above 0")
        else:
            priors[name] = _normal(*pair, "Given in the scenario file.")
    if problems:
        raise FitError(problems)
    return priors


def _normal_pair(value: object) -> tuple[float, float] | None:
    """Read (mean, sd) from a mapping with the key `normal`; None when it is something else."""
    held = value.get("normal") if isinstance(value, Mapping) else None
    if not isinstance(held, list | tuple) or len(held) != 2:
        return None
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in held):
        return None
    mean, sd = float(held[0]), float(held[1])
    return (mean, sd) if sd > 0 else None
