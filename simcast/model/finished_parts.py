"""Parts of a fit that are already sampled, kept on disk until the whole is: an interrupted fit goes on from there."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from simcast.model.sampling import Sample
from simcast.posterior.netcdf import write_groups

_GROUPS = ("draws", "statistics")


@dataclass(frozen=True)
class FinishedParts:
    """The finished parts of one fit.

    Parameters
    ----------
    folder
        Where they are kept; named after the fit's fingerprint, so that parts of another fit are never taken.
        None keeps nothing.
    """

    folder: Path | None = None

    def read(self, position: int) -> Sample | None:
        """Return a finished part; None when it was not finished, or its file is damaged."""
        if self.folder is None:
            return None
        file = self.folder / _name(position)
        try:
            return Sample(*(xr.load_dataset(file, engine="h5netcdf", group=name) for name in _GROUPS))
        except (OSError, ValueError, KeyError):
            return None

    def keep(self, position: int, sample: Sample) -> None:
        """Write a finished part, whole or not at all; a folder that cannot be written to keeps nothing."""
        if self.folder is None:
            return
        parts = zip(_GROUPS, (sample.draws, sample.statistics), strict=True)
        with contextlib.suppress(OSError):
            write_groups(self.folder / _name(position), {name: (data, {}) for name, data in parts})

    def forget(self) -> None:
        """Remove the parts, once the whole fit is stored."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _name(position: int) -> str:
    return f"{position:03d}.nc"
