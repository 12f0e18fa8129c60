"""What the names of columns, and the words in them, suggest: in English and Russian."""

from __future__ import annotations

import re

ID = re.compile(r"(^|_)(id|key|number|no|nr|guid|uuid|номер|код|ид)(_|$)|^deal$|^сделка$")
DEAL = re.compile(r"deal|opportunit|application|case|lead|order|ticket|сделк|заявк|лид|заказ")
STAGE = re.compile(r"stage|phase|step|state|status|activity|event|этап|стади|статус|событие|шаг")
OUTCOME = re.compile(r"outcome|result|status|stage|state|won|исход|итог|результат|статус|этап|стади")
CLOSED = re.compile(r"clos|(^|_)end|ended|finish|won|lost|complet|signed|закрыт|заверш|оконч|выигр|проигр")
BEGUN = re.compile(r"creat|open|start|begin|began|receiv|enter|added|созда|откры|начал|поступ|добавл")
NO_EVENT = re.compile(r"updat|modif|expected|forecast|due|plan|last_|birth|предпол|план|измен|обновл|последн")
AMOUNT = re.compile(r"amount|value|revenue|price|budget|sum$|total|сумм|бюджет|стоимост|цена|выручк")
NO_AMOUNT = re.compile(r"days|prob|percent|count|rate|score|rank|year|дней|вероятн|процент")
WHEN = re.compile(r"(^|_)(at|on|time|date|timestamp|when)(_|$)|дата|время")
SEGMENTS = (
    re.compile(r"source|channel|campaign|источник|канал"),
    re.compile(r"region|country|territor|market|регион|стран|город|филиал"),
    re.compile(r"product|service|plan|продукт|товар|услуг"),
    re.compile(r"segment|industry|sector|type|size|tier|сегмент|отрасл|тип|размер"),
    re.compile(r"owner|agent|team|manager|rep$|ответствен|менеджер|команд|отдел"),
)
"""What deals are told apart by, the most useful first."""

_LOST = re.compile(
    r"lost|(?<!c)lose|reject|declin|cancel|dead|withdr|churn|disqualif|no.?decision|collection|провал|отказ|проигр|не.?реализ"
    r"|отмен|потер|слит",
)
_WON = re.compile(
    r"(^|\W|_)won($|\W|_)|^win|success|(^|\W|_)paid|hired|signed|accepted|выигр|успе[шх]|оплачен|продан|реализован"
)
_DATE_WORDS = re.compile(
    r"(?:^|_)(entered|reached|date|time|day|at|on|дата|время|when|ts|timestamp)(?=_|$)|^(entered|date|дата)_",
    re.IGNORECASE,
)


def plain(name: str) -> str:
    """Return the name of a column in small letters with single underscores.

    Examples
    --------
    >>> plain("Deal - ID"), plain("closeDate"), plain("Дата создания")
    ('deal_id', 'close_date', 'дата_создания')
    """
    parted = re.sub(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).strip("_").casefold()


def meaning(word: str) -> str | None:
    """Return ``won`` or ``lost`` where a word sounds like it.

    Examples
    --------
    >>> meaning("Closed Won"), meaning("Закрыто и не реализовано"), meaning("Proposal")
    ('won', 'lost', None)
    """
    text = word.casefold()
    if _LOST.search(text):
        return "lost"
    return "won" if _WON.search(text) else None


def stage_name(column: str) -> str:
    """Return the stage that a column of dates is named after.

    Examples
    --------
    >>> stage_name("engage_date"), stage_name("Date entered Decision"), stage_name("entered_at")
    ('engage', 'Decision', 'entered at')
    """
    name = re.sub(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])", "_", column).replace(" ", "_")
    while (shorter := _DATE_WORDS.sub("", name).strip("_- ")) != name and shorter:
        name = shorter
    return name.replace("_", " ") if name and plain(name) not in {"entered", "date"} else column
