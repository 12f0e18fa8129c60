"""What the names of columns, and the words in them, suggest: in English and Russian, and some German."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

ID = re.compile(r"(^|_)(id|key|number|no|nr|guid|uuid|номер|код|ид)(_|$)|^deal$|^сделка$")
DEAL = re.compile(
    r"deal|opportunit|application|applicant|case|lead|order|ticket|candidate|contract|subscription|renewal|pledge|donation"
    r"|сделк|заявк|лид|заказ|договор|контракт|кандидат|обращени|подписк"
)
NO_DEAL = re.compile(
    r"source|owner|stage|status|type|pipeline|manager|agent|rep_|contact|compan|account|campaign|phone|mobile|zip|postal"
    r"|источник|ответств|этап|стади|воронк|менеджер|компани|контакт|телефон|(^|_)инн(_|$)"
)
"""Ids of what a deal belongs to, and numbers that are none."""
PIPELINE = re.compile(
    r"(deal_|sales_|lead_)?(pipeline|funnel)(_name)?|(название_)?воронк[аи](_продаж)?|направление(_сделки)?"
)
"""Columns that name the pipeline of a deal."""
FIELD = re.compile(
    r"(changed_)?(field|property|attribute|update|change)(_(name|key|label|type|event))?|event|action|what"
    r"|(название_)?(пол[ея]|свойств[оа])|событие|действие|изменение|что(_изменилось)?"
)
"""Columns that name the field of which a row tells the change."""
NEW_VALUE = re.compile(
    r"^(property_)?value$|(^|_)(new|to|after|current)_value(_|$)|(^|_)value_(after|new|to)(_|$)"
    r"|^значение$|нов(ое|ый)_значение|значение_(после|новое)|^(стало|новое)$"
)
STAGE_FIELD = re.compile(r"stage|status|phase|этап|стади|статус")
STAGE_NAME = re.compile(r"stage|phase|этап|стади")
"""Names of fields that are stages, and of those the ones that are hardly anything else."""
STAGE = re.compile(r"stage|phase|step|state|status|activity|event|этап|стади|статус|событие|шаг")
NEW_STAGE = re.compile(
    r"^(stage|stage_name|activity|event|event_name|step|этап|стадия|статус|событие)$"
    r"|(^|_)(to|new|after|новый|новая|новое|на|стало)_|_(to|new|after)$"
)
OLD_STAGE = re.compile(r"(^|_)(from|old|prev|previous|prior|before|предыдущ\w*|старый|старая|прежн\w*|было|из)(_|$)")
OUTCOME = re.compile(
    r"outcome|archive_reason|disposition|result|status|stage|state|won|decision|исход|итог|результат|статус|этап|стади|решени"
)
_STARTED_WORK = r"(^|_)(выхода?|вышел|вышла)($|_(на_работу|сотрудника|кандидата|факт)($|_))"
"""Of a candidate: the first day at work. The same words of other things (getting in touch) are left."""
LOSS_REASON = re.compile(
    r"(loss|lost|reject\w*|declin\w*|churn|cancel\w*)_reason|reason_(for_|of_)?(loss|lost|reject|declin|churn|cancel)|причин"
)
"""Columns in which wins are not told, whatever their words sound like."""
CLOSED = re.compile(
    r"clos|(^|_|date)end|finish|won|lost|complet|(?<!as)signed(?!_?(up|in)(_|$))|decid|decision|resol|outcome|conclu|settled|hire|reject|declin"
    r"|withdr|churn|cancel|convert|conversion|paid|payment|purchas|sold|sale_date|renewed|funded|awarded|result"
    r"|archived|закры|заверш|оконч|выигр|проигр|решени|оплат|подписан|отказ|расторж|продаж|исход|итог|результат|найма"
    rf"|{_STARTED_WORK}"
)
WON_ON = re.compile(
    r"(^|_)won(_|$)|(^|_)hired?(_|$)|(?<!as)signed(?!_?(up|in)(_|$))|paid|payment|purchas|sold|sale_date|funded|awarded"
    rf"|renewed|convert|conversion|выигр|оплат|подписан|продаж|найма|{_STARTED_WORK}"
)
LOST_ON = re.compile(r"(^|_)lost(_|$)|reject|declin|withdr|churn|cancel|проигр|отказ|расторж")
"""Of the dates that end deals: those that are wins, and those that are losses."""
BEGUN = re.compile(r"creat|open|start|begin|began|receiv|appl|enter|added|созда|откры|начал|поступ|добавл|обращени")
NO_EVENT = re.compile(
    r"updat|modif|expect|forecast|(^|_)due(_?date|_(?!diligence)|$)|(^|_)plan(ned)?(_|$)|(^|_)last|(^|_)birth"
    r"|(^|_)next(_|$|step|act|contact|call|date)|estimat|(^|_)est_|(^|_)target(_?date|_|$)|(^|_)projected|anticip|assum"
    r"|follow_?up|deadline|(^|_)remind|(^|_)(ex|im)port(ed|s)?(_|$)|(^|_)sync|snapshot|(^|_)viewed(_|$)"
    r"|предпол|(^|_)(план|планов\w*|планируем\w*|запланирован\w*)(_|$)|измен|обновл|последн|ожидаем|прогноз|следующ|ближайш"
    r"|(^|_)срок(и|а)?(_|$)|дедлайн|редакт|выгруз|рожден"
)
"""Dates on which nothing happened to a deal; whole words where other words hold them: interviewed, due diligence."""
CHANGED = re.compile(r"updat|modif|chang|(^|_)last_(stage|status)|измен|обновл|редакт")
"""Of those, the ones that are the time of an event where each event is a row."""
NO_ENTRY = re.compile(
    r"(^|_)(clos(e|ed|ing)|exit(ed)?|left|ends?|ended|until|expir\w*|renewal)(_|$)|закры|заверш|оконч|(^|_)до(_|$)"
)
"""Dates of a log that are not those on which a deal entered a stage: when it left one, or when it is to end."""
NO_END = re.compile(rf"{NO_EVENT.pattern}|(^|_)(entered|reached|created|start\w*|begun|созда\w*|начал\w*)(_|$)")
AMOUNT = re.compile(
    r"amount|value|revenue|price|budget|sum$|total|income|turnover|(^|_)(acv|arr|mrr|tcv|sale|fee|gift|opportunity|cheque)(_|$)"
    r"|(deal|check|cheque|ticket|contract)_size|donation|pledge|commitment|worth|salary|^(ask|asked|committed|invested|raised)$"
    r"|(^|_)(wert|betrag|umsatz)(_|$)|сумм|ценност|бюджет|стоимост|цена|выручк|доход|оборот|(^|_)чек(_|$)|пожертвован|оклад|зарплат"
)
ASKED = re.compile(r"(^|_)(ask(ed|ing)?|request(ed)?|initial|target)(_|$)|запрош|запрашив")
"""Amounts that deals may be won for less than."""
NO_AMOUNT = re.compile(
    r"days|prob|percent|(^|_)count|number|(^|_)rate|score|rank|year|discount|weighted|expect|forecast|(^|_)(tax|vat|id)(_|$)|commission"
    r"|дней|вероятн|процент|скидк|ожида|прогноз|комисси|ндс|количеств"
)
_FIRST = r"contact|respon|touch|call|repl|answer|outreach|e?mail|reach"
_FIRST_RU = r"ответ|контакт|звон|касани|реакци|отклик|обработ|связ"
RESPONSE = re.compile(
    rf"first_(time_)?({_FIRST})|(time|hours|minutes|days)_(to|until|till|before)_(first_)?({_FIRST})|response_(at|date|time|hours)"
    rf"|responded_(at|on)|reaction_time|speed_to_lead|перв\w*_({_FIRST_RU})|(время|скорость|часы|часов|минут\w*)_(до_)?({_FIRST_RU})"
)
"""Columns of the first contact with a deal."""
NO_RESPONSE = re.compile(r"creat|entered|stage|source|owner|созда|этап|стади|источник")
DURATION = re.compile(r"time|hour|minut|speed|days|время|час|минут|скорост|дн")
HOURS = re.compile(r"hour|hrs|(^|_)(h|ч)(_|$)|час")
WHEN = re.compile(r"(^|_)(at|on|time|date|timestamp|when)(_|$)|дата|время")
SEGMENTS = (
    re.compile(r"source|channel|campaign|medium|utm_|источник|канал"),
    re.compile(r"region|country|territor|market|регион|стран|город|филиал"),
    re.compile(
        r"product|service|plan|position|vacanc|(^|_)(job|role|opening|requisition|department)(_(title|name))?$"
        r"|продукт|товар|услуг|тариф|ваканси|должност"
    ),
    re.compile(r"segment|industry|sector|type|size|tier|device|platform|сегмент|отрасл|тип|размер"),
    re.compile(r"owner|agent|team|manager|rep$|recruiter|ответствен|менеджер|команд|отдел|рекрутер"),
)
"""What deals are told apart by, the most useful first."""

_LOST = re.compile(
    r"lost|(?<!c)lose|reject|declin|cancel|dead|withdr|churn|disqualif|unqualif|no.?decision|collection|abandon|lapsed|expired"
    r"|fail|unsuccess|refus|dropped|(^|\W|_)(not?|non|never).?(renew|hired|won|accept|paid|interested|convert|sold)"
    r"|junk|spam|duplicate|^(merged|deleted|removed)$"
    r"|провал|отказ|проигр|отмен|потер|слит|неуспе|отклон|нецелев|дубл|спам|выбыл|удал[её]н|объедин[её]н"
    r"|verloren|abgelehnt|abgesagt|storniert"
    r"|(^|\W)не.?(реализ|принят|нанят|продл|заключ|подпис|оплач|куп|состоял|успе|выш(ел|ла))",
)
_WON = re.compile(
    r"(^|\W|_|closed)won($|[^\w'’]|_)|^win|success|(^|\W|_)paid|hired|(?<!as)signed(?!\W?_?(up|in)(\W|_|$))"
    r"|(?<!sales )accepted(?! lead)"
    r"|(^|\W|_)(converted|renewed)($|\W|_)"
    r"|^(purchased?|bought|sold|placed|funded|donated|invested|committed|wired|subscribed)$"
    r"|выигр|успе[шх]|оплачен|продан|реализован|нанят|заключ[её]н|подписан|продл[её]н|^(принят\w*|купил\w*|куплен\w*)($|\W)"
    r"|^(выход|вышел|вышла)( на работу)?$|gewonnen",
)
_LOST_BESIDE_WON = re.compile(r"pass(ed)?|closed|inactive|archived?|ended|закрыт[ао]?|завершен[ао]?|неактив\w*|архив")
_WON_BESIDE_LOST = re.compile(
    r"passed|closed|completed?|done|finished|customer|client|закрыт[ао]?|завершен[ао]?|выполнен[ао]?|клиент"
)
_ASKS_FOR_A_WIN = re.compile(
    r"won|convert|hired|renewed|success|accepted|paid|purchased|выигр|продан|успе[шх]|оплачен|нанят"
)
_YES, _NO = {"yes", "y", "true", "1", "да", "истина"}, {"no", "n", "false", "0", "нет", "ложь"}
_DATE_WORDS = re.compile(
    r"(?:^|_)(entered|reached|started|began|begun|date|time|day|at|on|дата|время|when|ts|timestamp)(?=_|$)|^(entered|date|дата)_",
    re.IGNORECASE,
)


def listed(words: Sequence[str]) -> str:
    """Return words in quotes with the verb that they need.

    Examples
    --------
    >>> listed(["Signed"]), listed(["Lost", "Dead"])
    ("'Signed' is", "'Lost' and 'Dead' are")
    """
    quoted = [repr(word) for word in words]
    return f"{quoted[0]} is" if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]} are"


def plain(name: str) -> str:
    """Return the name of a column in small letters with single underscores.

    Examples
    --------
    >>> plain("Deal - ID"), plain("closeDate"), plain("Дата создания")
    ('deal_id', 'close_date', 'дата_создания')
    >>> plain("№ сделки"), plain("Order #")
    ('номер_сделки', 'order_number')
    """
    name = name.replace("№", " номер ").replace("#", " number ")
    parted = re.sub(r"(?<=[a-zа-я0-9])(?=[A-ZА-Я])", "_", name)
    return re.sub(r"[\W_]+", "_", parted).strip("_").casefold()


def is_called_a_date(key: str) -> bool:
    """Return whether a column is called as dates are.

    Examples
    --------
    >>> is_called_a_date("event_timestamp"), is_called_a_date("closedate"), is_called_a_date("source")
    (True, True, False)
    """
    return any(pattern.search(key) for pattern in (WHEN, BEGUN, CLOSED))


def meaning(word: str) -> str | None:
    """Return ``won`` or ``lost`` where a word sounds like it.

    Examples
    --------
    >>> meaning("Closed Won"), meaning("Закрыто и не реализовано"), meaning("Proposal"), meaning("Assigned")
    ('won', 'lost', None, None)
    """
    text = word.casefold()
    if _LOST.search(text):
        return "lost"
    return "won" if _WON.search(text) else None


def meanings(words: Iterable[str], said: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what the words of one column mean, of those that sound like an end or of which the user says so.

    A word such as Passed or Closed means a loss where others mean wins and none losses, and the other way round.

    Examples
    --------
    >>> meanings(["Committed", "Passed", "Active"]), meanings(["Failed", "Passed", "Active"])
    ({'Committed': 'won', 'Passed': 'lost'}, {'Failed': 'lost', 'Passed': 'won'})
    >>> meanings(["Open", "Closed"]), meanings(["Open", "Да"], {"Да": "won"})
    ({}, {'Да': 'won'})
    """
    words, said = list(words), said or {}
    found = {word: name for word in words if (name := said.get(word) or meaning(word))}
    for name, other, form in (("lost", "won", _LOST_BESIDE_WON), ("won", "lost", _WON_BESIDE_LOST)):
        ends = set(found.values())
        if other in ends and name not in ends:
            found |= {word: name for word in words if word not in found and form.fullmatch(word.casefold())}
    return {word: found[word] for word in words if word in found}


def answers(key: str, words: Iterable[str]) -> dict[str, str]:
    """Return what yes and no mean in a column whose name asks whether deals were won; nothing for other columns.

    Examples
    --------
    >>> answers("is_won", ["Yes", "No"]), answers("is_new", ["Yes", "No"]), answers("продано", ["0", "1"])
    ({'Yes': 'won', 'No': 'lost'}, {}, {'0': 'lost', '1': 'won'})
    """
    words = list(words)
    folded = {word.casefold() for word in words}
    if not (_ASKS_FOR_A_WIN.search(key) and folded <= _YES | _NO and folded & _YES):
        return {}
    return {word: "won" if word.casefold() in _YES else "lost" for word in words}


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
