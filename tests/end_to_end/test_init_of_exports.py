"""`simcast init --from`: exports in the manner of several CRMs and branches get scenarios that `check` accepts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result

from simcast import load_scenario
from simcast.analysis.inputs import read_scenario_history
from simcast.errors import DataError
from simcast.history import History
from simcast.scenario import HistorySettings, ResponseLever, Scenario
from simcast.starting import Proposal, Said, propose

Invoke = Callable[..., Result]
FIRST = datetime(2025, 1, 6, 9, 15)


def written(
    tmp_path: Path, header: str, rows: list[str], name: str = "export.csv", encoding: str = "utf-8", **said: object
) -> tuple[Proposal, HistorySettings, Scenario]:
    """Write an export, and return what is proposed for it."""
    file = tmp_path / name
    file.write_bytes("\n".join([header, *rows]).encode(encoding))
    proposal = propose(str(file), tmp_path / "new", None, Said(**said))  # type: ignore[arg-type]  # by name
    scenario = load_scenario(proposal.scenario)
    assert scenario.history is not None
    return proposal, scenario.history, scenario


def read(scenario: Scenario) -> History:
    history = read_scenario_history(scenario)
    assert history is not None
    return history


def day(number: float, form: str = "%Y-%m-%d") -> str:
    return (FIRST + timedelta(days=number)).strftime(form)


CONTACTS = [
    ("deal_id,created,{},closed,outcome", "%Y-%m-%d %H:%M", "First response at", ("won", "lost", "open")),
    ("№ сделки,Создана,{},Дата решения,Итог", "%d.%m.%Y %H:%M", "Дата первого ответа", ("Продано", "Отказ", "Новая")),
    ("id,created_at,{},decided_on,status", "%Y-%m-%dT%H:%M:%SZ", "first_response", ("Won", "Lost", "New")),
    ("id,created_at,{},decision date,status", "%m/%d/%Y %I:%M %p", "First contacted", ("Won", "Lost", "New")),
]


@pytest.mark.parametrize(("header", "form", "column", "ends"), CONTACTS, ids=[column for _, _, column, _ in CONTACTS])
def test_the_first_contact_is_no_stage_and_its_promise_is_tried(
    invoke: Invoke, tmp_path: Path, header: str, form: str, column: str, ends: tuple[str, ...]
) -> None:
    rows = []
    for number in range(240):
        end = ends[number % 5 % 3]
        closed = day(number + 5, form) if end != ends[2] else ""
        rows.append(f"{number},{day(number, form)},{day(number + 0.1 + number % 7 / 3, form)},{closed},{end}")
    _, history, scenario = written(tmp_path, header.format(column), rows)
    assert history.columns["first_response"] == column
    assert scenario.pipeline_definition.stages == ("selling",)
    assert len(read(scenario).responses) == 240
    lever = scenario.scenarios["answer-in-24h"][0]
    assert isinstance(lever, ResponseLever)
    assert (lever.stage, lever.within_hours.parameters) == ("selling", (24.0,))
    checked = invoke("check", tmp_path / "new" / "scenario.yaml")
    assert checked.exit_code == 0, checked.stderr
    assert "first contact in 'selling' is recorded for 240 of 240" in checked.stdout


def test_hours_until_the_first_contact_are_taken_where_their_unit_is_said(tmp_path: Path) -> None:
    hours = [f"{k % 30}.5" if k else "-" for k in range(90)]
    rows = [f"{k},{day(k)},{day(k + 5)},{('won', 'lost')[k % 2]},{hours[k]},{k}" for k in range(90)]
    header = "deal,created,closed,outcome,{},amount"
    proposal, history, scenario = written(tmp_path, header.format("Time to first response (hours)"), rows)
    assert history.columns["first_response"] == "Time to first response (hours)"
    assert any("is taken as the hours until the first contact" in text for text in proposal.unsure)
    assert len(read(scenario).responses) == 89
    assert "answer-in-4h" in scenario.scenarios
    other = tmp_path / "minutes"
    other.mkdir()
    proposal, history, scenario = written(other, header.format("Time to first response (minutes)"), rows)
    assert "first_response" not in history.columns
    assert any("how long the first contact took, but not in hours" in text for text in proposal.unsure)
    assert set(scenario.scenarios) == {"more-deals", "better-conversion"}


def test_a_log_and_a_crms_export_have_first_contacts_too(tmp_path: Path) -> None:
    rows = []
    for k in range(80):
        rows.append(f"Л-{k};Заявка;{day(k)} 09:00;{day(k)} {10 + k % 9}:00")
        rows.append(f"Л-{k};{('Оплачено', 'Отказ')[k % 2]};{day(k + 4)} 12:00;{day(k)} {10 + k % 9}:00")
    _, history, scenario = written(tmp_path, "Код заявки;Этап;Время;Первый звонок", rows)
    assert history.columns == {
        "deal": "Код заявки", "stage": "Этап", "entered": "Время", "first_response": "Первый звонок"
    }  # fmt: skip
    assert read(scenario).responses["hours"].between(1, 9).all()
    other = tmp_path / "crm"
    other.mkdir()
    ends = ("Closed won", "Closed lost", "New")
    rows = [f"{k},{ends[k % 3]},{day(k)},{day(k + 9)},{day(k)} 11:00" for k in range(60)]
    _, history, _ = written(other, "Record ID,Deal Stage,Create Date,Close Date,First contact date", rows)
    assert (history.format, history.columns) == ("hubspot", {"first_response": "First contact date"})


AMOUNTS = [
    ("Сумма сделки", ("50 575,50 руб.", "1 200 ₽"), ",", 50575.5),
    ("Amount", ("USD 1,200.50", "USD 900.00"), ".", 1200.5),
    ("Deal value", ("12.500,00 €", "900,00 €"), ",", 12500.0),
    ("Value", ("1'200.00 CHF", "900 CHF"), ".", 1200.0),
    ("Бюджет", ("12\u00a0500 ₽", "900 ₽"), ".", 12500.0),
    ("ACV", ("$1,200", "$900"), ".", 1200.0),
    ("ARR", ("1.200 €", "900 €"), ",", 1200.0),
    ("Check size", ("1200.5", "900"), "", 1200.5),
]


@pytest.mark.parametrize(("column", "texts", "mark", "most"), AMOUNTS, ids=[column for column, *_ in AMOUNTS])
def test_amounts_with_currencies_are_found_and_read(
    tmp_path: Path, column: str, texts: tuple[str, str], mark: str, most: float
) -> None:
    rows = [f'{k};{day(k)};{day(k + 9)};{("won", "lost")[k % 2]};"{texts[k // 2 % 2]}"' for k in range(40)]
    _, history, scenario = written(tmp_path, f"id;created;closed;result;{column}", rows)
    assert history.columns["amount"] == column
    assert (history.decimal or "") == mark
    assert read(scenario).stays["amount_at_end"].max() == most


ZONES = [
    ("+03:00", lambda _: "+03:00", "+03:00", "all times are written at +03:00"),
    ("utc", lambda _: "Z", "UTC", "times are in UTC"),
    ("berlin", lambda k: "+02:00" if 83 <= k < 293 else "+01:00", "Europe/Berlin", "as in Europe/Berlin"),
    ("new york", lambda k: "-04:00" if 62 <= k < 300 else "-05:00", "America/New_York", "as in America/New_York"),
    ("mixed", lambda k: "+05:00" if k % 3 else "+07:00", "+05:00", "days are taken as those at +05:00"),
]


@pytest.mark.parametrize(("offset", "zone", "says"), [case[1:] for case in ZONES], ids=[case[0] for case in ZONES])
def test_times_with_offsets_have_a_zone_from_the_start(
    invoke: Invoke, tmp_path: Path, offset: Callable[[int], str], zone: str, says: str
) -> None:
    rows = []
    for k in range(0, 360, 4):
        rows.append(f"{k},call,{day(k, '%Y-%m-%dT%H:%M:%S')}{offset(k)}")
        rows.append(f"{k},{('won', 'lost')[k % 8 // 4]},{day(k + 2, '%Y-%m-%dT%H:%M:%S')}{offset(k + 2)}")
    proposal, history, _ = written(tmp_path, "deal,stage,entered", rows)
    assert history.time_zone == zone
    assert any(says in text for text in proposal.unsure)
    assert ("# times are written" in proposal.scenario.read_text(encoding="utf-8")) == (
        zone in {"UTC", "+03:00", "+05:00"}
    )
    assert invoke("check", proposal.scenario).exit_code == 0


def test_the_zone_may_be_stated(invoke: Invoke, tmp_path: Path) -> None:
    rows = [f"{k},{stage},{day(k + 3 * n)}T23:30:00Z" for k in range(40) for n, stage in enumerate(("call", "won"))]
    file = tmp_path / "log.csv"
    file.write_text("\n".join(["deal,stage,entered", *rows]), encoding="utf-8")
    refused = invoke("init", "--from", file, tmp_path / "new", "--time-zone", "Mars")
    assert refused.exit_code == 2
    assert "--time-zone: 'Mars' is not a time zone" in refused.stderr
    result = invoke("init", "--from", file, tmp_path / "new", "--time-zone", "Europe/Moscow")
    assert result.exit_code == 0, result.stderr
    assert "times are" not in result.stdout
    scenario = load_scenario(tmp_path / "new" / "scenario.yaml")
    assert scenario.history is not None
    assert scenario.history.time_zone == "Europe/Moscow"
    assert read(scenario).stays["entered"].min().strftime("%Y-%m-%d") == day(1)  # half past two of the next day
    assert "go with --from" in invoke("init", tmp_path, "--time-zone", "UTC").stderr


def test_typed_times_know_their_zone(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    for zone in ("Europe/Berlin", "UTC"):
        times = [FIRST + timedelta(days=k + 3 * n) for k in range(40) for n in range(2)]
        table = {
            "deal": [str(k // 2) for k in range(80)],
            "stage": ["call", "won"] * 40,
            "entered": pa.array(times, pa.timestamp("us", tz=zone)),
        }
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        parquet.write_table(pa.table(table), folder / "log.parquet")
        proposal = propose(str(folder / "log.parquet"), folder)
        scenario = load_scenario(proposal.scenario)
        assert scenario.history is not None
        assert scenario.history.time_zone == zone
        assert any("UTC" in text for text in proposal.unsure) == (zone == "UTC")


@pytest.mark.parametrize("rare", [False, True])
def test_recruiting_with_a_date_for_hires_and_one_for_rejections(tmp_path: Path, *, rare: bool) -> None:
    """Though hires be one end in twenty, whose rejections' column dates nearly all ends."""
    rows, n_rejected = [], 58 if rare else 20
    for k in range(60 if not rare else 61):
        kind = (0 if k < 3 else 1) if rare else k % 3
        end = ("Принят", "Отказ", "В процессе")[kind]
        hired, rejected = (day(k + 9, "%d.%m.%Y") if kind == n else "" for n in range(2))
        rows.append(f"{k};{day(k, '%d.%m.%Y')};{hired};{rejected};{end}")
    header = "ID кандидата;Дата отклика;Дата найма;Дата отказа;Статус"
    proposal, history, scenario = written(tmp_path, header, rows, encoding="cp1251")
    assert history.columns["closed"] == {"won": "Дата найма", "lost": "Дата отказа"}
    assert any("as the day of a win and" in text for text in proposal.unsure)
    counts = read(scenario).stays["move"].value_counts().to_dict()
    assert counts == {"won": 3 if rare else 20, "lost": n_rejected}


