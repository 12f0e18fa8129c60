"""`simcast diagnose` on fits that are in the store already: nothing is sampled here.

The histories are synthetic; the stored posteriors are certain of the truth that made them, or of another.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import Result

import simcast
from simcast.assume import assumed_posterior
from simcast.model import FitSettings
from simcast.posterior import (
    Checked,
    Diagnostics,
    FamilyChoice,
    PartDiagnostics,
    Posterior,
    PriorInfluence,
    checked_path,
    fit_fingerprint,
    posterior_path,
    store_checked,
    stored_checked,
)
from simcast.report.page.trusting import fit_sentence
from simcast.report.words import LANGUAGES
from simcast.scenario import Assumptions, load_scenario
from simcast.synthetic import Lognormal, SegmentTruth, StageTruth, Truth, simulate_history

Invoke = Callable[..., Result]
Store = Callable[..., Path]

SCENARIO = """
simcast: 1
name: a test
pipeline: {stages: [звонок, встреча]}
history: {path: deals.csv}
forecast: {as_of: 2026-07-01, until: 2026-07-31}
"""
N_WEEKS = 26
TRUTH = Truth(
    stages=(
        StageTruth("звонок", 0.6, Lognormal(5.0, 0.8), Lognormal(9.0, 0.7)),
        StageTruth("встреча", 0.4, Lognormal(12.0, 0.6), Lognormal(8.0, 0.9), stalled=0.1),
    ),
    segments=(SegmentTruth((), 8.0),),
)
GOOD = Diagnostics(
    rhat_max=1.002,
    ess_bulk_min=900.0,
    ess_tail_min=800.0,
    divergences=0,
    ebfmi_min=0.9,
    n_chains=2,
    n_draws=100,
    worst={"rhat": "stage звонок: stalled", "ess_bulk": "b", "ess_tail": "c", "ebfmi": "stage встреча"},
    warnings=("no stay in 'звонок' ended in 'nurture'",),
    parts=(
        PartDiagnostics("stage звонок", 1.002, 900.0, 800.0, 0, 0.9),
        PartDiagnostics("new deals", 1.001, 990.0, 950.0, 0, float("nan")),
    ),
    families=(
        FamilyChoice(
            "встреча", "lognormal", "it predicts single stays best",
            {"lognormal": -900.0, "gamma": -912.0}, {"lognormal": 0.0, "gamma": 4.0}, 1000, 0, -900.0, 4.0,
        ),
    ),
    prior_influence=(
        PriorInfluence("stage звонок", "stalled", 0.1, 0.4, True),
        PriorInfluence("a", "b", 0.9, 0.0, False),
    ),
)  # fmt: skip


def days(stage: StageTruth) -> dict[str, Any]:
    """Write what is true of a stage as an assumption."""
    ends = 1.0 - stage.stalled
    return {
        "conversion": ends * stage.conversion,
        "stalled": stage.stalled,
        "days": {"lognormal": {"median": stage.days.median, "sigma": stage.days.sigma}},
        "days_lost": {"lognormal": {"median": stage.days_lost.median, "sigma": stage.days_lost.sigma}},
    }


def sampled_arrivals(per_day: float) -> xr.Dataset:
    one = np.ones((2, 100))
    starts = np.datetime64("2026-07-01") - 7 * np.arange(N_WEEKS, 0, -1).astype("timedelta64[D]")
    return xr.Dataset(
        {
            "log_level": (("chain", "draw", "week"), np.zeros((2, 100, N_WEEKS))),
            "arrivals_per_day": (("chain", "draw", "segment"), per_day * one[..., None]),
            "weekday_weight": (("chain", "draw", "weekday"), np.ones((2, 100, 7))),
            "arrivals_size": (("chain", "draw"), 1e6 * one),
        },
        coords={"week": starts.astype("datetime64[s]"), "segment": ["all"]},
    )


@cache
def log_of_the_truth() -> str:
    return simulate_history(TRUTH, "2025-10-01", "2026-07-01", seed=5).to_csv(index=False, lineterminator="\n")


@pytest.fixture
def few_replicates(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  # it sets more
    """Play too few replicates for a check to fail, where it is the sampler or the form of the answer that is tested."""
    monkeypatch.setattr("simcast.predictive_checks.checking.MOST_REPLICATES", 40)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """Write the scenario and its history, and store a posterior under the fingerprint of its fit."""
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("simcast.predictive_checks.checking.MOST_REPLICATES", 400)

    def write(believed: Truth = TRUTH, diagnostics: Diagnostics = GOOD, scenario_text: str = SCENARIO) -> Path:
        (tmp_path / "deals.csv").write_text(log_of_the_truth(), encoding="utf-8")
        file = tmp_path / "question.yaml"
        file.write_text(scenario_text, encoding="utf-8")
        scenario = load_scenario(file)
        assert scenario.history is not None
        pipeline = scenario.pipeline_definition
        known = simcast.read_history(tmp_path / "deals.csv", pipeline).known_at("2026-07-01")
        settings = FitSettings.of(scenario.history.model).plain()
        fingerprint = fit_fingerprint(known.digest, pipeline, known.segments, settings, 1)
        median, sigma = believed.segments[0].amount.median, believed.segments[0].amount.sigma
        assumed = assumed_posterior(
            pipeline,
            Assumptions.model_validate(
                {
                    "stages": {stage.name: days(stage) for stage in believed.stages},
                    "arrivals": {"per_day": 8},
                    "amount": {"lognormal": {"median": median, "sigma": sigma}},
                }
            ),
        )
        Posterior(
            pipeline,
            known.segments,
            assumed.draws.assign_attrs(amounts_of="won"),
            fingerprint,
            diagnostics,
            {"new deals": sampled_arrivals(believed.segments[0].arrivals_per_day)},
        ).save(posterior_path(fingerprint))
        return file

    return write


def diagnosed(invoke: Invoke, file: Path, *arguments: object) -> tuple[dict[str, Any], int]:
    result = invoke("diagnose", file, "--json", *arguments)
    assert result.stderr == ""
    return json.loads(result.stdout), result.exit_code


def wrong(**changes: Any) -> Truth:  # noqa: ANN401  # fields of a stage
    """Return the truth with something else believed of the second stage."""
    return replace(TRUTH, stages=(TRUTH.stages[0], replace(TRUTH.stages[1], **changes)))


def test_a_fit_that_made_the_history_is_trusted(store: Store, invoke: Invoke) -> None:
    """False alarms: at most 1% for each of six kinds of checks; the seed is fixed."""
    document, status = diagnosed(invoke, store())
    assert status == 0
    assert document["trusted"] is True
    assert {check["verdict"] for check in document["checks"]} <= {"passes", "differs"}
    assert {check["name"] for check in document["checks"]} == {
        "stays by day",
        "conversion",
        "open stays",
        "recent pace",
        "weekly arrivals",
        "amounts",
    }
    assert document["advice"] == []


@pytest.mark.usefixtures("few_replicates")
def test_the_document_has_the_shape_that_other_programs_rely_on(store: Store, invoke: Invoke) -> None:
    document, _ = diagnosed(invoke, store())
    assert (document["simcast"], document["file"], document["name"], document["as_of"]) == (
        simcast.__version__,
        "question.yaml",
        "a test",
        "2026-07-01",
    )
    assert document["fingerprint"].startswith("sha256:")
    assert {
        "rhat_max": 1.002,
        "ess_bulk_min": 900.0,
        "ess_tail_min": 800.0,
        "divergences": 0,
        "ebfmi_min": 0.9,
        "n_chains": 2,
        "n_draws": 100,
        "worst": dict(GOOD.worst),
    }.items() <= document["sampler"].items()
    assert document["parts"][1]["ebfmi_min"] is None, "what is no number is null"
    assert document["families"][0]["elpd"] == {"lognormal": -900.0, "gamma": -912.0}
    assert [item["rests_on_prior"] for item in document["prior_influence"]] == [True, False]
    assert GOOD.warnings[0] in document["warnings"]
    assert document["thresholds"]["significance"] == 0.01
    assert set(document["checks"][0]) == {
        "name",
        "part",
        "subset",
        "statistic",
        "observed",
        "expected",
        "interval",
        "p_value",
        "p_adjusted",
        "discrepancy",
        "scale",
        "n",
        "verdict",
    }


@pytest.mark.parametrize(
    ("believed", "part", "name", "advised"),
    [
        (wrong(conversion=0.6), "stage встреча", "conversion", "history.model.drift"),
        (wrong(days=Lognormal(30.0, 0.3)), "stage встреча", "stays by day", "history.model.durations: hazard"),
        (wrong(stalled=0.0), "stage встреча", "open stays", "more stays are open"),
        (
            replace(TRUTH, segments=(SegmentTruth((), 8.0, amount=Lognormal(20_000.0, 0.8)),)),
            "new deals",
            "amounts",
            "history.model.amounts: empirical",
        ),
        (replace(TRUTH, segments=(SegmentTruth((), 11.0),)), "new deals", "weekly arrivals", "mean of a week"),
    ],
    ids=["conversion", "days", "stalled", "amounts", "arrivals"],
)
def test_a_fit_that_errs_is_not_trusted_and_the_advice_says_where(
    believed: Truth, part: str, name: str, advised: str, store: Store, invoke: Invoke
) -> None:
    document, status = diagnosed(invoke, store(believed))
    assert status == 1
    assert document["trusted"] is False
    failed = {(check["part"], check["name"]) for check in document["checks"] if check["verdict"] == "fails"}
    assert (part, name) in failed
    assert all(check["part"] == part for check in document["checks"] if check["verdict"] == "fails")
    assert any(line.startswith(f"{part}: ") and advised in line for line in document["advice"])


@pytest.mark.usefixtures("few_replicates")
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rhat_max": 1.02}, "r-hat 1.020"),
        ({"ess_bulk_min": 100.0}, "100 bulk"),
        ({"ess_tail_min": float("nan")}, "nan tail"),
        ({"divergences": 3}, "3 divergent transitions"),
    ],
)
def test_a_fit_that_was_sampled_badly_is_not_trusted(
    change: dict[str, float], words: str, store: Store, invoke: Invoke
) -> None:
    file = store(diagnostics=replace(GOOD, **change))
    result = invoke("diagnose", file)
    assert result.exit_code == 1
    printed = " ".join(result.stdout.split())
    assert printed.startswith("Do not rely on this fit: NOT well sampled")
    assert words in printed
    assert diagnosed(invoke, file)[0]["sampler"]["trusted"] is False


@pytest.mark.usefixtures("few_replicates")
def test_less_is_expected_of_a_quick_fit_and_that_is_said(store: Store, invoke: Invoke) -> None:
    rough = replace(GOOD, rhat_max=1.03, ess_bulk_min=150.0, ess_tail_min=150.0)
    assert diagnosed(invoke, store(diagnostics=rough))[1] == 1
    file = store(diagnostics=replace(rough, quick=True))
    result = invoke("diagnose", file)
    assert result.exit_code == 0
    assert "failed:" not in result.stdout
    assert "this is a quick fit" in " ".join(result.stderr.split())


@pytest.mark.usefixtures("few_replicates")
def test_little_movement_in_energy_is_warned_of_and_no_more(store: Store, invoke: Invoke) -> None:
    document, status = diagnosed(invoke, store(diagnostics=replace(GOOD, ebfmi_min=0.2)))
    assert status == 0
    assert any("E-BFMI 0.20" in warning for warning in document["warnings"])


def test_the_verdict_comes_first_then_what_failed_then_what_to_do(store: Store, invoke: Invoke) -> None:
    shown = invoke("diagnose", store(wrong(conversion=0.6)))
    printed = shown.stdout
    words = " ".join(printed.split())
    order = [
        "Do not rely on this fit: well sampled,",
        "to do: stage встреча:",
        "Checks that failed",
        "Predictive checks",
        "A check fails when",
        "Sampling: 2 chains of 100 draws",
        "Families of days",
        "What rests on priors",
    ]
    places = [words.find(text) for text in order]
    assert -1 not in places, dict(zip(order, places, strict=True))
    assert places == sorted(places)
    assert "beware:" in shown.stderr
    assert "beware:" not in printed
    assert all(len(line) <= 120 for line in shown.output.splitlines())


def test_a_trusted_fit_says_so_at_once(store: Store, invoke: Invoke) -> None:
    result = invoke("diagnose", store())
    assert result.exit_code == 0
    assert result.stdout.startswith("The fit can be trusted: well sampled,")
    assert "Checks that failed" not in result.stdout


def test_a_scenario_that_only_assumes_has_nothing_to_diagnose(assumed: Path, invoke: Invoke) -> None:
    result = invoke("diagnose", assumed)
    assert result.exit_code == 2
    assert "there is no fit to diagnose" in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("few_replicates")
def test_what_is_assumed_over_a_history_is_said_not_to_be_diagnosed(store: Store, invoke: Invoke) -> None:
    file = store(scenario_text=SCENARIO + "assume: {amount: 1000}\n")
    document, status = diagnosed(invoke, file)
    assert status == 0
    assert any("not diagnosed here" in warning for warning in document["warnings"])


def test_hazards_are_not_advised_where_they_were_compared_and_not_chosen(store: Store, invoke: Invoke) -> None:
    (choice,) = GOOD.families
    rejected = replace(choice, elpd={**choice.elpd, "hazard": -950.0}, elpd_error={**choice.elpd_error, "hazard": 9.0})
    believed = wrong(days=Lognormal(30.0, 0.3))
    for families, advised in (((choice,), True), ((rejected,), False)):
        document, _ = diagnosed(invoke, store(believed, replace(GOOD, families=families)))
        assert any("durations: hazard" in line for line in document["advice"]) is advised


def test_drift_is_not_advised_where_parameters_drift_already(store: Store, invoke: Invoke) -> None:
    drifting = SCENARIO.replace("deals.csv}", "deals.csv, model: {drift: quarterly}}")
    for text, advised in ((SCENARIO, True), (drifting, False)):
        document, _ = diagnosed(invoke, store(wrong(conversion=0.6), scenario_text=text))
        assert any("drift" in line for line in document["advice"]) is advised


def test_wrong_input_ends_with_2(store: Store, invoke: Invoke) -> None:
    result = invoke("diagnose", store(), "--set", "history.path=nowhere.csv")
    assert result.exit_code == 2
    assert all(line.startswith("error: ") for line in result.stderr.splitlines())


def test_the_help_has_examples(invoke: Invoke) -> None:
    examples = invoke("diagnose", "--help").stdout.split("Examples:")[1].splitlines()[1:]
    assert examples[0].strip().startswith("simcast diagnose ")


def test_a_diagnosis_of_a_stored_fit_loads_no_sampler(store: Store) -> None:
    script = (
        "import sys\nfrom simcast.cli import main\n"
        "try:\n    main(['diagnose', sys.argv[1], '--json'])\n"
        "except SystemExit as stop:\n    assert not stop.code, stop.code\n"
        "print(sorted({'pymc', 'arviz', 'nutpie', 'pytensor'} & set(sys.modules)), file=sys.stderr)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, str(store())],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr.splitlines()[-1] == "[]"


FAILED = "predictive checks of the fit failed when it was diagnosed (in stage встреча)"


def ran(invoke: Invoke, command: str, file: Path, *arguments: object) -> tuple[Any, Result]:
    """Ask one of the commands that rest on the stored fit, in few futures."""
    into = ["--out", file.parent / "out"] if command == "run" else []
    result = invoke(command, file, "--json", "--futures", 40, *into, *arguments)
    return json.loads(result.stdout), result


def printed_run(invoke: Invoke, file: Path) -> str:
    """Return what `run` prints, in one line."""
    return " ".join(invoke("run", file, "--futures", 40, "--out", file.parent / "out").stdout.split())


def test_what_was_diagnosed_is_told_by_all_that_rests_on_the_fit(store: Store, invoke: Invoke) -> None:
    """Checks that failed are warned of first of all, and nothing is trusted; before a diagnosis nothing is known."""
    file = store(wrong(conversion=0.6))
    before, result = ran(invoke, "run", file)
    assert (before["trusted"], result.exit_code) == (True, 0)
    assert "(sampling checks only; run simcast diagnose for more)" in printed_run(invoke, file)
    assert invoke("diagnose", file).exit_code == 1
    solved = ("--vary", "arrivals multiply=1..1.2", "--for", "mean(wins)>=0")
    shared_out = ("--budget", 10, "--among", "arrivals multiply=1..1.2 cost=10")
    for command, *asked in (("run",), ("leaks",), ("explain",), ("solve", *solved), ("allocate", *shared_out)):
        document, result = ran(invoke, command, file, *asked)
        assert (document["trusted"], result.exit_code) == (False, 1), command
        assert FAILED in document["warnings"][0], command
    for command in ("deals", "fit"):
        result = invoke(command, file, *(["--futures", 40] if command == "deals" else []))
        assert result.exit_code == 1, command
        assert FAILED in " ".join((result.stdout + result.stderr).split()), command
    printed = printed_run(invoke, file)
    assert printed.count(FAILED) == 1
    assert "Do not rely on this: " in printed
    other = file.with_name("other.yaml")
    other.write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    compared = invoke("compare", file, other, "--futures", 40)
    assert compared.exit_code == 1
    assert compared.stderr.count(FAILED) == 1
    page = file.parent / "page.html"
    assert invoke("report", file, "--futures", 40, "--out", page).exit_code == 1
    alarm = page.read_text(encoding="utf-8").split('class="alarm"')[1].split("</p>")[0]
    assert FAILED in alarm


def test_checks_that_passed_are_told_and_change_no_byte_of_the_result(store: Store, invoke: Invoke) -> None:
    file = store()
    ran(invoke, "run", file)
    result_file = file.parent / "out" / "result.json"
    before = result_file.read_bytes()
    assert invoke("diagnose", file).exit_code == 0
    document, result = ran(invoke, "run", file)
    assert (document["trusted"], result.exit_code) == (True, 0)
    assert result_file.read_bytes() == before
    assert "predictive checks passed when diagnosed" in printed_run(invoke, file)
    provenance = json.loads((file.parent / "out" / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["predictive_checks"]["n_failed"] == 0
    assert provenance["predictive_checks"]["n_checks"] > 5


def test_a_verdict_that_is_damaged_missing_or_of_others_is_not_known(store: Store, invoke: Invoke) -> None:
    file = store()
    document, _ = ran(invoke, "run", file)
    path = checked_path(document["fingerprint"])
    untouched = "as it is"  # the control
    for damage in (untouched, "{", "[]", '{"fingerprint": 1}', None):
        store_checked(document["fingerprint"], Checked(80, 3, ("stage встреча",)))
        assert not list(path.parent.glob("*.part"))
        if damage is None:
            path.unlink()
        elif damage != untouched:
            path.write_text(damage, encoding="utf-8")
        found, result = ran(invoke, "run", file)
        assert (found["trusted"], result.exit_code) == ((False, 1) if damage == untouched else (True, 0)), damage


@pytest.mark.usefixtures("few_replicates")
def test_open_deals_that_are_set_aside_are_told_first_and_nothing_is_trusted(store: Store, invoke: Invoke) -> None:
    """The same fit, since it learns from the rest: deals that came back after a loss are left out of the forecast."""
    file = store(scenario_text=SCENARIO.replace("deals.csv}", "deals.csv, on_bad_rows: quarantine}"))
    document, result = ran(invoke, "run", file)
    assert (document["trusted"], result.exit_code) == (True, 0)
    log = file.parent / "deals.csv"
    header = log.read_text(encoding="utf-8").splitlines()[0].split(",")
    with log.open("a", encoding="utf-8") as stream:
        for deal in range(100):
            for stage, day in (("звонок", "2026-03-01"), ("lost", "2026-04-01"), ("звонок", "2026-05-01")):
                row = {"deal": f"back-{deal}", "stage": stage, "entered": day}
                stream.write(",".join(row.get(name, "") for name in header) + "\n")
    document, result = ran(invoke, "run", file)
    assert (document["trusted"], result.exit_code) == (False, 1)
    assert re.match(r"100 of \d+ \(\d+%\) open deals are set aside with bad rows: ", document["warnings"][0])
    diagnosis, status = diagnosed(invoke, file)
    assert (diagnosis["trusted"], status) == (False, 1)
    assert diagnosis["warnings"][0] == document["warnings"][0]


def test_a_verdict_is_of_one_fit_and_one_set_of_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIMCAST_CACHE", str(tmp_path))
    verdict = Checked(9, 2, ("stage встреча",))
    store_checked("sha256:a", verdict)
    assert stored_checked("sha256:a") == verdict
    checked_path("sha256:a").rename(checked_path("sha256:b"))
    assert stored_checked("sha256:b") is None, "of another fit"
    store_checked("sha256:a", verdict)
    monkeypatch.setattr("simcast.posterior.store.sources_digest", lambda **_: "other checks")
    assert stored_checked("sha256:a") is None


@pytest.mark.usefixtures("few_replicates")
def test_a_verdict_that_cannot_be_stored_is_said(store: Store, invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = store()
    monkeypatch.setattr(sys.modules["simcast.analysis.diagnose"], "store_checked", full)
    document, status = diagnosed(invoke, file)
    assert status == 0
    assert any("could not be stored (No space left on device)" in warning for warning in document["warnings"])


def test_a_page_says_how_predictive_checks_came_out_in_both_languages() -> None:
    failed, passed = Checked(80, 3, ("stage встреча", "new deals")), Checked(80, 0, ())
    for code, words in (
        (
            "en",
            ("3 of 80 predictive checks failed", "Do not rely", "All 80 predictive checks passed", "Only its sampling"),
        ),
        ("ru", ("3 из 80 (этап встреча, новые сделки)", "нельзя полагаться", "пройдены (80)", "лишь по ходу выборки")),
    ):
        told = [fit_sentence(GOOD, LANGUAGES[code], checked) for checked in (failed, passed, None)]
        assert words[0] in told[0]
        assert words[1] in told[0]
        assert words[1] not in told[1]
        assert words[2] in told[1]
        assert words[3] in told[2]
    warning, is_english = LANGUAGES["ru"].sentence(failed.words())
    assert not is_english
    assert "3 из 80 (этап встреча, новые сделки)" in warning


@pytest.mark.parametrize(("code", "words"), [("en", "The fit is a quick one"), ("ru", "Оценка параметров быстрая")])
def test_a_page_says_of_a_quick_fit_that_it_is_one(code: str, words: str) -> None:
    assert words in fit_sentence(replace(GOOD, quick=True), LANGUAGES[code])
    assert words not in fit_sentence(GOOD, LANGUAGES[code])


def test_a_diagnosis_and_a_fit_are_kept_in_a_folder(store: Store, invoke: Invoke, tmp_path: Path) -> None:
    file, out = store(wrong(conversion=0.6)), tmp_path / "kept"
    document, _ = diagnosed(invoke, file)
    for name in ("diagnose", "fit"):
        assert invoke(name, file, "--out", out, "--futures", 10, "--seed", 3, "--threads", 1).exit_code == 1
    assert json.loads((out / "diagnosis.json").read_text(encoding="utf-8")) == document
    assert len(pd.read_parquet(out / "diagnosis.parquet")) == len(document["checks"])
    fitted = json.loads((out / "fit.json").read_text(encoding="utf-8"))
    assert fitted["fingerprint"] == document["fingerprint"]
    assert json.loads(invoke("fit", file, "--json").stdout) == fitted  # where a number is none, it is null
