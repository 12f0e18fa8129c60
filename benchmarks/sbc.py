"""Simulation-based calibration: the model's posteriors against parameters drawn from its own priors.

    python -m benchmarks.sbc --case lognormal --replicates 500 --out runs/sbc
    python -m benchmarks.sbc --replicates 500 --out runs/sbc --markdown docs/calibration.md
    python -m benchmarks.sbc --case lognormal --replicates 60 --out runs/sbc-planted --plant open-stays-left-out

A replicate draws all parameters of a pipeline from the priors, simulates a year of history with NumPy, fits it through
the public functions, and ranks the truth among 99 posterior draws: every parameter, the log-likelihood of each part,
and what is booked and won in the quarter that follows against a forecast of it. If priors, likelihood, sampler and
engine are what they claim to be, all ranks are uniform (Talts et al. 2018). Uniformity is tested by the farthest point
of the ranks' distribution function (Saeilynoja et al. 2022), corrected after Holm over all quantities of a run: a sound
program fails with a probability of 1%. ``--plant`` spoils the data on their way to the fit, which must be caught.

One JSON line per replicate goes to a file per case in --out; what is there already is not done again.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

import simcast
from benchmarks.runs import Record, put_into_document, run_missing, table
from benchmarks.sbc_cases import FIRST_DAY, N_DAYS, N_DAYS_AFTER, Case
from benchmarks.sbc_quantities import drawn_quantities, log_likelihoods, thinned
from benchmarks.sbc_truth import DrawnWorld, draw_case
from benchmarks.uniformity import holm, rank_among, uniformity_p_value
from benchmarks.world_files import read_world
from simcast.history import History
from simcast.model import FitSettings
from simcast.synthetic.worlds import WON

CASES: Mapping[str, Case] = {
    "lognormal": Case("lognormal"),
    "weibull": Case("weibull"),
    "loglogistic": Case("loglogistic"),
    "gamma": Case("gamma"),
    "hazard": Case("hazard"),
    "crossed columns": Case("lognormal", crossed=True),
    "a stage beside the path": Case("lognormal", waiting=True),
    "drift": Case("lognormal", drifting=True),
    "chances by amount": Case("lognormal", by_amount=True),
    "hazard, drift and amounts": Case("hazard", drifting=True, by_amount=True),
}
"""What is calibrated: arrivals and amounts are in all of them but those with chances by amount."""

N_RANKS = 100
FAMILY_WISE = 0.01
SAMPLER = {"chains": 2, "tune": 400, "draws": 600, "thin": 1}
"""Ninety-nine of these draws are ranked among, far enough apart to count as independent."""
CHOICES = {"recorded_from": "none", "calendar": "none", "weather": "none", "across_stages": "none"}
"""Nothing that the program finds out by itself: the truth has no late records, no calendar and no weather, and its
stages have nothing to do with each other."""


def _open_stays_left_out(history: History) -> History:
    """Count ended stays only, as a spreadsheet does; segments in which none ended keep theirs, to be known at all."""
    ended = history.stays["move"].notna()
    some_ended = ended.groupby(history.stays["segment_code"]).transform("any")
    return _with_stays(history, history.stays[ended | ~some_ended])


def _half_a_day_too_long(history: History) -> History:
    """Let every other ended stay end a day later, as rounding dates up would, if that day is still on record."""
    stays = history.stays
    a_day = np.timedelta64(1, "D")
    on_record = stays["left"] + a_day < np.datetime64(history.observed_until)
    late = stays["move"].notna() & on_record & (np.arange(len(stays)) % 2 == 0)
    return _with_stays(history, stays.assign(left=stays["left"].where(~late, stays["left"] + a_day)))


def _with_stays(history: History, stays: Any) -> History:  # noqa: ANN401  # a table of pandas
    return History.of(history.pipeline, stays, history.segments.columns, history.observed_until)


PLANTS: Mapping[str, Callable[[History], History]] = {
    "open-stays-left-out": _open_stays_left_out,
    "half-a-day-too-long": _half_a_day_too_long,
}
"""Planted bugs: what is done to the history before the fit sees it."""


def replicate(seed: int, settings: Mapping[str, Any]) -> Record:
    """Draw a world, fit it, and return the rank of each quantity and how the sampler fared."""
    case = CASES[settings["case"]]
    generator = np.random.default_rng([seed, 20180418])
    drawn = draw_case(case, generator)
    history, scenario = read_world(
        drawn.world, drawn.events, FIRST_DAY, N_DAYS, n_days_forecast=N_DAYS_AFTER, n_futures=N_RANKS - 1
    )
    seen = PLANTS[settings["plant"]](history) if settings.get("plant") else history
    choices = FitSettings(
        **CHOICES,
        **settings.get("sampler", SAMPLER),
        durations=case.durations,
        drift="quarterly" if case.drifting else "none",
        amount_effect="auto" if case.by_amount else "none",
    )
    posterior = simcast.fit(seen, seed=seed, settings=choices)
    plan = simcast.build_plan(posterior, history.open_deals(history.observed_until), scenario)
    forecast = simcast.simulate(plan, threads=1)
    ranks = _ranks(case, drawn, history, posterior, forecast, generator)
    diagnostics = posterior.diagnostics
    return {
        "ranks": ranks,
        "not_ranked": sorted(set(drawn.truth) - set(ranks)),
        "rhat_max": None if diagnostics is None else round(diagnostics.rhat_max, 4),
        "divergences": None if diagnostics is None else diagnostics.divergences,
    }


def _ranks(
    case: Case,
    drawn: DrawnWorld,
    history: History,
    posterior: simcast.Posterior,
    forecast: simcast.Forecast,
    generator: np.random.Generator,
) -> dict[str, int]:
    """Return the rank of the truth of each quantity."""
    draws, sampled = thinned(posterior, N_RANKS - 1)
    pairs = {
        name: (values, drawn.truth[name])
        for name, values in drawn_quantities(case, draws, sampled)
        if name in drawn.truth  # not so the hazards that no stay on record has reached
    }
    for name, values, truth in log_likelihoods(case, drawn, history, draws, sampled):
        pairs[name] = (values, truth)
    won = (drawn.events.name == WON) & (drawn.events.instant >= N_DAYS)
    if not case.by_amount:  # their law is learned, but not the one that they were drawn from
        pairs["forecast: bookings"] = (forecast.values("bookings"), float(drawn.events.amount[won].sum()))
    pairs["forecast: wins"] = (forecast.values("wins"), float(won.sum()))
    return {name: rank_among(values, truth, N_RANKS, generator) for name, (values, truth) in pairs.items()}


def p_values(records: Sequence[Record]) -> dict[str, float]:
    """Return the p-value of each quantity's ranks, before correction."""
    ranks: dict[str, list[int]] = {}
    for record in records:
        for name, rank in record["ranks"].items():
            ranks.setdefault(name, []).append(rank)
    return {name: uniformity_p_value(found, N_RANKS) for name, found in sorted(ranks.items()) if len(found) > 1}


