"""The generators of four fields keep what they promise, and their files are read as what happened.

Statistical checks fail by chance with a probability of 1e-6 each; the seeds are fixed.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks import fields
from benchmarks.field_files import FILES, RAISE
from benchmarks.field_worlds import (
    FIELDS,
    LOST,
    WON,
    Field,
    Stays,
    at_latest,
    exponential,
    fundraising,
    hiring,
    lognormal,
    past_of,
    renewals,
    true_wins,
    uniform,
    web_funnel,
)
from simcast.analysis.inputs import read_scenario_history

RARE = 1e-6
DOCS = Path(__file__).parents[2] / "docs"
NAMES = tuple(FIELDS)


def stays_in(stage: int, kind: int, n: int, entered: float = 0.0) -> Stays:
    return Stays(
        np.zeros(n, dtype=np.int64),
        np.arange(n),
        np.full(n, stage),
        np.full(n, kind),
        np.zeros(n, dtype=np.int64),
        np.full(n, entered),
    )


@pytest.mark.parametrize("name", NAMES)
def test_stays_end_with_the_chances_and_days_that_are_stated(name: str) -> None:
    field, n = FIELDS[name](), 20_000
    generator = np.random.default_rng(1)
    for stage, ways in enumerate(field.ways):
        for kind in range(len(field.kinds)):
            to, left = field.leave(stays_in(stage, kind, n, 1e6), generator)
            for way in ways:
                taken = np.isfinite(left) & (to == way.to)
                assert stats.binomtest(int(taken.sum()), n, way.chance[kind]).pvalue > RARE
                days = left[taken] - 1e6
                if not field.on_working_days and np.ptp(days):
                    assert stats.ks_2samp(days, way.days(n, generator)).pvalue > RARE
            never = 1.0 - sum(way.chance[kind] for way in ways)
            assert stats.binomtest(int(np.isinf(left).sum()), n, min(max(never, 0.0), 1.0)).pvalue > RARE


def test_laws_of_days_are_what_they_are_called() -> None:
    generator, n = np.random.default_rng(2), 20_000
    for law, same in (
        (lognormal(13.0, 0.35), stats.lognorm(0.35, scale=13.0)),
        (exponential(0.3), stats.expon(scale=0.3)),
        (uniform(335.0), stats.uniform(0.0, 335.0)),
    ):
        assert stats.kstest(law(n, generator), same.cdf).pvalue > RARE
    due = at_latest(30.0, lognormal(18.0, 0.6))(n, generator)
    assert due.max() == 30.0
    late = float(stats.lognorm(0.6, scale=18.0).sf(30.0))
    assert stats.binomtest(int((due == 30.0).sum()), n, late).pvalue > RARE


def test_open_stays_go_on_as_those_that_are_still_open_do() -> None:
    field, generator, n = hiring(), np.random.default_rng(3), 40_000
    begun = stays_in(0, 0, n, 3.2)
    to, left = field.leave(begun, generator)
    still = left >= 15
    given_to, given_left = field.leave_from(15, begun, generator)
    assert given_left.min() >= 15
    ends, given_ends = np.isfinite(left) & still, np.isfinite(given_left)
    assert stats.ks_2samp(left[ends], given_left[given_ends]).pvalue > RARE
    table = [[(ends & (to == 1)).sum(), still.sum()], [(given_ends & (given_to == 1)).sum(), n]]
    assert stats.fisher_exact(table).pvalue > RARE


@pytest.mark.parametrize(("name", "n_histories"), [("hiring", 40), ("fundraising", 120)])
def test_replays_from_open_stays_agree_with_histories_that_simply_go_on(name: str, n_histories: int) -> None:
    field = FIELDS[name]()
    last = field.n_days + field.n_ahead
    went_on, replayed = [], []
    for seed in range(n_histories):
        replayed.append(true_wins(field, past_of(field, seed), seed, 10).mean())
        generator = np.random.default_rng([seed, 9])
        before = 0
        while not before:  # histories without a win are drawn anew
            begun = field.begin(0, field.n_days if field.listed else last, generator)
            ends, _ = field.play(begun, 0, last, generator)
            before, after = np.bincount(ends.instant[ends.to == WON] >= field.n_days, minlength=2)
        went_on.append(after)
    assert stats.ttest_ind(replayed, went_on, equal_var=False).pvalue > RARE
    assert stats.ttest_ind(1.5 * np.array(replayed), went_on, equal_var=False).pvalue < 1e-3


def test_a_renewed_contract_begins_its_next_term_on_the_same_day_at_a_higher_price() -> None:
    field = renewals()
    past = past_of(field, 0)
    rows = FILES["renewals"](field, past, np.random.default_rng(0))
    after = rows.shift(-1)
    renewed = rows["status"] == "renewed"
    assert renewed.sum() == (past.ends.to == WON).sum() > 800
    for name, expected in (("status", "active"), ("contract", None), ("changed_on", None), ("annual_value", None)):
        assert (after.loc[renewed, name] == (expected or rows.loc[renewed, name])).all()
    before = rows.shift(1)
    assert (rows.loc[renewed, "annual_value"] / before.loc[renewed, "annual_value"]).to_numpy() == pytest.approx(
        RAISE, abs=1e-4
    )
    days = np.array(rows["changed_on"].to_numpy(), dtype="datetime64[D]").astype(np.int64)
    reminded = (rows["status"] == "reminder").to_numpy()
    assert set((days[reminded] - days[np.flatnonzero(reminded) - 1]).tolist()) <= {335, 336}
    answered = np.flatnonzero(reminded) + 1
    answered = answered[(answered < len(rows)) & np.isin(rows["status"].to_numpy()[answered % len(rows)], ["renewed"])]
    assert (days[answered] - days[answered - 1]).max() <= 31


def test_the_funnel_repeats_and_skips_and_records_no_loss() -> None:
    field = replace(web_funnel(), per_day=40.0)
    past = past_of(field, 0)
    rows = FILES["web funnel"](field, past, np.random.default_rng(0))
    assert set(rows["event"]) == {"visit", "sign-up", "trial", "paid"}
    assert not (past.ends.to == LOST).any()
    first = rows.drop_duplicates(["visitor_id", "event"])
    assert len(rows) > 1.5 * len(first)
    by_visitor = first.groupby("visitor_id")["event"].agg(set)
    assert by_visitor.map(lambda seen: "trial" in seen and "sign-up" not in seen).any()
    assert by_visitor.map(lambda seen: "paid" in seen and "trial" not in seen).any()
    assert (rows["price_usd"] == "49").sum() == (rows["event"] == "paid").sum() == (past.ends.to == WON).sum()


def test_people_decide_on_working_days_and_some_skip_the_second_interview() -> None:
    field = hiring()
    rows = FILES["hiring"](field, past_of(field, 0), np.random.default_rng(0))
    decided = np.array(rows.loc[rows["Decided on"] != "", "Decided on"].to_numpy(), dtype="datetime64[D]")
    assert np.is_busday(decided).all()
    assert ((rows["Decided on"] == "") == (rows["Status"] == "In process")).all()
    assert {"Hired", "Rejected", "Withdrew", "In process"} == set(rows["Status"])
    assert ((rows["Offer made"] != "") & (rows["Second interview"] == "")).any()
    assert ((rows["Applied on"] == "") & (rows["First interview"] != "")).any()


def test_the_list_of_investors_is_closed() -> None:
    field = fundraising()
    for seed in range(5):
        past = past_of(field, seed)
        rows = FILES["fundraising"](field, past, np.random.default_rng(0))
        assert len(rows) == len(past.begun) == field.listed == 40
        assert ((rows["Amount"] != "") == (rows["Status"] == "Committed")).all()
    later = field.begin(field.n_days, field.n_days + field.n_ahead, np.random.default_rng(0), 50)
    assert len(later) == 0


def small(name: str) -> Field:
    field = FIELDS[name]()
    return replace(field, per_day=field.per_day / 8) if name == "web funnel" else field


@pytest.mark.parametrize("name", NAMES)
def test_init_reads_what_happened(name: str, tmp_path: Path) -> None:
    field = small(name)
    past = past_of(field, 0)
    scenario, _ = fields.scenario_of(name, field, past, 0, tmp_path)
    assert scenario.forecast.days == field.n_ahead
    history = read_scenario_history(scenario)
    assert history is not None
    known = history.known_at(scenario.forecast.as_of)
    assert known.n_deals == len(past.begun)
    assert (known.stays["move"] == "won").sum() == (past.ends.to == WON).sum()
    open_stages = known.open_deals(known.observed_until)
    renewing = name == "renewals"  # those who were given up are lost, and all others are open
    assert len(open_stages) == (len(past.begun) - (past.ends.to == LOST).sum() if renewing else len(past.open))


def record(name: str, forecast: list[float], settings: dict[str, bool]) -> dict[str, object]:
    return {
        "field": name,
        "n_subjects": 40,
        "n_rows": 40,
        "n_won": 3,
        "n_days": 140,
        "n_ahead": 122,
        "truth": [2.0, 1.0, 4.0],
        "forecast": forecast,
        "covered": 0.8,
        "trusted": True,
        "settings": settings,
    }


def test_the_table_tells_how_many_truths_lie_in_their_interval() -> None:
    near, far = [2.5, 1.0, 4.0], [5.0, 3.0, 7.0]
    told = fields.tables([record("fundraising", each, {"quick": True}) for each in (near, near, far)])
    assert told.startswith("3 histories, quick fits. ")
    assert "Passed were 3 of 3 of fundraising." in told
    assert "| 2.0 (1.0 to 4.0) | 3.3 (1.7 to 5.0) | 1.25 (1.25 to 2.50) | 2 of 3 | 80% ± 0% |" in told
    failed = record("hiring", near, {"quick": True}) | {"error": "no"}
    del failed["covered"]
    assert "; 1 failed" in fields.tables([record("hiring", near, {"quick": True}), failed])


def test_the_page_of_the_fields_holds_the_table_and_its_command() -> None:
    page = (DOCS / "fields.md").read_text(encoding="utf-8")
    assert "python -m benchmarks.fields --markdown docs/fields.md" in page
    (told,) = page.split("<!-- fields -->")[1:]
    told = told.split("<!-- end of fields -->")[0]
    header = fields.tables([record("hiring", [2.0, 1.0, 4.0], {"quick": True})]).splitlines()[2]
    assert header in told
    for name in NAMES:
        assert f"\n| {name} | {fields.N_HISTORIES[name]} |" in told
