"""Sentences that other parts of simcast write in English, put into Russian by their wording."""

from __future__ import annotations

import re
from collections.abc import Callable

from simcast.report.words.russian_amounts import OF_AMOUNTS
from simcast.report.words.russian_levers import OF_LEVERS
from simcast.report.words.russian_parts import (
    Match,
    alike,
    apart,
    by_amount,
    by_months,
    by_the_calendar,
    carried_over,
    checks_failed,
    kept,
    left_out,
    overdue,
    usual,
)
from simcast.report.words.russian_whole import WHOLE


def in_russian(english: str) -> str | None:
    """Return a sentence in Russian, with the names and numbers that stand in it; None where it is not known.

    Examples
    --------
    >>> in_russian("only 12 stays ended, too few to tell families apart")
    'завершённых пребываний только 12: слишком мало, чтобы различить семейства'
    >>> in_russian("something else") is None
    True
    """
    if english in WHOLE:
        return WHOLE[english]
    for pattern, template in _PATTERNS:
        found = pattern.fullmatch(english)
        if found:
            return template(found) if callable(template) else template.format(**kept(found))
    return None


_NUMBER = r"[\d,.]+"
_OF = r"[\d,]+ of [\d,]+ \([^)]*%\)"

_RAW_PATTERNS: list[tuple[str, str | Callable[[Match], str]]] = [
    (
        "these open deals have waited longer than any that ever left the stage, and will probably never move: "
        "(?P<parts>.*)",
        overdue,
    ),
    (r"(?P<n1>[\w% ]+%) of the deals have an amount", "сумма известна у {n1} сделок"),
    (
        r"(?P<n1>[\w% ]+%) of the events fall on weekends, which are 29% of all days",
        "{n1} событий приходится на выходные (2 дня из 7 — это 29 %)",
    ),
    (
        rf"(?P<n1>{_NUMBER}) segments?, from (?P<n2>{_NUMBER}) deals? \((?P<small>.*)\) to (?P<n3>{_NUMBER}) \((?P<large>.*)\)",
        "сегментов: {n1}, сделок в них от {n2} ({small}) до {n3} ({large})",
    ),
    (rf"(?P<n1>{_OF}) lost deals? (?:have|has) an amount of 0", "проигранных сделок с суммой 0: {n1}"),
    (rf"(?P<n1>{_OF}) wins? (?:have|has) an amount of 0", "выигранных сделок с суммой 0: {n1}"),
    (rf"(?P<n1>{_OF}) wins? (?:have|has) no amount", "выигранных сделок без суммы: {n1}"),
    (
        rf"(?P<n1>{_NUMBER}) open deals? (?:have|has) a closing date; it is ignored because it is only expected",
        "открытых сделок с датой закрытия: {n1}; она не учитывается, так как лишь ожидается",
    ),
    (
        rf"(?P<n1>{_OF}) rows? (?:are|is) set aside.*, and with (?:them|it) (?P<n2>{_OF}) deals?(?P<where>; see .*)?",
        "отложено строк: {n1}, а с ними сделок: {n2}",
    ),
    (
        rf"nothing is recorded in the (?P<n1>{_NUMBER}) days? before (?P<day>[\d-]+), longer than any gap before "
        rf"\((?P<n2>{_NUMBER}) days?\): the records are assumed to end before (?P<end>[\d-]+), .*",
        "за {n1} дн. перед {day} ничего не записано — дольше любого прежнего перерыва ({n2} дн.): считается, что записи "
        "кончаются перед {end}, и прогноз начинается со сделок в том виде, в каком они были тогда; выгрузите данные заново "
        "или укажите forecast.as_of: {end} (history.recorded_until: none, если с тех пор ничего не произошло)",
    ),
    (
        rf"nothing is recorded in the (?P<n1>{_NUMBER}) days? before (?P<day>[\d-]+), longer than any gap before "
        rf"\((?P<n2>{_NUMBER}) days?\): .*",
        "за {n1} дн. перед {day} ничего не записано — дольше любого прежнего перерыва ({n2} дн.): возможно, данные выгружены "
        "раньше, и открытые сделки с тех пор могли завершиться",
    ),
    (
        rf"no deal ends in the first (?P<n1>{_NUMBER}) days, though half of them end within (?P<n2>{_NUMBER}) days? .*",
        "в первые {n1} дн. ни одна сделка не завершается, хотя половина завершается за {n2} дн.: вероятно, рано "
        "завершившихся сделок в данных нет, и первые месяцы выглядят лучше или медленнее, чем были",
    ),
    (
        rf"(?P<column>.*?) (?P<value>'.*'|\".*\") seems to be set when deals reach '(?P<point>.*)': (?P<n1>{_NUMBER}) of "
        rf"(?P<n2>{_NUMBER}) deals with it got there, and (?P<n3>{_NUMBER}) are on their way where about (?P<n4>{_NUMBER}) should "
        r"be \(p = (?P<p>[^)]*)\): .*",
        "похоже, {column} {value} ставят, когда сделка доходит до «{point}»: туда дошли {n1} из {n2} сделок с этим значением, а на пути "
        "туда их {n3}, хотя должно быть около {n4} (p = {p}). Прогноз тогда знает исход сделок, у которых оно есть, а об открытых — "
        "слишком мало: уберите {column} из history.segments",
    ),
    (
        rf"losses older than about (?P<days>\d+) days seem to be missing: since (?P<day>[\d-]+) (?P<n1>{_NUMBER}) deals were "
        rf"lost and (?P<n2>{_NUMBER}) won, in the year before (?P<n3>{_NUMBER}) and (?P<n4>{_NUMBER}), and (?P<n5>{_NUMBER}) "
        rf"deals began, where (?P<n6>{_NUMBER}) did in as many days before \(p = (?P<p>[^)]*)\): .*",
        "похоже, проигрышей старше примерно {days} дн. в данных нет: с {day} проиграно сделок: {n1}, выиграно: {n2}, а за год до того — "
        "{n3} и {n4}; началось их с тех пор {n5}, а за столько же дней прежде — {n6} (p = {p}). Конверсия тогда сильно завышена, и "
        "выигрыши в прогнозе тоже: выгрузите и удалённые сделки",
    ),
    (
        rf"(?P<n1>{_NUMBER}) of (?P<n3>{_NUMBER}) wins makes? up (?P<n2>\d+%) of all that was won: .*",
        "выигранных сделок {n1} из {n3}, а в них {n2} всего выигранного: ошибка в сумме или выручка, которая держится на немногих сделках",
    ),
    (r"no deal ever moves between (?P<groups>.*): separate pipelines\? .*", apart),
    (
        rf"(?P<n1>{_NUMBER}) rows? repeats? an earlier one in every cell and (?:is|are) left out",
        "строк, которые целиком повторяют более раннюю: {n1}; они не учтены",
    ),
    (
        r"nothing is recorded in the days before (?P<day>[\d-]+): the records end before (?P<end>[\d-]+) .*",
        "перед {day} ничего не записано: записи кончаются перед {end} (history.recorded_until), и прогноз начинается со сделок в "
        "том виде, в каком они были тогда",
    ),
    (r"no deal is in (?P<parts>.*): the file may leave out deals that have not moved yet", usual),
    (
        r"a large share of all events falls on one day: (?P<ndays>.*); a bulk import instead of real dates\?",
        "большая доля всех событий приходится на один день: {ndays}; массовая загрузка, а не настоящие даты?",
    ),
    (
        rf"the deals fall into (?P<n1>{_NUMBER}) segments, (?P<n2>{_NUMBER}) in each on average: .*",
        "сделки распадаются на сегменты: {n1}, в среднем по {n2} в каждом; об отдельных сегментах модель скажет мало — "
        "возьмите меньше столбцов",
    ),
    (
        r"values of '(?P<column>.*)' differ only in case, blanks or invisible characters, and count as different"
        r" segments: (?P<values>.*)\. Write them alike if they are the same",
        alike,
    ),
    (
        r"no stay has ended in (?P<stages>.*): what happens there cannot be learned",
        "ни одно пребывание не завершилось на этапах {stages}: что там происходит, узнать нельзя",
    ),
    (
        r"no deal was ever in (?P<stages>.*): check the names of the stages, or leave them out",
        "ни одна сделка не была на этапах {stages}: проверьте названия этапов или уберите их",
    ),
    (
        rf"only (?P<n1>{_NUMBER}) stays? ended, too few to tell families apart",
        "завершённых пребываний только {n1}: слишком мало, чтобы различить семейства",
    ),
    (
        r"the simplest that predicts single stays as well as any \((?P<best>.*): (?P<n1>[\d.-]+) better, "
        r"error (?P<n2>[\d.]+)\)",
        "простейшее из тех, что предвидят отдельные пребывания не хуже других ({best}: лучше на {n1}, ошибка {n2})",
    ),
    (
        r"predicts single stays best: (?P<n1>[\d.-]+) ahead of (?P<other>.*) \(error (?P<n2>[\d.]+)\)",
        "лучше всех предвидит отдельные пребывания: на {n1} впереди {other} (ошибка {n2})",
    ),
    (r"stage (?P<stage>[^:]*)", "этап {stage}"),
    (
        r"stage (?P<stage>.*): no stay ended; its conversion and times rest mostly on the priors",
        "этап {stage}: ни одно пребывание не завершено; конверсия и сроки опираются на априорные допущения",
    ),
    (
        rf"stage (?P<stage>.*): only (?P<n1>{_NUMBER}) stays? ended; its conversion and times rest mostly on the priors",
        "этап {stage}: завершено пребываний только {n1}; конверсия и сроки опираются в основном на априорные допущения",
    ),
    (
        r"stage (?P<stage>.*): (?P<n1>\d+%) of its stays are open; low conversion cannot be distinguished from slow "
        "moves",
        "этап {stage}: {n1} пребываний открыты; конверсию и длительность медленных не различить",
    ),
    (
        r"no stay in (?P<stages>.*) ended in (?P<move>.*); how likely that is rests on the prior",
        "на этапах {stages} ни одно пребывание не закончилось переходом {move}; вероятность этого опирается на априорное "
        "допущение",
    ),
    (
        r"conversion in ['\"](?P<stage>.*)['\"] has changed: for stays that began from (?P<month>[\d-]+) on, the odds of moving forward are "
        r"(?P<n1>[\d.e+]+) times those before, .*",
        "конверсия на этапе «{stage}» изменилась: у пребываний, начавшихся с {month}, шансы пойти дальше — {n1} от прежних, а "
        "прогноз берёт среднее; если перемена надолго, позвольте параметрам меняться (history.model.drift: quarterly)",
    ),
    (
        r"larger deals move on from ['\"](?P<stage>.*)['\"] less often \(rank correlation -(?P<n1>[\d.]+)\), but .* of only "
        r"(?P<n2>\d+%) of its stays, .*",
        "крупные сделки реже идут дальше с этапа «{stage}» (ранговая корреляция −{n1}), но сумма с самого начала известна лишь у "
        "{n2} пребываний, и не у случайных: шансы открытых сделок не зависят от их сумм, и сумма их побед завышена",
    ),
    (
        r"larger deals move on from ['\"](?P<stage>.*)['\"] more often \(rank correlation (?P<n1>[\d.]+)\), but .* of only "
        r"(?P<n2>\d+%) of its stays, .*",
        "крупные сделки чаще идут дальше с этапа «{stage}» (ранговая корреляция {n1}), но сумма с самого начала известна лишь у "
        "{n2} пребываний, и не у случайных: шансы открытых сделок не зависят от их сумм, и сумма их побед занижена",
    ),
    (
        r"deals that were slow at earlier stages move on (?P<how>less|more) often at later ones than fast ones of their segment do "
        r"\((?P<slow>[^ ]+) for (?P<fast>[^;]+); rank correlation (?P<n1>[-\d.]+)\), .*",
        carried_over,
    ),
    (
        r"larger deals take (?P<how>longer|less time) to leave (?P<stages>.*) \(rank correlation of amount and days "
        r"(?P<sizes>[^)]*)\), .*",
        by_amount,
    ),
    (
        rf"(?P<n1>{_NUMBER}) days? of (?P<n2>{_NUMBER}), such as (?P<day>[\d-]+) with (?P<n3>{_NUMBER}) deals, contains? "
        r"(?P<n4>\d+%) of the new deals, .*",
        "дней, на которые пришлось {n4} новых сделок: {n1} из {n2}, например {day} — {n3}; ни один закон дневных чисел этого не "
        "предвидит: новых сделок в прогнозе слишком мало, если такой день придёт снова, и слишком много, если нет; задайте, "
        "сколько их ждать (assume.arrivals), или уберите загруженные сделки",
    ),
    (
        r"from (?P<first>[\d-]+) to (?P<last>[\d-]+) only (?P<n1>\d+%) of the usual deals began and (?P<n2>\d+%) of the usual stays "
        r"ended: .*per_day: (?P<level>[\d.e+-]+)\)",
        "с {first} по {last} началось лишь {n1} обычного числа сделок и закончилось лишь {n2} обычного числа пребываний: если это "
        "были праздники или отпуска, прогноз начинается со слишком низкого уровня; возьмите дату прогноза на несколько недель "
        "позже или задайте обычный уровень (assume.arrivals.per_day: {level})",
    ),
    (
        r"conversion in ['\"](?P<stage>.*)['\"] drifts: about (?P<n1>\d+%) of the ended stays that began in "
        r"(?P<first>[\d-]+) moved forward, and (?P<n2>\d+%) of those that began in (?P<last>[\d-]+), .*",
        "конверсия на этапе «{stage}» постепенно меняется: из завершённых пребываний, начавшихся в {first}, дальше пошли примерно "
        "{n1}, а из начавшихся в {last} — {n2}, а прогноз берёт среднее; позвольте параметрам меняться (history.model.drift: quarterly)",
    ),
    (
        r"the speed of ['\"](?P<stage>.*)['\"] has changed: from (?P<month>[\d-]+) on stays of the same age end (?P<n1>[\d.e+]+) times .*",
        "скорость на этапе «{stage}» изменилась: с {month} пребывания того же возраста заканчиваются с частотой {n1} от прежней, а "
        "прогноз берёт среднее; если перемена надолго, позвольте параметрам меняться (history.model.drift: quarterly)",
    ),
    (
        r"the speed of ['\"](?P<stage>.*)['\"] drifts: in (?P<last>[\d-]+) stays of the same age end (?P<n1>[\d.e+]+) times as often as in "
        r"(?P<first>[\d-]+), .*",
        "скорость на этапе «{stage}» постепенно меняется: в {last} пребывания того же возраста заканчивались с частотой {n1} от той, "
        "что была в {first}, а прогноз берёт среднее; позвольте параметрам меняться (history.model.drift: quarterly)",
    ),
    (
        rf"(?P<n1>{_NUMBER}) of (?P<n2>{_NUMBER}) predictive checks? of the fit failed when it was diagnosed \(in (?P<parts>.*)\); .*",
        checks_failed,
    ),
    (r"deals move faster (?P<how>.*); the forecast assumes this continues .*", by_the_calendar),
    (r"months were good or bad for all deals together \((?P<how>.*), one standard deviation\), .*", by_months),
    (
        rf"(?P<part>.*): (?P<n1>{_NUMBER}) transitions? diverged at first; .*, and none did",
        "{part}: сначала расхождений было {n1}; выборка повторена меньшими шагами, и их не стало",
    ),
    (
        rf"(?P<part>.*): (?P<n1>{_NUMBER}) transitions? diverged at first; .*, and (?P<n2>{_NUMBER}) did",
        "{part}: сначала расхождений было {n1}; выборка повторена меньшими шагами, и их осталось {n2}",
    ),
    (
        rf"(?P<part>.*): its chains mixed slowly; it was sampled again, in (?P<n1>{_NUMBER}) times as many steps",
        "{part}: цепи перемешивались медленно; выборка повторена, шагов в ней больше в {n1} раза",
    ),
    (
        rf"no deal ended before (?P<day>[\d-]+), though about (?P<n1>{_NUMBER}) should have: .*",
        "до {day} не завершилась ни одна сделка, хотя должно было примерно {n1}: считается, что записи начинаются с этого дня "
        "(history.model.recorded_from)",
    ),
    (
        rf"(?P<n1>{_NUMBER}) of (?P<n2>{_NUMBER}) (?:won )?deals have no amount: .*",
        "сделок без суммы: {n1} из {n2}; они не учитываются, как если бы стоили столько же, сколько остальные",
    ),
    (
        rf"(?P<n1>{_NUMBER}) of (?P<n2>{_NUMBER}) (?:won )?deals with an amount have one of 0: .*",
        "сделок с суммой 0: {n1} из {n2}, у которых она записана; столь же часто ничего не стоят и новые сделки; оставляйте "
        "неизвестные суммы пустыми",
    ),
    (
        rf"(?P<n1>{_NUMBER}) deals? began on (?P<day>[\d-]+), far more than on other days: .*",
        "{day} началось сделок: {n1}, гораздо больше, чем в другие дни; это сочтено загрузкой и не входит в поступление",
    ),
    (
        r"new deals of (?P<what>.*) began on (?P<day>[\d-]+): their number is learned from then on",
        "новые сделки {what} начались {day}: их поток оценен с этого дня",
    ),
    (
        rf"new deals of (?P<what>.*?)(?: began on (?P<first>[\d-]+) and)? ended on (?P<day>[\d-]+), when about "
        rf"(?P<n1>{_NUMBER}) more were due: none are forecast; a lever on arrivals can add some",
        "новые сделки {what} прекратились {day}, хотя ожидалось ещё {n1}: в прогнозе их нет; добавить их может рычаг arrivals",
    ),
    (
        rf"the history spans (?P<n1>{_NUMBER}) days?: new deals have neither a weekly pattern nor a trend",
        "история охватывает {n1} дн.: у новых сделок нет ни недельного рисунка, ни тренда",
    ),
    (
        rf"the history spans (?P<n1>{_NUMBER}) days: new deals have no trend",
        "история охватывает {n1} дн.: у новых сделок нет тренда",
    ),
    (
        r"(?P<path>.*): conversion would exceed 1 in (?P<n1>[a-z]* ?\d+%) of the futures, and is cut there",
        "{path}: в {n1} вариантов конверсия превысила бы 1 и там обрезана",
    ),
    (
        r"(?P<path>.*): conversion would fall below 0 in (?P<n1>[a-z]* ?\d+%) of the futures, and is cut there",
        "{path}: в {n1} вариантов конверсия упала бы ниже 0 и там обрезана",
    ),
    (
        r"(?P<path>.*): takes more from an amount than a usual deal is worth \((?P<n1>[^)]*)\) in "
        r"(?P<n2>[a-z]* ?\d+%) of the futures, and they are cut at 0",
        "{path}: в {n2} вариантов отнимает больше, чем стоит обычная сделка ({n1}); суммы обрезаны до 0",
    ),
    (
        r"simulation\.futures: only (?P<n1>[\d,]+) played, too few to tell P10 and P90 by; play (?P<n2>[\d,]+) or more",
        "simulation.futures: проиграно вариантов будущего: {n1}; этого мало, чтобы определить P10 и P90: нужно не меньше {n2}",
    ),
    (
        r"amounts: more than one deal in (?P<n1>[\d,]+) would be worth more than (?P<most>\w+), and counts for no more "
        r"than that; count money in thousands or millions",
        "суммы: больше чем одна сделка из {n1} стоила бы больше {most} и учтена лишь в этом размере; считайте деньги в "
        "тысячах или миллионах",
    ),
    (
        r"amounts: log-logistic ones of shape 1 or less have no mean: means, net and standard deviations are the seed's "
        r"luck; go by the quantiles",
        "суммы: у лог-логистических с формой 1 и меньше нет среднего: среднее, чистый результат и стандартное отклонение "
        "продаж зависят лишь от начального числа; смотрите на квантили",
    ),
    (
        r"amounts: log-logistic ones of shape 2 or less have no standard deviation: that of bookings is the seed's luck; "
        r"go by the quantiles",
        "суммы: у лог-логистических с формой 2 и меньше нет стандартного отклонения: у продаж оно зависит лишь от начального "
        "числа; смотрите на квантили",
    ),
    (
        r"assume\.stages\.(?P<stage>.*): moves without a share are gone.*; in the history (?P<n1>[\d,]+) stays? ended there, "
        r"with moves to (?P<moves>.*); to keep them, give (?P<key>assume\.stages\..*\.moves)"
        r"(?:, such as (?P<shares>\{.*\}), which splits what remains as it was)?",
        left_out,
    ),
    (
        r"first contact in '(?P<stage>.*)' is recorded for (?P<n1>.*) deals that entered it: half of them waited "
        r"(?P<n2>.*) hours or less, nine in ten (?P<n3>.*)",
        "первый контакт на этапе «{stage}» записан у {n1} сделок, которые на нём были: половина ждала не дольше {n2} ч, "
        "девять из десяти не дольше {n3} ч",
    ),
    (
        r"answers in time: in '(?P<stage>.*)' the odds of moving on fall by half every (?P<n1>.*) hours of waiting for the "
        r"first contact \(90%: (?P<n2>.*) to (?P<n3>.*)\), from (?P<n4>.*) deals with a recorded first contact; .*",
        "ответ в срок: на этапе «{stage}» шансы пойти дальше вдвое меньше за каждые {n1} ч ожидания первого контакта (90 %: от "
        "{n2} до {n3}), по {n4} сделкам, у которых он записан; это связь, а не доказательство: сделки, которые ждали "
        "дольше, могут отличаться и в другом, поэтому сначала попробуйте",
    ),
    (
        r"answers in time: in '(?P<stage>.*)' waiting for the first contact does no clear harm: a day of it changes the "
        r"odds of moving on by (?P<n1>.*) \(90%: (?P<n2>.*) to (?P<n3>.*)\), from (?P<n4>.*) deals with .*",
        "ответ в срок: на этапе «{stage}» явного вреда от ожидания первого контакта не видно: день ожидания меняет шансы пойти "
        "дальше на {n1} (90 %: от {n2} до {n3}), по {n4} сделкам, у которых он записан",
    ),
    (
        r"stage '(?P<stage>.*)': (?P<n1>.*) of (?P<n2>.*) deals have no recorded first contact while they were in "
        r"it.*: (?P<n3>\d+%) of them moved on, (?P<n4>\d+%) of the others\. .*",
        "этап «{stage}»: у {n1} из {n2} сделок не записан первый контакт, пока они на нём были; в том, что делает "
        "ожидание, они не учтены: из них дальше пошли {n3}, из остальных {n4}. Если они не дождались, вред ожидания "
        "больше найденного",
    ),
    (
        r"stage '(?P<stage>.*)': the odds of moving on do not fall evenly with the hours waited: the first hours count for "
        r"(?P<more>more|less) than .* from (?P<n1>.*) to (?P<n2>.*) hours",
        "этап «{stage}»: шансы пойти дальше падают с часами ожидания неравномерно; время, за которое они падают вдвое, "
        "лишь среднее для ожиданий от {n1} до {n2} ч",
    ),
    (
        r"stage '(?P<stage>.*)': what waiting for the first contact does cannot be fitted: .*",
        "этап «{stage}»: что делает ожидание первого контакта, узнать нельзя: слишком мало сделок, или все ждали "
        "одинаково",
    ),
    (
        r"(?P<n1>.*) first contacts lie before the entry into '(?P<stage>.*)' and are left out",
        "первых контактов раньше входа на этап «{stage}»: {n1}; они не учтены",
    ),
    (
        r"entries into '(?P<stage>.*)' have no time of day, so that waits for the first contact are known to about.*",
        "у входов на этап «{stage}» нет времени суток: ожидание первого контакта известно с точностью до полудня, и что "
        "делают несколько часов, увидеть нельзя",
    ),
]

_PATTERNS = [
    (re.compile(pattern, re.DOTALL), template) for pattern, template in [*_RAW_PATTERNS, *OF_AMOUNTS, *OF_LEVERS]
]
