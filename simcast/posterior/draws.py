"""Draws of all parameters on the natural scale, checked when they are put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.arguments import check_kind
from simcast.errors import FitError
from simcast.notebook import Shown
from simcast.pipeline import STALLED, Pipeline
from simcast.posterior.arrivals import HARMONICS
from simcast.posterior.checked import Checked
from simcast.posterior.clocks import clock_problems
from simcast.posterior.diagnostics import Diagnostics
from simcast.posterior.hazards import HAZARD, hazard_problems
from simcast.segments import Segments

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

FAMILIES = ("lognormal", "weibull", "loglogistic", "exponential", "constant", "gamma")
"""The families that days and amounts may have."""

EMPIRICAL = "empirical"
"""The family of amounts that are drawn from those of the past."""

AMOUNT_FAMILIES = (*FAMILIES, EMPIRICAL)
"""The families that amounts may have."""

_DAYS_FAMILIES = (*FAMILIES, HAZARD)

_TOLERANCE = 1e-6

DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "probability": ("draw", "stage", "move", "segment"),
    "days_scale": ("draw", "stage", "move", "segment"),
    "days_shape": ("draw", "stage", "move", "segment"),
    "days_family": ("stage", "move"),
    "entry_share": ("stage", "segment"),
    "arrivals_per_day": ("draw", "segment"),
    "weekday_weight": ("draw", "weekday"),
    "arrivals_trend": ("draw",),
    "arrivals_size": ("draw", "segment"),
    "amount_scale": ("draw", "segment"),
    "amount_shape": ("draw", "segment"),
}
"""The variables of a posterior's draws, with their dimensions."""

OPTIONAL_DIMENSIONS: Mapping[str, tuple[str, ...]] = {
    "hazard_log": ("draw", "stage", "move", "piece"),
    "hazard_effect": ("draw", "stage", "move", "segment"),
    "amount_slope": ("draw", "stage"),
    "amount_offset": ("draw", "stage", "segment"),
    "arrivals_season": ("draw", "harmonic"),
    "arrivals_path": ("draw", "block"),
    "arrivals_bound": ("draw", "bound"),
    "amount_quantiles": ("segment", "level"),
    "amount_zero": ("draw", "segment"),
    "clock_weekday": ("stage", "move", "weekday"),
    "clock_month": ("stage", "move", "quarter_month"),
    "clock_days_left": ("stage", "move", "days_left"),
    "clock_holiday": ("stage", "move"),
    "clock_opening": ("stage", "move", "weekday"),
    "clock_ages": ("stage",),
    "weather_conversion": ("draw",),
    "weather_speed": ("draw",),
    "weather_arrivals": ("draw",),
    "weather_conversion_level": ("draw",),
    "weather_speed_level": ("draw",),
    "response_slope": ("draw", "stage"),
    "response_waits": ("stage", "segment", "wait_level"),
    "response_conversion": ("stage", "segment"),
    "response_deals": ("stage",),
}
"""The variables that a posterior's draws may have besides, with their dimensions.

``hazard_log`` and ``hazard_effect`` belong to stages whose family is ``hazard`` and are NaN elsewhere: log hazard per
day in each piece of days, and what a segment adds to it. The coordinate ``piece`` is the first day of each piece, and
``attrs["hazard_end"]`` the day after which a stay never ends. ``amount_slope`` is the change of the log odds of the
forward move among the moves (for ``hazard``: of its log hazard) per unit of the log of amount over
``attrs["amount_centre"]``, and ``amount_offset`` the log odds (log hazard) of a deal at that centre less those that
``probability`` (``hazard_effect``) has, which hold for deals of all amounts together. A posterior that was stored
with a slope and without an offset counts as having one of 0.
``arrivals_season`` holds the coefficients of cos 2 pi t, sin 2 pi t, cos 4 pi t and sin 4 pi t, t = (days since
1970-01-01 + 0.5) / 365.25, and ``arrivals_path`` the level relative to the as-of date in the consecutive blocks of 28
days after it, both on the log scale; their sum is kept between the two numbers of ``arrivals_bound``, the lowest first.
``amount_quantiles`` belongs to amounts whose family is ``empirical``: a segment's
amounts at the levels 1/2n, 3/2n, ..., 1 - 1/2n, of which ``amount_scale`` is then a factor. ``attrs["amount_most"]``
is what a lognormal amount is at most (infinite where it is missing). ``amount_zero`` is the share of amounts that are
0; family, scale and shape are those of the others. Where it is missing, none are.
The weights of days of `simcast.posterior.clocks` are in ``clock_weekday``, ``clock_month`` (of the quarter),
``clock_days_left`` (of the quarter) and ``clock_holiday`` (on the dates of ``attrs["holidays"]``), the same in all
draws, and their openings in ``clock_opening``; ``clock_ages`` is 1 where the days of a stage are operational ones with
all days of a week alike, 2 where weekdays count, too, and 0 where they are days of the calendar.
``weather_conversion``, ``weather_speed`` and ``weather_arrivals`` are the standard deviations of what months add to all
log odds of the forward move among the moves, to the log speed of stays, and, their mean staying, to the log of new
deals. ``weather_conversion_level`` and ``weather_speed_level`` are those of what all months to come have in common,
because the level that months vary about is known from a few of them.
``response_slope`` is what an hour of waiting for the first contact takes off the log odds of the forward move,
``response_waits`` quantiles of the hours waited, ``response_conversion`` the share of deals that moved forward, and
``response_deals`` how many deals that rests on: 0, and NaN elsewhere, for stages without first contacts on record.
"""


