"""What was probably meant by a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def or_nearest(name: str, known: Sequence[str]) -> str:
    """Return a hint at the nearest known name, or at all of them: the end of a sentence that says what is not there.

    Examples
    --------
    >>> or_nearest("outcom", ["Outcome", "Stage"]), or_nearest("id", ["Outcome", "Stage"])
    ("; did you mean 'Outcome'?", ' (known: Outcome, Stage)')
    """
    folded = {option.casefold(): option for option in reversed(known)}
    near = difflib.get_close_matches(name.casefold(), list(folded), n=1)
    if near:
        return f"; did you mean {folded[near[0]]!r}?"
    return f" (known: {', '.join(known)})"
