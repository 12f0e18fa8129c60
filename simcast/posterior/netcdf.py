"""Writing NetCDF files whole or not at all."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr

Encoding = dict[str, dict[str, Any]]


def write_groups(path: Path, groups: Mapping[str, tuple[xr.Dataset, Encoding]]) -> None:
    """Write data sets as groups of one file, each with its encoding; a new file takes the place of `path` at the end.

    The file is made in memory: where HDF5 itself meets a full disk it leaves the file open, and ends the process later.

    Parameters
    ----------
    path
        The file; its folder is made.
    groups
        By name; "" is the file's own, and stands first.

    Raises
    ------
    OSError
        When it cannot be written, on a full disk for one; nothing of it is left.
    """
    whole = io.BytesIO()
    for position, (group, (dataset, encoding)) in enumerate(groups.items()):
        mode: Any = "a" if position else "w"
        dataset.to_netcdf(whole, mode=mode, engine="h5netcdf", group=group or None, encoding=encoding)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(whole.getbuffer())
        part.replace(path)
    finally:  # what was begun and not finished would fill a disk that is full
        part.unlink(missing_ok=True)
