"""A hash of simcast's own source code, so that results stored by another version are not reused."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path

PACKAGE = Path(__file__).parent


def sources_digest(*, only: Collection[str] = (), without: Collection[str] = ()) -> str:
    """Return the sha256 of simcast's Python files, 64 hexadecimal digits.

    Parameters
    ----------
    only
        The packages (folders directly in simcast) and modules (such as ``"plan/building.py"``) that count; all of them
        unless given.
    without
        Those that do not.
    """
    digest = hashlib.sha256()
    for file in sorted(PACKAGE.rglob("*.py")):
        place = file.relative_to(PACKAGE)
        names = {place.parts[0], place.as_posix()}
        if (not only or names & set(only)) and not names & set(without):
            digest.update(place.as_posix().encode() + file.read_bytes())
    return digest.hexdigest()
