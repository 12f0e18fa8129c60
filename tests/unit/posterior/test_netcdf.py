"""Posteriors are written whole or not at all: a full disk is an error that can be told, and leaves nothing."""

from __future__ import annotations

import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from simcast.model.finished_parts import FinishedParts
from simcast.model.sampling import Sample
from simcast.posterior.netcdf import write_groups

LARGE = xr.Dataset({"x": ("n", np.random.default_rng(1).random(50_000))})


@contextmanager
def room_for(n_bytes: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes, as on a disk that is nearly full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_is_an_error_of_the_system_and_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "fit.nc"
    write_groups(file, {"": (xr.Dataset({"x": 1}), {})})
    before = file.read_bytes()
    with room_for(20_000), pytest.raises(OSError, match="too large") as caught:
        write_groups(file, {"": (LARGE, {}), "more": (LARGE, {})})
    assert caught.value.errno == errno.EFBIG
    assert [entry.name for entry in tmp_path.iterdir()] == ["fit.nc"]
    assert file.read_bytes() == before


def test_a_part_for_which_there_is_no_room_is_not_kept(tmp_path: Path) -> None:
    kept = FinishedParts(tmp_path / "fit.parts")
    with room_for(20_000):
        kept.keep(0, Sample(LARGE, LARGE))
    assert kept.read(0) is None
    assert list(kept.folder.iterdir() if kept.folder else []) == []
    kept.keep(0, Sample(LARGE, xr.Dataset({"y": 2})))
    again = kept.read(0)
    assert again is not None
    xr.testing.assert_identical(again.draws, LARGE)
    assert int(again.statistics["y"]) == 2
