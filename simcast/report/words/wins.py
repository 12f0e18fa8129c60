"""What is said where wins are counted, since nothing is booked or wins are wanted, in English and Russian."""

from __future__ import annotations

from simcast.report.words.language import Message

ENGLISH_WINS: dict[str, Message] = {
    "answer.wins": (
        "Of {n} simulated future, half bring {middle} or more by {until}; 8 in 10 end between {low} and {high}.",
        "Of {n} simulated futures, half bring {middle} or more by {until}; 8 in 10 end between {low} and {high}.",
    ),
    "figure.fan.wins": "Wins so far",
    "figure.distribution.wins": "Wins over the whole horizon",
    "lead.none-more-wins": "No scenario brings more wins than the baseline. The best of them is {name}: {gain} on average.",
    "figure.scenarios.wins": "More or fewer wins than in the baseline",
    "table.more-wins": "More or fewer wins than in the baseline",
    "figure.by.wins": "Wins by {column}",
    "lead.best-wins": "{name} brings the most: {gain} wins on average ({interval} in 8 of 10 futures). It brings more wins than the "
    "baseline, the forecast without any change, in {chance} of the futures.",
    "lead.cost-per-win": "It costs {cost}: {each} per additional win.",
    "lead.least-per-win": "A win is cheapest with {name}: {each}.",
    "lead.no-cost-wins": "{name} brings {gain} wins at no cost.",
    "label.more-often": "{gain} · more in {chance}",
    "chance.more-wins": "P(more)",
    "chance.fewer-wins": "P(fewer)",
    "cost-per-win": "Cost per win",
    "gain.wins": "{gain} wins",
    "note.scenarios.wins": "More wins: mean of the wins gained in the same futures, with P10 and P90. P(more), P(fewer): the shares of "
    "futures with more wins and with fewer; in the others the number is equal. Cost per win: mean cost divided by the mean of more wins. "
    "No amounts are known, so scenarios are ranked by wins.",
    "lead.spread.wins": "About {known} of the spread of the total (its variance) comes from not knowing the true conversion, speed "
    "and number of deals, which more data can reduce. The rest, {luck}, is the luck of months and of single deals, which no data "
    "can remove, and the joint effect of the parts.",
    "lead.deals-shown.wins": "The {n} deals whose outcome is most open are shown first.",
    "note.deals.wins": "Expected win: the mean day among the futures in which the deal is won. Stalled: longer in its stage than nine in "
    "ten won deals were. Deals whose outcome is most open, with a chance nearest to one half, come first.",
    "sheet.chart.scenarios.wins": "More or fewer wins than in the baseline (mean)",
    "sheet.chart.periods.wins": "Wins by period",
}

RUSSIAN_WINS: dict[str, Message] = {
    "answer.wins": (
        "Из {n} смоделированного варианта будущего половина приносит к {until} не менее {middle}; в 8 из 10 итог лежит "
        "между {low} и {high}.",
        "Из {n} смоделированных вариантов будущего половина приносит к {until} не менее {middle}; в 8 из 10 итог лежит "
        "между {low} и {high}.",
        "Из {n} смоделированных вариантов будущего половина приносит к {until} не менее {middle}; в 8 из 10 итог лежит "
        "между {low} и {high}.",
    ),
    "figure.fan.wins": "Продажи с начала периода",
    "figure.distribution.wins": "Продажи за весь период",
    "lead.none-more-wins": "Ни один сценарий не даёт больше продаж, чем без изменений. Лучший — «{name}»: {gain} в среднем.",
    "figure.scenarios.wins": "На сколько продаж больше или меньше, чем без изменений",
    "table.more-wins": "На сколько продаж больше или меньше, чем без изменений",
    "figure.by.wins": "Продажи по «{column}»",
    "lead.best-wins": "Больше всего даёт «{name}»: продаж {gain} в среднем ({interval} в 8 вариантах из 10). Продаж больше, чем без "
    "изменений, в {chance} вариантов.",
    "lead.cost-per-win": "Это стоит {cost}: {each} за каждую дополнительную продажу.",
    "lead.least-per-win": "Дешевле всего продажа обходится со сценарием «{name}»: {each}.",
    "lead.no-cost-wins": "«{name}» без расходов даёт продаж: {gain}.",
    "label.more-often": "{gain} · больше в {chance}",
    "chance.more-wins": "P(больше)",
    "chance.fewer-wins": "P(меньше)",
    "cost-per-win": "Расходы на продажу",
    "gain.wins": "{gain} продажи",
    "note.scenarios.wins": "Больше продаж: среднее прироста продаж в тех же вариантах, с P10 и P90. P(больше), P(меньше): доли "
    "вариантов, в которых продаж больше и меньше; в остальных их столько же. Расходы на продажу: средние расходы на средний "
    "прирост продаж. Суммы неизвестны, поэтому сценарии сравниваются по числу продаж.",
    "lead.spread.wins": "Около {known} разброса итога (его дисперсии) — незнание истинных конверсии, скорости и числа сделок, которое "
    "уменьшат новые данные. Остальное, {luck}, — удача месяцев и отдельных сделок, которую не "
    "уберут никакие данные, и то, что части дают только вместе.",
    "lead.deals-shown.wins": "Сначала показано сделок, чей исход наиболее открыт: {n}.",
    "note.deals.wins": "Ожидаемая дата: средний день выигрыша в тех вариантах, где сделка выиграна. Застряла: дольше на этапе, чем "
    "девять из десяти выигранных сделок. Сначала те, чей исход наиболее открыт: вероятность ближе всего к половине.",
    "sheet.chart.scenarios.wins": "На сколько продаж больше или меньше, чем без изменений (среднее)",
    "sheet.chart.periods.wins": "Продажи по периодам",
}
