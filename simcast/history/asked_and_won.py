"""Whether deals of a log are won for what was asked: amounts that fall, or rise, at the win.

Open deals count with the amount that they have now. Where deals are won for less than that, what they bring comes out
too high. The sign test over the won deals whose amount changes is exact, whatever the amounts and their tails.

Source: Conover (1999), Practical Nonparametric Statistics, section 3.4.
"""

from __future__ import annotations

import numpy as np

from simcast.history.events import Events
from simcast.history.rounds import is_win, last_amounts, last_of_each, rounds_of
from simcast.pipeline import Pipeline
from simcast.writing import counted

_LEAST_OFF = 0.05
"""So far from 1 the median of what was won over what was asked must be."""
_FEWEST_WINS = 20
_FALSE_ALARM = 0.001


def won_over_asked(events: Events, pipeline: Pipeline) -> str:
    """Say so where deals are not won for the amount that they had before; empty where they are.

    Parameters
    ----------
    events
        Of a log, in order, with each amount on its own row.
    """
    rounds = rounds_of(events, pipeline)
    last = last_of_each(rounds)
    is_open = events.place[last] < pipeline.n_stages
    if not (is_open & ~np.isnan(last_amounts(events, rounds))).any():
        return ""
    wins = is_win(events, pipeline)
    won = np.full(is_open.size, np.nan)
    won[rounds[wins]] = events.amount[wins]
    asked = last_amounts(events.take(~wins), rounds[~wins], is_open.size)
    both = (won > 0) & (asked > 0)
    n_less, n_more = int((won < asked)[both].sum()), int((won > asked)[both].sum())
    if both.sum() < _FEWEST_WINS or not n_less + n_more:
        return ""
    from scipy.stats import binomtest

    if binomtest(n_less, n_less + n_more).pvalue > _FALSE_ALARM:
        return ""
    ratio = float(np.median(won[both] / asked[both]))
    if abs(ratio - 1.0) <= _LEAST_OFF:
        return ""
    how = "high" if ratio < 1 else "low"
    return (
        f"deals are won for {ratio:.2f} times the amount they had before (the median of"
        f" {counted(int(both.sum()), 'win')}, {n_less:,} for less and {n_more:,} for more), and open deals count with"
        f" the amount they have now: what they bring comes out too {how}; a lever corrects it"
        f" (amount: multiply {ratio:.2f}, open: true); new deals, worth what won ones were, need no correction"
    )