def test_fundraising_where_passed_is_a_loss_and_dates_name_their_months(tmp_path: Path) -> None:
    rows = []
    for k in range(60):
        end = ("Committed", "Passed", "Active")[k % 3]
        meeting = day(k + 3, "%d %b %Y") if k % 2 else ""
        closed = day(k + 9, "%d %b %Y") if k % 3 < 2 else ""
        rows.append(f'{k},{day(k, "%d %b %Y")},{meeting},{closed},{end},"${k + 1},000"')
    header = "Investor ID,Intro date,First meeting,Decided on,Status,Check size"
    _, history, scenario = written(tmp_path, header, rows)
    assert history.outcomes == {"Committed": "won", "Passed": "lost", "Active": "open"}
    assert scenario.pipeline_definition.path == ("Intro", "First meeting")
    assert (history.dates, history.amount_known_from) == ("day-first", "entry")
    assert read(scenario).stays["amount"].max() == 60_000.0


@pytest.mark.parametrize(("asked", "won"), [("Ask", "Committed"), ("Requested amount", "Commitment")])
def test_what_was_won_is_the_amount_where_what_was_asked_stands_beside_it(tmp_path: Path, asked: str, won: str) -> None:
    rows = []
    for k in range(60):
        end, given = (("Wired", "75000"), ("Passed", ""), ("Talking", ""))[k % 3]
        rows.append(f"{k},{day(k)},{day(k + 9) if k % 3 < 2 else ''},{end},100000,{given}")
    proposal, history, _ = written(tmp_path, f"Investor ID,First talk,Decided on,Status,{asked},{won}", rows)
    assert history.columns["amount"] == won
    assert any(f"{won!r} is taken as the amount, not {asked}" in text for text in proposal.unsure)


