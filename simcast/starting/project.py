"""The sample project: a commented scenario and a small synthetic history, the same bytes each time."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from simcast.errors import SimcastError
from simcast.scenario import json_schema
from simcast.synthetic import Lognormal, SegmentTruth, StageTruth, Truth, simulate_history
from simcast.synthetic.sample import deals_csv

NAME = "q3.yaml"
DATA = "deals.csv"
SCHEMA = "scenario.schema.json"

_START, _AS_OF, _SEED = "2025-07-01", "2026-07-01", 7


def _truth() -> Truth:
    """Return the truth behind the sample: a call that loses half of the leads, and two sources."""
    stages = (
        StageTruth("lead", 0.70, Lognormal(2.0, 0.9), Lognormal(7.0, 0.9), stalled=0.03),
        StageTruth("call", 0.48, Lognormal(8.0, 0.8), Lognormal(10.0, 0.9), stalled=0.03),
        StageTruth("proposal", 0.55, Lognormal(20.0, 0.7), Lognormal(28.0, 0.8), stalled=0.05),
        StageTruth("contract", 0.85, Lognormal(9.0, 0.7), Lognormal(18.0, 0.8), stalled=0.02),
    )
    segments = (
        SegmentTruth(("site",), 2.8, odds=(1.0, 1.0, 1.0, 1.0), amount=Lognormal(14_000.0, 0.6)),
        SegmentTruth(("referral",), 1.2, odds=(1.6, 1.6, 1.5, 1.2), amount=Lognormal(22_000.0, 0.6)),
    )
    return Truth(
        stages,
        segments,
        columns=("source",),
        weekday_weight=(1.5, 1.4, 1.4, 1.4, 1.3, 0.0, 0.0),
        working_week=True,
        amount_from="proposal",
    )


def sample_csv() -> bytes:
    """Return the sample history."""
    return deals_csv(simulate_history(_truth(), _START, _AS_OF, _SEED))


def write_project(folder: Path) -> list[Path]:
    """Write the scenario, its data and the schema for editors into a folder; return the files.

    Raises
    ------
    SimcastError
        When one of the files is there already.
    """
    text = files("simcast.starting").joinpath(NAME).read_bytes()
    return write_new(folder, {NAME: text, DATA: sample_csv(), SCHEMA: schema_bytes()})


def schema_bytes() -> bytes:
    """Return the JSON Schema of scenario files."""
    return (json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n").encode()


def write_new(folder: Path, contents: dict[str, bytes]) -> list[Path]:
    """Write files that are not there yet, all or none; a schema that is there already is left.

    Raises
    ------
    SimcastError
        When one of them is there already, or the folder cannot be written.
    """
    taken = [name for name in contents if (folder / name).exists() and name != SCHEMA]
    if taken:
        raise SimcastError(
            [f"{folder / name}: is there already; nothing was written, name another folder" for name in taken]
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / name for name in contents if not (folder / name).exists()]
        for file in written:
            file.write_bytes(contents[file.name])
    except OSError as error:
        raise SimcastError(f"{folder}: cannot be written: {error.strerror or error}") from error
    return written
