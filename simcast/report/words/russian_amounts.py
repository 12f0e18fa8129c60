"""Sentences on amounts, on the mix of new deals and on deals that are set aside, put into Russian by their wording."""

from __future__ import annotations

import re
from collections.abc import Callable

from simcast.report.words.russian_parts import Match, kept


def _placeholder(found: Match) -> str:
    """Say in Russian that an amount is a placeholder."""
    late = ", а суммы считаются известными со дня закрытия" if found["late"] else ""
    return (
        "{n1} стоит как сумма у {n2} невыигранных сделок с суммой и у {n3} выигранных: это заглушка, она считается "
        f"неизвестной суммой{late} (history.placeholder_amounts: [], если это не так)"
    ).format(**kept(found))


def _changed(found: Match) -> str:
    """Say in Russian that deals are not worth what they were."""
    begun = found["how"] == "begun"
    if found["since"]:
        what = f"суммы изменились: сделки, {'начавшиеся' if begun else 'выигранные'} с {found['since']}, стоят {{n1}} от прежних"
    else:
        what = (
            f"суммы постепенно меняются: сделки, {'начавшиеся' if begun else 'выигранные'} в {found['last']}, стоят {{n1}} от "
            f"{'начавшихся' if begun else 'выигранных'} в {found['first']}"
        )
    return (
        f"{what}, а новые сделки прогноз оценивает по выигранным за всё время; если перемена надолго, задайте её "
        "(рычаг amount: multiply {n2} или assume.amount)"
    ).format(**kept(found))


_SHARE = re.compile(
    r"(?P<name>'.*?'|\".*?\") was (?P<n1>\d+%) (?:in (?P<first>[\d-]+) and (?P<n2>\d+%) in (?P<last>[\d-]+)|and (?P<n3>\d+%) "
    r"from (?P<since>[\d-]+) on), (?P<n4>\d+%) over all \(multiply (?P<n5>[\d.e+-]+)\)"
)


def _mix(found: Match) -> str:
    """Say in Russian that new deals are of other kinds than they were."""

    def told(share: Match) -> str:
        when = "{n1} в {first} и {n2} в {last}" if share["last"] else "{n1} и {n3} с {since}"
        text = f"«{share['name'][1:-1]}» — {when}, за всё время {{n4}} (multiply {{n5}})"
        return text.format(**kept(share))

    others = "; остальные (multiply {n1})".format(**kept(found)) if found["n1"] else ""
    return (
        f"состав новых сделок по «{found['column']}» изменился: {_SHARE.sub(told, found['values'])}{others}; прогноз берёт состав "
        "за всё время; если перемена надолго, задайте её (рычаги arrivals: multiply, where — с этими значениями)"
    )


def _won_over_asked(found: Match) -> str:
    """Say in Russian that deals are not won for what was asked."""
    return (
        "сделки выигрываются за {n1} от суммы, которая стояла на них раньше (медиана, побед: {n2}, дешевле — {n3}, дороже — "
        f"{{n4}}), а открытые учитываются с нынешней суммой: она {'завышена' if found['how'] == 'high' else 'занижена'}; что они "
        "принесут, скажет рычаг (amount: multiply {n1}, open: true), а новые сделки, которые стоят столько же, сколько выигранные, "
        "верны и без него"
    ).format(**kept(found))


def _left_out(found: Match) -> str:
    """Say in Russian which deals are set aside."""
    named = [
        f"{kind} — {{n{at}}} из {{n{at + 1}}} ({{n{at + 2}}})"
        for kind, at in (("открытых", 1), ("выигранных", 4))
        if found[f"n{at}"]
    ]
    return (
        f"из-за плохих строк отложены сделки: {', '.join(named)}: прогноз их не учитывает, а остальное говорит о другом; "
        "исправьте их строки"
    ).format(**kept(found))


OF_AMOUNTS: list[tuple[str, str | Callable[[Match], str]]] = [
    (
        r"(?:(?P<n1>[\d,]+) of (?P<n2>[\d,]+) \((?P<n3>\d+%)\) open deals?)?(?: and )?"
        r"(?:(?P<n4>[\d,]+) of (?P<n5>[\d,]+) \((?P<n6>\d+%)\) won deals?)? are set aside with bad rows: .*",
        _left_out,
    ),
    (
        r"(?P<n1>[\d,.e+]+) stands as the amount on (?P<n2>\d+%) of the deals not won that have one, and on (?P<n3>\d+%) of the "
        r"won ones: it is a placeholder, taken as unknown(?P<late>, and amounts are taken as known at the close)? .*",
        _placeholder,
    ),
    (
        r"(?P<n1>\d+%) of the won deals have an amount from their first row on, (?P<n2>\d+%) of the others: .*",
        "сумма с первой же строки есть у {n1} выигранных сделок и у {n2} остальных: суммы стали известны лишь при победе и "
        "учитываются так (history.amount_known_from: entry, если это не так)",
    ),
    (
        r"deals are won for (?P<n1>[\d.]+) times the amount they had before \(the median of (?P<n2>[\d,]+) wins, "
        r"(?P<n3>[\d,]+) for less and (?P<n4>[\d,]+) for more\), .* too (?P<how>high|low); .*",
        _won_over_asked,
    ),
    (
        r"amounts (?:have changed|drift): deals (?P<how>begun|won) (?:from (?P<since>[\d-]+) on|in (?P<last>[\d-]+)) are worth "
        r"(?P<n1>[\d.e+-]+) times those (?:before|(?:begun|won) in (?P<first>[\d-]+)), and .*multiply (?P<n2>[\d.e+-]+); or .*",
        _changed,
    ),
    (
        r"(?P<path>.*): changes nothing, since no new deals come where it acts; give it open: true .*",
        "{path}: ничего не меняет: новых сделок там, где он действует, нет; чтобы менялись и суммы открытых, добавьте open: true",
    ),
    (
        r"(?P<path>.*): changes nothing, since no new deals come where it acts; nor are any deals open there; .*",
        "{path}: ничего не меняет: ни новых, ни открытых сделок там, где он действует, нет; выберите другие или уберите его",
    ),
    (
        r"the mix of new deals by ['\"](?P<column>.*?)['\"] has changed: (?P<values>.*?)(?:; all others \(multiply "
        r"(?P<n1>[\d.e+-]+)\))?; the forecast takes the mix of .*",
        _mix,
    ),
]