def move_names(pipeline: Pipeline) -> tuple[str, ...]:
    """Return the destinations in a posterior's order: stages that are not outcomes, outcomes, the stalled share.

    Examples
    --------
    >>> move_names(Pipeline.define(["lead", "meeting"]))
    ('lead', 'meeting', 'won', 'lost', 'stalled')
    """
    stages = tuple(name for name in pipeline.stages if name not in pipeline.outcomes)
    return (*stages, *pipeline.outcomes, STALLED)


def zero_shares_of(draws: xr.Dataset) -> NDArray[np.float64]:
    """Return the share of amounts that are 0, (n_draws, n_segments); no share where a posterior speaks of none."""
    if "amount_zero" not in draws:
        return np.zeros((draws.sizes["draw"], draws.sizes["segment"]))
    return np.ascontiguousarray(draws["amount_zero"].transpose("draw", "segment").to_numpy(), dtype=np.float64)


@dataclass(frozen=True, eq=False, repr=False)
class Posterior(Shown):
    """What is known of a pipeline's parameters, as equally likely draws.

    Parameters
    ----------
    pipeline, segments
        What the parameters are of.
    draws
        The variables of `DIMENSIONS`, and any of `OPTIONAL_DIMENSIONS`. ``probability`` sums to 1 over ``move``,
        which holds the destinations and ``stalled``; ``days_scale`` and ``days_shape`` are NaN where the pipeline has
        no such move. Where the family of days is ``hazard``, the hazards say all: ``probability`` is what follows
        from them, ``days_scale`` the median days, and ``days_shape`` 1.
        ``attrs["amount_family"]`` names the family of amounts.
    fingerprint
        Of data, model, versions and seed.
    diagnostics
        Of the fit; None when the parameters were assumed.
    sampled
        For analysts: what the sampler drew for each part of the model, by name, with dimensions ``chain`` and
        ``draw``. It is stored beside the draws; of a posterior that was loaded it is read when first asked for.
    checked
        What `simcast diagnose` found of the fit; None where that is not known. It is no part of what `save` writes.
    data_doubts
        Why not to trust any fit to the data, in a sentence each; no part of what `save` writes, either.

    Raises
    ------
    FitError
        When variables, dimensions or labels are missing or wrong, probabilities do not sum to 1, or a number
        that a forecast would need is not finite. All problems are listed at once.
    ArgumentTypeError
        When `draws` is not an `xarray.Dataset`, `pipeline` not a `Pipeline`, or `segments` not `Segments`.
    """

    pipeline: Pipeline
    segments: Segments
    draws: xr.Dataset
    fingerprint: str
    diagnostics: Diagnostics | None = None
    sampled: Mapping[str, xr.Dataset] = field(default_factory=dict, repr=False)
    checked: Checked | None = None
    data_doubts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        import xarray as xr

        check_kind(self.pipeline, Pipeline, "pipeline")
        check_kind(self.segments, Segments, "segments")
        check_kind(self.draws, xr.Dataset, "draws", "fit(history) and Posterior.load(path) make a posterior of theirs")
        problems = list(_label_problems(self.pipeline, self.segments, self.draws))
        if not problems:
            problems = [
                *_stage_problems(self.pipeline, self.draws),
                *hazard_problems(self.pipeline, self.draws),
                *_new_deal_problems(self.draws),
                *_optional_problems(self.draws),
            ]
        if problems:
            raise FitError(problems)

    @property
    def n_draws(self) -> int:
        """How many draws there are."""
        return int(self.draws.sizes["draw"])

    @property
    def doubts(self) -> tuple[str, ...]:
        """Why not to trust the fit, in a sentence each: faults of the data, checks that failed, bad sampling.

        Assumptions give no cause.
        """
        failed = [] if self.checked is None or self.checked.passed else [self.checked.words()]
        if self.diagnostics is None:
            return (*self.data_doubts, *failed)
        badly = [] if self.diagnostics.trusted else [self.diagnostics.line()]
        return (*self.data_doubts, *self.diagnostics.faults, *failed, *badly)

    @property
    def trusted(self) -> bool:
        """Whether nothing speaks against the fit, as far as is known."""
        return not self.doubts

    def verdict(self) -> str:
        """Say in one line whether to trust the fit and what that rests on; nothing where parameters were assumed."""
        if self.diagnostics is None:
            return ""
        if self.doubts:
            return "; ".join(self.doubts)
        rests = "sampling checks only; run simcast diagnose for more" if self.checked is None else self.checked.words()
        return f"{self.diagnostics.line()} ({rests})"

    def save(self, path: str | Path) -> Path:
        """Write it to a NetCDF file, whole or not at all, and return the path.

        Raises
        ------
        FitError
            When the path is a folder.
        OSError
            When the file cannot be written.
        """
        check_kind(path, (str, Path), "path", "name a file, such as 'q3.nc'")
        if Path(path).is_dir():
            raise FitError(f"{path}: is a folder; name a file in it, such as {Path(path) / 'posterior.nc'}")
        from simcast.posterior.files import save

        return save(self, Path(path))

    @classmethod
    def load(cls, path: str | Path) -> Posterior:
        """Read what `save` wrote.

        Raises
        ------
        FitError
            When the file is missing, damaged, of another format version, or no posterior at all.
        """
        check_kind(path, (str, Path), "path", "name the file that Posterior.save wrote")
        from simcast.posterior.files import load

        return load(Path(path))

    def _headline(self) -> str:
        segments = f", {len(self.segments):,} segments" if len(self.segments) > 1 else ""
        about = "assumed, not fitted" if self.diagnostics is None else repr(self.diagnostics)
        return f"Posterior: {self.n_draws:,} draws, {self.pipeline.n_stages} stages{segments}\n{about}"

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        rows = {}
        for stage in self.pipeline.stages:
            forward = self.pipeline.forward(stage)
            here = self.draws.sel(stage=stage)
            means = here["probability"].mean("draw")
            shares = [_range(means.sel(move=move).to_numpy()) for move in (forward, STALLED)]
            rows[stage] = [forward, shares[0], shares[1], str(here["days_family"].sel(move=forward).item())]
        columns = ["moves forward to", "share (by segment)", "stalls for good", "family of days"]
        return pd.DataFrame.from_dict(rows, orient="index", columns=columns)


