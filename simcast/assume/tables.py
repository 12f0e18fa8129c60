"""The arrays of a posterior while assumptions are written into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.pipeline import Pipeline
from simcast.posterior import DIMENSIONS, move_names
from simcast.segments import Segments

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class Tables:
    """The arrays of a posterior while they are filled.

    Parameters
    ----------
    n_draws
        How many draws.
    move_codes
        The position of each destination among the moves.
    arrays
        By variable, with the dimensions of `DIMENSIONS`; those of stages may have one segment that stands for all.
    families
        The attributes that name families.
    """

    n_draws: int
    move_codes: dict[str, int]
    arrays: dict[str, NDArray[np.generic]]
    families: dict[str, str]

    @classmethod
    def blank(cls, pipeline: Pipeline, n_segments: int, n_draws: int, *, alike: bool) -> Tables:
        """Make the tables of a posterior in which nothing moves, arrives or is worth anything.

        Where segments are `alike` in their stages, one of them is held for all: with many segments the others would
        be most of a run's memory.
        """
        moves = move_names(pipeline)
        by_move = (n_draws, pipeline.n_stages, len(moves), 1 if alike else n_segments)
        arrays: dict[str, NDArray[np.generic]] = {
            "probability": np.zeros(by_move),
            "days_scale": np.full(by_move, np.nan),
            "days_shape": np.full(by_move, np.nan),
            "days_family": np.full((pipeline.n_stages, len(moves)), "", dtype=object),
            "entry_share": np.zeros((pipeline.n_stages, n_segments)),
            "arrivals_per_day": np.zeros((n_draws, n_segments)),
            "weekday_weight": np.ones((n_draws, 7)),
            "arrivals_trend": np.zeros(n_draws),
            "arrivals_size": np.full((n_draws, n_segments), np.inf),
            "amount_scale": np.full((n_draws, n_segments), np.nan),
            "amount_shape": np.full((n_draws, n_segments), np.nan),
        }
        return cls(n_draws, {name: code for code, name in enumerate(moves)}, arrays, {})

    def take(self, draws: xr.Dataset) -> None:
        """Begin from the arrays of a fitted posterior."""
        for name, array in self.arrays.items():
            array[...] = draws[name].transpose(*DIMENSIONS[name]).to_numpy()

    def dataset(
        self,
        pipeline: Pipeline,
        segments: Segments,
        attrs: Mapping[str, object],
        carried: Mapping[str, xr.DataArray],
    ) -> xr.Dataset:
        """Label the arrays, and add what is carried over from a fitted posterior."""
        import xarray as xr

        self.arrays["days_family"] = self.arrays["days_family"].astype(str)
        labels = {
            dim: array[dim].to_numpy()
            for array in carried.values()
            for dim in ("piece", "harmonic", "block", "level")
            if dim in array.coords
        }
        return xr.Dataset(
            {name: (DIMENSIONS[name], _for_all(array, name, len(segments))) for name, array in self.arrays.items()}
            | {name: (array.dims, array.to_numpy()) for name, array in carried.items()},
            coords={
                "draw": np.arange(self.n_draws),
                "stage": list(pipeline.stages),
                "move": list(self.move_codes),
                "segment": list(segments.labels),
                "weekday": np.arange(7),
            }
            | labels,
            attrs=dict(attrs) | dict(self.families),
        )


def _for_all(array: NDArray[np.generic], name: str, n_segments: int) -> NDArray[np.generic]:
    """Return an array with all segments, as a view that repeats the one that stands for them."""
    if DIMENSIONS[name][-1] != "segment":
        return array
    return np.broadcast_to(array, (*array.shape[:-1], n_segments))
