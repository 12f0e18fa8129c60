"""How long won deals usually stay in a stage, by whatever move they leave it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, stats

from simcast.analysis import deal_table, ground_of
from simcast.analysis.long_run import wins_from
from simcast.analysis.stalled import usual_days
from simcast.history import History
from simcast.pipeline import Pipeline
from simcast.posterior import Posterior
from simcast.scenario import build_scenario

QUICK, SLOW = stats.lognorm(s=0.3, scale=5.0), stats.lognorm(s=0.3, scale=30.0)


def lognormal(median: float, sigma: float = 0.3) -> dict[str, Any]:
    return {"lognormal": {"median": median, "sigma": sigma}}


TRIAL: dict[str, Any] = {
    "conversion": 0.1,
    "days": lognormal(5),
    "moves": {"card": 0.7},
    "days_to": {"card": lognormal(30)},
    "days_lost": lognormal(30),
}


def assumed(pipeline: dict[str, Any], stages: dict[str, Any], open_deals: list[dict[str, Any]]) -> Any:  # noqa: ANN401
    return ground_of(
        build_scenario(
            {
                "simcast": 1,
                "pipeline": pipeline,
                "assume": {"stages": stages, "arrivals": {"per_day": 0}, "open": open_deals},
                "forecast": {"as_of": "2026-10-01", "horizon": "90 days"},
                "simulation": {"futures": 100, "seed": 5},
            }
        )
    )


def test_all_moves_to_a_win_count() -> None:
    pipeline = {
        "stages": ["trial"],
        "moves": [{"from": "trial", "to": "card"}],
        "outcomes": {"card": "won"},
    }
    table = deal_table(assumed(pipeline, {"trial": TRIAL}, [{"stage": "trial", "count": 1, "age_days": 10}]))
    expected = optimize.brentq(lambda t: (0.1 * QUICK.sf(t) + 0.7 * SLOW.sf(t)) / 0.8 - 0.1, 1, 200)
    assert table["usual_days"].to_numpy() == pytest.approx(expected, rel=1e-6)
    assert abs(QUICK.ppf(0.9) - expected) > 20  # the control: the forward move alone
    assert not table["stalled"].any()


FAMILIES = {
    "constant": 12,
    "exponential": {"exponential": {"mean": 8}},
    "lognormal": lognormal(9, 0.7),
    "weibull": {"weibull": {"scale": 14, "shape": 1.4}},
    "loglogistic": {"loglogistic": {"median": 7, "shape": 2.5}},
    "gamma": {"gamma": {"mean": 10, "shape": 2}},
}
SCIPY = {
    "exponential": stats.expon(scale=8),
    "lognormal": stats.lognorm(s=0.7, scale=9),
    "weibull": stats.weibull_min(c=1.4, scale=14),
    "loglogistic": stats.fisk(c=2.5, scale=7),
    "gamma": stats.gamma(a=2, scale=5),
}


@pytest.mark.parametrize("family", FAMILIES)
def test_moves_count_by_their_chance_to_be_won_in_the_end(family: str) -> None:
    """A call leads to an offer, of which few are won, or at once to a contract, of which most are; or to a rest."""
    pipeline = {
        "stages": ["call", "offer", "contract"],
        "moves": [{"from": "call", "to": "contract"}, {"from": "call", "to": "rest"}, {"from": "rest", "to": "call"}],
    }
    stages = {
        "call": {
            "conversion": 0.3,
            "days": FAMILIES[family],
            "moves": {"contract": 0.2, "rest": 0.2},
            "days_to": {"contract": lognormal(30), "rest": lognormal(60)},
        },
        "offer": {"conversion": 0.2, "days": 3},
        "contract": {"conversion": 0.9, "days": 3},
        "rest": {"conversion": 0.5, "days": 30},
    }
    world = assumed(pipeline, stages, [])
    rng = np.random.default_rng(7)
    n = 400_000
    deal, days, when = np.arange(n), [], []
    while deal.size:  # each visit to the call, until nobody is left there
        u = rng.uniform(size=deal.size)
        move = np.digitize(u, [0.3, 0.5, 0.7])  # offer, contract, rest, lost
        drawn = np.full(deal.size, 12.0) if family == "constant" else SCIPY[family].rvs(deal.size, random_state=rng)
        drawn = np.where(move == 1, SLOW.rvs(deal.size, random_state=rng), drawn)
        drawn = np.where(move == 2, 2.0 * SLOW.rvs(deal.size, random_state=rng), drawn)
        days.append((deal, drawn))
        offered = (move == 0) & (rng.uniform(size=deal.size) < 0.2)
        signed = ((move == 1) | offered) & (rng.uniform(size=deal.size) < 0.9)
        when.append(deal[signed])
        deal = deal[(move == 2) & (rng.uniform(size=deal.size) < 0.5)]
    won = np.isin(np.arange(n), np.concatenate(when))
    of_won = np.concatenate([drawn[won[who]] for who, drawn in days])
    found = usual_days(None, world.posterior)["call"]
    # The error of a quantile: that of its share over the density there.
    share = np.mean(of_won <= found)
    assert abs(share - 0.9) < 5 * np.sqrt(0.09 / of_won.size)
    forward = 12.0 if family == "constant" else SCIPY[family].ppf(0.9)
    assert abs(np.mean(of_won <= forward) - 0.9) > 5 * np.sqrt(0.09 / of_won.size)  # the control


def test_the_chance_to_be_won_once_leaves_renewals_out() -> None:
    pipeline = {
        "stages": ["offer"],
        "moves": [{"from": "won", "to": "renewal"}, {"from": "renewal", "to": "won"}],
    }
    stages = {
        name: {"conversion": share, "days": 5} for name, share in (("offer", 0.4), ("won", 0.9), ("renewal", 0.75))
    }
    posterior = assumed(pipeline, stages, []).posterior
    by_stage = dict(zip(posterior.pipeline.stages, wins_from(posterior, once=True)[0, 0], strict=True))
    assert by_stage == pytest.approx({"offer": 0.4, "won": 0.9 * 0.75, "renewal": 0.75})
    assert wins_from(posterior)[0, 0, 0] > 0.9  # the control: all wins


def stays_of(rows: list[tuple[str, str, int, int, str]], pipeline: Pipeline) -> History:
    """Return a history of stays: deal, stage, the days on which it begins and ends, and the move."""
    frame = pd.DataFrame(rows, columns=["deal", "stage", "entered", "left", "move"])
    for name in ("entered", "left"):
        frame[name] = np.datetime64("2025-01-01") + frame[name].to_numpy().astype("timedelta64[D]")
    return History.of(pipeline, frame.assign(amount=np.nan, amount_at_end=np.nan), observed_until="2026-12-01")


def trial_posterior() -> Posterior:
    pipeline = {
        "stages": ["trial"],
        "moves": [{"from": "trial", "to": "card"}],
        "outcomes": {"card": "won"},
    }
    return assumed(pipeline, {"trial": TRIAL}, []).posterior


def test_in_a_history_all_moves_of_won_deals_count() -> None:
    posterior = trial_posterior()
    rng = np.random.default_rng(3)
    rows = []
    for deal in range(600):
        move = str(rng.choice(["won", "card", "lost"], p=[0.1, 0.7, 0.2]))
        days = int((5 if move == "won" else 30) * np.exp(0.3 * rng.standard_normal()))
        rows.append((f"d{deal}", "trial", deal % 400, deal % 400 + days, move))
    of_won = [left - entered for _, _, entered, left, move in rows if move != "lost"]
    found = usual_days(stays_of(rows, posterior.pipeline), posterior)["trial"]
    assert found == pytest.approx(np.quantile(of_won, 0.9))
    forward = [left - entered for _, _, entered, left, move in rows if move == "won"]
    assert abs(np.quantile(forward, 0.9) - found) > 20  # the control: 7 days where nine of ten won deals took 43


def test_too_few_wins_leave_the_question_to_the_parameters() -> None:
    posterior = trial_posterior()
    rows = [(f"d{k}", "trial", k, k + 10 + k, "lost") for k in range(40)]
    rows += [(f"w{k}", "trial", k, k + 3, "won") for k in range(9)]
    found = usual_days(stays_of(rows, posterior.pipeline), posterior)["trial"]
    assert found == pytest.approx(usual_days(None, posterior)["trial"])  # too few: the parameters
    rows.append(("w9", "trial", 9, 13, "card"))
    assert usual_days(stays_of(rows, posterior.pipeline), posterior)["trial"] == pytest.approx(3.1)


def test_where_few_were_won_yet_moves_count_by_their_chance() -> None:
    pipeline = {"stages": ["call", "offer", "contract"], "moves": [{"from": "call", "to": "contract"}]}
    stages: dict[str, Any] = {
        "call": {"conversion": 0.3, "days": 3, "moves": {"contract": 0.2}, "days_to": {"contract": 3}},
        "offer": {"conversion": 0.2, "days": 3},
        "contract": {"conversion": 0.9, "days": 3},
    }
    posterior = assumed(pipeline, stages, []).posterior
    rows = [(f"o{k}", "call", k, k + 5, "offer") for k in range(20)]
    rows += [(f"c{k}", "call", k, k + 40, "contract") for k in range(2)]
    rows += [(f"l{k}", "call", k, k + 90, "lost") for k in range(30)]
    # 20 x 0.18 wins are to come after 5 days, 2 x 0.9 after 40: more than a tenth.
    assert usual_days(stays_of(rows, posterior.pipeline), posterior)["call"] == pytest.approx(40)
    assert np.quantile([5] * 20 + [40] * 2, 0.9) == 5  # the control: all moves alike


def test_stays_after_the_last_win_were_not_those_of_won_deals() -> None:
    pipeline = {
        "stages": ["offer"],
        "moves": [{"from": "won", "to": "renewal"}, {"from": "renewal", "to": "won"}],
    }
    stages = {name: {"conversion": 0.5, "days": 5} for name in ("offer", "won", "renewal")}
    posterior = assumed(pipeline, stages, []).posterior
    rows = []
    for k in range(20):
        renews = k % 2 == 0
        rows += [(f"d{k}", "offer", 0, 10, "won"), (f"d{k}", "won", 10, 40 if renews else 240, "renewal")]
        end = 45 if renews else 270
        rows.append((f"d{k}", "renewal", 40 if renews else 240, end, "won" if renews else "lost"))
        if renews:
            rows.append((f"d{k}", "won", end, end + 90, "lost"))
    found = usual_days(stays_of(rows, posterior.pipeline), posterior)
    assert found == pytest.approx({"offer": 10, "won": 30, "renewal": 5})
