"""Names as the page shows them: they come from files and are never taken for markup."""

from __future__ import annotations

import html
import re

LONGEST_LABEL = 60
LONGEST_NAME = 32
"""So much of a name stands in a label that says more than the name."""

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_JOINER = "\u2060"
"""The word joiner: it has no width, and keeps emoji shortcodes and addresses from being recognised."""


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
