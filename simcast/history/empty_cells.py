"""Words that people and programs write into cells that hold nothing."""

from __future__ import annotations

_NOTHING = frozenset({"-", "--", "–", "—", "n/a", "null", "none", "nan", "nat", "нет", "н/д"})


def is_nothing(text: str) -> bool:
    """Return whether a cell of dates or amounts holds nothing.

    Examples
    --------
    >>> is_nothing("-"), is_nothing("N/A"), is_nothing(""), is_nothing("0")
    (True, True, True, False)
    """
    return not text or text.casefold() in _NOTHING
