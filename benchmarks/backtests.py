"""Backtests of other people's data, by the protocol of benchmarks/real/protocol.toml.

    python -m benchmarks.backtests                       the first two thirds of each set's as-of dates
    python -m benchmarks.backtests --holdout             all of them, the last third apart: to be looked at once
    python -m benchmarks.backtests --quick --only maven  few draws, one set: to see that it works

The data are looked for under SIMCAST_DATA, or ../shared/data; sets that are missing are skipped and named. As-of dates
that are finished are kept and found again, so an interrupted run goes on where it stopped. --markdown puts the table
into a document, between the lines <!-- backtests --> and <!-- end of backtests -->.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.runs import put_into_document, table
from simcast.backtesting import AUTOMATIC, RULES, Backtest, Summary, judge_deals, rolling_origins, summarise
from simcast.backtesting.automatic import is_installed
from simcast.backtesting.recalibration import RECALIBRATED
from simcast.backtesting.rolling import backtest
from simcast.backtesting.scenario_file import with_horizon
from simcast.backtesting.store import default_store
from simcast.errors import SimcastError

if TYPE_CHECKING:
    import pandas as pd

    from simcast.scenario import Scenario

ROOT = Path(__file__).parents[1]
REAL = ROOT / "benchmarks" / "real"
PARTS = ("development", "holdout")


def data_folder() -> Path:
    """Return where third-party data are, and let the scenario files find them there."""
    folder = Path(os.environ.get("SIMCAST_DATA") or ROOT.parent / "shared" / "data").absolute()
    os.environ["SIMCAST_DATA"] = str(folder)
    return folder


def backtest_set(
    name: str, rules: dict[str, Any], common: dict[str, Any], options: argparse.Namespace
) -> Iterator[tuple[str, Backtest]]:
    """Yield the backtest of each part of a set that is to be looked at; origins of the holdout are not even played."""
    from simcast.analysis.inputs import read_scenario_history

    scenario = with_horizon(load(name, common, options), rules["horizon"])
    history = read_scenario_history(scenario)
    if history is None:
        raise SimcastError(f"{name}: the scenario has no history")
    origins = rolling_origins(history, scenario, every=rules["every"], least_history_days=rules["min_history"])
    n_holdout = math.ceil(len(origins) / 3)
    wanted = {"development": origins[: len(origins) - n_holdout], "holdout": origins[len(origins) - n_holdout :]}
    baselines = (*RULES, *(AUTOMATIC if is_installed() else ()))
    for part in PARTS if options.holdout else PARTS[:1]:
        days = wanted[part][-options.last :] if options.last else wanted[part]
        if days:
            yield (
                part,
                backtest(
                    history,
                    scenario,
                    origins=days,
                    baselines=baselines,
                    store=default_store(),
                    jobs=options.jobs,
                    progress=say,
                ),
            )


def load(name: str, common: dict[str, Any], options: argparse.Namespace) -> Scenario:
    """Read a scenario as the protocol wants it played."""
    from simcast.scenario import load_scenario

    changes = [f"simulation.futures={options.futures or common['futures']}", f"simulation.seed={common['seed']}"]
    if options.quick:
        changes.append("history.model.quick=true")
    return load_scenario(REAL / f"{name}.yaml", overrides=changes)


_said: list[str] = []


def say(text: str, _: float) -> None:
    """Say on stderr which origin is played, once each."""
    origin = text.partition(":")[0]
    if origin not in _said[-1:]:
        _said.append(origin)
        print(f"  {origin}", file=sys.stderr, flush=True)


def rows_of(name: str, part: str, summary: Summary, found: Backtest) -> Iterator[dict[str, Any]]:
    """Yield a row per metric."""
    deals = judge_deals(found.deals)
    for metric, scored in summary.metrics.items():
        ours = scored.methods["simcast"]
        again = scored.methods.get(RECALIBRATED)
        yield {
            "set": name,
            "part": part,
            "metric": metric,
            "n": ours.n,
            "actual": ours.actual,
            "bias": ours.bias,
            "crps": ours.crps,
            "coverage": ours.coverage,
            "coverage recalibrated": again.coverage if again else None,
            "crps recalibrated": again.crps if again else None,
            "ratios": {
                ratio.against: {"ratio": ratio.ratio, "low": ratio.low, "high": ratio.high, "verdict": ratio.verdict}
                for ratio in scored.ratios
            },
            "untrusted fits": sum(not each["trusted"] for each in found.origins),
            "brier": deals.brier if deals else None,
            "brier base": deals.brier_base_rate if deals else None,
            "brier stage": deals.brier_stage_rate if deals else None,
            "auc": deals.auc if deals else None,
        }


def markdown(rows: list[dict[str, Any]]) -> str:
    """Return the tables: coverage and bias, then CRPS ratios, then single deals."""
    held = table(
        ["set", "part", "metric", "as-of dates", "in 50%", "80%", "90%", "95%", "80% recalibrated", "bias"],
        (
            [
                *(row[key] for key in ("set", "part", "metric", "n")),
                *(f"{row['coverage'][level]:.0%}" for level in (0.5, 0.8, 0.9, 0.95)),
                f"{row['coverage recalibrated'][0.8]:.0%}" if row["coverage recalibrated"] else "",
                f"{row['bias'] / row['actual']:+.0%}" if row["actual"] else "",
            ]
            for row in rows
        ),
    )
    names = list(dict.fromkeys(name for row in rows for name in row["ratios"]))
    ratios = table(
        ["set", "part", "metric", *names],
        (
            [row["set"], row["part"], row["metric"], *(_ratio(row["ratios"].get(name)) for name in names)]
            for row in rows
        ),
    )
    deals = table(
        ["set", "part", "Brier", "one share for all", "one share per stage", "ranks right"],
        (
            [row["set"], row["part"], *(_number(row[key]) for key in ("brier", "brier base", "brier stage", "auc"))]
            for row in rows
            if row["metric"] == "wins" and row["brier"] is not None
        ),
    )
    return "\n\n".join(
        [
            "How often intervals contained the actual result:",
            held,
            "CRPS of simcast over each baseline's (95% interval of a block bootstrap where as-of dates are enough):",
            ratios,
            "Single open deals, P(won by the horizon):",
            deals,
        ]
    )


def _ratio(found: dict[str, Any] | None) -> str:
    if found is None or found["ratio"] is None or math.isnan(found["ratio"]):
        return ""
    between = "" if found["low"] is None else f" ({found['low']:.2f}-{found['high']:.2f})"
    return f"{found['ratio']:.2f}{between}"


def _number(value: float) -> str:
    return f"{value:.3f}"


def pooled(cells: list[pd.DataFrame]) -> str:
    """Return what the protocol wants to know over all sets: coverage, and ratios of CRPS in units of what happened."""
    import pandas as pd

    every = pd.concat(cells, ignore_index=True)
    totals = every[(every["part"] == "total") & (every["set"] != "talentpulse")]
    usual = totals.groupby(["set", "metric"])["actual"].transform("mean")
    scaled = totals.assign(scaled=totals["crps"] / usual.where(usual > 0))
    rows = []
    for (part, metric), here in scaled.groupby(["look", "metric"], sort=False):
        model = here[here["method"] == "simcast"]
        inside = ((model["q0.1"] <= model["actual"]) & (model["actual"] <= model["q0.9"])).mean()
        means = here.groupby("method")["scaled"].mean()
        rows.append(
            [
                part,
                metric,
                len(model),
                f"{inside:.0%}",
                *(f"{means['simcast'] / means[name]:.2f}" for name in ("weighted_pipeline", "seasonal_naive")),
            ]
        )
    header = ["part", "metric", "as-of dates", "in 80%", "CRPS / weighted pipeline's", "CRPS / seasonal naive's"]
    return table(header, rows)


def main() -> None:
    """Play what is missing, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", help="a set's name; may be repeated")
    parser.add_argument("--holdout", action="store_true", help="look at the last third too")
    parser.add_argument("--quick", action="store_true", help="fits with few draws: other numbers than the protocol's")
    parser.add_argument("--futures", type=int, help="other than the protocol's")
    parser.add_argument("--last", type=int, help="only the N latest as-of dates of each part: not the protocol's")
    parser.add_argument("--jobs", type=int, default=1, help="as-of dates at once")
    parser.add_argument("--out", type=Path, default=Path("runs/backtests.json"))
    parser.add_argument("--markdown", type=Path, help="the document into which to write the tables")
    options = parser.parse_args()
    protocol = tomllib.loads((REAL / "protocol.toml").read_text(encoding="utf-8"))
    folder = data_folder()
    rows, cells, skipped = [], [], []
    for name, rules in protocol["sets"].items():
        if options.only and name not in options.only:
            continue
        print(name, file=sys.stderr, flush=True)
        try:
            for part, found in backtest_set(name, rules, protocol, options):
                summary = summarise(found, recalibrate=True)
                rows += rows_of(name, part, summary, found)
                kept = summary.cells[summary.cells["metric"].isin(list(summary.metrics))]
                cells.append(kept.drop(columns="sample").assign(set=name, look=part))
        except SimcastError as error:
            skipped.append(f"{name}: {error}")
    if not rows:
        raise SystemExit(f"nothing could be played; data are looked for under {folder}\n" + "\n".join(skipped))
    over_all = "Over all sets but talentpulse, CRPS in units of what happened on average:"
    text = f"{markdown(rows)}\n\n{over_all}\n\n{pooled(cells)}"
    print(text)
    for line in skipped:
        print(f"skipped: {line}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    if options.markdown:
        put_into_document(options.markdown, "backtests", text)


if __name__ == "__main__":
    main()
