"""Histories of the fields as people of each have them, in csv files, and the scenarios that read them.

What files hold beside the course of things is drawn here: pages looked at again, amounts, the clock of another zone.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.field_worlds import LOST, WITHDREW, WON, Field, Floats, Past

AS_OF = np.datetime64("2025-06-30")
"""A Monday, as the first day of every history."""
ZONE = "Europe/Berlin"
VIEWS, DAYS_OF_VIEWS = 0.8, 0.5
"""How many times a page is looked at again on average, and how many days later."""
RAISE = 1.03
"""What a contract costs in its next term."""


def instants(field: Field, days: Floats) -> pd.Series:
    """Return dates and times, cut to whole seconds."""
    start = (AS_OF - np.timedelta64(field.n_days, "D")).astype("datetime64[s]")
    return pd.Series(start + np.floor(days * 86_400).astype("timedelta64[s]"))


def dates(field: Field, days: Floats) -> pd.Series:
    """Return dates as text; empty where there is no day."""
    known = np.isfinite(days)
    start = AS_OF - np.timedelta64(field.n_days, "D")
    text = (start + np.floor(np.where(known, days, 0.0)).astype("timedelta64[D]")).astype(str)
    return pd.Series(np.where(known, text, ""))


def changes(field: Field, past: Past, ends: dict[int, str]) -> pd.DataFrame:
    """Return a row per change of a subject, in order: who, kind, term, to which stage or end, and the instant."""
    begun, ended = past.begun, past.ends
    names = dict(enumerate(field.stages)) | ends
    table = pd.DataFrame(
        {
            "subject": np.concatenate([begun.subject, ended.stays.subject]),
            "kind": np.array(field.kinds)[np.concatenate([begun.kind, ended.stays.kind])],
            "term": np.concatenate([begun.term, ended.stays.term]),
            "to": [names[to] for to in np.concatenate([begun.stage, ended.to]).tolist()],
            "instant": np.concatenate([begun.entered, ended.instant]),
        }
    )
    return table.sort_values(["subject", "instant"], kind="stable", ignore_index=True)


def events_of_funnel(field: Field, past: Past, generator: np.random.Generator) -> pd.DataFrame:
    """Return a row per event, in the clock of UTC; visitors look at pages again, before and after they sign up."""
    table = changes(field, past, {WON: "paid"})
    seen = table.loc[table["to"] != "paid"]
    again = seen.loc[seen.index.repeat(generator.poisson(VIEWS, len(seen)))]
    later = again["instant"] + DAYS_OF_VIEWS * generator.standard_exponential(len(again))
    again = again.assign(instant=later, to="visit")
    table = pd.concat([table, again[later < field.n_days]]).sort_values("instant", kind="stable", ignore_index=True)
    clock = instants(field, table["instant"].to_numpy()).dt.tz_localize(
        ZONE, nonexistent="shift_forward", ambiguous="NaT"
    )
    return pd.DataFrame(
        {
            "visitor_id": table["subject"].map("v{:06d}".format),
            "event": table["to"],
            "occurred_at": clock.dt.tz_convert("UTC").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "price_usd": np.where(table["to"] == "paid", "49", ""),
            "utm_source": table["kind"],
        }
    )


def changes_of_contracts(field: Field, past: Past, generator: np.random.Generator) -> pd.DataFrame:
    """Return a row per change of status; a renewed contract is active again on the same day, at a higher price."""
    table = changes(field, past, {WON: "renewed", LOST: "churned"})
    renewed = table[table["to"] == "renewed"]
    anew = renewed.assign(to="active", term=renewed["term"] + 1)
    table = pd.concat([table, anew]).sort_values(["subject", "instant", "term"], kind="stable", ignore_index=True)
    value = np.where(table["kind"] == "pro", 9000.0, 2400.0)
    own = np.exp(0.4 * generator.standard_normal(len(past.begun)))[table["subject"]]
    return pd.DataFrame(
        {
            "contract": table["subject"].map("C-{:05d}".format),
            "status": table["to"],
            "changed_on": dates(field, table["instant"].to_numpy()),
            "annual_value": (value * own * RAISE ** (table["term"] + (table["to"] == "renewed"))).round(2),
            "plan": table["kind"],
        }
    )


def table_of_candidates(field: Field, past: Past, generator: np.random.Generator) -> pd.DataFrame:  # noqa: ARG001
    """Return a row per candidate: a date for each stage, a status, and the date of the end."""
    table = changes(field, past, {WON: "Hired", LOST: "Rejected", WITHDREW: "Withdrew"})
    when = table.pivot_table(index="subject", columns="to", values="instant")
    columns = ["applied", "interview", "second interview", "offer"]
    when = when.reindex(columns=[*columns, "Hired", "Rejected", "Withdrew"])
    end = when[["Hired", "Rejected", "Withdrew"]]
    status = np.where(end.notna().any(axis=1), end.fillna(-1.0).idxmax(axis=1), "In process")
    titles = ("Applied on", "First interview", "Second interview", "Offer made")
    stages = {title: dates(field, when[name].to_numpy()) for title, name in zip(titles, columns, strict=True)}
    job = table.groupby("subject")["kind"].first().to_numpy()
    return pd.DataFrame(
        {
            "Candidate": when.index.map("K{:04d}".format),
            "Job": job,
            **stages,
            "Status": status,
            "Decided on": dates(field, end.max(axis=1).to_numpy()),
        }
    )


def list_of_investors(field: Field, past: Past, generator: np.random.Generator) -> pd.DataFrame:
    """Return a row per investor: when met, how it ended and when; what was committed."""
    met = pd.Series(past.begun.entered, past.begun.subject).sort_index()
    over = past.ends.to < 0
    to = pd.Series(past.ends.to[over], past.ends.stays.subject[over]).reindex(met.index, fill_value=0)
    decided = pd.Series(past.ends.instant[over], past.ends.stays.subject[over]).reindex(met.index)
    kind = pd.Series(past.begun.kind, past.begun.subject).sort_index()
    amount = np.where(kind == 1, 400e3, 50e3) * np.exp(0.5 * generator.standard_normal(len(met)))
    return pd.DataFrame(
        {
            "Investor": met.index.map("Investor {}".format),
            "Type": np.array(field.kinds)[kind],
            "Met on": dates(field, met.to_numpy()),
            "Status": to.map({0: "In talks", WON: "Committed", LOST: "Passed"}).to_numpy(),
            "Decided on": dates(field, decided.to_numpy()),
            "Amount": np.where(to == WON, np.round(amount, -3).astype(int).astype(str), ""),
        }
    )


def list_with_a_date_per_stage(field: Field, past: Past, generator: np.random.Generator) -> pd.DataFrame:
    """Return the same with the dates of the first meeting with the partners and of diligence."""
    listed = list_of_investors(field, past, generator)
    first = changes(field, past, {WON: "committed", LOST: "passed"}).drop_duplicates(["subject", "to"])
    when = first.pivot_table(index="subject", columns="to", values="instant").reindex(columns=["partners", "diligence"])
    listed.insert(3, "Partners on", dates(field, when["partners"].to_numpy()))
    listed.insert(4, "Diligence on", dates(field, when["diligence"].to_numpy()))
    return listed


FILES: dict[str, Callable[[Field, Past, np.random.Generator], pd.DataFrame]] = {
    "web funnel": events_of_funnel,
    "renewals": changes_of_contracts,
    "hiring": table_of_candidates,
    "fundraising": list_of_investors,
    "fundraising, a date per stage": list_with_a_date_per_stage,
    "fundraising, all answer": list_of_investors,
}
