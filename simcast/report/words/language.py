"""A language: its messages, its plurals, and how it writes numbers, money, chances and dates."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Message = str | tuple[str, ...]
"""A text with places in braces; or one text for each plural form, chosen by ``n``."""

NBSP = "\u00a0"
"""Keeps a number and its unit on one line."""
MINUS = "\u2212"

_UNDER, _OVER = 0.005, 0.995


@dataclass(frozen=True)
class Language:
    """How a report speaks.

    Parameters
    ----------
    code
        As in HTML's ``lang``.
    messages
        By key.
    plural_form
        Which of a message's forms goes with a number.
    decimal, thousands
        What stands before decimals, and between groups of three digits.
    percent
        What follows a number of percent.
    units
        The words for a thousand, a million and a billion.
    months
        The names of months as a date has them, and their short forms.
    day_first
        Whether a date begins with its day: ``30 September 2026`` does.
    translated
        Turns a sentence that another part of simcast wrote in English into this language; None where it cannot.
    """

    code: str
    messages: Mapping[str, Message]
    plural_form: Callable[[float], int]
    decimal: str
    thousands: str
    percent: str
    units: tuple[str, str, str]
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    translated: Callable[[str], str | None] = field(default=lambda text: text)

    def say(self, key: str, **values: object) -> str:
        """Return a message with its places filled; ``n``, where given, chooses the plural form."""
        message = self.messages[key]
        if isinstance(message, tuple):
            number = values["n"]
            if not isinstance(number, int | float):
                raise TypeError(f"{key}: n must be a number")
            message = message[min(self.plural_form(number), len(message) - 1)]
            values = {**values, "n": self.count(number)}
        text = message.format(**values)
        # What stands at the end may bring a full stop of its own, as an abbreviated unit does.
        return text[:-1] if message.endswith("}.") and text.endswith("..") else text

    def number(self, value: float, digits: int = 0, *, signed: bool = False) -> str:
        """Write a number with a fixed number of decimals.

        Examples
        --------
        >>> from simcast.report.words import LANGUAGES
        >>> LANGUAGES["en"].number(-1234.56, 1), LANGUAGES["ru"].number(1234.56, 1).replace("\u00a0", "_")
        ('−1,234.6', '1_234,6')
        """
        text = f"{abs(value):,.{digits}f}"
        text = text.replace(",", "\0").replace(".", self.decimal).replace("\0", self.thousands)
        is_zero = float(f"{abs(value):.{digits}f}") == 0.0
        sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
        return sign + text

    def money(self, amount: float, *, signed: bool = False, digits: int | None = None) -> str:
        """Write an amount in three or four digits with its unit, such as ``2.41 M``."""
        for unit, size in zip(reversed(self.units), (1e9, 1e6, 1e3), strict=True):
            if abs(amount) >= size * 0.99995:
                decimals = (2 if size > 1e3 else 1) if digits is None else digits
                return f"{self.number(amount / size, decimals, signed=signed)}{NBSP}{unit}"
        whole = abs(amount) >= 100 or abs(amount) < 0.005 or amount == round(amount)
        return self.number(amount, 0 if whole else 2, signed=signed)

    def axis_money(self, amount: float, *, signed: bool = False) -> str:
        """Write a round amount, such as a tick of an axis or a target, without decimals that say nothing."""
        size = next((size for size in (1e9, 1e6, 1e3) if abs(amount) >= size), 1.0)
        digits = next(d for d in range(4) if d == 3 or math.isclose(round(amount / size, d), amount / size))
        return (
            self.money(amount, digits=digits, signed=signed) if size > 1 else self.number(amount, digits, signed=signed)
        )

    def count(self, number: float, *, signed: bool = False) -> str:
        """Write a number of deals, with a decimal where it is small and not whole."""
        whole = number == round(number) or abs(number) >= 100
        return self.number(number, 0 if whole else 1, signed=signed)

    def chance(self, probability: float) -> str:
        """Write a probability in whole percent, without a certainty that a simulation cannot give."""
        if probability <= _UNDER:
            return self.say("chance.under", share=f"1{self.percent}")
        if probability >= _OVER:
            return self.say("chance.over", share=f"99{self.percent}")
        return f"{100 * probability:.0f}{self.percent}"

    def share(self, value: float, digits: int = 0) -> str:
        """Write a share in percent."""
        return f"{self.number(100 * value, digits)}{self.percent}"

    def interval(self, low: str, high: str) -> str:
        """Write an interval between two written numbers."""
        return self.say("interval", low=low, high=high)

    def date(self, day: date, form: Literal["long", "short"] = "long") -> str:
        """Write a date in words, or short without its year.

        Examples
        --------
        >>> from datetime import date
        >>> from simcast.report.words import LANGUAGES
        >>> LANGUAGES["en"].date(date(2026, 9, 30)).replace("\u00a0", " ")
        '30 September 2026'
        """
        if form == "short":
            return f"{day.day}{NBSP}{self.short_months[day.month - 1]}"
        return f"{day.day}{NBSP}{self.months[day.month - 1]} {day.year}"

    def sentence(self, english: str) -> tuple[str, bool]:
        """Return a sentence from another part of simcast in this language, and whether it had to stay English."""
        found = self.translated(english)
        return (english, True) if found is None else (found, False)
