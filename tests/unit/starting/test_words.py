"""The usual headers of CRMs, and the usual words in them, are known for what they are; in English and Russian."""

from __future__ import annotations

import pytest

from simcast.starting import words
from simcast.starting.words import meaning, plain

CLOSED = """
closed_at; Close Date; Closed Date; Closing Date; CLOSEDATE; closeDate; Deal closed on; Won time; Lost time;
decided_on; decision date; Date of decision; resolved_at; end_date; hired_on; Rejected at; churn_date;
cancelled_at; ConvertedDate; paid_at; signed_on; renewed_on; DateEnded; Ended; Purchase date; sold_at; outcome_date;
Дата решения; Дата закрытия; Дата завершения; Дата окончания; Дата оплаты; Дата подписания; Дата отказа;
Дата продажи; Сделка закрыта; Время выигрыша; Решено: дата решения; Выход; Дата выхода; Вышла; Вышел на работу
"""
NOT_CLOSED = """
created_at; Create Date; Created Time; Дата создания; Expected Close Date; Est. Close Date;
Target close date; Projected Close Date; Assumed close date; Last Activity; Modified Time;
Next activity date; Closed export date; Предполагаемая дата закрытия; Ожидаемая дата закрытия;
Плановая дата оплаты; Date entered Decision; assigned_on; signed_up_at; Дата следующей оплаты; Срок оплаты;
Выход на связь; Плановый выход; Выходной; Дата выхода (план); Offer extended; Demo attended; Recommended on
"""
NO_EVENT = """
updated_at; Last Contacted; Next activity date; Follow-up date; Birth date; Due date; exported_on;
Дата изменения; Дата редактирования; Дата последнего контакта; Следующий контакт; Дата рождения; Срок;
Last viewed; Viewed at; due; DUEDATE; Planned close; Plan date; Next step date; Target date; Imported at; Reminder;
План; Планируемая дата; Запланировано
"""
EVENT = """
Interviewed on; Reviewed at; Due diligence on; Planning meeting; Plant visit; Business planning; Important call;
Residue check; Context call; Blast mail; Планёрка; Планирование; Просрочен; Ожидание оплаты
"""
AMOUNT = """
Amount; amount_usd; Deal value; Value; Opportunity Amount; OPPORTUNITY; Total; Budget; Income; ARR; MRR;
contract_value; Deal Size; Check size; Commitment; Committed; Ask; Gift; Donation amount; Account Value; Fee;
Annual revenue; Сумма;
Сумма сделки; Бюджет; Бюджет, руб; Стоимость; Доход; Чек; Оклад
"""
NOT_AMOUNT = """
Probability; Expected Revenue; Weighted value; Discount amount; Days in stage; Number of employees;
Tax amount; Forecast amount; total_count; Committed on; Raised by; Вероятность; Скидка, сумма; Ожидаемая сумма
"""
IDS = """
Record ID; Deal ID; Deal - ID; OpportunityId; ID; id; deal; case_number; Application No; candidate_id;
Номер сделки; № сделки; Код заявки; ID сделки; Сделка; Номер договора
"""
RESPONSE = """
First response at; Дата первого ответа; first_response; first contacted; first_contact_at; First Touch Date;
First call; Time to first response (h); hours_to_first_contact; Response time, hours; speed_to_lead_hours;
firstRespondedDate; FirstCallDateTime; Первый звонок; Первый контакт; Время реакции, ч; Время первого ответа;
Часов до первого звонка; Дата первого касания
"""
NOT_RESPONSE = """
contacted_at; Last contacted; first_meeting; First contact create date; Date entered "First contact";
Contact; First touch source; Дата создания первого контакта; Ответственный
"""
WON = """
Closed Won; won; Hired; Offer accepted; Paid; Renewed; Contract signed; Converted; Funded; Committed;
Сделка успешна; Оплачено; Принят; Продлён; Продано; Вышел; вышла; Выход на работу
"""
LOST = """
Closed Lost; Rejected; Not renewed; Churned; Unqualified; Failed; Junk lead; Отказ; Не принят; Не продлен;
Неуспешно; Отменена; Нецелевой; Дубль; Не вышел
"""
NEITHER = """
Assigned; Open; Sales Accepted Lead; Purchase order sent; Won't decide yet; Close; Signed up; В работе; Назначена;
Переговоры; Первичный контакт; Новая; Вышел на связь; Выходные
"""


