"""Segment values that people read as one are told; they are never merged in silence, nor parted in silence."""

from __future__ import annotations

from collections.abc import Callable

from simcast.history import History
from simcast.report.words.russian_sentences import in_russian

Read = Callable[..., History]


def log(*sources: str) -> str:
    return "deal,stage,entered,source\n" + "\n".join(
        f'D{number},lead,2026-01-05,"{source}"' for number, source in enumerate(sources)
    )


def said(read: Read, *sources: str) -> list[str]:
    report = read(log(*sources), ["lead"], segments=["source"]).quality
    return [text for text in report.warnings if "differ only in" in text]


def test_values_that_differ_in_case_blanks_or_the_invisible_are_told(read: Read) -> None:
    (found,) = said(read, "Web site", "web site", "web  site", "ads", "ads\u200b", "cold")
    assert found.startswith(
        "values of 'source' differ only in case, blanks or invisible characters, and count as different segments:"
        " 'Web site', 'web  site', 'web site'; 'ads', 'ads\\u200b'."
    )


def test_values_that_look_different_are_not_told(read: Read) -> None:
    assert said(read, "ads", "adz", "ads 1", "ads1", "a-ds", "Aдs") == []


def test_blanks_around_a_value_and_composed_letters_are_one_value(read: Read) -> None:
    history = read(log("Звонкий", "Звонкии\u0306", " Звонкий\u00a0"), ["lead"], segments=["source"])
    assert history.segments.values == (("Звонкий",),)


def test_it_is_said_in_russian(read: Read) -> None:
    (few,) = said(read, "ads", "Ads")
    assert in_russian(few) == (
        "значения столбца «source» различаются только регистром, пробелами или невидимыми знаками и считаются разными"
        " сегментами: «Ads», «ads». Если это одно и то же, напишите их одинаково"
    )
    (many,) = said(read, *(name for letter in "abcde" for name in (letter, letter.upper())))
    assert "; и ещё групп: 2. Если" in (in_russian(many) or "")