def test_words_may_be_said_where_none_sounds_like_an_end(invoke: Invoke, tmp_path: Path) -> None:
    rows = [f"{k},{day(k)},{day(k + 9)},{('Тёплый', 'Холодный', '')[k % 3]}" for k in range(60)]
    file = tmp_path / "donors.csv"
    file.write_text("\n".join(["donor_id,asked,decided_on,status", *rows]), encoding="utf-8")
    arguments = ("init", "--from", file, tmp_path / "new")
    refused = invoke(*arguments)
    assert refused.exit_code == 2
    assert "'status' has Тёплый, Холодный" in refused.stderr
    assert "--outcome Signed=won" in refused.stderr
    wrong = invoke(*arguments, "--outcome", "Теплый=won", "--outcome", "Холодный=loss")
    assert "no cell of the file is 'Теплый'" in wrong.stderr
    assert "'loss' is not one of won, lost, open" in wrong.stderr
    result = invoke(*arguments, "--outcome", "Тёплый=won", "--outcome", "Холодный=lost")
    assert result.exit_code == 0, result.stderr
    checked = invoke("check", tmp_path / "new" / "scenario.yaml")
    assert "20 won, 20 lost, 20 open" in checked.stdout, checked.stderr


def events_of_a_page() -> list[str]:
    """User, event, seconds since 1970: users look at pages again and again."""
    rows = []
    for user in range(80):
        at = FIRST.timestamp() + user * 86_400
        for event in ("page_view", "add_to_cart", "purchase")[: 1 + user % 3]:
            for seen in ("page_view", event) if event != "page_view" else (event,) * (1 + user % 2):
                rows.append(f"u{user},{seen},{int(at)}")
                at += 600
    return rows


