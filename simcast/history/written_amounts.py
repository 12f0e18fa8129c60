"""Amounts as people write them: with a currency, with marks between thousands, with a decimal point or comma."""

from __future__ import annotations

import re
from collections.abc import Iterable

from simcast.history.empty_cells import is_nothing

_SYMBOLS = "$€£¥₽₴₸₹₺₩₪₫฿₦₱₾₼₿"
_CODES = (
    "USD|EUR|GBP|RUB|RUR|CHF|UAH|KZT|BYN|BYR|UZS|KGS|AMD|AZN|GEL|MDL|JPY|CNY|RMB|INR|KRW|SGD|HKD|TWD|THB|IDR|"
    "MYR|PHP|VND|AUD|NZD|CAD|BRL|MXN|ARS|CLP|COP|PEN|PLN|CZK|HUF|RON|BGN|RSD|SEK|NOK|DKK|ISK|TRY|ILS|AED|SAR|QAR|ZAR|NGN|KES|EGP"
)
_WORDS = (
    r"рубл(?:ей|я|ь)", r"руб\.?", r"р\.?", r"тенге", r"тг\.?", r"грн\.?", r"сум", r"сом", r"евро", r"долл\.?",
    r"euros?", r"dollars?", r"pounds?", r"Kč", r"zł", r"kr\.?", r"Fr\.?", r"Rs\.?", r"Ft", r"lei", r"лв\.?",
)  # fmt: skip
_SAME = {
    "$": "USD", "US$": "USD", "DOLLAR": "USD", "DOLLARS": "USD", "ДОЛЛ": "USD",
    "€": "EUR", "EURO": "EUR", "EUROS": "EUR", "ЕВРО": "EUR", "£": "GBP", "POUND": "GBP", "POUNDS": "GBP",
    "₽": "RUB", "RUR": "RUB", "Р": "RUB", "РУБ": "RUB", "РУБЛЬ": "RUB", "РУБЛЯ": "RUB", "РУБЛЕЙ": "RUB",
    "₸": "KZT", "ТГ": "KZT", "ТЕНГЕ": "KZT", "₴": "UAH", "ГРН": "UAH", "₹": "INR", "RS": "INR", "FR": "CHF",
    "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF",
}  # fmt: skip
"""Writings of one currency."""

_CURRENCY = rf"(?:(?:US|AU|CA|NZ|HK|SG|A|C|R|S)?[{_SYMBOLS}]|(?:{'|'.join((_CODES, *_WORDS))}))"
_MONEY = re.compile(
    rf"([-+−]?)\s*(?:({_CURRENCY})\s*)?([-+−]?)"
    r"([0-9](?:[0-9.,\s'’ʼ]*[0-9])?|[.,][0-9]+)(?:[.,](?:--?|[–—]))?"
    rf"(?:\s*[|/]?\s*({_CURRENCY}))?",
    re.IGNORECASE,
)
"""A sign, a currency, a sign, the number with an empty fraction such as ``.–``, a currency; most may be missing."""
_BARE = re.compile(r"-?[0-9.,]*")
"""Most amounts are so, and need no second look."""
_PARTED = re.compile(r"[0-9]{1,3}(?:[\s'’ʼ][0-9]{3})+(?:[.,][0-9]+)?")
MARKED = re.compile(r"[0-9][.,][0-9]|^-?[.,][0-9]")
"""A number with a mark of either kind."""
_BLANK = re.compile(r"[\s'’ʼ]")
_COMMA = re.compile(r"-?(\d+,(\d{1,2}|\d{4,})|\d{4,},\d+|\d{1,3}(\.\d{3})+,\d+|\d{1,3}(\.\d{3}){2,})", re.ASCII)
_POINT = re.compile(
    r"-?(\d+\.(\d{1,2}|\d{4,})|\d{4,}\.\d+|\d{1,3}(,\d{3})+\.\d+|\d{1,3}(,\d{3}){2,}|\d{1,2}(,\d\d)+,\d{3}(\.\d+)?)",
    re.ASCII,
)


def split_money(text: str) -> tuple[str, str]:
    """Return the number in an amount, without blanks between thousands, and its currency.

    The currency is empty where none is written; text that is no amount is returned as it is.

    Examples
    --------
    >>> split_money("50 575,50 руб."), split_money("USD 1,200.50"), split_money("1'200.00 CHF"), split_money("-5 €")
    (('50575,50', 'RUB'), ('1,200.50', 'USD'), ('1200.00', 'CHF'), ('-5', 'EUR'))
    >>> split_money("1 200"), split_money("12 34"), split_money("much")
    (('1200', ''), ('12 34', ''), ('much', ''))
    """
    if _BARE.fullmatch(text):
        return text, ""
    found = _MONEY.fullmatch(text)
    if found is None or (found[2] and found[5]):
        return text, ""
    number = found[4]
    if _BLANK.search(number):
        if not _PARTED.fullmatch(number):
            return text, ""
        number = _BLANK.sub("", number)
    sign = "-" if {"-", "−"} & {found[1], found[3]} else ""
    currency = (found[2] or found[5] or "").rstrip(".").upper()
    return sign + number, _SAME.get(currency, currency)


def find_decimal(texts: Iterable[str]) -> str | None:
    """Return the decimal mark of amounts; None when it cannot be known.

    Examples
    --------
    >>> find_decimal(["1,234", "99.50"]), find_decimal(["1.234", "7,5"]), find_decimal(["1,234"]), find_decimal(["7"])
    ('.', ',', None, '.')
    >>> find_decimal(["1,234 €", "7,50 €"]), find_decimal(["₹1,20,000"]), find_decimal(["1 234,567"])
    (',', '.', ',')
    """
    numbers = [split_money(text)[0] for text in texts]
    comma, point = (any(form.fullmatch(number) for number in numbers) for form in (_COMMA, _POINT))
    if comma != point:
        return "," if comma else "."
    return None if any(MARKED.search(number) for number in numbers) else "."


def rewrite_amount(text: str, mark: str) -> str:
    """Write an amount with a decimal point and nothing else; text that is none is returned as it is.

    What stands for nothing, such as a dash, becomes empty.

    Examples
    --------
    >>> rewrite_amount("-", "."), rewrite_amount("n/a", ".")
    ('', '')
    >>> rewrite_amount("1 234 567,50 ₽", ","), rewrite_amount("$1,200.00", "."), rewrite_amount("much", ".")
    ('1234567.50', '1200.00', 'much')
    >>> rewrite_amount("12.500,00 €", ","), rewrite_amount("1'200.– CHF", "."), rewrite_amount("₹1,20,000.50", ".")
    ('12500.00', '1200', '120000.50')
    """
    if is_nothing(text):
        return ""
    number, _ = split_money(text)
    other = "," if mark == "." else "."
    by_three, by_two = rf"\d{{1,3}}(?:{re.escape(other)}\d{{3}})+", rf"\d{{1,2}}(?:{re.escape(other)}\d\d)+,\d{{3}}"
    whole = rf"\d+|{by_three}|{by_two}" if other == "," else rf"\d+|{by_three}"
    if not re.fullmatch(rf"-?(?:{whole})?({re.escape(mark)}\d+)?", number, re.ASCII) or not number.strip("-"):
        return text
    return number.replace(other, "").replace(mark, ".")


def currencies(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the currencies in which amounts are written, in the order of their first.

    Examples
    --------
    >>> currencies(["$5", "7 USD", "3 €", "8"])
    ('USD', 'EUR')
    """
    found = (split_money(text)[1] for text in texts)
    return tuple(dict.fromkeys(currency for currency in found if currency))
