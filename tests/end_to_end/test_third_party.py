"""Other people's data, end to end: each file of benchmarks/real is checked and forecast through the command line."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

ROOT = Path(__file__).parents[2]
REAL = ROOT / "benchmarks" / "real"
DATA = Path(os.environ.get("SIMCAST_DATA") or ROOT.parent / "shared" / "data")

SETS = {
    "maven": "maven_crm/sales_pipeline.csv",
    "olga": "olga/opportunities.csv",
    "fines": "traffic_fines/traffic_fines_events.csv",
    "talentpulse": "talentpulse/stage_history.csv",
}
WINS_OF_THE_QUARTER = {"maven": 1196, "olga": 156, "fines": 503, "talentpulse": 85}
"""What happened, counted from the files themselves."""

third_party = pytest.mark.parametrize("name", SETS)


def simcast(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from simcast.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "SIMCAST_DATA": str(DATA), "PYTHONPATH": str(ROOT)},
    )


def scenario_file(name: str) -> str:
    if not (DATA / SETS[name]).exists():
        pytest.skip(f"third-party data are missing: no {SETS[name]} under {DATA} (set SIMCAST_DATA)")
    return str(REAL / f"{name}.yaml")


def increasing(quantiles: dict[str, float]) -> bool:
    values = [quantiles[level] for level in sorted(quantiles, key=float)]
    return all(low <= high for low, high in itertools.pairwise(values))


def test_each_scenario_file_of_real_data_is_tested() -> None:
    assert {path.stem for path in REAL.glob("*.yaml")} == set(SETS)


@third_party
def test_check_accepts_the_file_and_reports_its_quality(
    name: str, invoke: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = scenario_file(name)
    monkeypatch.setenv("SIMCAST_DATA", str(DATA))
    before = sorted((DATA / SETS[name]).parent.iterdir())
    checked = invoke("check", file)
    assert checked.exit_code == 0, checked.stderr
    assert "rows" in checked.stdout
    assert sorted((DATA / SETS[name]).parent.iterdir()) == before, "check wrote beside the data"


@pytest.mark.slow
@third_party
def test_run_forecasts_the_quarter_and_shows_what_happened(name: str, tmp_path: Path) -> None:
    file = scenario_file(name)
    options = ["--quick", "--futures", "1000", "--out", str(tmp_path / "out")]
    run = simcast("run", file, "--json", "--actual", *options)
    # 1 says that the fit is not to be trusted, which is an answer too, on data such as these.
    assert run.returncode in {0, 1}, run.stderr
    assert "Traceback" not in run.stderr
    result: dict[str, Any] = json.loads(run.stdout)
    assert result["futures"] == 1000
    baseline = result["scenarios"]["baseline"]
    assert len(baseline["periods"]) == 3

    wins = baseline["wins"]["quantiles"]
    assert 0 < wins["0.1"] < wins["0.9"]
    assert increasing(wins)
    bookings = baseline["bookings"]["quantiles"]
    assert 0 < bookings["0.1"] < bookings["0.9"]
    assert increasing(bookings)
    assert 0 <= baseline["target"]["probability"] <= 1

    happened = WINS_OF_THE_QUARTER[name]
    assert result["actual"]["wins"] == happened
    assert happened / 4 < wins["0.5"] < happened * 4, "the forecast is not even of the right order"


@pytest.mark.slow
def test_a_forecast_of_the_past_does_not_depend_on_what_came_later(tmp_path: Path) -> None:
    """Cut the file at the as-of date: the forecast stays the same, byte for byte."""
    scenario_file("talentpulse")
    lines = (DATA / SETS["talentpulse"]).read_text(encoding="utf-8").splitlines()
    day = lines[0].split(",").index("stage_date")
    known = [lines[0], *(line for line in lines[1:] if line.split(",")[day] < "2026-04-01")]
    assert len(known) < len(lines)
    (tmp_path / "talentpulse").mkdir()
    (tmp_path / SETS["talentpulse"]).write_text("\n".join(known) + "\n", encoding="utf-8")
    text = (REAL / "talentpulse.yaml").read_text(encoding="utf-8")
    results = []
    for number, folder in enumerate([DATA, tmp_path]):
        file = tmp_path / f"as_of_{number}.yaml"
        file.write_text(text.replace("${SIMCAST_DATA:-../../../shared/data}", str(folder)), encoding="utf-8")
        run = simcast("run", str(file), "--json", "--futures", "500", "--out", str(tmp_path / f"out{number}"))
        assert run.returncode in {0, 1}, run.stderr
        results.append(json.loads(run.stdout)["scenarios"])
    assert results[0] == results[1]