def test_events_of_a_web_page_count_at_their_first_in_each_stage(tmp_path: Path) -> None:
    proposal, history, scenario = written(tmp_path, "user_id,event_name,event_timestamp", events_of_a_page())
    assert history.repeats == "first"
    assert any("only the first of each counts" in text for text in proposal.unsure)
    assert scenario.pipeline_definition.path == ("page_view", "add_to_cart")
    assert read(scenario).stays["move"].value_counts().to_dict() == {"add_to_cart": 53, "won": 26}


def visits(n_visitors: int = 1000) -> list[str]:
    """Visitor, event, time: one in eight signs up and looks at pages again, half of those pay, some at once."""
    rows = []
    for k in range(n_visitors):
        way = ["visit", "visit"] if k % 3 == 0 else ["visit"]
        if k % 8 == 0:
            way += ["paid"] if k % 64 == 0 else ["sign-up", "visit"] if k % 24 == 0 else ["sign-up"]
            way += ["paid"] if k % 16 == 8 else []
        rows += [f"v{k},{event},{day(k / 20 + at / 1440, '%Y-%m-%dT%H:%M:%SZ')}" for at, event in enumerate(way)]
    return rows


def test_few_of_many_visitors_move_on_and_what_they_do_is_no_mistake(tmp_path: Path) -> None:
    """Though one in a hundred looks at a page again after signing up, or pays without."""
    proposal, history, scenario = written(tmp_path, "visitor,event,occurred_at", visits())
    assert (history.repeats, history.on_bad_rows) == ("first", "stop")
    assert not any("set aside" in text for text in proposal.unsure)
    assert "won" in scenario.pipeline_definition.moves[0]
    (lever,) = scenario.scenarios["better-conversion"]
    assert (lever.stage, lever.add) == ("visit", None)  # five points of an eighth would be too much to try
    assert lever.multiply is not None


def test_the_lever_that_is_tried_acts_where_deals_are_lost(tmp_path: Path) -> None:
    """A contract runs its year without fail; only then it is renewed or not."""
    rows = []
    for k in range(60):
        end = "renewed" if k % 4 else "churned"
        rows += [f"{k},{stage},{day(k + at)}" for at, stage in ((0, "active"), (335, "reminder"), (360, end))]
    _, _, scenario = written(tmp_path, "contract_id,status,changed_at", rows)
    (lever,) = scenario.scenarios["better-conversion"]
    assert (lever.stage, lever.multiply) == ("reminder", None)