def _range(values: NDArray[np.float64]) -> str:
    """Write shares from the lowest to the highest."""
    low, high = (f"{value:.0%}" for value in (np.min(values), np.max(values)))
    return low if low == high else f"{low} to {high}"


def _label_problems(pipeline: Pipeline, segments: Segments, draws: xr.Dataset) -> Iterator[str]:
    """Yield what is missing or mislabelled."""
    for name in DIMENSIONS:
        if name not in draws:
            yield f"posterior: the variable {name!r} is missing"
    for name, dims in {**DIMENSIONS, **OPTIONAL_DIMENSIONS}.items():
        if name in draws and set(draws[name].dims) != set(dims):
            yield f"posterior.{name}: has the dimensions {tuple(draws[name].dims)}, needs {dims}"
    expected = {
        "stage": pipeline.stages,
        "move": move_names(pipeline),
        "segment": segments.labels,
        "weekday": tuple(range(7)),
    }
    for dim, labels in expected.items():
        held = tuple(draws[dim].to_numpy().tolist()) if dim in draws.coords else None
        if held != tuple(labels):
            yield f"posterior: the labels of {dim!r} are {held}, need {tuple(labels)}"
    if draws.sizes.get("draw", 0) < 1:
        yield "posterior: there is no draw"
    if draws.attrs.get("amount_family") not in AMOUNT_FAMILIES:
        yield f"posterior: amount_family is {draws.attrs.get('amount_family')!r} (known: {', '.join(AMOUNT_FAMILIES)})"


