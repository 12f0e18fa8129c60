"""Weeks just before the as-of date in which little began and little ended: a holiday, after which all is as before.

The forecast starts from the latest level of new deals, and from open deals that have waited. Neither the model nor its
calendar knows of holidays, and takes what a few weeks of rest did for a new level. Each run of days that ends shortly
before the as-of date is compared, weekday by weekday, with the weeks before it. One is told when both the new deals and
the ends of stays are too few for chance, by a negative binomial law as dispersed as the sums of those weeks are, and
few to the last. A rest that lasts longer than holidays do is a new level.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.stats import nbinom

from simcast.model.clocks import Ints

_SHORTEST, _LONGEST = 7, 35
_LAST_ENDS = 14
"""A rest that ended longer ago no longer makes the level."""
_BEFORE_WEEKS, _FEWEST_WEEKS = 13, 6
"""How many weeks before it a run is compared with."""
_LOG_LEVEL = np.log(1e-4)
"""Of so few new deals, and of so few ends, in one run of days."""
_FEW = 0.5
"""Of what the weeks before let expect: more is no rest."""


@dataclass(frozen=True)
class QuietDays:
    """Days before the as-of date on which little began and ended.

    Parameters
    ----------
    first, last
        The days, since 1970-01-01.
    begun, ended
        New deals, and ends of stays, over those that the weeks before let expect.
    per_day
        New deals per day in the weeks before.
    """

    first: int
    last: int
    begun: float
    ended: float
    per_day: float


def find_quiet_days(began: Ints, ended: Ints, until: int) -> QuietDays | None:
    """Return the clearest run of quiet days before the as-of date; None where there is none.

    Parameters
    ----------
    began, ended
        int64, (n,): the days on which deals began, and on which stays ended, in any order.
    until
        The first day not known.
    """
    known_from = max(until - _LAST_ENDS - _LONGEST - 7 * _BEFORE_WEEKS, int(np.min(began, initial=until)))
    by_day = [
        np.bincount(days[days >= known_from] - known_from, minlength=until - known_from) for days in (began, ended)
    ]
    found, least = None, 0.0
    for end in range(until - known_from, until - known_from - _LAST_ENDS - 1, -1):
        for start in range(end - _SHORTEST, end - _LONGEST - 1, -1):
            weeks = min(_BEFORE_WEEKS, start // 7)
            if weeks < _FEWEST_WEEKS:
                break
            before = slice(start - 7 * weeks, start)
            new, gone = (_few(counts[start:end], counts[before]) for counts in by_day)
            if new is None or gone is None or new.log_chance + gone.log_chance >= least:
                continue
            least = new.log_chance + gone.log_chance
            per_day = float(by_day[0][before].mean())
            found = QuietDays(known_from + start, known_from + end - 1, new.share, gone.share, per_day)
    return None if found is None or found.last - found.first + 1 == _LONGEST else found  # longer ones are no holiday


class _Few(NamedTuple):
    """Events over those expected, and the log probability of as few or fewer."""

    share: float
    log_chance: float


def _few(counts: Ints, before: Ints) -> _Few | None:
    """Compare the events of a run of days with those of the weeks before; None where they are not surely few.

    Parameters
    ----------
    counts, before
        int64, (n_days,) and (n_weeks * 7,): events by day; the run follows the weeks.
    """
    weeks = before.reshape(-1, 7)
    expected = float(weeks.mean(axis=0)[np.arange(counts.size) % 7].sum())
    happened, sums = int(counts.sum()), weeks.sum(axis=1)
    if not expected or happened > _FEW * expected or counts[-7:].sum() > _FEW * sums.mean():
        return None
    dispersion = max(1.0 + 1e-6, float(sums.var(ddof=1) / sums.mean()))
    variance = expected * dispersion * (1.0 + expected / float(sums.sum()))  # the weeks before are few themselves
    size = expected**2 / (variance - expected)
    log_chance = float(nbinom.logcdf(happened, size, expected / variance))
    return _Few(happened / expected, log_chance) if log_chance <= _LOG_LEVEL else None
