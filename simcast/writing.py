"""Numbers as people read them: amounts, counts, chances and intervals, the same in all that simcast prints."""

from __future__ import annotations

from typing import Protocol

_THOUSAND = 1e3
_MILLION = 1e6
_BILLION = 1e9


def money(amount: float, *, signed: bool = False) -> str:
    """Write an amount in at most four digits.

    Examples
    --------
    >>> money(2412345.6), money(-18250, signed=True), money(0.5), money(12_000_000_000)
    ('2.41 M', '-18.2 k', '0.50', '12.00 bn')
    >>> money(-0.001, signed=True)
    '0'
    """
    amount = amount if abs(amount) >= 0.005 else 0.0  # what rounds to nothing has no sign
    sign = "+" if signed and amount > 0 else ""
    for unit, size in (("bn", _BILLION), ("M", _MILLION), ("k", _THOUSAND)):
        # 999.96 k would round to 1000.0 k: the next larger unit takes it.
        if abs(amount) >= size * 0.99995:
            scaled = amount / size
            return f"{sign}{scaled:.2f} {unit}" if size > _THOUSAND else f"{sign}{scaled:.1f} {unit}"
    return f"{sign}{amount:.0f}" if abs(amount) >= 100 or amount == round(amount) else f"{sign}{amount:.2f}"


def count(number: float, *, signed: bool = False) -> str:
    """Write a number of deals, with a decimal where it is small and not whole.

    Examples
    --------
    >>> count(3.0), count(2.25), count(1234.4, signed=True)
    ('3', '2.2', '+1,234')
    """
    number = number if abs(number) >= 0.05 else 0.0  # what rounds to nothing has no sign
    digits = 0 if number == round(number) or abs(number) >= 100 else 1
    return f"{number:{'+' if signed and number != 0 else ''},.{digits}f}"


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun, in the plural where it needs it.

    Examples
    --------
    >>> counted(1, "open deal"), counted(2000, "open deal"), counted(0, "day"), counted(2, "person", "people")
    ('1 open deal', '2,000 open deals', '0 days', '2 people')
    """
    return f"{number:,} {agreed(number, one, many or f'{one}s')}"


def agreed(number: int, one: str, many: str) -> str:
    """Return the form of a word that goes with a number.

    Examples
    --------
    >>> agreed(1, "is", "are"), agreed(3, "is", "are")
    ('is', 'are')
    """
    return one if number == 1 else many


def chance(probability: float) -> str:
    """Write a probability in whole percent, without claiming certainty that a simulation cannot give.

    Examples
    --------
    >>> chance(0.632), chance(0.005), chance(0.995)
    ('63%', 'under 1%', 'over 99%')
    """
    if probability <= 0.005:
        return "under 1%"
    if probability >= 0.995:
        return "over 99%"
    return f"{probability:.0%}"


def counted_share(share: float) -> str:
    """Write a share of what was counted, such as futures: all of them are 100%.

    Examples
    --------
    >>> counted_share(1.0), counted_share(0.999), counted_share(0.0003)
    ('100%', 'over 99%', 'under 1%')
    """
    return "100%" if share == 1.0 else chance(share)


class Quantiles(Protocol):
    """What has quantiles, such as a summary of a forecast."""

    def quantile(self, q: float) -> float:
        """Return a quantile."""


def interval(summary: Quantiles, *, signed: bool = False, deals: bool = False) -> str:
    """Write the 80% interval of a summary, P10 to P90."""
    low, high = summary.quantile(0.1), summary.quantile(0.9)
    if deals:
        return f"{count(round(low), signed=signed)} to {count(round(high), signed=signed)}"
    return f"{money(low, signed=signed)} to {money(high, signed=signed)}"
