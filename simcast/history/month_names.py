"""Dates with the name of the month, in English or Russian: they can be read in one way only."""

from __future__ import annotations

import re

_ENGLISH = (
    "january", "february", "march", "april", "may", "june", "july",
    "august", "september", "october", "november", "december",
)  # fmt: skip
_RUSSIAN = (
    "январь", "февраль", "март", "апрель", "май", "июнь", "июль",
    "август", "сентябрь", "октябрь", "ноябрь", "декабрь",
)  # fmt: skip
_OF_RUSSIAN = (
    "января", "февраля", "марта", "апреля", "мая", "июня", "июля",
    "августа", "сентября", "октября", "ноября", "декабря",
)  # fmt: skip
_MONTHS = {
    name[:length]: month
    for names in (_ENGLISH, _RUSSIAN, _OF_RUSSIAN)
    for month, name in enumerate(names, start=1)
    for length in (3, 4, len(name))
}
_WEEKDAY = r"(?:[^\W\d_]{2,11}\.?,?\s+)?"
_MONTH = r"(?P<month>[^\W\d_]{3,9})\.?"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[0-9]{4})(?:\s?г\.?)?"
_CLOCK = r"(?:(?:\s+at|\s+в|[T,])?\s*(?P<clock>[0-9]{1,2}:.*))?"
_FORMS = (
    re.compile(rf"{_WEEKDAY}{_DAY}[\s./-]+{_MONTH},?[\s./-]+{_YEAR}{_CLOCK}", re.IGNORECASE),
    re.compile(rf"{_WEEKDAY}{_MONTH}[\s-]+{_DAY},?[\s-]+{_YEAR}{_CLOCK}", re.IGNORECASE),
)


def split_named(text: str) -> tuple[str, str, str, str | None] | None:
    """Return year, month, day and time of day of a date that names its month; None for any other text.

    Examples
    --------
    >>> split_named("05 Mar 2026"), split_named("March 5th, 2026 at 3:07 PM")
    (('2026', '3', '05', None), ('2026', '3', '5', '3:07 PM'))
    >>> split_named("5 марта 2026 г. 09:30"), split_named("5 Mai 2026"), split_named("5.3.2026")
    (('2026', '3', '5', '09:30'), None, None)
    """
    for form in _FORMS:
        if (found := form.fullmatch(text)) and (month := _MONTHS.get(found["month"].casefold())):
            return found["year"], str(month), found["day"], found["clock"]
    return None
