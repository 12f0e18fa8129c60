"""The functions that the sampler calls compute what nutpie's own do, to the last bit, on any data of the same kinds."""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import nutpie
import nutpie.compile_pymc
import pymc as pm
import pytest
from numpy.typing import NDArray

from simcast.model.sampler_functions import compiled_sooner

pytestmark = pytest.mark.slow

Compiled = Any
Floats = NDArray[np.float64]
Data = dict[str, NDArray[Any]]
_RNG = np.random.default_rng(5)


def model() -> pm.Model:
    """Return a model that reads data of no, one, two and three dimensions, of numbers and of indices."""
    with pm.Model() as made:
        scale = pm.Data("scale", np.array(2.0))
        group = pm.Data("group", np.array([0, 1, 1]))
        weights = pm.Data("weights", np.ones((3, 2)))
        cube = pm.Data("cube", np.ones((2, 3, 4)))
        level = pm.Normal("level", 0.0, 1.0, shape=2)
        spread = pm.LogNormal("spread", 0.0, 0.5)
        pm.Deterministic("shifted", level * scale)
        pm.Potential("fit", -((weights.sum(axis=1) * level[group] - cube.sum(axis=(0, 2))) ** 2).sum() / spread)
        pm.Potential("room", -cube.sum() * scale / (3.0 - level[0]))
    return made


def compiled_by_us_and_by_them() -> tuple[Compiled, Compiled]:
    """Compile the same model with our functions and with nutpie's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with compiled_sooner():
            ours = nutpie.compile_pymc_model(model(), backend="numba", gradient_backend="pytensor")
        return ours, nutpie.compile_pymc_model(model(), backend="numba", gradient_backend="pytensor")


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Compiled, Compiled]]:
    """Return the two."""
    return compiled_by_us_and_by_them()


def other_data() -> Data:
    """Return data of other lengths."""
    return {
        "scale": np.array(0.7),
        "group": np.array([1, 0, 1, 0, 0]),
        "weights": _RNG.normal(size=(5, 4)),
        "cube": _RNG.normal(size=(3, 5, 1)),
    }


def density(compiled: Compiled, point: Floats, dim: int | None = None) -> tuple[int, float, bytes]:
    """Return what the compiled function returns, the density, and the gradient's bytes."""
    gradient, value = np.zeros(compiled.n_dim), np.zeros(1)
    code = compiled.compiled_logp_func.ctypes(
        compiled.n_dim if dim is None else dim,
        *(array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (point, gradient, value)),
        compiled.user_data.ctypes.data,
    )
    return code, value[0], gradient.tobytes()


def derived(compiled: Compiled, point: Floats, size: int | None = None) -> tuple[int, bytes]:
    """Return what the compiled function returns, and the bytes of all that is kept of a draw."""
    values = np.zeros(compiled.n_expanded)
    code = compiled.compiled_expand_func.ctypes(
        compiled.n_dim,
        compiled.n_expanded if size is None else size,
        *(array.ctypes.data_as(ctypes.POINTER(ctypes.c_double)) for array in (point, values)),
        compiled.user_data.ctypes.data,
    )
    return code, values.tobytes()


def test_nutpie_still_makes_the_functions_that_ours_replace(pair: tuple[Compiled, Compiled]) -> None:
    assert {"_make_c_logp_func", "_make_c_expand_func"} <= set(vars(nutpie.compile_pymc))
    made = [compiled.compiled_logp_func.__wrapped__.__module__ for compiled in pair]
    assert made == ["simcast.model.sampler_functions", "nutpie.compile_pymc"]


@pytest.mark.parametrize("data", [{}, other_data()], ids=["its own data", "other data"])
def test_they_compute_the_same_bits(pair: tuple[Compiled, Compiled], data: Data) -> None:
    ours, theirs = (compiled.with_data(**data) for compiled in pair)
    found = set()
    for point in _RNG.normal(size=(20, 3)):
        ours_there = density(ours, point)
        assert ours_there == density(theirs, point)
        assert ours_there[0] == 0
        assert derived(ours, point) == derived(theirs, point)
        found.add(ours_there)
    assert len(found) == 20


@pytest.mark.parametrize("point", [[3.0, 0.0, 0.0], [0.0, 0.0, -800.0], [np.nan, 0.0, 0.0], [0.0, 1e200, -700.0]])
def test_they_refuse_the_same_points(pair: tuple[Compiled, Compiled], point: list[float]) -> None:
    code, *_ = density(pair[0], np.array(point))
    assert code > 0
    assert code == density(pair[1], np.array(point))[0]


def test_data_that_do_not_fit_together_and_other_sizes_are_told_by_the_same_codes(
    pair: tuple[Compiled, Compiled],
) -> None:
    point = np.zeros(3)
    unfit = [compiled.with_data(**(other_data() | {"weights": np.ones((2, 2))})) for compiled in pair]
    codes = [density(compiled, point)[0] for compiled in unfit]
    assert codes[0] == codes[1] != 0
    assert [density(compiled, point, dim=4)[0] for compiled in pair] == [-1, -1]
    assert [derived(compiled, point, size=1)[0] for compiled in pair] == [-1, -1]


def test_what_is_derived_and_has_another_length_with_other_data_is_refused_as_nutpie_refuses_it() -> None:
    def grown() -> Compiled:
        with pm.Model() as made:
            rows = pm.Data("rows", np.ones(3))
            pm.Deterministic("by_row", pm.Normal("level", 0.0, 1.0) * rows)
        return nutpie.compile_pymc_model(made, backend="numba", gradient_backend="pytensor")

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with compiled_sooner():
            ours = grown()
        pair = ours, grown()
    assert [derived(compiled, np.zeros(1))[0] for compiled in pair] == [0, 0]
    for rows in (np.ones(2), np.ones(4)):
        codes = [derived(compiled.with_data(rows=rows), np.zeros(1))[0] for compiled in pair]
        assert codes[0] == codes[1] < 0


def test_where_nutpie_does_it_otherwise_its_own_functions_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def of_a_later_release(*given: object, **_: object) -> str:
        return f"theirs, of {len(given)}"

    monkeypatch.setattr(nutpie.compile_pymc, "_make_c_logp_func", of_a_later_release)
    monkeypatch.delattr(nutpie.compile_pymc, "_make_c_expand_func")
    other_layout = np.zeros((), dtype=[("arrays", np.uintp)])
    with compiled_sooner():
        make = nutpie.compile_pymc._make_c_logp_func
        assert make(1, 2, 3) == "theirs, of 3"
        assert make(3, len, other_layout, ["key"], {"key": np.zeros(2)}) == "theirs, of 5"
        assert not hasattr(nutpie.compile_pymc, "_make_c_expand_func")
    assert nutpie.compile_pymc._make_c_logp_func is of_a_later_release
