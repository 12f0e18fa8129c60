"""The tables of `benchmarks.interval_coverage`: coverage and bias, of the model and of closed deals only."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from benchmarks.runs import Record, table

LEVELS = (0.5, 0.8, 0.9)
STAGE_QUANTITIES = ("conversion", "conversion of the ended", "median days")
TOTALS = ("bookings", "wins")
OPEN_SHARES = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 1.01))

Rows = Sequence[tuple[int, Record]]
"""Rows with the number of their world."""


def tables(records: Sequence[Record]) -> str:
    """Return all tables as Markdown."""
    fitted = [record for record in records if "error" not in record]
    rows: Rows = [
        (number, row | {"world_open_share": record["open_share"]})
        for number, record in enumerate(fitted)
        for row in record["rows"]
    ]
    if not rows:
        return f"{len(records)} worlds, none of them fitted."
    return "\n\n".join([_summary(records, fitted), _overall(rows), _by_open_share(rows), _by_family(rows, fitted)])


def inside(pit: Sequence[float], level: float) -> float:
    """Return how much of the way from P(X < truth) to P(X <= truth) lies in the central interval of a level.

    Examples
    --------
    >>> inside([0.04, 0.04], 0.9), inside([0.5, 0.5], 0.9), round(inside([0.0, 0.2], 0.9), 9)
    (0.0, 1.0, 0.75)
    """
    low, high = 0.5 * (1.0 - level), 0.5 * (1.0 + level)
    if pit[1] <= pit[0]:
        return float(low <= pit[0] <= high)
    return max(0.0, min(pit[1], high) - max(pit[0], low)) / (pit[1] - pit[0])


def mean_by_world(values: Sequence[tuple[int, float]]) -> tuple[float, float]:
    """Return a mean and its standard error, with the rows of a world counted as one observation.

    With one row per world it is the binomial standard error of a share. A single world has none (NaN).
    """
    numbers = np.array([value for _, value in values])
    mean = float(numbers.mean())
    if len({world for world, _ in values}) == 1:
        return mean, math.nan
    sums = np.bincount([world for world, _ in values], weights=numbers - mean)
    return mean, math.sqrt(float(np.sum(sums**2))) / len(numbers)


def bias(quantity: str, rows: Rows, estimate: str = "estimate") -> str:
    """Write the mean error: of conversions in points, of medians as a ratio, of totals as a share of the forecast."""
    if quantity in TOTALS:
        errors = [(world, 1.0 - row["truth"] / row[estimate]) for world, row in rows if row[estimate] > 0]
    elif quantity == "median days":
        errors = [(world, math.log(row[estimate] / row["truth"])) for world, row in rows]
    else:
        errors = [(world, row[estimate] - row["truth"]) for world, row in rows]
    if not errors:
        return ""
    mean, error = mean_by_world(errors)
    if quantity.startswith("conversion"):
        return f"{mean:+.3f}" + ("" if math.isnan(error) else f" ± {error:.3f}")
    return f"{math.expm1(mean) if quantity == 'median days' else mean:+.1%}" + _plus_minus(error)


def _coverage(rows: Rows, level: float, pit: str = "pit") -> str:
    mean, error = mean_by_world([(world, inside(row[pit], level)) for world, row in rows])
    return f"{mean:.1%}" + _plus_minus(error)


def _plus_minus(error: float) -> str:
    return "" if math.isnan(error) else f" ± {error:.1%}"


def _of(rows: Rows, quantity: str, keep: Callable[[Record], bool] = lambda _: True) -> Rows:
    return [(world, row) for world, row in rows if row["quantity"] == quantity and keep(row)]


def _summary(records: Sequence[Record], fitted: Sequence[Record]) -> str:
    failed = len(records) - len(fitted)
    trusted = sum(record["trusted"] for record in fitted)
    deals = [record["n_deals"] for record in fitted]
    shares = [record["open_share"] for record in fitted]
    seconds = float(np.median([record["seconds"] for record in fitted]))
    settings: Mapping[str, object] = records[0]["settings"]
    sampler = ", ".join(f"{name} {value}" for name, value in settings.items()) or "as it comes"
    return (
        f"{len(records)} worlds of {min(deals):,} to {max(deals):,} deals, {min(shares):.0%} to {max(shares):.0%} of "
        f"their stays open; sampler: {sampler}. {trusted} fits passed their diagnostics, {len(fitted) - trusted} did "
        f"not and are counted all the same, {failed} failed. Median {seconds:.0f} s per world."
    )


def _overall(rows: Rows) -> str:
    lines = []
    for quantity in (*STAGE_QUANTITIES, *TOTALS):
        found = _of(rows, quantity)
        lines.append([quantity, "simcast", len(found), *(_coverage(found, x) for x in LEVELS), bias(quantity, found)])
        naive = [(world, row) for world, row in found if "naive" in row]
        if naive:
            covered = (_coverage(naive, level, "naive_pit") for level in LEVELS)
            lines.append([quantity, "closed deals only", len(naive), *covered, bias(quantity, naive, "naive")])
    header = ("quantity", "estimator", "n", *(f"{level:.0%} interval covers" for level in LEVELS), "bias")
    return table(header, lines)


def _by_open_share(rows: Rows) -> str:
    """By the share of open stays: of the stage and segment, or of the world for totals."""
    lines = []
    for quantity in (*STAGE_QUANTITIES, *TOTALS):
        share = "world_open_share" if quantity in TOTALS else "open_share"
        for low, high in OPEN_SHARES:
            found = [
                (world, row)
                for world, row in _of(rows, quantity)
                if row[share] is not None and low <= row[share] < high
            ]
            if not found:
                continue
            naive = [(world, row) for world, row in found if "naive" in row]
            other = [_coverage(naive, 0.9, "naive_pit"), bias(quantity, naive, "naive")] if naive else ["", ""]
            shown = f"{low:.0%} to {min(high, 1):.0%}"
            lines.append([quantity, shown, len(found), _coverage(found, 0.9), bias(quantity, found), *other])
    header = (
        "quantity",
        "open stays",
        "n",
        "90% interval covers",
        "bias",
        "closed deals only: covers",
        "closed deals only: bias",
    )
    return table(header, lines)


def _by_family(rows: Rows, fitted: Sequence[Record]) -> str:
    """By the true family of the stage's days, with the families that the fits chose."""
    chosen: dict[str, Counter[str]] = {}
    for record in fitted:
        for family, choice in zip(record["families"], record["chosen"], strict=True):
            chosen.setdefault(family, Counter())[choice] += 1
    lines = []
    for family, choices in sorted(chosen.items()):
        cells = []
        for quantity in STAGE_QUANTITIES:
            found = [(world, row) for world, row in _of(rows, quantity) if row["family"] == family]
            cells += [_coverage(found, 0.9), bias(quantity, found)]
        lines.append([family, ", ".join(f"{name} {count}" for name, count in choices.most_common()), *cells])
    header = ["true family", "family fitted"]
    for quantity in STAGE_QUANTITIES:
        header += [f"{quantity}: 90% covers", "bias"]
    return table(header, lines)
