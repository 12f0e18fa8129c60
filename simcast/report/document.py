"""The JSON documents: what programs read."""

from __future__ import annotations

from typing import Any

import simcast
from simcast.analysis import Actual, Difference, ExactMeans, Run
from simcast.forecast import Forecast, Summary


def run_document(run: Run) -> dict[str, Any]:
    """Return the document of a run, as ``simcast run --json`` prints it.

    It holds neither times nor folders: the same data, scenario, versions and seed give the same document.
    """
    scenario = run.scenario
    document: dict[str, Any] = {
        "simcast": simcast.__version__,
        "file": scenario.file.name if scenario.file else None,
        "name": scenario.name,
        "question": scenario.question,
        "as_of": str(run.days.as_of),
        "until": str(run.days.until),
        "period": run.days.period,
        "futures": scenario.simulation.futures,
        "seed": scenario.simulation.seed,
        "fingerprint": run.posterior.fingerprint,
        "trusted": run.trusted,
        "diagnostics": None if run.posterior.diagnostics is None else run.posterior.diagnostics.line(),
        "open_deals": len(run.book),
        "scenarios": {name: _forecast(forecast) for name, forecast in run.forecasts.items()},
        "judged_by": "wins" if run.by_wins else "net",
        "differences": [difference_document(difference) for difference in run.differences],
        "warnings": list(run.warnings),
    }
    for name, ends in run.won_ends.items():
        document["scenarios"][name]["won_outcomes"] = {
            outcome: {
                "bookings": Summary.of(end.bookings).to_dict(),
                "wins": Summary.of(end.wins).to_dict(),
            }
            for outcome, end in ends.items()
        }
    for name, exact in run.exact.items():
        document["scenarios"][name]["exact"] = _exact(exact)
    if run.actual is not None:
        document["actual"] = _actual(run, run.actual)
    return document


def _forecast(forecast: Forecast) -> dict[str, Any]:
    """Return the part of one scenario."""
    results = forecast.results
    stages = [str(stage) for stage in results["stage"].to_numpy()]
    return {
        **_totals(forecast),
        "target": _target(forecast),
        "periods": [
            {
                "start": str(start)[:10],
                "end": str(end)[:10],
                **_totals(forecast, period=position),
            }
            for position, (start, end) in enumerate(
                zip(results["period"].to_numpy(), results["period_end"].to_numpy(), strict=True)
            )
        ],
        "by": {
            column: {
                value: _totals(forecast, where={column: value})
                for value in dict.fromkeys(forecast.segments.column(column))
            }
            for column in forecast.segments.columns
        },
        "origin": {"open": _totals(forecast, origin="open"), "new": _totals(forecast, origin="new")},
        "stages": {stage: _stage(forecast, stage) for stage in stages},
        **({"teams": _teams(forecast)} if "team" in results.dims else {}),
        "cost": Summary.of(results["cost"].to_numpy()).to_dict(),
        "net": Summary.of(forecast.net()).to_dict(),
        **margin_document(forecast),
        "notes": list(forecast.notes),
    }


def margin_document(forecast: Forecast) -> dict[str, Any]:
    """Return the share of bookings that counts as gain; nothing where all of them do."""
    return {} if forecast.margin is None else {"margin": Summary.of(forecast.margin).to_dict()}


def _totals(forecast: Forecast, **selection: Any) -> dict[str, Any]:  # noqa: ANN401 - handed on to values()
    """Return bookings and wins of a part of the forecast."""
    return {
        "bookings": Summary.of(forecast.values("bookings", **selection)).to_dict(),
        "wins": Summary.of(forecast.values("wins", **selection)).to_dict(),
    }


def _target(forecast: Forecast) -> dict[str, Any] | None:
    """Return the targets, and the shares of futures that reach all of them and each; None without any."""
    if not forecast.targets:
        return None
    return {
        **{str(metric): wanted for metric, wanted in forecast.targets.items()},
        "probability": forecast.probability_of_targets(),
        "probabilities": {
            str(metric): forecast.probability(metric, wanted) for metric, wanted in forecast.targets.items()
        },
    }


def _stage(forecast: Forecast, stage: str) -> dict[str, Any]:
    """Return the flow through one stage; without a team nobody waits for a free person."""
    return {
        "entered": Summary.of(forecast.stage_values("entered", stage)).to_dict(),
        "left_forward": Summary.of(forecast.stage_values("left_forward", stage)).to_dict(),
        "open_at_end": Summary.of(forecast.stage_values("open_at_end", stage)).to_dict(),
        "wait_days": Summary.of(forecast.wait_days(stage)).to_dict(),
    }


def _teams(forecast: Forecast) -> dict[str, Any]:
    """Return how busy each team is, and how long is the line before it."""
    document = {}
    for team in forecast.results["team"].to_numpy():
        of_team = forecast.results.sel(team=team)
        document[str(team)] = {
            "utilisation": Summary.of(of_team["team_utilisation"].to_numpy()).to_dict(),
            "wait_days_90": Summary.of(of_team["team_wait_90"].to_numpy()).to_dict(),
            "queue": [
                {"end": str(end)[:10], **Summary.of(queue).to_dict()}
                for end, queue in zip(
                    forecast.results["period_end"].to_numpy(), of_team["team_queue"].to_numpy().T, strict=True
                )
            ],
            "extra_hours": Summary.of(of_team["team_extra_hours"].to_numpy()).to_dict(),
        }
    return document


def _exact(exact: ExactMeans) -> dict[str, Any]:
    """Return the exact means and, from the same futures, the simulated ones; z is null where there is none."""
    return {
        **{str(metric): means.expected for metric, means in exact.means.items()},
        "futures": exact.n_futures,
        "origins": list(exact.origins),
        "simulated": {str(metric): means.simulated for metric, means in exact.means.items()},
        "monte_carlo_error": {str(metric): means.monte_carlo_error for metric, means in exact.means.items()},
        "numerical_error": {str(metric): means.numerical_error for metric, means in exact.means.items()},
        "z": {str(metric): means.z for metric, means in exact.means.items()},
        "notes": list(exact.notes),
    }


def difference_document(difference: Difference) -> dict[str, Any]:
    """Return what one scenario brings against another."""
    return {
        "scenario": difference.scenario,
        "against": difference.against,
        "bookings": difference.bookings.to_dict(),
        "wins": difference.wins.to_dict(),
        "net": difference.net.to_dict(),
        "probability_better": difference.probability_better,
        "probability_worse": difference.probability_worse,
        "probability_more_wins": difference.probability_more_wins,
        "probability_fewer_wins": difference.probability_fewer_wins,
        "cost_per_win": difference.cost_per_win,
    }


def _actual(run: Run, actual: Actual) -> dict[str, Any]:
    return {
        "bookings": sum(actual.bookings),
        "wins": sum(actual.wins),
        "known_until": str(actual.known_until),
        "complete": actual.complete,
        "wins_without_amount": actual.without_amount,
        "periods": [
            {"start": str(start), "end": str(end), "bookings": bookings, "wins": wins}
            for start, end, bookings, wins in zip(
                run.days.starts, run.days.ends, actual.bookings, actual.wins, strict=True
            )
        ],
    }
