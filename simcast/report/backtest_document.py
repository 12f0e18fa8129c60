"""A backtest for programs: the JSON document, and the tables of its folder."""

from __future__ import annotations

import math
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import simcast
from simcast.backtesting import MetricSummary, Ratio, Scores
from simcast.backtesting.cells import SCORED_QUANTILES, quantile_name
from simcast.backtesting.recalibration import RECALIBRATED
from simcast.backtesting.scenario_file import BacktestRun
from simcast.report.backtest_words import answer

if TYPE_CHECKING:
    import pandas as pd


def backtest_document(run: BacktestRun) -> dict[str, Any]:
    """Return the document of a backtest, as ``simcast backtest --json`` prints it; NaN becomes null."""
    scenario, lead = run.scenario, run.summary.metrics[run.metric]
    found = {
        "simcast": simcast.__version__,
        "file": scenario.file.name if scenario.file else None,
        "name": scenario.name,
        "question": scenario.question,
        "answer": answer(run),
        "trusted": run.judgement.trusted,
        "reasons": list(run.judgement.reasons),
        "notes": list(run.judgement.notes),
        "metric": run.metric,
        "every": run.every,
        "horizon_days": scenario.forecast.days,
        "overlap": run.summary.overlap,
        "futures": scenario.simulation.futures,
        "seed": scenario.simulation.seed,
        "quick": scenario.history.model.quick if scenario.history else False,
        "recalibrated": RECALIBRATED in lead.methods,
        "origins": _origins(run),
        "scores": {name: _scores(scores) for name, scores in lead.methods.items()},
        "ratios": {ratio.against: _ratio(ratio) for ratio in lead.ratios},
        "metrics": {metric: _metric(summary) for metric, summary in run.summary.metrics.items()},
        "deals": None if run.deals is None else asdict(run.deals),
    }
    return {key: _plain(value) for key, value in found.items()}


def _origins(run: BacktestRun) -> list[dict[str, Any]]:
    """Return what was foreseen at each origin, and what happened."""
    cells = run.summary.cells
    totals = cells[cells["part"] == "total"]
    origins = []
    for about in run.backtest.origins:
        here = totals[totals["origin"] == about["origin"]]
        by_metric: dict[str, Any] = {
            str(metric): _foreseen(here[here["metric"] == metric]) for metric in run.summary.metrics
        }
        rest = {key: value for key, value in about.items() if key != "origin"}
        origins.append({"as_of": about["origin"], **rest, **by_metric})
    return origins


def _foreseen(rows: pd.DataFrame) -> dict[str, Any]:
    """Return one origin's forecasts of one metric."""
    model = rows[rows["method"] == "simcast"].iloc[0]
    return {
        "actual": float(model["actual"]),
        "mean": float(model["mean"]),
        "quantiles": {f"{level:g}": float(model[quantile_name(level)]) for level in SCORED_QUANTILES},
        "crps": float(model["crps"]),
        "others": {
            str(row["method"]): {"mean": float(row["mean"]), "crps": float(row["crps"])}
            for _, row in rows[rows["method"] != "simcast"].iterrows()
        },
    }


def _metric(summary: MetricSummary) -> dict[str, Any]:
    return {
        "scores": {name: _scores(scores) for name, scores in summary.methods.items()},
        "ratios": {ratio.against: _ratio(ratio) for ratio in summary.ratios},
        "crps_over_error_of_number": {
            name: summary.methods["simcast"].crps / scores.mae if scores.mae else None
            for name, scores in summary.methods.items()
            if name not in ("simcast", RECALIBRATED)
        },
        "periods": {name: _scores(scores) for name, scores in summary.periods.items()},
        "segments": {
            column: {value: _scores(scores) for value, scores in by_value.items()}
            for column, by_value in summary.segments.items()
        },
    }


def _scores(scores: Scores) -> dict[str, Any]:
    by_level = {
        name: {f"{level:g}": value for level, value in getattr(scores, name).items()} or None
        for name in ("coverage", "coverage_in_part", "interval_score")
    }
    return {**asdict(scores), **by_level, "pit": list(scores.pit) or None}


def _ratio(ratio: Ratio) -> dict[str, Any]:
    return {"ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "n": ratio.n, "verdict": ratio.verdict}


def _plain(value: Any) -> Any:  # noqa: ANN401  # any part of a document
    """Return a value as JSON can hold it."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def scores_table(run: BacktestRun) -> pd.DataFrame:
    """Return all scores in one long table: metric, method, part, value, score, level, number."""
    import pandas as pd

    rows = []
    for metric, summary in run.summary.metrics.items():
        parts: list[tuple[str, str, str, Scores]] = [(m, "total", "", s) for m, s in summary.methods.items()]
        parts += [("simcast", "period", value, s) for value, s in summary.periods.items()]
        parts += [("simcast", column, v, s) for column, by in summary.segments.items() for v, s in by.items()]
        for method, part, value, scores in parts:
            place = {"metric": metric, "method": method, "part": part, "value": value}
            rows += [{**place, **score} for score in _long(scores)]
    return pd.DataFrame(rows)


def _long(scores: Scores) -> list[dict[str, Any]]:
    """Return one row per number of the scores."""
    single = ("n", "crps", "mae", "bias", "pinball", "actual")
    rows = [{"score": name, "level": float("nan"), "number": float(getattr(scores, name))} for name in single]
    for name in ("coverage", "interval_score"):
        rows += [{"score": name, "level": level, "number": value} for level, value in getattr(scores, name).items()]
    return rows


def write_backtest_folder(run: BacktestRun, folder: Path) -> None:
    """Write ``backtest.json``, ``scores.parquet``, ``forecasts.parquet`` and ``deals.parquet``.

    Raises
    ------
    OSError
        When the folder cannot be written.
    """
    from simcast.report.folder import as_json, write_whole

    folder.mkdir(parents=True, exist_ok=True)
    text = as_json(backtest_document(run))
    write_whole(folder / "backtest.json", lambda path: path.write_text(text, encoding="utf-8"))
    write_whole(folder / "scores.parquet", lambda path: scores_table(run).to_parquet(path, index=False))
    forecasts = run.summary.cells.drop(columns="sample")
    write_whole(folder / "forecasts.parquet", lambda path: forecasts.to_parquet(path, index=False))
    if run.backtest.deals is not None:
        deals = run.backtest.deals
        write_whole(folder / "deals.parquet", lambda path: deals.to_parquet(path, index=False))
