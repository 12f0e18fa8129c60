"""`simcast init --from`: exports that were once read wrongly, and without a word."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from simcast import load_scenario
from simcast.analysis.inputs import read_scenario_history
from simcast.errors import DataError
from simcast.history import History
from simcast.scenario import HistorySettings
from simcast.starting import Proposal, Said, propose

FIRST = datetime(2025, 1, 6, 9, 15)
STAGES = ("Qualification", "Analysis", "Proposal")
N_DEALS = 90


def day(number: float, form: str = "%Y-%m-%d") -> str:
    return (FIRST + timedelta(days=number)).strftime(form)


def course(deal: int, won: str = "Closed Won", lost: str = "Closed Lost") -> list[tuple[str, float]]:
    """Return the stages of a deal and their days: a third is won, a third is lost early, the rest late."""
    reached = STAGES[: (3, 1, 2)[deal % 3]]
    return [*((stage, deal + 4 * k) for k, stage in enumerate(reached)), ((won, lost, lost)[deal % 3], deal + 14)]


def proposed(folder: Path, header: str, rows: list[str], **said: object) -> tuple[Proposal, HistorySettings, History]:
    """Write an export; return what is proposed for it, the settings, and the history that they read."""
    folder.mkdir(exist_ok=True)
    file = folder / "export.csv"
    file.write_text("\n".join([header, *rows]), encoding="utf-8")
    proposal = propose(str(file), folder / "new", None, Said(**said))  # type: ignore[arg-type]  # by name
    scenario = load_scenario(proposal.scenario)
    history = read_scenario_history(scenario)
    assert scenario.history is not None
    assert history is not None
    return proposal, scenario.history, history


def says(proposal: Proposal, text: str) -> bool:
    return any(text in line for line in proposal.unsure)


def counts(history: History) -> tuple[int, int]:
    return history.quality.n_won, history.quality.n_lost


def test_the_day_of_entry_is_neither_the_planned_end_nor_the_creation_of_the_deal(tmp_path: Path) -> None:
    rows = [
        f"{k},{stage},{day(k)},{day(k + 14 + k % 5)},{day(at, '%Y-%m-%d %H:%M')}"
        for k in range(N_DEALS)
        for stage, at in course(k)
    ]
    for header in (
        "Deal ID,Stage,Created Time,Closing Date,Modified Time",
        "Deal ID,Stage,Date added,Expected close,Last Modified Date",
        "Номер сделки,Этап,Дата создания,Дата завершения,Дата изменения",
    ):
        _, history, read = proposed(tmp_path / header[-9:].strip(), header, rows)
        assert history.columns["entered"] == header.split(",")[-1]
        assert counts(read) == (30, 60)
        assert (read.stays["left"] - read.stays["entered"]).dt.days.max() == 14


def test_dates_that_never_differ_within_a_deal_are_said_to_date_deals(tmp_path: Path) -> None:
    rows = [f"{k},{stage},{day(k)}" for k in range(N_DEALS) for stage, _ in course(k)]
    proposal, _, _ = proposed(tmp_path, "Deal ID,Stage,Created Time", rows)
    assert says(proposal, "'Created Time' is the same in all rows of a deal")


@pytest.mark.parametrize("header", ["Deal ID,Pipeline,Stage,Entered", "Номер сделки,Воронка,Этап,Дата перехода"])
def test_pipelines_of_a_log_are_not_mixed(tmp_path: Path, header: str) -> None:
    rows = [f"{k},{'Sales' if k % 4 else 'Partners'},{stage},{day(at)}" for k in range(160) for stage, at in course(k)]
    proposal, history, read = proposed(tmp_path, header, rows)
    assert history.where == {header.split(",")[1]: ("Sales",)}
    assert read.n_deals == 120
    assert says(proposal, "names 2 pipelines (Partners, Sales): the largest, 'Sales', is read")


def test_of_changes_of_any_field_those_of_the_stage_are_read(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        rows += [f"{k},DEAL,dealstage,{stage},{day(at)},CRM" for stage, at in course(k, "closedwon", "closedlost")]
        rows += [f"{k},DEAL,amount,{1000 + k},{day(k)},CRM", f"{k},DEAL,closedate,{day(k + 50)},{day(k)},CRM"]
    proposal, history, read = proposed(tmp_path, "Object ID,Object type,Property,Value,Timestamp,Source", rows)
    assert (history.where, history.columns["stage"]) == ({"Property": ("dealstage",)}, "Value")
    assert read.pipeline.stages == STAGES
    assert counts(read) == (30, 60)
    assert says(proposal, "rows are changes of fields: those of 'dealstage' in 'Property' are read")


def test_changes_of_the_status_end_deals_where_those_of_the_stage_do_not(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        (first, begun), *moves, (end, ended) = course(k, "Won", "Lost")
        before = first
        rows.append(f"{k},Creation,,{first},{day(begun)}")
        for stage, at in moves:
            rows.append(f"{k},Stage change,{before},{stage},{day(at)}")
            before = stage
        rows += [f"{k},Status change,Open,{end},{day(ended)}", f"{k},Value change,0,{k},{day(ended)}"]
    _, history, read = proposed(tmp_path, "Deal ID,Update,Old value,New value,Time", rows)
    assert sorted(history.where["Update"]) == ["Creation", "Stage change", "Status change"]
    assert read.pipeline.stages == STAGES
    assert counts(read) == (30, 60)


def test_names_of_its_own_for_lost_deals_do_not_leave_them_open(tmp_path: Path) -> None:
    ends = ("Closed Won", "Closed Lost", "Dead", "Disqualified", "Proposal")
    rows = [f"006{k},{ends[k % 5]},{day(k)},{day(k + 9)},100" for k in range(N_DEALS)]
    proposal, history, read = proposed(tmp_path / "deals", "Opportunity ID,Stage,Created Date,Close Date,Amount", rows)
    assert history.format == "salesforce"
    assert counts(read) == (18, 54)
    assert says(proposal, "'Dead' and 'Disqualified' are taken to mean lost")
    rows = [
        f"006{k},{stage},{day(at)}T09:00:00Z,100"
        for k in range(N_DEALS)
        for stage, at in course(k, lost="Closed - No Decision" if k % 2 else "Closed Lost")
    ]
    proposal, history, read = proposed(tmp_path / "log", "OpportunityId,StageName,CreatedDate,Amount", rows)
    assert history.format == "salesforce"
    assert read.pipeline.stages == STAGES
    assert counts(read) == (30, 60)


def test_a_stage_that_sounds_lost_and_is_left_again_is_a_stage(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        moves = [("Qualification", k), ("Trial expired", k + 2), ("Proposal", k + 4), course(k)[-1]]
        rows += [f"006{k},{stage},{day(at)}T09:00:00Z,100" for stage, at in moves]
    _, history, read = proposed(tmp_path, "OpportunityId,StageName,CreatedDate,Amount", rows)
    assert history.format == "salesforce"
    assert read.pipeline.stages == ("Qualification", "Trial expired", "Proposal")


def test_flags_tell_which_stages_are_the_ends(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        path = course(k, "Signed off", "Not a fit")
        end = path[-1][0]
        dates = {stage: day(at, "%Y-%m-%d %H:%M") for stage, at in path}
        cells = [dates.get(stage, "") for stage in (*STAGES, "Signed off", "Not a fit")]
        rows.append(",".join([str(k), end, day(k), day(k + 14), "TRUE" if k % 3 == 0 else "FALSE", "TRUE", *cells]))
    header = "Record ID,Deal Stage,Create Date,Close Date,Is Closed Won,Is Deal Closed?," + ",".join(
        f'"Date entered ""{stage} (Sales)"""' for stage in (*STAGES, "Signed off", "Not a fit")
    )
    _, history, read = proposed(tmp_path, header, rows)
    assert history.format == "hubspot"
    assert read.pipeline.stages == STAGES
    assert counts(read) == (30, 60)


