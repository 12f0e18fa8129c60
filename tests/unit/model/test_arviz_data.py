"""What the sampler drew opens in whichever ArviZ is installed, as its functions expect."""

from __future__ import annotations

import importlib.util
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from simcast.assume import assumed_posterior
from simcast.errors import FitError
from simcast.model.arviz_data import open_in_arviz
from simcast.model.arviz_generation import arviz, group
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior, posterior_path
from simcast.scenario import Assumptions

N_CHAINS, N_DRAWS = 4, 200
COUNT = (3.0, 1.0, 20.0, 6.0)


def stage_part(shift: float = 0.0, *, thinned: bool = True) -> xr.Dataset:
    """What is stored of a stage: a mean learned from thirty normal numbers, four of them distinct."""
    generator = np.random.default_rng(1)
    values = np.array([-1.0, 2.0, 0.3, -0.4])
    centre = np.average(values, weights=COUNT) + shift
    mean = centre + generator.standard_normal((N_CHAINS, N_DRAWS)) / np.sqrt(sum(COUNT))
    kept = np.arange(0, N_DRAWS, 2 if thinned else 1)
    log_likelihood = -0.5 * (values - mean[:, kept, None]) ** 2 - 0.5 * np.log(2 * np.pi)
    chain_draw = ("chain", "draw")
    return xr.Dataset(
        {
            "share": ((*chain_draw, "move"), np.stack([mean, 1 - mean], axis=-1)),
            "stalled": (chain_draw, mean**2),
            "fixed": (chain_draw, np.zeros((N_CHAINS, N_DRAWS))),
            "sample_stats_diverging": (chain_draw, np.zeros((N_CHAINS, N_DRAWS), dtype=np.int8)),
            "sample_stats_energy": (chain_draw, generator.standard_normal((N_CHAINS, N_DRAWS))),
            "log_likelihood": (("chain", "draw_thinned", "row"), log_likelihood.astype(np.float32)),
            "row_count": ("row", np.array(COUNT)),
        },
        coords={
            "chain": np.arange(N_CHAINS),
            "draw": np.arange(N_DRAWS),
            "move": ["won", "lost"],
        },
        attrs={"title": "stage встреча"},
    )


@pytest.fixture
def posterior() -> Posterior:
    pipeline = Pipeline.define(["встреча"])
    assumed = assumed_posterior(
        pipeline, Assumptions.model_validate({"stages": {"встреча": {"conversion": 0.5, "days": 3}}})
    )
    new_deals = stage_part()[["stalled", "sample_stats_diverging", "sample_stats_energy"]]
    return replace(assumed, sampled={"stage встреча": stage_part(), "new deals": new_deals})


def quietly(function: Any, *arguments: Any, **options: Any) -> Any:  # noqa: ANN401  # any of ArviZ's functions
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def test_groups_are_those_that_arviz_knows(posterior: Posterior) -> None:
    trace = open_in_arviz(posterior, "stage встреча")
    assert set(group(trace, "posterior").data_vars) == {"share", "stalled", "fixed"}
    statistics = group(trace, "sample_stats")
    assert set(statistics.data_vars) == {"diverging", "energy"}
    assert statistics["diverging"].dtype == bool
    assert set(group(trace, "posterior").coords) == {"chain", "draw", "move"}


