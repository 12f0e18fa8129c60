"""What the exports of CRMs look like: their columns in several languages, and their words for won and lost."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from simcast.history.parsing import normalise

ONE_STAGE = "selling"
"""What the one stage is called where no stage is dated."""


@dataclass(frozen=True)
class Shape:
    """One kind of table that a CRM exports.

    Parameters
    ----------
    form
        ``log``: a row per change of stage; ``deals``: a row per deal.
    columns
        Our name -> the file's columns for it, the best first.
    needs
        Our names without which a table is none of this kind.
    fields
        Where the table tells of changes of any field: the names of those that are changes of stage.
    creations
        The names of those that tell that a deal was made.
    tells_status
        Whether its column of outcomes holds won, lost and open only, no names of stages.
    """

    form: Literal["log", "deals"]
    columns: Mapping[str, tuple[str, ...]]
    needs: tuple[str, ...]
    fields: tuple[str, ...] = ()
    creations: tuple[str, ...] = ()
    tells_status: bool = False


@dataclass(frozen=True)
class Crm:
    """How a CRM exports deals.

    Parameters
    ----------
    title
        Its name for people.
    shapes
        The tables it exports, those that say most first.
    won, lost, is_open
        Its words for outcomes.
    gone
        Its words for deals that were deleted.
    with_dates
        How to export the dates of stages.
    marks
        Sets of columns that tell an export of it apart from others'.
    has_footer
        Whether its reports end with lines of their own.
    entered
        Patterns of columns that hold the day a deal entered a stage, in a table with a row per deal.
    """

    title: str
    shapes: tuple[Shape, ...]
    won: tuple[str, ...]
    lost: tuple[str, ...]
    with_dates: str
    is_open: tuple[str, ...] = ("open",)
    gone: tuple[str, ...] = ()
    marks: tuple[tuple[str, ...], ...] = ()
    has_footer: bool = False
    entered: tuple[re.Pattern[str], ...] = field(default=())


def fold(name: str) -> str:
    """Return what is the same however a CRM spaces and capitalises the name of a column or a word.

    Examples
    --------
    >>> fold("Deal - ID"), fold("OpportunityId"), fold("Стадия сделки")
    ('dealid', 'opportunityid', 'стадиясделки')
    """
    return re.sub(r"[\W_]+", "", normalise(name).casefold())


_SALESFORCE = Crm(
    "Salesforce",
    (
        Shape(
            "log",
            {
                "deal": ("OpportunityId", "Opportunity ID", "Opportunity: Opportunity ID"),
                "field": ("Field", "Field / Event"),
                "from": ("OldValue", "Old Value"),
                "stage": ("NewValue", "New Value"),
                "entered": ("CreatedDate", "Edit Date", "Created Date"),
                "created": ("Opportunity.CreatedDate", "Opportunity: Created Date"),
                "amount": ("Opportunity.Amount", "Opportunity: Amount"),
            },
            ("deal", "field", "stage", "entered"),
            fields=("StageName", "Stage", "Opportunity.StageName"),
            creations=("created", "Created.", "opportunityCreatedFromLead"),
        ),
        Shape(
            "log",
            {
                "deal": ("OpportunityId", "Opportunity ID", "Opportunity: Opportunity ID"),
                "from": ("From Stage",),
                "stage": ("To Stage",),
                "entered": ("Last Modified", "Last Modified Date", "Stage Change Date", "Change Date"),
                "created": ("Created Date", "CreatedDate"),
                "amount": ("Amount", "To Amount"),
            },
            ("deal", "stage", "entered"),
        ),
        Shape(
            "log",
            {
                "deal": ("OpportunityId",),
                "stage": ("StageName",),
                "entered": ("CreatedDate",),
                "amount": ("Amount",),
            },
            ("deal", "stage", "entered"),
        ),
        Shape(
            "deals",
            {
                "deal": ("Opportunity ID", "Id", "OpportunityId", "Opportunity: Opportunity ID"),
                "entered": ("Created Date", "CreatedDate"),
                "outcome": ("Stage", "StageName", "Stage Name"),
                "closed": ("Close Date", "CloseDate"),
                "amount": ("Amount", "Amount (converted)"),
                "is_won": ("IsWon", "Won"),
                "is_closed": ("IsClosed", "Closed"),
            },
            ("deal", "entered", "outcome", "closed"),
        ),
    ),
    won=("Closed Won",),
    lost=("Closed Lost",),
    has_footer=True,
    with_dates="export the report 'Opportunity History' with Opportunity ID, From Stage, To Stage, Last Modified and"
    " Created Date",
)

_HUBSPOT = Crm(
    "HubSpot",
    (
        Shape(
            "deals",
            {
                "deal": ("Record ID", "Deal ID", "hs_object_id", "ИД записи", "Идентификатор записи"),
                "entered": ("Create Date", "createdate", "Дата создания"),
                "outcome": ("Deal Stage", "dealstage", "Этап сделки", "Стадия сделки"),
                "closed": ("Close Date", "closedate", "Дата закрытия"),
                "amount": ("Amount", "Amount in company currency", "Сумма"),
                "pipeline": ("Pipeline", "Воронка"),
                "is_won": ("Is Closed Won", "hs_is_closed_won"),
                "is_lost": ("Is Closed Lost", "hs_is_closed_lost"),
                "is_closed": ("Is Deal Closed?", "Is Closed", "hs_is_closed"),
            },
            ("deal", "entered", "outcome", "closed"),
        ),
    ),
    won=("Closed won", "closedwon", "Сделка выиграна"),
    lost=("Closed lost", "closedlost", "Сделка проиграна"),
    marks=(("Record ID", "Deal Stage"), ("hs_object_id", "dealstage")),
    with_dates="add the properties 'Date entered ...' of all stages to the export",
    entered=(
        re.compile(r"date entered\s+[\"“”'«]?(.+?)[\"“”'»]?", re.IGNORECASE),
        re.compile(r"hs(?:_v2)?_date_entered_(.+)", re.IGNORECASE),
    ),
)

_PIPEDRIVE = Crm(
    "Pipedrive",
    (
        Shape(
            "log",
            {
                "deal": ("Deal - ID", "Deal ID", "deal_id", "item_id"),
                "field": ("field_key", "Field", "Field key"),
                "from": ("old_value", "Old value"),
                "stage": ("new_value", "New value"),
                "entered": ("log_time", "Log time", "timestamp"),
                "created": ("Deal - Deal created", "Deal created", "add_time"),
                "amount": ("Deal - Value", "Value"),
            },
            ("deal", "field", "stage", "entered"),
            fields=("stage_id", "status", "stage", "Стадия", "Статус"),
            creations=("add_time",),
        ),
        Shape(
            "deals",
            {
                "deal": ("Deal - ID", "ID", "Deal ID", "Сделка - ID", "id"),
                "entered": ("Deal - Deal created", "Deal created", "add_time", "Сделка - Сделка создана"),
                "outcome": ("Deal - Status", "Status", "Сделка - Статус"),
                "won_at": ("Deal - Won time", "Won time", "Сделка - Время выигрыша"),
                "lost_at": ("Deal - Lost time", "Lost time", "Сделка - Время проигрыша"),
                "closed": ("Deal - Deal closed on", "Deal closed on", "close_time", "Сделка - Сделка закрыта"),
                "amount": ("Deal - Value", "Value", "Сделка - Ценность", "Сделка - Стоимость"),
                "pipeline": ("Deal - Pipeline", "Pipeline", "Сделка - Воронка"),
            },
            ("deal", "entered", "outcome"),
            tells_status=True,
        ),
    ),
    won=("won", "выигран", "выиграна", "выиграно", "выигранная"),
    lost=("lost", "проигран", "проиграна", "проиграно", "проигранная"),
    is_open=("open", "открыт", "открыта", "открыто", "открытая", "в работе"),
    gone=("deleted", "удален", "удалён", "удалена", "удалено"),
    with_dates="export the changes of stage (the deals' flow: item_id, field_key, old_value, new_value, log_time)",
    marks=(
        ("Deal - ID", "Deal - Status"),
        ("Сделка - ID", "Сделка - Статус"),
        ("Deal created", "Won time", "Lost time"),
    ),
)

_BITRIX24 = Crm(
    "Bitrix24",
    (
        Shape(
            "log",
            {
                "deal": ("OWNER_ID", "ID сделки"),
                "stage": ("STAGE_ID", "Стадия", "Стадия сделки"),
                "entered": ("CREATED_TIME", "Дата изменения стадии", "Время перехода"),
                "amount": ("OPPORTUNITY", "Сумма"),
                "pipeline": ("CATEGORY_ID", "Воронка", "Направление"),
                "semantic": ("STAGE_SEMANTIC_ID", "STATUS_SEMANTIC_ID", "Группа стадий"),
            },
            ("deal", "stage", "entered"),
        ),
        Shape(
            "deals",
            {
                "deal": ("ID",),
                "entered": ("DATE_CREATE", "Дата создания", "Created", "Created on"),
                "outcome": ("STAGE_ID", "Стадия сделки", "Стадия", "Deal stage", "Stage"),
                "closed": (
                    "CLOSEDATE",
                    "Дата завершения",
                    "Предполагаемая дата закрытия",
                    "Assumed close date",
                    "End date",
                ),
                "amount": ("OPPORTUNITY", "Сумма", "Сумма/Валюта", "Income", "Amount", "Total", "Amount/Currency"),
                "pipeline": ("CATEGORY_ID", "Воронка", "Направление", "Направление сделки", "Pipeline"),
                "semantic": ("STAGE_SEMANTIC_ID", "Группа стадий", "Группа стадии", "Deal status", "Stage group"),
                "is_closed": ("CLOSED", "Сделка закрыта", "Closed"),
            },
            ("deal", "entered", "outcome", "closed"),
        ),
    ),
    won=("WON", "Сделка успешна", "Успешная сделка", "Успех", "Deal won", "Won"),
    lost=("LOSE", "APOLOGY", "Сделка провалена", "Провал", "Анализ причины провала", "Deal lost", "Lost"),
    with_dates="export the history of stages (crm.stagehistory.list: OWNER_ID, STAGE_ID, CREATED_TIME)",
)

_AMOCRM = Crm(
    "amoCRM (Kommo)",
    (
        Shape(
            "log",
            {
                "deal": ("entity_id", "lead_id", "ID сделки", "Lead ID"),
                "field": ("type", "Событие", "Event"),
                "from": ("value_before", "Значение до", "Value before"),
                "stage": ("value_after", "Значение после", "Value after"),
                "entered": ("created_at", "Дата", "Date"),
                "created": ("lead_created_at", "Дата создания", "Created at"),
                "amount": ("price", "Бюджет", "Budget"),
                "pipeline": ("pipeline_id", "Воронка", "Pipeline"),
            },
            ("deal", "stage", "entered"),
            fields=("lead_status_changed", "Изменение этапа", "Изменение этапа продажи", "Stage changed"),
            creations=("lead_added", "Новая сделка", "Lead added", "New lead"),
        ),
        Shape(
            "deals",
            {
                "deal": ("ID", "id"),
                "entered": ("Дата создания", "Дата создания сделки", "Created at", "created_at"),
                "outcome": ("Этап сделки", "Этап", "Lead stage", "Stage", "status_id"),
                "closed": ("Дата закрытия", "Closed at", "closed_at"),
                "amount": ("Бюджет", "Бюджет, руб", "Бюджет ₽", "Budget", "Sale", "price"),
                "pipeline": ("Воронка", "Pipeline", "pipeline_id"),
            },
            ("deal", "entered", "outcome", "closed"),
        ),
    ),
    won=("Успешно реализовано", "Closed - won", "142"),
    lost=("Закрыто и не реализовано", "Closed - lost", "143"),
    with_dates="export the events of the type 'change of stage' (entity_id, value_before, value_after, created_at)",
)

CRMS: Mapping[str, Crm] = {
    "salesforce": _SALESFORCE,
    "hubspot": _HUBSPOT,
    "pipedrive": _PIPEDRIVE,
    "bitrix24": _BITRIX24,
    "amocrm": _AMOCRM,
}
