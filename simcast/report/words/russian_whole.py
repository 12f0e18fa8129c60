"""English sentences without names or numbers in them, in Russian."""

from __future__ import annotations

WHOLE = {
    "named in the scenario": "названо в сценарии",
    "new deals": "новые сделки",
    "amounts": "суммы",
    "arrivals": "поступление сделок",
    "Given in the scenario file.": "Задано в файле сценария.",
    "no deal was ever lost: losses are probably not recorded, and deals that look open may be dead": "ни одна сделка не "
    "проиграна: вероятно, потери не записываются, и сделки, которые выглядят открытыми, могут быть мертвы",
    "no deal was ever won: conversion to won cannot be learned from these data": "ни одна сделка не выиграна: конверсию в "
    "выигрыш по этим данным узнать нельзя",
    "no amount is recorded: bookings cannot be learned from these data, only the number of wins": "суммы не записаны: по "
    "этим данным можно узнать только число продаж",
    "no deal has an amount: new deals count as worth nothing; forecast wins instead of bookings": "ни у одной сделки нет "
    "суммы: новые сделки ничего не стоят; прогнозируйте число продаж",
    "no won deal has an amount: new deals are given the amounts of all deals": "ни у одной выигранной сделки нет суммы: новые "
    "сделки стоят столько же, сколько все",
    "assume.arrivals: not given, so no new deals come in": "assume.arrivals: не задано, новых сделок не будет",
    "assume.amount: not given, so only open deals with an amount bring bookings": "assume.amount: не задано, сумму "
    "приносят только открытые сделки с известной суммой",
    "assume.amount: not given, nor an amount of open deals, so wins are counted and nothing is booked": "assume.amount: не "
    "задано, нет и сумм открытых сделок: считаются продажи, а не их сумма",
    "forecast.target.bookings: no amounts are known, so nothing is booked; give a target of wins": "forecast.target.bookings: "
    "суммы неизвестны, и сумма продаж всегда равна нулю; задайте цель по числу продаж",
    # The priors' reasons
    "A stage converts somewhere between 5% and 95% of the stays that end; nothing is known of which half.": "Этап "
    "пропускает дальше от 5 % до 95 % завершённых пребываний; какую половину — неизвестно.",
    "Beside `lost`, a move that is not forward (back, waiting) is rarer than a loss, by an unknown factor.": "Кроме потери, "
    "переход не вперёд (назад, в ожидание) реже потери, во сколько раз — неизвестно.",
    "Segments differ in the odds of a move by a factor of about 1.35; between 1.1 and 3 is possible.": "Шансы перехода у "
    "сегментов различаются примерно в 1,35 раза; возможно от 1,1 до 3.",
    "The median stay lasts between half a day and a year; two weeks are as good a guess as any.": "Медиана пребывания — от "
    "половины дня до года; две недели — догадка не хуже других.",
    "Segments differ in median days by a factor of about 1.35; between 1.1 and 3 is possible.": "Медианы дней у сегментов "
    "различаются примерно в 1,35 раза; возможно от 1,1 до 3.",
    "The shape of the days (lognormal: sigma of log days) lies between 0.35 and 2.4: from punctual to long-tailed.": "Форма "
    "распределения дней (для логнормального — сигма логарифма) от 0,35 до 2,4: от точного до длиннохвостого.",
    "About one stay in 25 never ends; anything from 1 in 500 to 1 in 2 is possible.": "Примерно одно пребывание из 25 не "
    "заканчивается никогда; возможно от 1 из 500 до 1 из 2.",
    "A deal e times as large has between a third and three times the odds of moving on.": "У сделки в e раз крупнее шансы "
    "пойти дальше от трети до тройных.",
    "A segment's odds are as far from the others' as the other stages let expect, give or take two fifths of that.": "Шансы "
    "сегмента отличаются от остальных настолько, насколько позволяют ждать другие этапы, плюс-минус две пятых этого.",
    "Odds, speed and hazards change by about 5% from quarter to quarter; 1% to 35% is possible.": "Шансы, скорость и "
    "интенсивности меняются примерно на 5 % от квартала к кварталу; возможно от 1 % до 35 %.",
    "On its second day a stay ends with a chance between 1 in 2,500 and 2 in 3.": "На второй день пребывание "
    "заканчивается с вероятностью от 1 из 2500 до 2 из 3.",
    "On the day of its entry a stay ends up to twenty times as easily, or hardly.": "В день входа пребывание заканчивается "
    "до двадцати раз легче — или почти никогда.",
    "On a day that is seen to end far more stays than those round it (a deadline) a stay ends fifty times as easily, or "
    "with all but certainty.": "В день, который заметно чаще соседних завершает пребывания (крайний срок), пребывание "
    "заканчивается в пятьдесят раз легче или почти наверняка.",
    "From one piece of time to the next the chance to end, times the days, changes by a factor of about 1.35.": "От одного "
    "отрезка времени к следующему вероятность закончиться, умноженная на дни, меняется примерно в 1,35 раза.",
    "Segments differ in the chance to end by a factor of about 1.35; between 1.1 and 3 is possible.": "Вероятность "
    "закончиться у сегментов различается примерно в 1,35 раза; возможно от 1,1 до 3.",
    "A typical segment's rate is within a factor of 50 of the average; counts have no natural unit.": "Темп обычного "
    "сегмента отличается от среднего не более чем в 50 раз; у количеств нет естественной единицы.",
    "Segments differ in arrivals by a factor of about 2; 1.2 to 25 is possible.": "Поступление сделок у сегментов "
    "различается примерно вдвое; возможно от 1,2 до 25 раз.",
    "A typical segment's median amount is within a factor of 50 of the average; money has no natural unit.": "Медиана суммы "
    "обычного сегмента отличается от средней не более чем в 50 раз; у денег нет естественной единицы.",
    "Segments differ in median amount by a factor of about 1.5; 1.1 to 5 is possible.": "Медианы сумм у сегментов "
    "различаются примерно в 1,5 раза; возможно от 1,1 до 5.",
    "The sigma of log amounts lies between 0.3 and 2.1: from price lists to long tails.": "Сигма логарифма сумм от 0,3 до "
    "2,1: от прейскуранта до длинных хвостов.",
    "Segments differ in that sigma by a factor of about 1.35.": "Эта сигма у сегментов различается примерно в 1,35 раза.",
    "Any day of the week may bring almost all or almost none of the deals.": "Любой день недели может приносить почти все "
    "сделки или почти ни одной.",
    "The level of arrivals moves by about 3% in four weeks; 0.6% to 15% is possible.": "Уровень поступления меняется "
    "примерно на 3 % за четыре недели; возможно от 0,6 % до 15 %.",
    "Four weeks bring about 6% more or less than the level, which the next four do not; 1.5% to 25% is possible.": "Четыре "
    "недели приносят примерно на 6 % больше или меньше уровня, а следующие четыре — уже нет; возможно от 1,5 % до 25 %.",
    "In the first half-year of a young CRM it moves by about 20% in four weeks; 4% to 100% is possible.": "В первые полгода "
    "молодой CRM он меняется примерно на 20 % за четыре недели; возможно от 4 % до 100 %.",
    "Over the year arrivals swing by about 5% up and down; 1% to 20%, or where data say so more, is possible.": "За год "
    "поступление колеблется примерно на 5 % вверх и вниз; возможно от 1 % до 20 %, а если данные говорят — и больше.",
    "Arrivals grow or shrink by up to a third per year, two times in three; in few pipelines they nearly double or "
    "halve.": "Поступление растёт или падает не более чем на треть в год в двух случаях из трёх; редко где почти "
    "удваивается или падает вдвое.",
    "Daily counts vary somewhat more than Poisson counts do.": "Количества по дням разбросаны несколько сильнее, чем у "
    "Пуассона.",
}
