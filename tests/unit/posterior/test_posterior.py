"""Posteriors: what they refuse, and what survives a file."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from simcast.errors import FitError
from simcast.pipeline import Pipeline
from simcast.posterior import DIMENSIONS, Diagnostics, Posterior, fit_fingerprint, posterior_path, stored_posterior
from simcast.posterior.files import load_sampled
from simcast.posterior.store import _MAKE_FITS
from simcast.segments import Segments
from simcast.sources import PACKAGE

PIPELINE = Pipeline.define(["звонок", "встреча"], moves=[("встреча", "звонок"), ("won", "встреча")])
SEGMENTS = Segments(("source",), (("реклама",), ("site",)))
MOVES = ("звонок", "встреча", "won", "lost", "stalled")
GOOD = Diagnostics(1.002, 900.0, 800.0, 0, 0.9, 4, 1000, {"rhat": "a", "ess_bulk": "b", "ess_tail": "c", "ebfmi": "d"})


def draws(n_draws: int = 5) -> xr.Dataset:
    generator = np.random.default_rng(1)
    by_move = (n_draws, PIPELINE.n_stages, len(MOVES), 2)
    possible = np.array([[name == "stalled" or name in moves for name in MOVES] for moves in PIPELINE.moves])
    weight = generator.random(by_move) * possible[None, :, :, None]
    days = np.where(possible[None, :, :, None] & (np.array(MOVES) != "stalled")[None, None, :, None], 3.0, np.nan)
    days = np.broadcast_to(days, by_move)
    arrays = {
        "probability": weight / weight.sum(axis=2, keepdims=True),
        "days_scale": days * 2,
        "days_shape": days / 3,
        "days_family": np.where(np.isnan(days[0, :, :, 0]), "", "lognormal"),
        "entry_share": np.array([[1.0, 0.5], [0.0, 0.5], [0.0, 0.0]]),
        "arrivals_per_day": generator.random((n_draws, 2)),
        "weekday_weight": np.tile([1.4, 1.4, 1.4, 1.4, 1.4, 0.0, 0.0], (n_draws, 1)),
        "arrivals_trend": np.zeros(n_draws),
        "arrivals_size": np.full((n_draws, 2), np.inf),
        "amount_scale": np.full((n_draws, 2), 100.0),
        "amount_shape": np.full((n_draws, 2), 0.5),
    }
    return xr.Dataset(
        {name: (DIMENSIONS[name], array) for name, array in arrays.items()},
        coords={
            "draw": np.arange(n_draws),
            "stage": list(PIPELINE.stages),
            "move": list(MOVES),
            "segment": list(SEGMENTS.labels),
            "weekday": np.arange(7),
        },
        attrs={"amount_family": "lognormal", "n_chains": 1},
    )


def posterior(**changed: object) -> Posterior:
    return Posterior(PIPELINE, SEGMENTS, draws(), "sha256:abc", GOOD, **changed)


def test_a_posterior_comes_back_from_its_file_as_it_was(tmp_path: Path) -> None:
    sampled = {"stage звонок": xr.Dataset({"stalled": (("chain", "draw"), np.ones((2, 3)))})}
    before = posterior(sampled=sampled)
    path = before.save(tmp_path / "new folder" / "p.nc")
    after = Posterior.load(path)
    assert after.draws.identical(before.draws)
    assert (after.pipeline, after.segments) == (PIPELINE, SEGMENTS)
    assert after.fingerprint == "sha256:abc"
    assert after.diagnostics == GOOD
    held = load_sampled(path)
    assert list(held) == ["stage звонок"]
    assert held["stage звонок"]["stalled"].sizes == {"chain": 2, "draw": 3}
    assert [entry.name for entry in path.parent.iterdir()] == ["p.nc"]


def test_the_chains_of_a_loaded_posterior_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    sampled = {"stage звонок": xr.Dataset({"stalled": (("chain", "draw"), np.ones((2, 3)))})}
    path = posterior(sampled=sampled).save(tmp_path / "p.nc")

    loaded, late = Posterior.load(path), Posterior.load(path)
    again = Posterior.load(loaded.save(tmp_path / "again.nc"))

    for each in (loaded, again, pickle.loads(pickle.dumps(loaded))):  # noqa: S301  our own
        assert each.sampled["stage звонок"]["stalled"].sizes == {"chain": 2, "draw": 3}
    replace(posterior(sampled=sampled), fingerprint="sha256:other").save(path)
    assert not late.sampled
    gone = Posterior.load(tmp_path / "again.nc")
    (tmp_path / "again.nc").unlink()
    assert not gone.sampled
    assert not Posterior.load(posterior().save(path)).sampled


def test_a_posterior_with_thousands_of_segments_fits_into_a_file(tmp_path: Path) -> None:
    many = Segments(("owner",), tuple((f"менеджер по продажам номер {code:05d}",) for code in range(3000)))
    one = draws(1).isel(segment=0, drop=True)
    wide = one.expand_dims(segment=list(many.labels)).transpose(*DIMENSIONS["probability"], ...)
    for name in ("days_family", "weekday_weight", "arrivals_trend"):
        wide[name] = one[name]
    path = Posterior(PIPELINE, many, wide, "sha256:x").save(tmp_path / "p.nc")
    assert Posterior.load(path).segments == many


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda held: held.drop_vars("entry_share"), "'entry_share' is missing"),
        (lambda held: held.isel(segment=[1, 0]), "labels of 'segment'"),
        (lambda held: held.assign(probability=held["probability"] * 1.01), "sum to 1"),
        (lambda held: held.assign(days_scale=held["days_scale"] * np.nan), "days_scale[звонок, встреча]"),
        (lambda held: held.assign(days_family=held["days_family"].str.upper()), "'LOGNORMAL'"),
        (lambda held: held.assign(weekday_weight=held["weekday_weight"] * 2), "average 1"),
        (lambda held: held.assign(amount_scale=held["amount_scale"] * np.nan), "amount_scale"),
        (lambda held: held.assign(arrivals_size=held["arrivals_size"] * 0 - 1), "arrivals_size"),
        (lambda held: held.isel(draw=slice(0, 0)), "no draw"),
        (lambda held: held.assign_attrs(amount_family="cauchy"), "'cauchy'"),
    ],
)
def test_draws_that_no_forecast_could_use_are_refused(change: object, words: str) -> None:
    with pytest.raises(FitError) as error:
        Posterior(PIPELINE, SEGMENTS, change(draws()), "sha256:abc")  # type: ignore[operator]
    assert words in str(error.value)


def test_all_problems_are_listed_at_once() -> None:
    held = draws()
    broken = held.assign(probability=held["probability"] * 2, arrivals_trend=held["arrivals_trend"] + np.inf)
    with pytest.raises(FitError) as error:
        Posterior(PIPELINE, SEGMENTS, broken, "sha256:abc")
    assert len(error.value.problems) >= 2


@pytest.mark.parametrize("damage", ["truncated", "foreign", "text", "empty", "missing"])
def test_a_damaged_file_is_an_error_that_says_which(tmp_path: Path, damage: str) -> None:
    path = posterior().save(tmp_path / "p.nc")
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    elif damage == "foreign":
        xr.Dataset({"x": 1}).to_netcdf(path, engine="h5netcdf")
    elif damage == "missing":
        path.unlink()
    else:
        path.write_text("" if damage == "empty" else "not a posterior")
    with pytest.raises(FitError, match=r"p\.nc.*fit again"):
        Posterior.load(path)


def test_the_store_returns_what_was_put_in_and_treats_a_damaged_file_as_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    path = posterior_path("sha256:abc")
    assert path.is_relative_to(tmp_path)
    assert stored_posterior("sha256:abc") is None
    posterior().save(path)
    found = stored_posterior("sha256:abc")
    assert found is not None
    assert found.draws.identical(draws())
    path.rename(posterior_path("sha256:another"))
    assert stored_posterior("sha256:another") is None
    posterior_path("sha256:another").write_bytes(b"\x89HDF\r\n")
    assert stored_posterior("sha256:another") is None


def test_a_save_that_fails_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = posterior().save(tmp_path / "p.nc")
    before = path.read_bytes()
    unsaveable = posterior(sampled={"x": xr.Dataset({"y": ("z", np.array([object()]))})})
    with pytest.raises((TypeError, ValueError)):
        unsaveable.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_fingerprint_changes_with_everything_that_the_fit_depends_on(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"draws": 1000, "priors": {}}
    other = Pipeline.define(["звонок"])
    found = {
        fit_fingerprint("d1", PIPELINE, SEGMENTS, settings, 1),
        fit_fingerprint("d2", PIPELINE, SEGMENTS, settings, 1),
        fit_fingerprint("d1", other, SEGMENTS, settings, 1),
        fit_fingerprint("d1", PIPELINE, Segments(), settings, 1),
        fit_fingerprint("d1", PIPELINE, SEGMENTS, settings | {"draws": 999}, 1),
        fit_fingerprint("d1", PIPELINE, SEGMENTS, settings, 2),
    }
    monkeypatch.setattr("simcast.posterior.store.version", lambda _: "0.0")
    found.add(fit_fingerprint("d1", PIPELINE, SEGMENTS, settings, 1))
    assert len(found) == 7
    assert all(value.startswith("sha256:") and len(value) == 71 for value in found)


@pytest.mark.parametrize(
    ("place", "counts"),
    [("model/kernels/stage.py", True), ("engine/hazard.py", True), ("history/known.py", True), ("report/x.py", False)],
)
def test_changed_sources_give_another_fingerprint_where_they_make_fits(
    place: str, counts: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simcast.sources.PACKAGE", tmp_path)
    before = fit_fingerprint("d1", PIPELINE, SEGMENTS, {}, 1)
    (tmp_path / place).parent.mkdir(parents=True)
    (tmp_path / place).write_text("A = 1\n")
    assert (fit_fingerprint("d1", PIPELINE, SEGMENTS, {}, 1) != before) is counts


def test_all_that_the_model_imports_counts_for_the_fingerprint() -> None:
    imported = {
        name.split(".")[1]
        for file in (PACKAGE / "model").rglob("*.py")
        for name in re.findall(r"from (simcast\.\w+)", file.read_text(encoding="utf-8"))
    }
    told_by_text = {"arguments", "errors", "progress", "writing"}
    assert {name.removesuffix(".py") for name in _MAKE_FITS} >= imported - told_by_text


@pytest.mark.parametrize(
    ("change", "trusted"),
    [
        ({}, True),
        ({"rhat_max": 1.011}, False),
        ({"rhat_max": float("nan")}, False),
        ({"ess_bulk_min": 399.0}, False),
        ({"ess_tail_min": 399.0}, False),
        ({"divergences": 1}, False),
    ],
)
def test_a_fit_is_trusted_only_when_every_diagnostic_passes(change: dict[str, float], trusted: bool) -> None:
    judged = replace(GOOD, **change)
    assert judged.trusted is trusted
    assert ("NOT TO BE TRUSTED" in judged.line()) is not trusted
    assert "\n" not in judged.line()
