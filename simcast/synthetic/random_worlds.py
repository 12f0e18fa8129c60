"""Worlds drawn at random from stated ranges, to see how often a model's intervals hold the truth.

The ranges, per world unless said otherwise (uniform unless said otherwise):

- 2 or 3 stages, 1 to 4 segments of one or two columns; half of the worlds have Russian names.
- Days observed 90 to 720, deals in them 1,000 to 4,000 (both log-uniform); share of stays open at the end 10% to 70%,
  to which all medians are stretched by one factor.
- Conversion of the stays that end 20% to 85% per stage; segments differ by an sd of 0 to 0.5 on the logit.
- Median days forward 1 to 10 (log-uniform, before stretching) per stage, until the loss 0.5 to 2 times that;
  segments differ by an sd of 0 to 0.4 on the log.
- Family per stage: lognormal, weibull, loglogistic, gamma, two humps, each as likely; the sd of log days 0.4 to 1.2
  (two humps: 0.25 to 0.5 within a hump).
- Stalled 0.5% to 12% of the stays per stage.
- Arrivals: a segment's share of them at least 8%; weekends between 0 and as good as other days; size 3 to 100
  (log-uniform); trend of sd 0.2 per year; a level that walks by an sd of 0 to 0.04 per 28 days; from 400 days on, half
  of the worlds have seasons with log amplitudes up to 0.25.
- Median amounts 3,000 to 50,000 (log-uniform); segments differ by an sd of 0.3; sigma 0.3 to 1.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from simcast.synthetic.stays import FAMILIES, Floats, MixtureStays
from simcast.synthetic.worlds import LOST, WON, World, WorldArrivals, WorldEvents, WorldStage, simulate_world

FIRST_DAY = "2024-01-01"
DAYS_PER_YEAR = 365.25
WALK_BLOCK_DAYS = 28

STAGE_NAMES = (("lead", "meeting", "contract"), ("заявка", "встреча", "договор"))
COLUMN_NAMES = (("source", "region"), ("источник", "регион"))
VALUES = (
    (("ads", "cold", "referral", "site"), ("North", "South")),
    (("реклама", "рекомендация", "сайт", "холодный"), ("Запад", "Юг")),
)

_SD_OF_LOG = {"weibull": math.pi / math.sqrt(6.0), "loglogistic": math.pi / math.sqrt(3.0)}
"""The sd of log days per unit of shape."""

_PILOT_DEALS = 1500
_STRETCH_STEPS = 16


@dataclass(frozen=True)
class RandomWorld:
    """A world, and the number of its days that a forecast may know; the days after them are what happens next."""

    world: World
    n_days_known: int


def draw_world(seed: int, n_days_after: int) -> RandomWorld:
    """Draw a world from the ranges above, the same one for the same seed.

    Parameters
    ----------
    seed
        Of all that is drawn.
    n_days_after
        How many days the world goes on after those that are known.
    """
    generator = np.random.default_rng([seed, 1])
    n_days = round(_log_uniform(generator, 90.0, 720.0))
    n_deals = _log_uniform(generator, 1000.0, 4000.0)
    open_share = generator.uniform(0.1, 0.7)
    language = int(generator.integers(2))
    columns, segments = _draw_segments(language, generator)
    arrivals = _draw_arrivals(n_days, n_days_after, n_deals, len(segments), generator)
    stages = _draw_stages(STAGE_NAMES[language][: int(generator.integers(2, 4))], len(segments), generator)
    median = _log_uniform(generator, 3000.0, 50_000.0) * np.exp(0.3 * generator.standard_normal(len(segments)))
    sigma = np.full(len(segments), generator.uniform(0.3, 1.1))
    drawn = RandomWorld(World(stages, columns, segments, arrivals, median, sigma), n_days)
    return replace(drawn, world=stretched(drawn.world, _stretch(drawn, open_share)))


def stretched(world: World, factor: float) -> World:
    """Return the same world with all times in its stages longer by a factor."""

    def longer(stage: WorldStage) -> WorldStage:
        if not isinstance(stage.stays, MixtureStays):
            raise TypeError(f"{stage.name}: only the times of a mixture can be stretched, got {stage.stays!r}")
        return replace(stage, stays=replace(stage.stays, scale=stage.stays.scale * factor))

    return replace(world, stages=tuple(longer(stage) for stage in world.stages))


def share_of_open_stays(events: WorldEvents, n_days_known: int) -> float:
    """Return the share of the stays known at the start of a day that have not ended by then."""
    known = events.instant < n_days_known
    in_stage = ~np.isin(events.name.astype(str), (WON, LOST))
    last = known & np.append((events.deal[1:] != events.deal[:-1]) | ~known[1:], True)
    return float((last & in_stage).sum() / max((known & in_stage).sum(), 1))


def _stretch(drawn: RandomWorld, open_share: float) -> float:
    """Find the factor on all times at which a pilot simulation has the wanted share of open stays."""
    arrivals = drawn.world.arrivals
    known = arrivals.log_level[: drawn.n_days_known]
    thinning = min(1.0, _PILOT_DEALS / (arrivals.per_day.sum() * np.exp(known).sum()))
    pilot = replace(drawn.world, arrivals=replace(arrivals, per_day=arrivals.per_day * thinning, log_level=known))
    low, high = math.log(0.02), math.log(100.0)
    for _ in range(_STRETCH_STEPS):
        middle = 0.5 * (low + high)
        found = share_of_open_stays(
            simulate_world(stretched(pilot, math.exp(middle)), FIRST_DAY, seed=0), drawn.n_days_known
        )
        low, high = (middle, high) if found < open_share else (low, middle)
    return math.exp(0.5 * (low + high))


def _draw_segments(
    language: int, generator: np.random.Generator
) -> tuple[tuple[str, ...], tuple[tuple[str, ...], ...]]:
    """Draw the segment columns and the values of each segment."""
    n_segments = int(generator.integers(1, 5))
    first, second = VALUES[language]
    if n_segments == 1:
        return (), ((),)
    if n_segments == 4 and generator.random() < 0.5:
        return COLUMN_NAMES[language], tuple((one, two) for one in first[:2] for two in second)
    return COLUMN_NAMES[language][:1], tuple((value,) for value in first[:n_segments])


def _draw_arrivals(
    n_days: int, n_days_after: int, n_deals: float, n_segments: int, generator: np.random.Generator
) -> WorldArrivals:
    """Draw arrivals that bring about `n_deals` deals over the days that are known."""
    days = np.arange(n_days + n_days_after)
    level = np.zeros(len(days))
    level += generator.normal(0.0, 0.2) * (days - n_days) / DAYS_PER_YEAR
    steps = generator.uniform(0.0, 0.04) * generator.standard_normal(len(days) // WALK_BLOCK_DAYS + 1)
    level += np.cumsum(steps)[days // WALK_BLOCK_DAYS]
    if n_days >= 400 and generator.random() < 0.5:
        angle = 2.0 * math.pi * (days + generator.uniform(0.0, DAYS_PER_YEAR)) / DAYS_PER_YEAR
        level += generator.uniform(0.0, 0.25) * np.cos(angle) + generator.uniform(0.0, 0.1) * np.sin(2.0 * angle)
    share = 0.08 + (1.0 - 0.08 * n_segments) * generator.dirichlet(np.full(n_segments, 3.0))
    weekend = generator.uniform(0.0, 1.0)
    weekday = np.append(generator.uniform(0.7, 1.3, 5), [weekend, weekend * generator.uniform(0.5, 1.0)])
    return WorldArrivals(
        per_day=share * n_deals / np.exp(level[:n_days]).sum(),
        weekday_weight=7.0 * weekday / weekday.sum(),
        size=_log_uniform(generator, 3.0, 100.0),
        log_level=level,
    )


def _draw_stages(names: tuple[str, ...], n_segments: int, generator: np.random.Generator) -> tuple[WorldStage, ...]:
    """Draw how stays end in each stage."""
    onward = (*names[1:], WON)
    return tuple(
        WorldStage(name, (forward, LOST), _draw_stays(n_segments, generator))
        for name, forward in zip(names, onward, strict=True)
    )


def _draw_stays(n_segments: int, generator: np.random.Generator) -> MixtureStays:
    family = FAMILIES[int(generator.integers(len(FAMILIES)))]
    conversion = generator.uniform(0.2, 0.85)
    logit = math.log(conversion / (1.0 - conversion))
    odds = np.exp(logit + generator.uniform(0.0, 0.5) * generator.standard_normal(n_segments))
    forward = odds / (1.0 + odds)
    median = _log_uniform(generator, 1.0, 10.0) * np.array([1.0, _log_uniform(generator, 0.5, 2.0)])
    differences = np.exp(generator.uniform(0.0, 0.4) * generator.standard_normal((n_segments, 2)))
    shape = _draw_shapes(family, generator)
    return MixtureStays(
        family=family,
        share=np.stack([forward, 1.0 - forward], axis=1),
        stalled=np.full(n_segments, generator.uniform(0.005, 0.12)),
        scale=median * differences / median_of_unit_scale(family, shape),
        shape=np.broadcast_to(shape, (n_segments, 2)),
    )


def _draw_shapes(family: str, generator: np.random.Generator) -> Floats:
    """Draw the shape of each of two moves."""
    if family == "two_humps":
        return generator.uniform(0.25, 0.5, 2)
    sd = generator.uniform(0.4, 1.2, 2)
    if family == "gamma":
        return np.asarray(1.0 / sd**2 + 0.4)  # near enough to the inverse of the trigamma function
    return np.asarray(sd / _SD_OF_LOG.get(family, 1.0))


def median_of_unit_scale(family: str, shape: Floats) -> Floats:
    """Return the median for scale 1, of gamma times to a few per cent (Wilson & Hilferty 1931).

    For two humps it is that of the quick hump. It serves to draw medians from a range, not as a truth.
    """
    if family == "weibull":
        return np.asarray(math.log(2.0) ** shape)
    if family == "gamma":
        return np.asarray(shape * (1.0 - 1.0 / (9.0 * shape)) ** 3)
    return np.ones_like(shape)


def _log_uniform(generator: np.random.Generator, low: float, high: float) -> float:
    return math.exp(generator.uniform(math.log(low), math.log(high)))
