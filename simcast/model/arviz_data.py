"""A stored posterior as analysts expect it: opened in ArviZ, with all chains and the statistics of the sampler."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from simcast.arguments import check_kind, nearest
from simcast.errors import FitError
from simcast.posterior import Posterior, posterior_path
from simcast.posterior.files import load_sampled

if TYPE_CHECKING:
    import xarray as xr

STATISTIC = "sample_stats_"
"""The names of sampler statistics begin so in what is stored of a part."""
LOG_LIKELIHOOD = "log_likelihood"
ROW_COUNT = "row_count"
ROW, THINNED, STAY = "row", "draw_thinned", "stay"

MOST_VALUES = 100_000_000
"""The log-likelihood of single stays is left out where it would have more numbers than this (0.8 GB), unless asked."""


def open_in_arviz(
    posterior: Posterior | str | Path, part: str | None = None, *, log_likelihood: bool | None = None
) -> Any:  # noqa: ANN401  # an InferenceData of ArviZ 0.x or a DataTree of ArviZ 1
    """Open what the sampler drew for one part of the model in ArviZ: summaries, plots, LOO and comparisons.

    Parameters
    ----------
    posterior
        A posterior that was fitted, or the path of a stored one.
    part
        Such as ``"stage meeting"`` or ``"new deals"``; may be left out where there is only one.
    log_likelihood
        Whether to add the log-likelihood of each stay, which `az.loo` and `az.compare` need; by default only where it
        has at most `MOST_VALUES` numbers. Many stays of a stage are alike; each has its own column all the same.

    Returns
    -------
    arviz.InferenceData or xarray.DataTree
        Whichever the ArviZ that is installed works with. Groups: ``posterior``, the natural parameters;
        ``sample_stats`` with ``diverging`` and ``energy``; ``log_likelihood`` with ``stays`` (chain, draw, stay),
        whose draws are thinned evenly. For `az.compare`, open both fits of the same history with one ``part``.

    Raises
    ------
    FitError
        When the posterior was assumed and not fitted, is not stored, or has no such part; or when a log-likelihood is
        asked for and there is none.

    Examples
    --------
    ::

        import arviz as az

        posterior = simcast.fit(history)
        trace = simcast.open_in_arviz(posterior, "stage meeting")
        az.summary(trace, var_names=["share", "median_days"])
        az.plot_trace(trace, var_names=["stalled"])
        az.loo(trace)
    """
    from simcast.model.arviz_generation import open_groups

    sampled = _sampled(posterior)
    if part is None and len(sampled) == 1:
        (part,) = sampled
    if part is None or part not in sampled:
        asked = "name one part of the model" if part is None else f"there is no part {part!r} of the model"
        raise FitError(f"{asked}; {nearest(part, sampled)}")
    return open_groups(_groups(sampled[part], part, log_likelihood))


def _sampled(posterior: Posterior | str | Path) -> Mapping[str, xr.Dataset]:
    """Return what the sampler drew, from memory, from the path given, or from the store."""
    check_kind(posterior, (Posterior, str, Path), "posterior", "give one that was fitted, or the path of a stored one")
    if not isinstance(posterior, Posterior):
        found: Mapping[str, xr.Dataset] = load_sampled(Path(posterior))
    elif posterior.sampled:
        found = posterior.sampled
    else:
        path = posterior_path(posterior.fingerprint)
        found = load_sampled(path) if path.is_file() else {}
    if not found:
        raise FitError(
            "there are no chains to open: this posterior was assumed, or what the sampler drew is not stored"
        )
    return found


def _groups(held: xr.Dataset, part: str, log_likelihood: bool | None) -> dict[str, xr.Dataset]:
    """Sort what is stored of a part into the groups that ArviZ knows."""
    statistics = {str(name): str(name).removeprefix(STATISTIC) for name in held if str(name).startswith(STATISTIC)}
    parameters = [name for name in held if name not in statistics and {"chain", "draw"} <= set(held[name].dims)]
    groups = {"posterior": _only(held, parameters).assign_attrs(part=part)}
    if statistics:
        stored = _only(held, statistics).rename(statistics)
        groups["sample_stats"] = stored.assign(diverging=stored["diverging"].astype(bool))
    if log_likelihood and LOG_LIKELIHOOD not in held:
        raise FitError(
            f"{part}: the log-likelihood of single stays is not stored; only stages that were fitted have it"
        )
    if LOG_LIKELIHOOD in held and log_likelihood is not False:
        per_stay = held[LOG_LIKELIHOOD].sizes["chain"] * held[LOG_LIKELIHOOD].sizes[THINNED]
        if log_likelihood or per_stay * int(held[ROW_COUNT].sum()) <= MOST_VALUES:
            groups[LOG_LIKELIHOOD] = _stay_by_stay(held)
    return groups


def _only(held: xr.Dataset, names: Any) -> xr.Dataset:  # noqa: ANN401  # a collection of the dataset's names
    """Return some variables with the coordinates of their own dimensions, and without the file's attributes."""
    chosen = held[list(names)]
    dims = {dim for name in names for dim in held[name].dims}
    return chosen.drop_vars([name for name in chosen.coords if name not in dims]).drop_attrs()


def _stay_by_stay(held: xr.Dataset) -> xr.Dataset:
    """Repeat each row's log-likelihood as often as it has stays, under the names of dimensions that ArviZ expects."""
    rows = np.repeat(np.arange(held.sizes[ROW]), held[ROW_COUNT].to_numpy().astype(np.int64))
    values = (
        _only(held, [LOG_LIKELIHOOD]).isel({ROW: rows}).rename({ROW: STAY, THINNED: "draw", LOG_LIKELIHOOD: "stays"})
    )
    return values.transpose("chain", "draw", STAY).assign_coords({STAY: np.arange(rows.size)})
