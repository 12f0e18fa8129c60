"""What is said of teams, in English and Russian."""

from __future__ import annotations

from simcast.report.words.language import Message

ENGLISH_PEOPLE: dict[str, Message] = {
    "section.teams": "People, and how long deals wait for them",
    "lead.team": "{team}: busy for {busy} of the working time; 9 in 10 deals wait at most {wait} days until somebody is "
    "free, and {queue} wait at the end of the horizon (more than {most} in 1 future of 10).",
    "lead.team-free": "{team}: busy for {busy} of the working time; hardly any deal waits until somebody is free.",
    "lead.teams": "These are means over the futures of the baseline.",
    "team": "Team",
    "teams.busy": "Busy",
    "teams.busy-most": "Busy, P90",
    "teams.wait": "Mean wait, days",
    "teams.wait-90": "9 in 10 wait at most, days",
    "teams.queue": "Waiting at the end",
    "teams.queue-most": "Waiting at the end, P90",
    "teams.extra-hours": "Hours of extra hands",
    "teams.at-end-of": "At the end of",
    "figure.queue": "Deals that wait for {team}",
    "figure.waits": "Days that a deal waits until somebody is free",
    "label.wait": "{days} days in the mean",
    "table.teams": "How busy teams are",
    "table.waits": "Waits by stage",
    "table.queue": "Deals that wait, at the end of each period",
    "table.queue-of": "Deals that wait for {team}, at the end of each period",
    "note.teams": "Busy: the share of the people's working time that is spent on deals. The wait runs from a deal's entry "
    "into the stage until somebody is free. Means over futures unless P90 is said.",
    "note.waits": "The mean wait of the stays begun in a future, counted to the end of the horizon: its mean and quantiles "
    "over futures.",
    "sheet.teams": "Teams",
    "sheet.chart.queue": "Deals that wait, at the end of each period (mean)",
    "lever.pay": "each is paid {amount} a month",
    "table.assumed-teams": "Teams",
    "assumed.serves": "Serves",
    "assumed.people": "People",
    "assumed.hours": "Hours a day",
    "assumed.effort": "Hours of work per deal",
    "assumed.waiting": "What waiting does",
    "assumed.half-life": "the odds to go on halve with {hours} hours of waiting",
    "assumed.by-table": "changes the odds to go on, by a table in the file",
    "source.response": "what waiting for the first contact in {stage} does",
    "assumed.from-history": "changes the odds to go on as in the history's first contacts",
    "assumed.only-time": "takes time only",
}

RUSSIAN_PEOPLE: dict[str, Message] = {
    "section.teams": "Люди и сколько их ждут сделки",
    "lead.team": "{team}: занято {busy} рабочего времени; 9 сделок из 10 ждут свободного человека не дольше {wait} дн., "
    "и в конце периода ждут {queue} (в 1 варианте из 10 — больше {most}).",
    "lead.team-free": "{team}: занято {busy} рабочего времени; свободного человека почти никто не ждёт.",
    "lead.teams": "Это средние по вариантам будущего без изменений.",
    "team": "Команда",
    "teams.busy": "Занятость",
    "teams.busy-most": "Занятость, P90",
    "teams.wait": "Среднее ожидание, дней",
    "teams.wait-90": "9 из 10 ждут не дольше, дней",
    "teams.queue": "Ждут в конце",
    "teams.queue-most": "Ждут в конце, P90",
    "teams.extra-hours": "Часы дополнительных рук",
    "teams.at-end-of": "В конце дня",
    "figure.queue": "Сделки, которые ждут команду «{team}»",
    "figure.waits": "Сколько дней сделка ждёт свободного человека",
    "label.wait": "в среднем {days} дн.",
    "table.teams": "Насколько заняты команды",
    "table.waits": "Ожидание по этапам",
    "table.queue": "Сколько сделок ждёт в конце каждого периода",
    "table.queue-of": "Сколько сделок ждёт команду «{team}» в конце каждого периода",
    "note.teams": "Занятость: доля рабочего времени людей, которая уходит на сделки. Ожидание — от прихода сделки на этап, "
    "пока кто-нибудь не освободится. Средние по вариантам будущего, если не указано P90.",
    "note.waits": "Среднее ожидание тех, кто пришёл на этап в данном варианте, до конца периода прогноза: его среднее и "
    "квантили по вариантам.",
    "sheet.teams": "Команды",
    "sheet.chart.queue": "Сколько сделок ждёт в конце периода (в среднем)",
    "lever.pay": "каждому платят {amount} в месяц",
    "table.assumed-teams": "Команды",
    "assumed.serves": "Этапы",
    "assumed.people": "Человек",
    "assumed.hours": "Часов в день",
    "assumed.effort": "Часов работы на сделку",
    "assumed.waiting": "Что делает ожидание",
    "assumed.half-life": "шансы пойти дальше вдвое меньше за каждые {hours} ч ожидания",
    "assumed.by-table": "меняет шансы пойти дальше по таблице из файла",
    "source.response": "что делает ожидание первого контакта на этапе «{stage}»",
    "assumed.from-history": "меняет шансы пойти дальше так, как видно по первым контактам в истории",
    "assumed.only-time": "только занимает время",
}
