"""Names and numbers as the page shows them; names come from files and are never taken for markup."""

from __future__ import annotations

import html
import re

from simcast.forecast import Summary

LONGEST_LABEL = 60
LONGEST_NAME = 32
"""So much of a name stands in a label that says more than the name."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_JOINER = "\u2060"
"""The word joiner: it has no width, and keeps emoji shortcodes and addresses from being recognised."""
_UNITS = ((1e9, "bn", 2), (1e6, "M", 2), (1e3, "k", 1))


def shortened(text: str, width: int = LONGEST_LABEL) -> str:
    """Cut a name to a length that a label can hold.

    Examples
    --------
    >>> shortened("proposal", 5)
    'prop…'
    """
    flat = " ".join(text.split())
    return flat if len(flat) <= width else flat[: width - 1] + "…"


def as_markdown(text: str) -> str:
    r"""Return markdown that shows a text as it is: no markup, formula, emoji shortcode, link or colour.

    Examples
    --------
    >>> as_markdown("<b>$x$</b>")
    '\\<b\\>\\$x\\$\\<\\/b\\>'
    """
    escaped = _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
    joined = re.sub(r"\\([:@])", rf"{_JOINER}\\\1{_JOINER}", escaped)
    return re.sub(r"(?i)www", f"w{_JOINER}ww", joined)


def as_label(text: str) -> str:
    """Return markdown that shows a name in a label of bounded length."""
    return as_markdown(shortened(text))


def in_figure(text: str, width: int = LONGEST_LABEL) -> str:
    """Return a text as Plotly shows it unchanged; it knows some HTML, and formulas between dollars.

    Examples
    --------
    >>> in_figure("<a href='x'>$y$")
    "&lt;a href='x'&gt;&#36;y&#36;"
    """
    return html.escape(shortened(text, width), quote=False).replace("$", "&#36;")


def money(amount: float, *, signed: bool = False) -> str:
    """Write an amount in at most four digits.

    Examples
    --------
    >>> money(2412345.6), money(-18250, signed=True), money(0.0, signed=True), money(999_990)
    ('2.41 M', '-18.2 k', '0', '1.00 M')
    """
    sign = "+" if signed and amount > 0 else ""
    for size, unit, digits in _UNITS:
        if abs(amount) >= size * 0.99995:
            return f"{sign}{amount / size:.{digits}f} {unit}"
    return f"{sign}{amount:.0f}" if abs(amount) >= 100 or amount == round(amount) else f"{sign}{amount:.2f}"


def chance(probability: float) -> str:
    """Write a probability in whole percent, without a certainty that a simulation cannot give.

    Examples
    --------
    >>> chance(0.632), chance(0.0), chance(1.0)
    ('63%', 'under 1%', 'over 99%')
    """
    if probability <= 0.005:
        return "under 1%"
    return "over 99%" if probability >= 0.995 else f"{probability:.0%}"


def interval(summary: Summary, *, signed: bool = False) -> str:
    """Write the 80% interval of a summary, P10 to P90."""
    low, high = (money(summary.quantile(q), signed=signed) for q in (0.1, 0.9))
    return f"{low} to {high}"


def decimal(number: float, *, signed: bool = False) -> str:
    """Write a number of deals with one decimal.

    Examples
    --------
    >>> decimal(2.25, signed=True), decimal(1204)
    ('+2.2', '1,204')
    """
    digits = 0 if number == round(number) or abs(number) >= 100 else 1
    return f"{number:{'+' if signed and number else ''},.{digits}f}"
