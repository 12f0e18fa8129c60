"""Parts of a fit that are already sampled, kept on disk until the whole is: an interrupted fit goes on from there."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from simcast.model.sampling import Sample

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
        name = ""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(suffix=".part", dir=self.folder)
            os.close(handle)
            sample.draws.to_netcdf(name, mode="w", engine="h5netcdf", group=_GROUPS[0])
            sample.statistics.to_netcdf(name, mode="a", engine="h5netcdf", group=_GROUPS[1])
            Path(name).replace(self.folder / _name(position))
        except OSError:
            return
        finally:  # what was begun and not finished would fill a disk that is full
            if name:
                Path(name).unlink(missing_ok=True)

    def forget(self) -> None:
        """Remove the parts, once the whole fit is stored."""
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)


def _name(position: int) -> str:
    return f"{position:03d}.nc"
