"""What was meant by text where a number is expected, such as ``40%``, ``1 200`` or ``2k``."""

from __future__ import annotations

import re

_SPACES = " \u00a0\u202f\u2009'’_"
"""What people put between thousands."""
_SIZES = {
    "k": 3,
    "thousand": 3,
    "тыс": 3,
    "m": 6,
    "mn": 6,
    "mln": 6,
    "million": 6,
    "млн": 6,
    "bn": 9,
    "billion": 9,
    "млрд": 9,
}
_CURRENCIES = "$€£¥₽₴₸₹"
_TEXT = re.compile(rf"([-+]?)\s*[{_CURRENCIES}]?\s*([0-9][0-9.,{_SPACES}]*)\s*(%|[a-zа-я]+)?\.?\s*[{_CURRENCIES}]?")
_NUMBER = re.compile(rf"([0-9]+|[0-9]{{1,3}}(?:[.,{_SPACES}][0-9]{{3}})+)(?:([.,])([0-9]*))?")
_GROUPED = re.compile(rf"[0-9]{{1,3}}([.,{_SPACES}])[0-9]{{3}}(\1[0-9]{{3}})*")


def hint(text: str, *, whole: bool = False) -> str:
    """Say what to write instead of text, where it can be told what number was meant; else ``""``.

    Parameters
    ----------
    text
        What was written.
    whole
        Whether a whole number is wanted.

    Examples
    --------
    >>> hint("40%"), hint("1 200"), hint("1,5"), hint("2k"), hint("a lot"), hint("2.5")
    ('; write 0.4', '; write 1200', '; write 1.5', '; write 2000', '', '; remove the quotes')
    >>> hint("1,200"), hint("1,200", whole=True)
    ('; write 1200 or 1.2', '; write 1200')
    """
    if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[-+]?[0-9]+)?", text.strip(), re.IGNORECASE):
        return "" if whole and not float(text).is_integer() else "; remove the quotes"
    found = _TEXT.fullmatch(text.strip().casefold())
    if found is None:
        return ""
    sign, digits, unit = found[1], found[2].strip(_SPACES), found[3] or ""
    if unit and unit != "%" and unit not in _SIZES:
        return ""
    shift = -2 if unit == "%" else _SIZES.get(unit, 0)
    readings = [_shifted(sign.strip("+") + number, shift) for number in _readings(digits)]
    chosen = [number for number in dict.fromkeys(readings) if not (whole and "." in number)]
    return f"; write {' or '.join(chosen)}" if chosen else ""


def _readings(digits: str) -> list[str]:
    """Return the numbers for which digits with their marks may stand: one, none, or two where it may be thousands."""
    found = _NUMBER.fullmatch(digits)
    if found is None:
        return []
    whole, mark, fraction = re.sub(f"[{_SPACES}.,]", "", found[1]), found[2] or "", found[3]
    if not mark:
        return [whole]
    may_group = _GROUPED.fullmatch(digits) is not None and not digits.startswith("0")
    may_part = mark not in found[1]
    return [f"{whole}{fraction}"] * may_group + [f"{whole}.{fraction}"] * may_part


def _shifted(number: str, by: int) -> str:
    """Move the decimal point of a number, without rounding.

    Examples
    --------
    >>> _shifted("12.5", -2), _shifted("2.5", 3), _shifted("-07", 0)
    ('0.125', '2500', '-7')
    """
    from decimal import Decimal

    text = f"{Decimal(number).scaleb(by):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