def test_a_stage_that_is_renamed_halfway_is_one_stage(tmp_path: Path) -> None:
    rows = [
        f"{k},{'Discovery' if stage == 'Analysis' and at >= 45 else stage},{day(at)}"
        for k in range(N_DEALS)
        for stage, at in course(k)
    ]
    proposal, history, read = proposed(tmp_path, "Deal ID,Stage,Entered", rows)
    assert history.outcomes["Analysis"] == "Discovery"
    assert read.pipeline.stages == ("Qualification", "Discovery", "Proposal")
    assert says(proposal, "it is taken to have been renamed")


def test_stages_that_stand_side_by_side_are_not_taken_to_be_renamed(tmp_path: Path) -> None:
    rows = [
        f"{k},{'Discovery' if stage == 'Analysis' and k % 2 else stage},{day(at)}"
        for k in range(N_DEALS)
        for stage, at in course(k)
    ]
    proposal, _, read = proposed(tmp_path, "Deal ID,Stage,Entered", rows)
    assert {"Analysis", "Discovery"} <= set(read.pipeline.stages)
    assert not says(proposal, "renamed")


def test_wins_before_the_creation_are_mistakes_and_no_renewals(tmp_path: Path) -> None:
    rows = [
        f"{k},{day(k)},{day(k - 3 if k % 9 == 0 else k + 5)},{('Won', 'Lost', 'Lost')[k % 3]}" for k in range(N_DEALS)
    ]
    _, history, read = proposed(tmp_path, "Deal ID,Created,Closed,Status", rows)
    assert read.pipeline.stages == ("selling",)
    assert history.on_bad_rows == "quarantine"
    assert counts(read) == (20, 60)