def _stage_problems(pipeline: Pipeline, draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with probabilities and days, stage by stage."""
    moves = move_names(pipeline)
    for code, stage in enumerate(pipeline.stages):
        here = draws.isel(stage=code)
        probability = here["probability"].transpose("draw", "segment", "move").to_numpy()
        if not np.all(probability >= 0) or not np.allclose(probability.sum(axis=-1), 1.0, atol=_TOLERANCE, rtol=0):
            yield f"posterior.probability[{stage}]: must be at least 0 and sum to 1 over moves"
        possible = np.array([name == STALLED or name in pipeline.moves[code] for name in moves])
        if np.any(probability[..., ~possible] != 0):
            yield f"posterior.probability[{stage}]: is above 0 for a move that the pipeline does not have"
        for name in pipeline.moves[code]:
            move = here.isel(move=moves.index(name))
            yield from _days_problems(f"[{stage}, {name}]", move)


def _days_problems(place: str, move: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with the days until one move."""
    family = str(move["days_family"].item())
    if family not in _DAYS_FAMILIES:
        yield f"posterior.days_family{place}: is {family!r} (known: {', '.join(_DAYS_FAMILIES)})"
    for name, least in (("days_scale", "above 0"), ("days_shape", "at least 0")):
        values = move[name].to_numpy()
        enough = values > 0 if name == "days_scale" and family != "constant" else values >= 0
        if not np.all(np.isfinite(values) & enough):
            yield f"posterior.{name}{place}: must be finite and {least}"


def _new_deal_problems(draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with arrivals and amounts."""
    if not np.allclose(draws["entry_share"].sum("stage").to_numpy(), 1.0, atol=_TOLERANCE, rtol=0):
        yield "posterior.entry_share: must sum to 1 over stages"
    if not np.allclose(draws["weekday_weight"].mean("weekday").to_numpy(), 1.0, atol=_TOLERANCE, rtol=0):
        yield "posterior.weekday_weight: must average 1 over the week"
    for name in ("entry_share", "weekday_weight", "arrivals_per_day", "amount_scale", "amount_shape"):
        values = draws[name].to_numpy()
        if not np.all(np.isfinite(values) & (values >= 0)):
            yield f"posterior.{name}: must be finite and at least 0"
    if not np.all(np.isfinite(draws["arrivals_trend"].to_numpy())):
        yield "posterior.arrivals_trend: must be finite"
    if not draws.attrs.get("amount_most", np.inf) > 0.0:
        yield f"posterior: amount_most is {draws.attrs['amount_most']!r}, must be above 0"
    if not np.all(draws["arrivals_size"].to_numpy() > 0):
        yield "posterior.arrivals_size: must be above 0 (infinite for Poisson counts)"


def _optional_problems(draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with the slopes by amount and with the arrivals' changes over time, where there are any."""
    for name in ("amount_slope", "amount_offset", "arrivals_season", "arrivals_path"):
        if name in draws and not np.all(np.isfinite(draws[name].to_numpy())):
            yield f"posterior.{name}: must be finite"
    if "amount_slope" in draws and not draws.attrs.get("amount_centre", 0.0) > 0.0:
        centre = draws.attrs.get("amount_centre")
        yield f"posterior: amount_centre is {centre!r}, needs an amount above 0 for amount_slope to refer to"
    if "amount_offset" in draws and "amount_slope" not in draws:
        yield "posterior: the variable 'amount_slope' is missing, to which amount_offset belongs"
    yield from _level_problems(draws)
    yield from clock_problems(draws)
    for name in (name for name in OPTIONAL_DIMENSIONS if name.startswith("weather_")):
        if name in draws and not np.all(np.isfinite(draws[name].to_numpy()) & (draws[name].to_numpy() >= 0.0)):
            yield f"posterior.{name}: must be finite and at least 0"
    if draws.attrs["amount_family"] == EMPIRICAL:
        yield from _quantile_problems(draws)
    if not np.all((zero_shares_of(draws) >= 0.0) & (zero_shares_of(draws) <= 1.0)):
        yield "posterior.amount_zero: must be between 0 and 1"


def _level_problems(draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with how the level of arrivals goes on."""
    if "arrivals_season" in draws and draws.sizes["harmonic"] != len(HARMONICS):
        yield f"posterior.arrivals_season: has {draws.sizes['harmonic']} coefficients, needs {len(HARMONICS)}"
    if "arrivals_path" in draws and draws.sizes["block"] < 1:
        yield "posterior.arrivals_path: has no block"
    if "arrivals_bound" in draws and not _are_bounds(draws["arrivals_bound"].transpose("draw", "bound").to_numpy()):
        yield "posterior.arrivals_bound: must be two numbers for each draw, the lower first"


def _are_bounds(bounds: NDArray[np.float64]) -> bool:
    """Return whether each row is a lower and a higher number, either of which may be infinite."""
    return bounds.shape[1] == 2 and bool(np.all(bounds[:, 0] <= bounds[:, 1]))


def _quantile_problems(draws: xr.Dataset) -> Iterator[str]:
    """Yield what is wrong with empirical amounts."""
    if "amount_quantiles" not in draws:
        yield "posterior: the variable 'amount_quantiles' is missing, which empirical amounts need"
        return
    values = draws["amount_quantiles"].transpose("segment", "level").to_numpy()
    if not values.shape[1]:
        yield "posterior.amount_quantiles: has no level"
    if not np.all(np.isfinite(values) & (values >= 0)) or np.any(np.diff(values, axis=1) < 0):
        yield "posterior.amount_quantiles: must be finite, at least 0, and not fall from level to level"
