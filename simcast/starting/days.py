"""How dates are written, and whose days are meant where times have offsets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pandas as pd

from simcast.history.dialect import STAMP
from simcast.history.parsing import normalise, parse_day
from simcast.history.table import Table
from simcast.starting import words
from simcast.starting.columns import SECONDS, Column
from simcast.zones import is_known, zone_of

_ZONES = (
    "Europe/Berlin", "Europe/London", "Europe/Kyiv", "Europe/Moscow", "America/New_York", "America/Chicago",
    "America/Denver", "America/Los_Angeles", "America/Halifax", "America/Sao_Paulo", "Asia/Jerusalem",
    "Australia/Sydney", "Australia/Adelaide", "Pacific/Auckland",
)  # fmt: skip
"""Zones in which clocks change, one for each way of changing them."""


def date_order(columns: Sequence[Column]) -> tuple[str, bool]:
    """Return how dates are written, and whether that is sure."""
    dated = [word for column in columns if column.is_date for word in column.words]
    others = [word for word in dated if not re.match(rf"\d{{4}}-\d{{2}}-\d{{2}}|{SECONDS}$", word)]
    if not others:
        return "iso", True
    found = [match for word in others if (match := re.match(r"(\d{1,2})([./-])(\d{1,2})\2\d{2}", word))]
    if any(match[2] == "." or int(match[1]) > 12 for match in found):
        return "day-first", True
    if any(int(match[3]) > 12 for match in found):
        return "month-first", True
    return "day-first", not found


def why_no_dates(columns: Sequence[Column]) -> str:
    """Say why a column that is called so holds no dates; nothing where none is called so."""
    called = [column for column in columns if words.is_called_a_date(column.key)]
    for column in called:
        rule = parse_day(column.words[0])[2]
        if rule:
            return f". Is {column.name!r} one? {column.words[0]!r}: {rule}"
    return ""


def find_zone(table: Table, columns: Sequence[Column], unsure: list[str]) -> str:
    """Return the zone whose days are meant, empty where no time has an offset; what is not sure is added to `unsure`.

    It is that of typed times; or UTC, or the one offset, that all times are written with; or a zone whose clocks
    change as the offsets do; or else the offset of most times. Where most times have no offset, it is a guess.
    """
    dated = [column for column in columns if column.is_date]
    named = [column.zone for column in dated if column.zone and column.zone != "UTC"]
    if named:
        return named[0]
    stamps = Counter(stamp for column in dated for stamp in _stamps(column))
    offsets = Counter(offset for _, offset in stamps.elements())
    if not offsets:
        return ""
    written = {offset: _written(offset) for offset in offsets}
    shown = " and ".join(sorted(written.values()))
    n_with, n_times = _count(table, dated)
    if n_with <= n_times / 2:
        offset = offsets.most_common(1)[0][0]
        zone = written[offset] if offset else "UTC"
        unsure.append(
            f"only {n_with:,} of {n_times:,} times {'is' if n_with == 1 else 'are'} written with an offset ({shown}):"
            f" {zone} is assumed for lack of another; name your own zone, such as Europe/Berlin"
            " (history.time_zone, or --time-zone)"
        )
        return zone
    if set(offsets) == {timedelta()}:
        unsure.append(
            "times are in UTC, and so are the days; name your own zone, such as Europe/Berlin (history.time_zone, or"
            " --time-zone)"
        )
        return "UTC"
    if len(offsets) == 1:
        zone = written[next(iter(offsets))]
        what = "all times" if n_with == n_times else f"{n_with:,} of {n_times:,} times"
        unsure.append(f"{what} are written at {zone}, and days are taken as those there (history.time_zone)")
        return zone
    fitting = [zone for zone in _ZONES if all(_is_at(zone, day, offset) for day, offset in stamps)]
    if fitting:
        unsure.append(f"times are written at {shown}, as in {fitting[0]}, whose days are taken (history.time_zone)")
        return fitting[0]
    zone = written[max(offsets, key=lambda offset: (offset != timedelta(), offsets[offset], offset))]
    unsure.append(
        f"times are written at {shown}: days are taken as those at {zone}; name your own zone, such as Europe/Berlin"
        " (history.time_zone, or --time-zone)"
    )
    return zone


def _count(table: Table, columns: Sequence[Column]) -> tuple[int, int]:
    """Return how many cells have an offset, and how many there are in the columns in which any has one."""
    n_with, n_times = 0, 0
    for column in columns:
        if isinstance(table.cells[column.name].dtype, pd.DatetimeTZDtype):
            n_with, n_times = n_with + column.n_words, n_times + column.n_words
            continue
        stamped = {word for word in column.words if re.fullmatch(SECONDS, word) or STAMP.fullmatch(word)}
        if stamped:
            cells = table.cells[column.name].astype("str").map(normalise)
            n_with += int(cells.isin(stamped).sum())
            n_times += int(cells.isin(column.words).sum())
    return n_with, n_times


def _stamps(column: Column) -> Iterator[tuple[datetime, timedelta]]:
    """Yield the hour, in UTC, and the offset of each time that has one."""
    for word in column.words:
        if re.fullmatch(SECONDS, word):
            yield datetime.fromtimestamp(int(word[:10]), UTC).replace(minute=0, second=0), timedelta()
        elif stamp := STAMP.fullmatch(word):
            offset = stamp["offset"] if stamp["offset"][0] in "+-" else "+00:00"
            try:
                moment = datetime.fromisoformat(f"{stamp['date']}T{stamp['time']}{offset}")
            except ValueError:
                continue
            gap = moment.utcoffset() or timedelta()
            yield moment.astimezone(UTC).replace(minute=0, second=0), gap


def _is_at(zone: str, moment: datetime, offset: timedelta) -> bool:
    """Return whether clocks in a zone stood at an offset; no clock is said to be where the zone is not known here."""
    return is_known(zone) and moment.astimezone(zone_of(zone)).utcoffset() == offset


def _written(offset: timedelta) -> str:
    minutes = int(offset.total_seconds() // 60)
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