def test_rows_of_changes_of_other_fields_are_joined_to_their_stay(tmp_path: Path) -> None:
    rows = []
    for k in range(60):
        rows += [f"{k},New,Lead,{day(k)}"] + [f"{k},Lead,Lead,{day(k + 2)}"] * (k % 3 == 0)
        rows.append(f"{k},Lead,{('Closed Won', 'Closed Lost')[k % 2]},{day(k + 5)}")
    _, history, scenario = written(tmp_path, "Deal,Old stage,New stage,Changed at", rows)
    assert (history.repeats, history.columns["stage"]) == ("join", "New stage")
    assert len(read(scenario).stays) == 60


def test_columns_that_the_user_names_are_taken_whatever_they_are_called(tmp_path: Path) -> None:
    rows = []
    for k in range(40):
        rows += [f"{100 + k},begun,{day(k)},{k},note", f"{100 + k},won,{day(k + 4)},{k},other"]
    columns = {"deal": "ref", "stage": "what", "amount": "worthless"}
    _, history, _ = written(tmp_path, "ref,what,entered,worthless,status", rows, columns=columns)
    assert history.columns == columns


def test_a_snapshot_is_told_which_date_may_have_ended_its_deals(tmp_path: Path) -> None:
    rows = [f"{k},{('Won', 'Lost', 'Call')[k % 3]},{day(k)},{day(k + 5)}" for k in range(40)]
    with pytest.raises(DataError, match="name it: --column closed=last_modified"):
        written(tmp_path, "id,stage,created,last_modified", rows)
    _, _, scenario = written(
        tmp_path, "id,stage,created,last_modified", rows, columns={"closed": "last_modified"}
    )  # fmt: skip
    assert scenario.pipeline_definition.stages == ("selling",)


def test_an_amount_of_pipedrive_that_can_be_read_in_two_ways_does_not_hide_the_crm(tmp_path: Path) -> None:
    rows = []
    for k in range(60):
        won, lost = (f"{day(k + 7)} 10:00:00" if k % 3 == n else "" for n in range(2))
        rows.append(f'{k},{("Won", "Lost", "Open")[k % 3]},{day(k)} 09:00:00,{won},{lost},"{k + 1},500 EUR"')
    header = "Deal - ID,Deal - Status,Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Value"
    proposal, history, scenario = written(tmp_path, header, rows)
    assert (history.format, history.decimal) == ("pipedrive", ".")
    assert any("is taken as a mark between thousands" in text for text in proposal.unsure)
    assert (
        read(scenario).stays["amount_at_end"].max() == 59_500.0
    )  # deal 58 was lost, 57 won, for 58,500; lost ones have theirs