def test_every_stay_has_its_own_column_of_the_log_likelihood(posterior: Posterior) -> None:
    stays = group(open_in_arviz(posterior, "stage встреча"), "log_likelihood")["stays"]
    assert stays.sizes == {"chain": N_CHAINS, "draw": N_DRAWS // 2, "stay": 30}
    stored = stage_part()["log_likelihood"].to_numpy()
    np.testing.assert_array_equal(stays[:, :, 0], stored[:, :, 0])
    np.testing.assert_array_equal(stays[:, :, 2], stored[:, :, 0])
    np.testing.assert_array_equal(stays[:, :, 3], stored[:, :, 1])
    np.testing.assert_array_equal(stays[:, :, 29], stored[:, :, 3])


def test_summary_names_every_parameter(posterior: Posterior) -> None:
    table = quietly(arviz.summary, open_in_arviz(posterior, "stage встреча"))
    assert {"share[won]", "share[lost]", "stalled"} <= set(table.index)
    assert table.loc["share[won]", "r_hat"] == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("thinned", [False, True])
def test_loo_agrees_with_the_closed_form_of_a_normal_mean(posterior: Posterior, thinned: bool) -> None:
    """Left out one by one, a normal number is foreseen by the mean of the others; Monte Carlo error about 0.05."""
    held = replace(posterior, sampled={"stage встреча": stage_part(thinned=thinned)})
    loo = quietly(arviz.loo, open_in_arviz(held, "stage встреча"))
    values = np.repeat([-1.0, 2.0, 0.3, -0.4], np.array(COUNT, dtype=int))
    n = values.size
    others = (values.sum() - values) / (n - 1)
    variance = 1 + 1 / (n - 1)
    exact = np.sum(-0.5 * (values - others) ** 2 / variance - 0.5 * np.log(2 * np.pi * variance))
    assert float(getattr(loo, "elpd", None) or loo["elpd_loo"]) == pytest.approx(exact, abs=0.2)


def test_compare_ranks_the_model_that_foresees_the_stays_first(posterior: Posterior) -> None:
    worse = replace(posterior, sampled={"stage встреча": stage_part(shift=0.8)})
    traces = {"good": open_in_arviz(posterior, "stage встреча"), "bad": open_in_arviz(worse, "stage встреча")}
    assert next(iter(quietly(arviz.compare, traces).index)) == "good"


@pytest.mark.skipif(importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed")
@pytest.mark.parametrize("plot", ["plot_trace", "plot_rank"])
def test_plots_are_drawn(posterior: Posterior, plot: str) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    draw = getattr(arviz, plot)
    assert (
        quietly(draw, open_in_arviz(posterior, "stage встреча"), var_names=["share"], backend="matplotlib") is not None
    )


@pytest.mark.skipif(not hasattr(arviz, "plot_rank_dist"), reason="only ArviZ 1 draws without a library for it")
@pytest.mark.parametrize("plot", ["plot_trace", "plot_rank"])
def test_plots_are_laid_out_without_any_library_for_drawing(posterior: Posterior, plot: str) -> None:
    trace = open_in_arviz(posterior, "stage встреча")
    assert quietly(getattr(arviz, plot), trace, var_names=["share"], backend="none") is not None


def test_a_stored_posterior_opens_by_its_path_and_by_itself(
    posterior: Posterior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    path = posterior.save(posterior_path(posterior.fingerprint))
    fresh = group(open_in_arviz(posterior, "new deals"), "posterior")
    for source in (path, str(path), Posterior.load(path)):
        xr.testing.assert_identical(group(open_in_arviz(source, "new deals"), "posterior"), fresh)
        assert group(open_in_arviz(source, "stage встреча"), "log_likelihood").sizes["stay"] == 30


def test_a_log_likelihood_that_would_fill_the_memory_is_left_out_unless_asked_for(
    posterior: Posterior, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simcast.model.arviz_data.MOST_VALUES", 30 * N_CHAINS * N_DRAWS // 2 - 1)
    with pytest.raises(KeyError):
        group(open_in_arviz(posterior, "stage встреча"), "log_likelihood")
    asked = open_in_arviz(posterior, "stage встреча", log_likelihood=True)
    assert group(asked, "log_likelihood").sizes["stay"] == 30
    with pytest.raises(KeyError):
        group(open_in_arviz(posterior, "stage встреча", log_likelihood=False), "log_likelihood")


@pytest.mark.parametrize(
    ("part", "options", "words"),
    [
        ("stage лид", {}, r"no part 'stage лид'.*known: stage встреча, new deals"),
        (None, {}, "name one part"),
        ("new deals", {"log_likelihood": True}, "new deals: the log-likelihood .* not stored"),
    ],
)
def test_what_is_not_there_is_an_error_that_says_what_is(
    posterior: Posterior, part: str | None, options: dict[str, bool], words: str
) -> None:
    with pytest.raises(FitError, match=words):
        open_in_arviz(posterior, part, **options)


def test_assumptions_have_no_chains_to_open(
    posterior: Posterior, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    with pytest.raises(FitError, match="assumed"):
        open_in_arviz(replace(posterior, sampled={}), "stage встреча")


def test_the_only_part_needs_no_name(posterior: Posterior) -> None:
    alone = replace(posterior, sampled={"new deals": posterior.sampled["new deals"]})
    assert set(group(open_in_arviz(alone), "posterior").data_vars) == {"stalled"}
