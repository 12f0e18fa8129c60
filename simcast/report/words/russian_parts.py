"""Parts of English sentences in Russian: numbers, months, and lists of stages with what is said of each."""

from __future__ import annotations

import re

from simcast.report.words.language import NBSP

Match = re.Match[str]


def kept(found: Match) -> dict[str, str]:
    """Return what stands in a sentence: numbers (groups whose names begin with n) as Russian writes them."""
    return {
        name: _number(text) if name.startswith("n") else part_of_fit(text) if name == "part" else text
        for name, text in found.groupdict().items()
        if text is not None
    }


def part_of_fit(name: str) -> str:
    """Name a part of a fit in Russian.

    Examples
    --------
    >>> part_of_fit("stage lead"), part_of_fit("new deals")
    ('этап «lead»', 'новые сделки')
    """
    if name.startswith("stage "):
        return f"этап «{name.removeprefix('stage ')}»"
    return "новые сделки" if name == "new deals" else name


def by_the_calendar(found: Match) -> str:
    """Say in Russian where stays end by the calendar."""
    told = (
        found["how"]
        .replace("on some weekdays in ", "в некоторые дни недели — на этапах ")
        .replace(", and at some times of the quarter in ", "; в некоторые дни квартала — на этапах ")
        .replace("at some times of the quarter in ", "в некоторые дни квартала — на этапах ")
    )
    return f"сделки движутся быстрее {_quoted(told)}; прогноз продолжает так же (history.model.calendar)"


def by_months(found: Match) -> str:
    """Say in Russian by how much months differ."""
    told = (
        found["how"]
        .replace("odds of the forward move by ", "шансы пойти дальше на ")
        .replace("speed by ", "скорость на ")
    )
    told = re.sub(r"\((\d+%) to (\d+%)\)", r"(от \1 до \2)", told).replace(" and ", " и ").replace("%", "\u00a0%")
    return (
        f"месяцы бывали удачными и неудачными для всех сделок сразу ({told}, одно стандартное отклонение), и итоги оттого менее "
        "определённы; прогноз продолжает так же (history.model.weather)"
    )


def by_amount(found: Match) -> str:
    """Say in Russian in which stages large deals take longer than small ones, or less long."""
    slow = found["how"] == "longer"
    sizes = found["sizes"].replace(" to ", " до ").replace(".", ",").replace("-", "−")
    return (
        f"крупные сделки {'дольше остаются на этапах' if slow else 'быстрее уходят с этапов'} {_quoted(found['stages'])} (ранговая "
        f"корреляция суммы и дней {sizes}), чего модель не знает: новые сделки, выигранные до конца прогноза, "
        f"{'меньше' if slow else 'крупнее'}, чем в ней, и их сумма {'завышена' if slow else 'занижена'}"
    )


def carried_over(found: Match) -> str:
    """Say in Russian that how deals moved so far goes with how they move on."""
    less = found["how"] == "less"
    slow, fast, size = (
        found[name].replace("%", "\u00a0%").replace(".", ",").replace("-", "−") for name in ("slow", "fast", "n1")
    )
    return (
        f"сделки, которые медленно шли по прежним этапам, {'реже' if less else 'чаще'} идут дальше и с последующих, чем быстрые "
        f"того же сегмента ({slow} против {fast}; ранговая корреляция {size}), чего модель не знает: победы открытых сделок "
        f"{'завышены' if less else 'занижены'}; столбцу, который различает такие сделки с самого начала, место в history.segments"
    )


def checks_failed(found: Match) -> str:
    """Say in Russian how many predictive checks of a fit failed, and of which parts."""
    parts = re.sub(r"(^|, )stage ", r"\1этап ", found["parts"]).replace("new deals", "новые сделки")
    return (
        f"при диагностике не пройдено предсказательных проверок: {_number(found['n1'])} из {_number(found['n2'])} ({parts}); "
        "какие и что делать — скажет simcast diagnose"
    )


def _quoted(text: str) -> str:
    return re.sub(r"'([^']*)'", r"«\1»", text)


def _number(text: str) -> str:
    for english, russian in (
        ("less than ", "менее "),
        ("more than ", "более "),
        ("under ", "менее "),
        ("over ", "более "),
    ):
        text = text.replace(english, russian)
    text = re.sub(r"(\d),(\d{3})", rf"\1{NBSP}\2", text)
    return re.sub(r"(\d)\.(\d)", r"\1,\2", text).replace("%", f"{NBSP}%").replace(" of ", " из ")


def overdue(found: Match) -> str:
    """Put the list of stages with stays that will probably never leave into Russian."""
    part = (
        r"(?P<n1>[\d,]+ of [\d,]+ \([^)]*%\)) in (?P<stage>'.*?'|\".*?\") \(others left within (?P<n2>[\d,]+) days?\)"
    )
    parts = [
        f"{_number(one['n1'])} на этапе «{one['stage'][1:-1]}» (остальные уходили за {_number(one['n2'])} дн. или раньше)"
        for one in re.finditer(part, found["parts"])
    ]
    return "эти открытые сделки ждут дольше любой, что ушла с этапа, и, вероятно, уже не сдвинутся: " + ", ".join(parts)


def usual(found: Match) -> str:
    """Put the list of stages that are empty, though they are not on usual days, into Russian."""
    part = r"(?P<stage>'.*?'|\".*?\") \(usually about (?P<n1>[\d,]+)\)"
    stages = [
        f"«{one['stage'][1:-1]}» (обычно примерно {_number(one['n1'])})" for one in re.finditer(part, found["parts"])
    ]
    return f"ни одной открытой сделки на этапах {', '.join(stages)}: возможно, в файле нет сделок, которые ещё не двигались"


def apart(found: Match) -> str:
    """Put the groups of stages between which no deal moves into Russian."""
    groups = _quoted(found["groups"]).replace("} and {", "} и {")
    return f"ни одна сделка не переходит между {groups}: это разные воронки? Выберите одну (history.where, pipeline.stages)"


def alike(found: Match) -> str:
    """Say in Russian which values of a segment column look alike."""
    values = re.sub(r"; and ([\d,]+) more$", lambda more: f"; и ещё групп: {_number(more[1])}", found["values"])
    return (
        f"значения столбца «{found['column']}» различаются только регистром, пробелами или невидимыми знаками и считаются разными "
        f"сегментами: {_quoted(values)}. Если это одно и то же, напишите их одинаково"
    )


def left_out(found: Match) -> str:
    """Say in Russian which moves of the history an assumption leaves out, and how to keep them."""
    such = f", например {found['shares']}: так остаток делится, как было" if found["shares"] else ""
    return (
        f"assume.stages.{found['stage']}: переходов без доли больше нет, а остаток — потери; в истории завершённых пребываний "
        f"там {_number(found['n1'])}, среди них с переходами {_number(found['moves'])}; чтобы сохранить их, задайте "
        f"{found['key']}{such}"
    )
