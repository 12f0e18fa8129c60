"""`simcast init --from`: which dates end deals, which are left out, and what is said where an end is not dated."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from simcast import load_scenario
from simcast.analysis.inputs import read_scenario_history
from simcast.scenario import HistorySettings
from simcast.starting import Proposal, Said, propose

Invoke = Callable[..., Result]
FIRST = datetime(2025, 1, 6, 9, 15)
RUSSIAN = "Кандидат ID,Отклик,Интервью,Выход,Отказ,Статус", ("Вышел", "Отказ", "В работе")
ENGLISH = "Candidate ID,Applied on,Interviewed on,Hired on,Rejected on,Status", ("Hired", "Rejected", "In process")
UNHEARD = "Candidate ID,Applied on,Interviewed on,Party,Rejected on,Status", ("Hired", "Rejected", "In process")


def day(number: float, form: str = "%Y-%m-%d") -> str:
    return (FIRST + timedelta(days=number)).strftime(form)


def candidates(words: tuple[str, ...], n_rows: int = 120) -> list[str]:
    """Of 12 candidates one is hired, two of three interviewed ones are not, and two are open."""
    rows = []
    for k in range(n_rows):
        end = 0 if k % 12 == 0 else 2 if k % 12 > 9 else 1
        dates = [day(k), day(k + 3) if k % 4 == 0 else "", *(day(k + 9) if end == n else "" for n in range(2))]
        rows.append(",".join([f"K{k}", *dates, words[end]]))
    return rows


def written(tmp_path: Path, header: str, rows: list[str], **said: object) -> tuple[Proposal, HistorySettings]:
    """Write an export, and return what is proposed for it."""
    proposal = propose(str(export(tmp_path, header, rows)), tmp_path / "new", None, Said(**said))  # type: ignore[arg-type]  # by name
    history = load_scenario(proposal.scenario).history
    assert history is not None
    return proposal, history


def export(tmp_path: Path, header: str, rows: list[str]) -> Path:
    file = tmp_path / "export.csv"
    file.write_text("\n".join([header, *rows]), encoding="utf-8")
    return file


def moves(proposal: Proposal) -> dict[str, int]:
    """How many deals were won and lost, as the proposed scenario reads them."""
    history = read_scenario_history(load_scenario(proposal.scenario))
    assert history is not None
    counts = history.stays["move"].value_counts().to_dict()
    return {name: counts.get(name, 0) for name in ("won", "lost")}


@pytest.mark.parametrize(("header", "ends"), [RUSSIAN, ENGLISH, UNHEARD], ids=["russian", "english", "unheard"])
def test_the_first_day_at_work_ends_a_recruitment(tmp_path: Path, header: str, ends: tuple[str, ...]) -> None:
    """Known by its name; or, where that says nothing, since hired candidates have it and no others."""
    proposal, history = written(tmp_path, header, candidates(ends))
    names = header.split(",")
    assert history.columns["closed"] == {"won": names[3], "lost": names[4]}
    assert list(history.columns["entered"].values()) == names[1:3]
    assert moves(proposal) == {"won": 10, "lost": 90}
    assert any("nearly all won deals, and hardly any others" in text for text in proposal.unsure) == ("Party" in header)


def test_a_stage_that_others_reach_too_is_not_taken_for_the_end(tmp_path: Path) -> None:
    """All won deals have been interviewed, and so have others: nothing dates the wins, which comes first of all."""
    header, ends = ENGLISH
    rows = [",".join((*row.split(",")[:3], *row.split(",")[4:])) for row in candidates(ends)]
    proposal, history = written(tmp_path, header.replace(",Hired on", ""), rows)
    assert history.columns["closed"] == "Rejected on"
    said = "NOT FIT TO FORECAST FROM yet, since all 10 won deals would be set aside: 8% of the deals have bad rows"
    assert proposal.unsure[0].startswith(said)


def test_a_few_bad_rows_of_one_outcome_are_no_reason_not_to_forecast(tmp_path: Path) -> None:
    header, ends = ENGLISH
    rows = candidates(ends)
    rows[0] = f"K0,{day(0)},,,,Hired"
    proposal, _ = written(tmp_path, header, rows)
    assert proposal.unsure[0].startswith("less than 1% of the deals have bad rows")


def test_ends_may_be_named_apart(invoke: Invoke, tmp_path: Path) -> None:
    header, ends = "id,asked,met,yes day,no day,status", ("Won", "Lost", "Open")
    file = export(tmp_path, header, candidates(ends))
    arguments = ("init", "--from", file, tmp_path / "new")
    twice = invoke(*arguments, "--column", "closed=yes day", "--column", "closed=no day")
    assert twice.exit_code == 2
    assert "--column closed: is given 2 times; give it once" in twice.stderr
    both = invoke(*arguments, "--column", "closed=yes day", "--column", "closed.lost=no day")
    assert "--column closed: goes without --column closed.lost" in both.stderr
    assert "no column 'nay'" in invoke(*arguments, "--column", "closed.lost=nay").stderr
    done = invoke(*arguments, "--column", "closed.won=yes day", "--column", "closed.lost=no day")
    assert done.exit_code == 0, done.stderr
    scenario = load_scenario(tmp_path / "new" / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.history.columns["closed"] == {"won": "yes day", "lost": "no day"}
    assert scenario.pipeline_definition.path == ("asked", "met")


def test_one_end_may_be_named_and_the_other_found(tmp_path: Path) -> None:
    header, ends = ENGLISH
    _, history = written(tmp_path, header, candidates(ends), columns={"closed.won": "Hired on"})
    assert history.columns["closed"] == {"won": "Hired on", "lost": "Rejected on"}


def test_convert_takes_ends_apart_too(invoke: Invoke, tmp_path: Path) -> None:
    file = export(tmp_path, "deal,entered,outcome,yes,no", [f"{k},{day(k)},won,{day(k + 2)}," for k in range(40)])
    arguments = ("convert", file, tmp_path / "log.csv", "--format", "deals", "--column", "entered=entered", "--force")
    done = invoke(*arguments, "--column", "closed.won=yes", "--column", "closed.lost=no")
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "log.csv").read_text(encoding="utf-8").count("won") == 40
    both = invoke(*arguments, "--column", "closed=yes", "--column", "closed.lost=no")
    assert "--column closed: goes without --column closed.lost" in both.stderr


def test_dates_that_are_left_out_are_named_in_one_line(tmp_path: Path) -> None:
    header, ends = ENGLISH
    rows = [f"{row},{day(400)},{day(401)}" for row in candidates(ends)]
    proposal, history = written(tmp_path, f"{header},Due date,Last viewed", rows)
    said = "dates that are left out: Due date, Last viewed; name one that counts (history.columns)"
    assert [text for text in proposal.unsure if "left out" in text] == [said]
    assert set(history.columns["entered"]) == {"Applied", "Interviewed"}


def test_nothing_is_said_to_be_left_out_where_nothing_is(tmp_path: Path) -> None:
    header, ends = ENGLISH
    assert not [text for text in written(tmp_path, header, candidates(ends))[0].unsure if "left out" in text]


@pytest.mark.parametrize(
    ("n_with", "says"),
    [
        (1, "only 1 of 120 times is written with an offset (+05:00): +05:00 is assumed for lack of another"),
        (40, "only 40 of 120 times are written with an offset (+05:00)"),
        (100, "100 of 120 times are written at +05:00, and days are taken as those there"),
        (120, "all times are written at +05:00, and days are taken as those there"),
    ],
)
def test_an_offset_counts_by_how_many_times_have_it(tmp_path: Path, n_with: int, says: str) -> None:
    header, ends = ENGLISH
    rows = []
    for k, row in enumerate(candidates(ends)):
        fields = row.split(",")
        fields[1] = day(k, "%Y-%m-%dT%H:%M:%S+05:00" if k < n_with else "%Y-%m-%d %H:%M:%S")
        rows.append(",".join(fields))
    proposal, history = written(tmp_path, header, rows)
    assert history.time_zone == "+05:00"
    assert [text for text in proposal.unsure if text.startswith(says)]
    assert sum("+05:00" in text for text in proposal.unsure) == 1


@pytest.mark.parametrize(("header", "ends"), [RUSSIAN, ENGLISH], ids=["russian", "english"])
def test_without_a_column_of_outcomes_the_dates_of_ends_tell_them(
    invoke: Invoke, tmp_path: Path, header: str, ends: tuple[str, ...]
) -> None:
    rows = [
        f"{row.rpartition(',')[0]},{('Не вышел', 'Принят другими')[k % 2]},{k}"
        for k, row in enumerate(candidates(ends))
    ]
    proposal, history = written(tmp_path, header.rpartition(",")[0] + ",Причина отказа,Salary", rows)
    names = header.split(",")
    assert history.columns["closed"] == {"won": names[3], "lost": names[4]}
    assert "outcome" not in history.columns
    assert history.outcomes == {}
    assert history.amount_known_from == "entry"
    assert moves(proposal) == {"won": 10, "lost": 90}
    said = f"those with a date in {names[3]!r} are taken as won, those with one in {names[4]!r} as lost"
    assert [text for text in proposal.unsure if said in text]
    checked = invoke("check", proposal.scenario)
    assert checked.exit_code == 0, checked.stderr


def test_dates_that_deals_have_one_after_the_other_tell_no_outcomes(invoke: Invoke, tmp_path: Path) -> None:
    """Subscriptions are signed and later cancelled: that is a way, not two ends."""
    rows = [f"{k},{day(k)},{day(k + 3)},{day(k + 90) if k % 3 else ''},x" for k in range(60)]
    file = export(tmp_path, "id,asked on,signed on,cancelled on,note", rows)
    arguments = ("init", "--from", file, tmp_path / "new")
    refused = invoke(*arguments)
    assert refused.exit_code == 2
    assert "name the dates of wins and of losses (--column closed.won=..." in refused.stderr


def test_dates_that_are_named_for_both_ends_tell_the_outcomes(tmp_path: Path) -> None:
    rows = [row.rpartition(",")[0] for row in candidates(("", "", ""))]
    named = {"closed.won": "yes day", "closed.lost": "no day"}
    proposal, history = written(tmp_path, "id,asked,met,yes day,no day", rows, columns=named)
    assert "outcome" not in history.columns
    assert moves(proposal) == {"won": 10, "lost": 90}