def listed(text: str) -> list[str]:
    """Return the items between semicolons."""
    return [item.strip() for item in text.split(";")]


@pytest.mark.parametrize("header", listed(CLOSED))
def test_headers_of_ends_are_known(header: str) -> None:
    assert words.CLOSED.search(plain(header))
    assert not words.NO_END.search(plain(header))


@pytest.mark.parametrize("header", listed(NOT_CLOSED))
def test_other_dates_are_no_ends(header: str) -> None:
    assert words.NO_END.search(plain(header)) or not words.CLOSED.search(plain(header))


@pytest.mark.parametrize("header", listed(NO_EVENT))
def test_dates_on_which_nothing_happened_to_a_deal_are_known(header: str) -> None:
    assert words.NO_EVENT.search(plain(header))


@pytest.mark.parametrize("header", listed(EVENT))
def test_words_that_only_hold_such_words_are_events(header: str) -> None:
    assert not words.NO_EVENT.search(plain(header))


@pytest.mark.parametrize("header", listed(AMOUNT))
def test_headers_of_amounts_are_known(header: str) -> None:
    assert words.AMOUNT.search(plain(header))
    assert not words.NO_AMOUNT.search(plain(header))


@pytest.mark.parametrize("header", listed(NOT_AMOUNT))
def test_other_numbers_are_no_amounts(header: str) -> None:
    assert words.NO_AMOUNT.search(plain(header)) or not words.AMOUNT.search(plain(header))


@pytest.mark.parametrize("header", listed(IDS))
def test_headers_of_ids_are_known(header: str) -> None:
    assert words.ID.search(plain(header))
    assert not words.NO_DEAL.search(plain(header))


@pytest.mark.parametrize("header", listed(RESPONSE))
def test_headers_of_first_contacts_are_known(header: str) -> None:
    assert words.RESPONSE.search(plain(header))
    assert not words.NO_RESPONSE.search(plain(header))


@pytest.mark.parametrize("header", listed(NOT_RESPONSE))
def test_others_are_no_first_contacts(header: str) -> None:
    assert words.NO_RESPONSE.search(plain(header)) or not words.RESPONSE.search(plain(header))


@pytest.mark.parametrize(
    ("word", "means"),
    [(word, means) for text, means in ((WON, "won"), (LOST, "lost"), (NEITHER, None)) for word in listed(text)],
)
def test_words_mean_what_they_say(word: str, means: str | None) -> None:
    assert meaning(word) == means


@pytest.mark.parametrize(
    ("word", "end"),
    [("closedwon", "won"), ("closedlost", "lost"), ("Merged", "lost"), ("Deleted", "lost"), ("Удалена", "lost"),
     ("Emerged need", None), ("Removed blockers", None), ("disclosed", None)],
)  # fmt: skip
def test_codes_and_deals_that_are_gone_are_ends(word: str, end: str | None) -> None:
    assert meaning(word) == end


@pytest.mark.parametrize("header", listed("Job; Job title; Role; Opening; requisition_name; Department; Вакансия"))
def test_what_people_are_hired_for_tells_candidates_apart(header: str) -> None:
    assert any(pattern.search(plain(header)) for pattern in words.SEGMENTS)
    assert not any(pattern.search(plain(f"{header} opened on")) for pattern in words.SEGMENTS if header != "Вакансия")


def test_columns_of_pipelines_are_told_from_phases_of_one() -> None:
    names = ("Deal Pipeline", "Воронка", "Sales pipeline", "Pipeline Phase", "Pipeline value", "Этап воронки")
    assert [bool(words.PIPELINE.fullmatch(plain(name))) for name in names] == [True] * 3 + [False] * 3
