"""Leads that wait for a call: eight months of a desk whose answers are on record, made from a known truth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simcast.synthetic.course import normal_quantile

if TYPE_CHECKING:
    import pandas as pd

START, AS_OF = np.datetime64("2025-11-01"), np.datetime64("2026-07-01")
SEED = 20260702
PER_DAY = 6.0
HALF_LIFE_HOURS = 30.0
"""The odds that a lead becomes a meeting fall by half with so many hours of waiting for the first call."""

SOURCES = {"site": (0.6, 1.6, 7.0), "ads": (0.4, 0.9, 22.0)}
"""Share of the leads, odds of a meeting for a lead that is called at once, and median hours until the call.

Who looks only at the totals takes the bad source for the work of waiting.
"""

_WAIT_SIGMA = 1.0
_SILENT = 0.03
"""The share of leads that nobody calls: they are lost within weeks."""
_WIN = 0.45
_AMOUNT, _AMOUNT_SIGMA, _AMOUNT_STEP = 5_000.0, 0.6, 100.0

Floats = NDArray[np.float64]


def leads_table(start: np.datetime64 = START, end: np.datetime64 = AS_OF, seed: int = SEED) -> pd.DataFrame:
    """Return a row per lead, as known at the start of the day `end`.

    Returns
    -------
    pandas.DataFrame
        ``deal``, ``source``, times of ``lead``, ``first_call`` and ``meeting``, ``outcome``, ``closed``, ``amount``,
        all of them text, empty where nothing is known.
    """
    import pandas as pd

    generator = np.random.default_rng(seed)
    n_days = int((end - start).astype(np.int64))
    n_leads = round(PER_DAY * n_days)
    came = np.sort(generator.random(n_leads) * n_days)
    uniform = generator.random((9, n_leads))
    names = np.array(list(SOURCES), dtype=object)
    source = np.searchsorted(np.cumsum([share for share, _, _ in SOURCES.values()])[:-1], uniform[0])
    at_once, median = (np.array([values[k] for values in SOURCES.values()])[source] for k in (1, 2))
    waited = _lognormal(median, _WAIT_SIGMA, uniform[1])
    silent = uniform[2] < _SILENT
    odds = at_once * 0.5 ** (waited / HALF_LIFE_HOURS)
    meets = (uniform[3] < odds / (1.0 + odds)) & ~silent
    called = np.where(silent, np.inf, came + waited / 24.0)
    met = np.where(meets, called + _lognormal(3.0, 0.7, uniform[4]), np.inf)
    given_up = np.where(silent, came, called) + _lognormal(12.0, 0.7, uniform[4])
    wins = meets & (uniform[5] < _WIN)
    closed = np.where(meets, met, given_up) + np.where(meets, _lognormal(15.0, 0.6, uniform[6]), 0.0)
    amount = np.maximum(np.round(_lognormal(_AMOUNT, _AMOUNT_SIGMA, uniform[7]) / _AMOUNT_STEP), 1.0) * _AMOUNT_STEP
    ended = closed < n_days
    return pd.DataFrame(
        {
            "deal": [f"L-{number:04d}" for number in range(1, n_leads + 1)],
            "source": names[source],
            "lead": _times(start, came, n_days),
            "first_call": _times(start, called, n_days),
            "meeting": _times(start, met, n_days),
            "outcome": np.where(ended, np.where(wins, "won", "lost"), "open"),
            "closed": _times(start, closed, n_days),
            "amount": [f"{value:.0f}" if known else "" for value, known in zip(amount, ended & wins, strict=True)],
        }
    )


def write_leads(folder: str | Path) -> None:
    """Write ``leads.csv`` into a folder that is there, the same bytes each time."""
    content = leads_table().to_csv(index=False, lineterminator="\n").encode()
    Path(folder, "leads.csv").write_bytes(content)


def _lognormal(median: float | Floats, sigma: float, uniforms: Floats) -> Floats:
    """Return lognormal numbers, the same to the last digit written on every platform."""
    return np.asarray(median * np.exp(sigma * normal_quantile(uniforms)))


def _times(start: np.datetime64, days: Floats, n_days: int) -> list[str]:
    """Write moments to the minute; those that are not known yet are empty."""
    minutes = np.floor(np.where(np.isfinite(days), days, 0.0) * 24.0 * 60.0).astype(np.int64)
    moments = start.astype("datetime64[m]") + minutes
    return [str(moment).replace("T", " ") if day < n_days else "" for moment, day in zip(moments, days, strict=True)]
