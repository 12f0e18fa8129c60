"""Posteriors in NetCDF files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from simcast.arguments import similar_file
from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior.diagnostics import Diagnostics
from simcast.posterior.draws import DIMENSIONS, OPTIONAL_DIMENSIONS, Posterior
from simcast.posterior.netcdf import write_groups
from simcast.segments import Segments

if TYPE_CHECKING:
    import xarray as xr

FORMAT = 1
"""Version of the file format."""

_ENGINE: Literal["h5netcdf"] = "h5netcdf"
_HEAD = "simcast_posterior"


def save(posterior: Posterior, path: Path) -> Path:
    """Write a posterior to `path`, whole or not at all: a new file in the same folder takes its place at the end."""
    head = json.dumps(_head(posterior), ensure_ascii=False)
    held = [*DIMENSIONS, *(name for name in OPTIONAL_DIMENSIONS if name in posterior.draws)]
    main = posterior.draws[held].assign({_HEAD: ((), head)})  # attributes are limited to 64 kB
    sampled = {
        f"sampled/{position:03d}": named.assign_attrs(title=title)
        for position, (title, named) in enumerate(posterior.sampled.items())
    }
    write_groups(path, {name: (data, _encoding(data)) for name, data in {"": main, **sampled}.items()})
    return path


def load(path: Path) -> Posterior:
    """Read a posterior; `FitError` when the file is missing, damaged or something else."""
    import xarray as xr

    _check_file(path)
    try:
        draws = xr.load_dataset(path, engine=_ENGINE)
        head = json.loads(str(draws[_HEAD].item()))
        if head["format"] != FORMAT:
            raise FitError(f"{path}: has format {head['format']}, this version of simcast reads {FORMAT}; fit again")
        draws = draws.drop_vars(_HEAD)
        draws["days_family"] = draws["days_family"].astype(str)
        return Posterior(
            pipeline=_read_pipeline(head["pipeline"]),
            segments=Segments(tuple(head["segments"]["columns"]), tuple(map(tuple, head["segments"]["values"]))),
            draws=draws,
            fingerprint=head["fingerprint"],
            diagnostics=None if head["diagnostics"] is None else Diagnostics.from_dict(head["diagnostics"]),
            sampled=StoredChains(path, head["fingerprint"]),
        )
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise FitError(f"{path}: is not a posterior that can be read ({_first_line(error)}); fit again") from error


class StoredChains(Mapping[str, "xr.Dataset"]):
    """What the sampler drew, read from the file of a posterior when it is first asked for.

    Nothing, where the file has gone since, or holds another posterior by now.

    Parameters
    ----------
    path
        The file.
    fingerprint
        Of the posterior that it held.
    """

    def __init__(self, path: Path, fingerprint: str) -> None:
        self.path = path.resolve()
        self.fingerprint = fingerprint

    @cached_property
    def _held(self) -> dict[str, xr.Dataset]:
        if not self.path.is_file() or load(self.path).fingerprint != self.fingerprint:
            return {}
        return load_sampled(self.path)

    def __getitem__(self, part: str) -> xr.Dataset:
        return self._held[part]

    def __iter__(self) -> Iterator[str]:
        return iter(self._held)

    def __len__(self) -> int:
        return len(self._held)


def load_sampled(path: Path) -> dict[str, xr.Dataset]:
    """Read what the sampler drew, by part of the model, with dimensions ``chain`` and ``draw``, as ArviZ expects.

    Raises
    ------
    FitError
        When the file cannot be read.
    """
    import xarray as xr

    _check_file(path)
    try:
        groups = xr.open_groups(path, engine=_ENGINE)
        datasets = [groups[name].load() for name in sorted(groups) if name.startswith("/sampled/")]
        for dataset in groups.values():
            dataset.close()
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise FitError(f"{path}: is not a posterior that can be read ({_first_line(error)}); fit again") from error
    return {str(dataset.attrs["title"]): dataset for dataset in datasets}


def _check_file(path: Path) -> None:
    """Refuse a path at which there is no file."""
    if path.is_dir():
        raise FitError(f"{path}: is a folder; name the file of a posterior in it")
    if not path.exists():
        raise FitError(f"{path}: there is no such file{similar_file(path)}; fit again, or name one that was saved")


def _head(posterior: Posterior) -> dict[str, Any]:
    diagnostics = posterior.diagnostics
    return {
        "format": FORMAT,
        "fingerprint": posterior.fingerprint,
        "pipeline": asdict(posterior.pipeline),
        "segments": {"columns": posterior.segments.columns, "values": posterior.segments.values},
        "diagnostics": None if diagnostics is None else diagnostics.to_dict(),
    }


def _read_pipeline(held: dict[str, Any]) -> Pipeline:
    return Pipeline(
        path=tuple(held["path"]),
        stages=tuple(held["stages"]),
        outcomes=tuple(held["outcomes"]),
        kinds=tuple(held["kinds"]),
        moves=tuple(map(tuple, held["moves"])),
    )


def _encoding(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    """Compress the numbers: most of a posterior is zeros and NaN."""
    return {
        str(name): {"zlib": True, "complevel": 1}
        for name, variable in dataset.data_vars.items()
        if variable.dtype.kind in "fi" and variable.ndim
    }


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