def tables(runs: Mapping[str, Sequence[Record]]) -> str:
    """Return the verdicts as Markdown: by case and part, and the least p-values of all."""
    found = {(case, name): p for case, records in runs.items() for name, p in p_values(records).items()}
    corrected = {tuple(key.split("\n")): p for key, p in holm({"\n".join(key): p for key, p in found.items()}).items()}
    failed = [key for key, p in corrected.items() if p < FAMILY_WISE]
    lines = []
    for case, records in runs.items():
        parts: dict[str, list[float]] = {}
        for (of_case, name), p in corrected.items():
            if of_case == case:
                parts.setdefault(name.split(":")[0], []).append(p)
        bad = sum((record["divergences"] or 0) > 0 for record in records)
        slow = sum((record["rhat_max"] or np.inf) > 1.05 for record in records)
        lines += [
            [case, part, len(records), len(ps), f"{min(ps):.3g}", sum(p < FAMILY_WISE for p in ps), bad, slow]
            for part, ps in sorted(parts.items())
        ]
    header = (
        "case",
        "part",
        "replicates",
        "quantities",
        "least corrected p",
        "below 1%",
        "fits with divergences",
        "fits with r-hat above 1.05",
    )
    verdict = (
        f"{len(found)} quantities ranked in {len(runs)} cases; corrected after Holm over all of them, "
        f"{len(failed)} fail at {FAMILY_WISE:.0%}" + (":" if failed else ".")
    )
    worst = [f"- {case}, {name}: corrected p {corrected[case, name]:.2g}" for case, name in failed[:20]]
    left = sorted({name for records in runs.values() for record in records for name in record["not_ranked"]})
    beside = [f"Drawn but not ranked, because the posterior does not hold them: {', '.join(left)}."] if left else []
    return "\n\n".join(filter(None, [verdict, "\n".join(worst), table(header, lines), *beside]))


def main() -> None:
    """Do what is missing, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", action="append", choices=tuple(CASES), help="one or more; all unless given")
    parser.add_argument("--replicates", type=int, default=500)
    parser.add_argument("--out", type=Path, default=Path("runs/sbc"), help="a folder with a file of lines per case")
    parser.add_argument("--jobs", type=int, default=2, choices=(1, 2), help="processes, of one thread each")
    parser.add_argument("--plant", choices=tuple(PLANTS), help="a bug to plant, which must be caught")
    parser.add_argument("--markdown", type=Path, help="the document into which to write the tables")
    options = parser.parse_args()
    runs = {}
    for case in options.case or CASES:
        settings = {"case": case, "sampler": SAMPLER} | ({"plant": options.plant} if options.plant else {})
        file = options.out / f"{case.replace(' ', '-')}.jsonl"
        print(f"{case}: {file}", flush=True)
        runs[case] = run_missing(file, replicate, range(options.replicates), settings, options.jobs)
    text = tables(runs)
    print(text)
    if options.markdown:
        put_into_document(options.markdown, f"sbc {options.plant}" if options.plant else "sbc", text)


if __name__ == "__main__":
    main()