def test_an_end_without_a_time_is_after_the_entries_of_its_day(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        end = ("Won", "Lost", "Open")[k % 3]
        closed = day(k + 2) if end != "Open" else ""
        rows.append(f"{k},{day(k)} 10:00,{day(k + 2)} 14:30,{closed},{end}")
    proposal, _, read = proposed(tmp_path, "Deal ID,Lead date,Offer date,Closed on,Status", rows)
    assert read.pipeline.stages == ("Lead", "Offer")
    assert counts(read) == (30, 30)
    assert "moves:" not in proposal.scenario.read_text(encoding="utf-8")


def test_reasons_with_a_day_of_the_end_are_losses(tmp_path: Path) -> None:
    reasons = ("Hired", "Underqualified", "Culture fit", "Withdrew", "")
    rows = [f"{k},{day(k)},{day(k + 9) if reasons[k % 5] else ''},{reasons[k % 5]}" for k in range(N_DEALS)]
    proposal, _, read = proposed(tmp_path, "Opportunity ID,Created At,Archived At,Archive Reason", rows)
    assert counts(read) == (18, 54)
    assert says(proposal, "are taken for lost since nearly all such deals have a date in 'Archived At'")


def test_words_stay_open_where_open_deals_have_dates_too(tmp_path: Path) -> None:
    words = ("Won", "Lost", "Proposal", "Demo")
    rows = [f"{k},{day(k)},{day(k + 9)},{words[k % 4]}" for k in range(80)]
    _, _, read = proposed(tmp_path, "Deal ID,Created,Closed,Status", rows)
    assert counts(read) == (20, 20)


def test_wins_that_no_row_dates_are_said_before_all_else(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        *stages, _ = course(k)
        rows += [f"{k},{stage},{day(at)},{'Hired' if k % 6 == 0 else ''}" for stage, at in stages]
    proposal, _, _ = proposed(tmp_path, "Application ID,Stage,Entered stage at,Archive reason", rows)
    assert proposal.unsure[0].startswith(
        "NOT FIT TO FORECAST FROM yet, since 'Archive reason' says 'Hired' of 15 deals"
    )


def test_a_row_per_term_is_refused_with_what_to_do(tmp_path: Path) -> None:
    rows = [
        f"S{k},{day(90 * term)},{day(90 * term + 88)},{('Renewed', 'Cancelled')[term // 3]}"
        for k in range(N_DEALS)
        for term in range(4)
    ]
    with pytest.raises(DataError, match="if a row is a term or a try of its own"):
        proposed(tmp_path, "Subscription,Term start,Decided,Status", rows)


def test_amounts_in_thousands_are_named_where_none_is_a_number(tmp_path: Path) -> None:
    rows = [f"{k},{stage},{day(at)},${k}.5k" for k in range(N_DEALS) for stage, at in course(k)]
    proposal, _, _ = proposed(tmp_path, "Deal ID,Stage,Entered,Cheque size", rows)
    assert says(proposal, "('Cheque size' is called so, but holds '$0.5k'; write it as a number")


def test_copies_of_events_do_not_set_their_visitors_aside(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        events = [("view", k), ("view", k + 0.01), ("cart", k + 0.02), ("view", k + 0.03), ("purchase", k + 0.04)]
        rows += [f"{k},{name},{day(at, '%Y-%m-%d %H:%M:%S')}" for name, at in events[: 5 if k % 3 == 0 else 4]]
        rows.append(rows[-1])
    _, history, read = proposed(tmp_path, "visitor_id,event_name,event_time", rows)
    assert (history.repeats, history.on_bad_rows) == ("first", "stop")
    assert read.n_deals == N_DEALS


def test_stages_in_which_deals_may_end_are_named_and_can_be_said(tmp_path: Path) -> None:
    words = ("Closed won", "Closed lost", "Parked", "Demo")
    rows = [f"{k},{words[k % 4]} (Sales),{day(k)},{day(k + 9)}" for k in range(80)]
    header = "Record ID,Deal Stage,Create Date,Close Date"
    proposal, _, read = proposed(tmp_path / "guessed", header, rows)
    assert counts(read) == (20, 20)
    assert says(proposal, "are taken for stages of open deals: if deals end in one, say so, such as --outcome")
    _, _, read = proposed(tmp_path / "said", header, rows, outcomes={"Parked": "lost"})
    assert counts(read) == (20, 40)


def test_where_nothing_is_won_it_is_said_first_and_the_last_stage_can_be_the_win(tmp_path: Path) -> None:
    rows = []
    for k in range(N_DEALS):
        path = course(k, "Customer", "Not a fit")
        dates = {stage: day(at, "%Y-%m-%d %H:%M") for stage, at in path}
        cells = [dates.get(stage, "") for stage in (*STAGES, "Customer", "Not a fit")]
        rows.append(",".join([str(k), f"{path[-1][0]} (Sales)", day(k), day(k + 14), *cells]))
    header = "Record ID,Deal Stage,Create Date,Close Date," + ",".join(
        f'"Date entered ""{stage} (Sales)"""' for stage in (*STAGES, "Customer", "Not a fit")
    )
    proposal, _, _ = proposed(tmp_path / "guessed", header, rows)
    assert proposal.unsure[0].startswith("NOT FIT TO FORECAST FROM yet, since no deal is ever won")
    assert "--outcome Customer=won" in proposal.unsure[0]
    _, _, read = proposed(tmp_path / "said", header, rows, outcomes={"Customer": "won", "Not a fit": "lost"})
    assert read.pipeline.stages == STAGES
    assert counts(read) == (30, 60)
