"""The languages of a report say the same things, each in its own manner."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from simcast.model import DEFAULT_PRIORS, NEW_DEAL_PRIORS
from simcast.report.words import LANGUAGES, Message
from simcast.report.words.russian_sentences import in_russian

ENGLISH, RUSSIAN = LANGUAGES["en"], LANGUAGES["ru"]


def places(message: Message) -> set[str]:
    return {
        name
        for form in ((message,) if isinstance(message, str) else message)
        for name in re.findall(r"\{(\w+)\}", form)
    }


def test_both_catalogues_have_the_same_keys() -> None:
    assert set(ENGLISH.messages) == set(RUSSIAN.messages)


@pytest.mark.parametrize("key", sorted(ENGLISH.messages))
def test_both_messages_of_a_key_have_the_same_places(key: str) -> None:
    english, russian = ENGLISH.messages[key], RUSSIAN.messages[key]
    assert places(english) == places(russian)
    assert isinstance(english, tuple) == isinstance(russian, tuple)
    if isinstance(english, tuple):
        assert (len(english), len(russian)) == (2, 3)
    assert english
    assert russian


@pytest.mark.parametrize(
    ("number", "written"),
    [(1, "1 сделка"), (3, "3 сделки"), (11, "11 сделок"), (21, "21 сделка"), (1112, "1 112 сделок"), (0, "0 сделок")],
)
def test_russian_nouns_agree_with_their_numbers(number: int, written: str) -> None:
    assert RUSSIAN.say("n-deals", n=number).replace("\u00a0", " ") == written


def test_numbers_are_written_as_each_language_does() -> None:
    plain = {"\u00a0": " "}
    write = str.maketrans(plain)
    assert ENGLISH.money(2_412_345.6).translate(write) == "2.41 M"
    assert RUSSIAN.money(-18_250, signed=True).translate(write) == "−18,2 тыс."
    assert RUSSIAN.money(999_960).translate(write) == "1,00 млн"
    assert ENGLISH.axis_money(2.5e6).translate(write) == "2.5 M"
    assert ENGLISH.axis_money(6e5, signed=True).translate(write) == "+600 k"
    assert RUSSIAN.number(1234.5, 1).translate(write) == "1 234,5"
    assert ENGLISH.number(-0.04, 1) == "0.0"
    assert ENGLISH.chance(0.0) == "under 1%"
    assert RUSSIAN.chance(1.0).translate(write) == "более 99 %"
    assert RUSSIAN.date(date(2026, 9, 30)).translate(write) == "30 сентября 2026"
    assert ENGLISH.date(date(2026, 9, 3), "short").translate(write) == "3 Sep"


def test_a_sentence_ends_with_one_full_stop() -> None:
    assert RUSSIAN.say("lead.extra-deal", gain="5 тыс.") == "Ещё одна новая сделка меняет итог на 5 тыс."
    assert ENGLISH.say("lead.extra-deal", gain="5 k") == "One more new deal changes the total by 5 k."


def test_the_reason_of_every_prior_is_known_in_russian() -> None:
    reasons = [prior.reason for prior in {**DEFAULT_PRIORS, **NEW_DEAL_PRIORS}.values()]
    assert [reason for reason in reasons if in_russian(reason) is None] == []


@pytest.mark.parametrize(
    ("english", "russian"),
    [
        ("20% of the deals have an amount", "сумма известна у 20 % сделок"),
        ("less than 1% of the deals have an amount", "сумма известна у менее 1 % сделок"),
        (
            "12 segments, from 1,122 deals (referral / West) to 2,116 (site / North)",
            "сегментов: 12, сделок в них от 1 122 (referral / West) до 2 116 (site / North)",
        ),
        ("1 segment, from 1 deal (West) to 1 (West)", "сегментов: 1, сделок в них от 1 (West) до 1 (West)"),
        ("1 of 500 (less than 1%) wins has no amount", "выигранных сделок без суммы: 1 из 500 (менее 1 %)"),
        ("1 of 1 (100%) win has an amount of 0", "выигранных сделок с суммой 0: 1 из 1 (100 %)"),
        (
            "larger deals move on from 'meeting' less often (rank correlation -0.29), but amounts are known from the beginning of "
            "only 49% of its stays, which move on more often than the others: chances of open deals do not depend on their "
            "amounts, and their bookings are forecast too high",
            "крупные сделки реже идут дальше с этапа «meeting» (ранговая корреляция −0,29), но сумма с самого начала известна "
            "лишь у 49 % пребываний, и не у случайных: шансы открытых сделок не зависят от их сумм, и сумма их побед завышена",
        ),
        (
            "larger deals move on from 'meeting' more often (rank correlation 0.29), but amounts are known from the beginning of "
            "only 49% of its stays, which move on less often than the others: chances of open deals do not depend on their "
            "amounts, and their bookings are forecast too low",
            "крупные сделки чаще идут дальше с этапа «meeting» (ранговая корреляция 0,29), но сумма с самого начала известна лишь "
            "у 49 % пребываний, и не у случайных: шансы открытых сделок не зависят от их сумм, и сумма их побед занижена",
        ),
        (
            "deals that were slow at earlier stages move on less often at later ones than fast ones of their segment do (38% for "
            "52%; rank correlation -0.17), which the model ignores: wins of open deals are forecast too high, and a column that "
            "tells such deals apart from the beginning belongs in history.segments",
            "сделки, которые медленно шли по прежним этапам, реже идут дальше и с последующих, чем быстрые того же сегмента (38 % "
            "против 52 %; ранговая корреляция −0,17), чего модель не знает: победы открытых сделок завышены; столбцу, который "
            "различает такие сделки с самого начала, место в history.segments",
        ),
        (
            "deals that were slow at earlier stages move on more often at later ones than fast ones of their segment do (67% for "
            "55%; rank correlation 0.18), which the model ignores: wins of open deals are forecast too low, and a column that "
            "tells such deals apart from the beginning belongs in history.segments",
            "сделки, которые медленно шли по прежним этапам, чаще идут дальше и с последующих, чем быстрые того же сегмента (67 % "
            "против 55 %; ранговая корреляция 0,18), чего модель не знает: победы открытых сделок занижены; столбцу, который "
            "различает такие сделки с самого начала, место в history.segments",
        ),
        (
            "larger deals take longer to leave 'lead', 'meeting' (rank correlation of amount and days 0.50 to 0.53), which the model ignores: "
            "new deals won within the forecast are smaller than it assumes, and their bookings are forecast too high",
            "крупные сделки дольше остаются на этапах «lead», «meeting» (ранговая корреляция суммы и дней 0,50 до 0,53), чего модель не знает: "
            "новые сделки, выигранные до конца прогноза, меньше, чем в ней, и их сумма завышена",
        ),
        (
            "larger deals take less time to leave 'meeting' (rank correlation of amount and days -0.53), which the model ignores: "
            "new deals won within the forecast are larger than it assumes, and their bookings are forecast too low",
            "крупные сделки быстрее уходят с этапов «meeting» (ранговая корреляция суммы и дней −0,53), чего модель не знает: "
            "новые сделки, выигранные до конца прогноза, крупнее, чем в ней, и их сумма занижена",
        ),
        (
            "6 days of 539, such as 2025-01-19 with 223 deals, contain 54% of the new deals, which no model of daily counts foresees: "
            "the forecast has too few new deals if another such day comes, and too many if none does; give the number to expect "
            "(assume.arrivals), or leave out imported deals",
            "дней, на которые пришлось 54 % новых сделок: 6 из 539, например 2025-01-19 — 223; ни один закон дневных чисел этого "
            "не предвидит: новых сделок в прогнозе слишком мало, если такой день придёт снова, и слишком много, если нет; "
            "задайте, сколько их ждать (assume.arrivals), или уберите загруженные сделки",
        ),
        (
            "295 of 721 won deals with an amount have one of 0: the same share of new deals is worth nothing; leave "
            "unknown amounts empty",
            "сделок с суммой 0: 295 из 721, у которых она записана; столь же часто ничего не стоят и новые сделки; оставляйте "
            "неизвестные суммы пустыми",
        ),
        (
            "1 open deal has a closing date; it is ignored because it is only expected",
            "открытых сделок с датой закрытия: 1; она не учитывается, так как лишь ожидается",
        ),
        (
            "1 of 9 (11%) rows is set aside, and with it 1 of 4 (25%) deals; see bad.rejects.csv",
            "отложено строк: 1 из 9 (11 %), а с ними сделок: 1 из 4 (25 %)",
        ),
        (
            "only 1 stay ended, too few to tell families apart",
            "завершённых пребываний только 1: слишком мало, чтобы различить семейства",
        ),
        ("stage meeting", "этап meeting"),
        (
            "deals move faster on some weekdays in 'lead', 'сделка', and at some times of the quarter in 'lead'; the forecast "
            "assumes this continues (history.model.calendar)",
            "сделки движутся быстрее в некоторые дни недели — на этапах «lead», «сделка»; в некоторые дни квартала — на этапах "
            "«lead»; прогноз продолжает так же (history.model.calendar)",
        ),
        (
            "months were good or bad for all deals together (odds of the forward move by 18% (12% to 28%) and speed by 13% "
            "(9% to 20%), one standard deviation), which makes totals less certain; the forecast assumes "
            "this continues (history.model.weather)",
            "месяцы бывали удачными и неудачными для всех сделок сразу (шансы пойти дальше на 18 % (от 12 % до 28 %) и "
            "скорость на 13 % (от 9 % до 20 %), одно стандартное отклонение), и итоги оттого менее определённы; прогноз "
            "продолжает так же (history.model.weather)",
        ),
        (
            "conversion in 'Offer' has changed: for stays that began from 2025-01 on, the odds of moving forward are 0.33 times "
            "those before, and the forecast takes the average; if the change is permanent, let parameters drift "
            "(history.model.drift: quarterly)",
            "конверсия на этапе «Offer» изменилась: у пребываний, начавшихся с 2025-01, шансы пойти дальше — 0,33 от прежних, "
            "а прогноз берёт среднее; если перемена надолго, позвольте параметрам меняться (history.model.drift: quarterly)",
        ),
        (
            "stage lead: its chains mixed slowly; it was sampled again, in 4 times as many steps",
            "этап «lead»: цепи перемешивались медленно; выборка повторена, шагов в ней больше в 4 раза",
        ),
        (
            "stage lead: 3 transitions diverged at first; it was sampled again in smaller steps, and none did",
            "этап «lead»: сначала расхождений было 3; выборка повторена меньшими шагами, и их не стало",
        ),
        (
            "new deals: 1 transition diverged at first; it was sampled again in smaller steps, and 2 did",
            "новые сделки: сначала расхождений было 1; выборка повторена меньшими шагами, и их осталось 2",
        ),
        (
            "these open deals have waited longer than any that ever left the stage, and will probably never move: 132 of 234 "
            "(56%) in 'lead' (others left within 138 days), 1 of 3 (33%) in 'a, b' (others left within 1 day)",
            "эти открытые сделки ждут дольше любой, что ушла с этапа, и, вероятно, уже не сдвинутся: 132 из 234 (56 %) на "
            "этапе «lead» (остальные уходили за 138 дн. или раньше), 1 из 3 (33 %) на этапе «a, b» (остальные уходили за "
            "1 дн. или раньше)",
        ),
    ],
)
def test_findings_are_told_in_russian(english: str, russian: str) -> None:
    assert (in_russian(english) or "").replace("\u00a0", " ") == russian


def test_what_is_said_of_first_contacts_is_known_in_russian() -> None:
    """The sentences themselves, as a fit, a plan and the quality report write them."""
    import numpy as np

    from simcast.history.measures import FirstContacts
    from simcast.history.quality import FIRST_CONTACTS
    from simcast.model.response import silent_warnings
    from simcast.plan.response import ANSWERS, CAUTION
    from simcast.posterior.response import FittedResponse

    waits = np.array([[1.0, 9.0]])
    clear, unclear = (
        FittedResponse("lead", np.array(s), waits, np.array([0.4]), 1400) for s in ([0.02], [0.02, -0.02])
    )
    yes, no = np.ones(300, dtype=bool), np.zeros(200, dtype=bool)
    told = [
        *(f"{ANSWERS}: {fitted.words()}{CAUTION}" for fitted in (clear, unclear)),
        *silent_warnings("lead", yes, no, 4),
        FIRST_CONTACTS.format(contacts=FirstContacts("lead", 1452, 1400, 11.1, 53.3), share="1,400 of 1,452 (96%)"),
    ]
    russian = [in_russian(line) or "" for line in told]
    assert all(russian)
    assert "каждые 34,7 ч" in russian[0]
    assert "1\u00a0400 сделкам" in russian[1]
    assert "не дольше 11,1 ч" in russian[3]


def test_sources_that_began_or_ended_are_told_in_russian() -> None:
    import numpy as np

    from simcast.model.segment_windows import Window

    began = int(np.datetime64("2026-03-03").astype(np.int64))
    windows = [
        Window("source", "ads", *days) for days in ((began, None), (None, began, 1479.2), (began, began + 9, 30.0))
    ]
    told = [(in_russian(window.words()) or "").replace("\u00a0", " ") for window in windows]
    assert told[0] == "новые сделки source 'ads' начались 2026-03-03: их поток оценен с этого дня"
    assert told[1].startswith("новые сделки source 'ads' прекратились 2026-03-02, хотя ожидалось ещё 1 479: в")
    assert told[2].startswith("новые сделки source 'ads' прекратились 2026-03-11, хотя ожидалось ещё 30: в")


def test_the_same_finding_says_all_its_numbers() -> None:
    """The sentences of the quality report itself, not copies of them, are known."""
    from simcast.history.measures import Amounts, SegmentSizes, StageCounts
    from simcast.history.missing_losses import MissingLosses
    from simcast.history.quality import QualityReport, Reading
    from simcast.history.segments_set_late import SetLate

    stages = (
        StageCounts("lead", 100, 50, 30, 40),
        StageCounts("never", 0, 0, 0, None),
        StageCounts("open", 9, 9, 0, None),
        StageCounts("empty", 90, 0, 0, 5, 12.0),
    )
    report = QualityReport(
        reading=Reading(1000, 5, 9, 300, 3, close_dates_ignored=4),
        n_deals=300,
        n_stays=900,
        n_open_deals=59,
        n_won=0,
        n_lost=0,
        first_day="2026-01-01",
        last_day="2026-03-01",
        observed_until="2026-07-01",
        recorded_until="2026-07-01",
        end_is_said=False,
        silent_days=121,
        longest_gap_days=3,
        weekend_share=0.2,
        bulk_days=(("2026-01-05", 0.4),),
        late_start=(90, 10),
        stages=stages,
        paths=(("lead", "open"), ("empty",)),
        amounts=Amounts(0.5, 100, 2, 1, 5, 1, 1, 0.8),
        segments=SegmentSizes(90, 3.3, ("a", 1), ("b", 40)),
        missing_losses=MissingLosses(30, "2026-06-01", 1064, 4, 169, 108, 71, 28.2, 5e-8),
        set_late=(SetLate("source", "partner", "won", 1117, 0, 0, 11.7, 7e-8),),
    )
    assert len(report.findings) >= 16
    ended = replace(report, recorded_until="2026-03-02")
    said = replace(ended, end_is_said=True)
    findings = [*report.findings, *ended.findings, *said.findings]
    assert "assumed to end before 2026-03-02" in " ".join(finding.text for finding in findings)
    assert [finding.text for finding in findings if in_russian(finding.text) is None] == []