def test_a_workbook_with_a_title_and_a_file_of_tabs_are_read(invoke: Invoke, tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    rows = [(k, day(k, "%d.%m.%Y"), day(k + 4, "%d.%m.%Y"), ("Выиграна", "Проиграна")[k % 2]) for k in range(40)]
    for row in [("Отчёт по сделкам",), (), ("№", "Создана", "Закрыта", "Итог"), *rows]:
        book.active.append(row)
    book.save(tmp_path / "отчёт.xlsx")
    proposal = propose(str(tmp_path / "отчёт.xlsx"), tmp_path / "book")
    assert invoke("check", proposal.scenario).exit_code == 0
    lines = ["\t".join(map(str, row)) for row in rows]
    proposal, history, _ = written(tmp_path, "id\tcreated\tclosed\tresult", lines, name="deals.tsv")
    assert history.delimiter == "\t"
    assert invoke("check", proposal.scenario).exit_code == 0


@pytest.mark.parametrize(
    ("form", "order"), [("%d.%m.%y", "day-first"), ("%d/%m/%y", "day-first"), ("%m/%d/%y", "month-first")]
)
def test_years_may_have_two_digits_where_they_stand_last(tmp_path: Path, form: str, order: str) -> None:
    rows = [f"{k},{day(k, form)},{day(k + 3, form)},{('gewonnen', 'verloren')[k % 2]}" for k in range(40)]
    _, history, scenario = written(tmp_path, "id,created,closed,result", rows)
    assert history.dates == order
    found = read(scenario)
    assert str(found.stays["entered"].min().date()) == day(0)
    assert (found.stays["move"] == "won").sum() == 20


def test_dates_that_are_none_are_named_with_the_reason(tmp_path: Path) -> None:
    rows = [f"{k},{day(k, '%y.%m.%d')},{day(k + 3, '%y.%m.%d')},won" for k in range(40)]
    with pytest.raises(DataError, match=r"Is 'created' one\? '25.01.06': day, month and year cannot be told apart"):
        written(tmp_path, "id,created,closed,result", rows)
    proposal, _, _ = written(
        tmp_path,
        "id,created,closed,result,value",
        [f"{k},{day(k)},{day(k + 3)},won,{'soon' if k % 2 else k}" for k in range(40)],
    )
    assert any("'value' is called so, but holds 'soon'" in text for text in proposal.unsure)


def test_dashes_stand_for_empty_cells(tmp_path: Path) -> None:
    rows = []
    for k in range(60):
        call, closed = (day(k + n) if k % 3 < 2 else "—" for n in (3, 5))
        rows.append(
            f"{k},{day(k)},{call},{closed},{('Продано', 'Отказ', 'В работе')[k % 3]},{'-' if k % 3 else k + 0.5}"
        )
    proposal, history, scenario = written(tmp_path, "id,lead_date,call_date,Дата решения,Итог,Сумма", rows)
    assert (history.dates, history.decimal, history.on_bad_rows) == ("day-first", ".", "stop")
    assert any("'-' in 'Сумма' is read as an empty cell" in text for text in proposal.unsure)
    found = read(scenario)
    assert (found.n_deals, found.stays["amount_at_end"].max()) == (60, 57.5)


def test_a_trial_is_signed_up_for_before_it_ends(tmp_path: Path) -> None:
    rows = []
    for k in range(60):
        won, lost = (f"{day(k + 9)}T10:00:00Z" if k % 3 == n else "" for n in range(2))
        rows.append(
            f"u{k},{day(k)}T08:00:00Z,{day(k + 1)}T08:00:00Z,{won},{lost},{('customer', 'churned', 'trialing')[k % 3]}"
        )
    header = "user_id,signed_up_at,trial_started_at,converted_at,churned_at,status"
    _, history, scenario = written(tmp_path, header, rows)
    assert scenario.pipeline_definition.path == ("signed up", "trial")
    assert history.columns["closed"] == {"won": "converted_at", "lost": "churned_at"}
    assert history.outcomes == {"customer": "won", "churned": "lost", "trialing": "open"}


def test_yes_and_no_answer_whether_a_deal_was_won(tmp_path: Path) -> None:
    for decided, means in ((day(90), "lost"), ("", "open")):
        rows = [f"{k},{day(k)},{decided if k % 2 == 0 else day(k + 9)},{'yes' if k % 2 else 'no'}" for k in range(60)]
        folder = tmp_path / means
        folder.mkdir()
        _, history, _ = written(folder, "Gift ID,Asked on,Decided on,Converted?", rows)
        assert history.outcomes == {"yes": "won", "no": means}


def test_first_contacts_that_cannot_be_used_are_said(tmp_path: Path) -> None:
    rows = []
    for k in range(60):
        rows += [f"{k},New,{day(k)} 09:00,", f"{k},{('Won', 'Lost')[k % 2]},{day(k + 3)} 09:00,{day(k)} 12:00"]
    proposal, _, scenario = written(tmp_path, "lead_id,status,changed_at,first_contact_at", rows)
    assert any("gives the first contact with 60 deals, and of 0 of them in the row" in text for text in proposal.unsure)
    assert set(scenario.scenarios) == {"more-deals", "better-conversion"}


@pytest.mark.slow
def test_the_proposed_scenario_runs_and_learns_what_waiting_does(invoke: Invoke, tmp_path: Path) -> None:
    rows = []
    for k in range(300):
        hours = k * 7 % 60
        end = ("Продано", "Отказ")[k * 13 % 60 < hours]  # who waits longer is lost more often
        closed = day(k + 5, "%d.%m.%Y")
        rows.append(
            f"{k};{day(k, '%d.%m.%Y %H:%M')};{day(k + hours / 24, '%d.%m.%Y %H:%M')};{closed};{end};1 200,50 руб."
        )
    header = "№ сделки;Дата обращения;Дата первого ответа;Дата решения;Итог;Сумма"
    proposal, _, _ = written(tmp_path, header, rows, encoding="cp1251")
    result = invoke("run", proposal.scenario, "--quick", "--futures", "100")
    assert result.exit_code in (0, 1), result.stderr
    text = " ".join((result.stdout + result.stderr).split())
    assert "answer-in-24h" in text
    assert "the odds of moving on fall by half every" in text
