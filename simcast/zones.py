"""The zone whose days are meant: by its name, such as Europe/Berlin, or by its offset from UTC, such as +03:00."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from difflib import get_close_matches
from zoneinfo import ZoneInfo, available_timezones

OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})", re.ASCII)


def zone_of(name: str) -> tzinfo:
    """Return a zone.

    Raises
    ------
    KeyError, ValueError, OSError
        When there is none of that name.

    Examples
    --------
    >>> zone_of("Europe/Berlin"), zone_of("+03:00")
    (zoneinfo.ZoneInfo(key='Europe/Berlin'), datetime.timezone(datetime.timedelta(seconds=10800)))
    """
    if found := OFFSET.fullmatch(name):
        gap = timedelta(hours=int(found[2]), minutes=int(found[3]))
        return timezone(-gap if found[1] == "-" else gap)
    return ZoneInfo(name)


def is_known(name: str) -> bool:
    """Return whether there is such a zone here.

    Examples
    --------
    >>> is_known("+03:00"), is_known("Europe/Atlantis")
    (True, False)
    """
    try:
        zone_of(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def nearest_zone(name: str) -> str:
    """Return a hint at the nearest zone, or at how one is written.

    Examples
    --------
    >>> nearest_zone("europe/berln"), nearest_zone("my zone")
    ("did you mean 'Europe/Berlin'?", 'such as Europe/Berlin, or an offset such as +03:00')
    """
    known = {zone.casefold(): zone for zone in sorted(available_timezones())}
    close = get_close_matches(name.casefold(), known, n=1, cutoff=0.75)
    return f"did you mean {known[close[0]]!r}?" if close else "such as Europe/Berlin, or an offset such as +03:00"
