"""What stages are worth, for people and programs."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape

from simcast.analysis import Leaks
from simcast.analysis.leaks import POINT, Leak, SmallGain
from simcast.forecast import Summary
from simcast.report.heading import heading
from simcast.report.terminal import plain_table, print_table
from simcast.scenario import BASELINE
from simcast.writing import chance, count, counted, interval, money

_LEGEND = (
    "per point: one more point of conversion from the as-of date on; ? if the sign of the mean is uncertain",
    "per day saved: from the median stay, others in proportion; under two days halved, scaled to a day; under one: -",
    "in the long run: of the deals that arrive during the forecast, however long they take; open ones are left out",
)
_OF_SEGMENTS = (
    "gain if all matched it: what the best segment's conversion would bring in all segments; "
    "? if only chance may have made it the best"
)
_WITHOUT_LEVERS = (
    "conversion and the long run are those without the levers of {scenario!r}, the rest comes on top of them"
)
_OF_TEAMS = "below 0: more deals for a busy team make others wait, which loses more than they bring"


def leaks_document(found: Leaks) -> dict[str, Any]:
    """Return the document of ``simcast leaks --json``."""
    return {
        **heading(found.ground),
        "futures": found.n_futures,
        "judged_by": "wins" if found.by_wins else "bookings",
        "stages": [_leak(leak) for leak in found.leaks],
        "extra_deal": None if found.extra_deal is None else _worth(found.extra_deal),
        "losses": [vars(loss) for loss in found.losses],
    }


def _leak(leak: Leak) -> dict[str, Any]:
    return {
        "stage": leak.stage,
        "where": dict(leak.where),
        "conversion": leak.conversion.to_dict(),
        "per_point": _worth(leak.point) | {"points_added": leak.added / POINT},
        "per_day_saved": _worth(leak.day)
        | {"days_saved": leak.days_saved, "median_days": leak.median_days, "told": leak.day_told is not None},
        "long_run_per_point": {
            "bookings": _or_null(leak.long_run_bookings),
            "wins": _or_null(leak.long_run_wins),
        },
        "best_segment": leak.best_segment,
        "best_conversion": leak.best_conversion,
        "gap_bookings": leak.gap_bookings,
        "gap_wins": leak.gap_wins,
        "best_probability": None if leak.best is None else leak.best.probability,
        "gap": None if leak.gap is None else _worth(leak.gap) | {"uncertain": leak.gap_is_uncertain},
    }


def _worth(worth: SmallGain) -> dict[str, Any]:
    return {
        "bookings": worth.bookings.to_dict(),
        "wins": worth.wins.to_dict(),
        "monte_carlo_error": worth.bookings.mean_error,
        "wins_monte_carlo_error": worth.wins.mean_error,
        "uncertain": worth.uncertain,
    }


def _or_null(summary: Summary | None) -> dict[str, object] | None:
    return None if summary is None else summary.to_dict()


def print_leaks(found: Leaks, console: Console) -> None:
    """Print the answer in a sentence, then a row per stage, then what was lost."""
    scenario = found.ground.scenario
    by_wins = found.by_wins
    has_segments = any(leak.best_segment is not None for leak in found.leaks)
    first = found.leaks[0]
    start = found.ground.standing_on
    console.print(f"[bold]{escape(_sentence(first, by_wins, str(scenario.forecast.until), start))}[/bold]\n")
    table = plain_table(
        f"What small changes bring by {scenario.forecast.until}, in the same futures",
        *("stage", "conversion", "per point", "80% interval"),
        *("in the long run", "per day saved"),
        *(("best segment", "gain if all matched it", "80% interval") if has_segments else ()),
    )
    for leak in found.leaks:
        table.add_row(*_row(leak, by_wins)[: len(table.columns)])
    print_table(table, console)
    lines = [*_LEGEND, *([_OF_SEGMENTS] if has_segments else [])]
    if start != BASELINE:
        lines.append(_WITHOUT_LEVERS.format(scenario=start))
    if scenario.teams and any(_is_harmful(worth) for leak in found.leaks for worth in (leak.point, leak.day_told)):
        lines.append(_OF_TEAMS)
    lines += [
        f"per point of {_name(leak)}: {leak.added / POINT:.2f} of a point, for no conversion exceeds 100%; not scaled"
        for leak in found.leaks
        if leak.is_cut
    ]
    for line in lines:
        console.print(escape(line), style="dim", highlight=False)
    if found.extra_deal is not None:
        worth = found.extra_deal.wins if by_wins else found.extra_deal.bookings
        console.print(
            f"\nOne more new deal brings {_amount(worth.mean, by_wins)} by then, on average.", highlight=False
        )
    if found.losses:
        console.print()
        print_table(_losses(found), console)
    console.print(
        f"\n{counted(found.n_futures, 'future')}, seed {scenario.simulation.seed}", style="dim", highlight=False
    )


def _is_harmful(worth: SmallGain | None) -> bool:
    """Return whether a change brings less than nothing."""
    return worth is not None and not worth.uncertain and (worth.bookings.mean or worth.wins.mean) < 0.0


def _sentence(first: Leak, by_wins: bool, until: str, start: str) -> str:
    """Say where a point is worth most, and under which scenario."""
    under = "" if start == BASELINE else f" under {start!r}"
    worth = first.point.wins if by_wins else first.point.bookings
    return (
        f"One point of conversion is worth most in {_name(first)}{under}: {_amount(worth.mean, by_wins)} by "
        f"{until} on average, ± {_amount(worth.mean_error, by_wins).lstrip('+')} of simulation error."
    )


def _name(leak: Leak) -> str:
    """Name a stage, or a segment's part of it, in a sentence."""
    return repr(leak.stage) + "".join(f" ({column} {value})" for column, value in leak.where.items())


def _amount(value: float, by_wins: bool) -> str:
    return f"{value:+,.2f} wins" if by_wins else money(value, signed=True)


def _row(leak: Leak, by_wins: bool) -> list[str]:
    long_run = leak.long_run_wins if by_wins else leak.long_run_bookings
    name = escape(leak.stage) + "".join(f"  {escape(value)}" for value in leak.where.values())
    return [
        name,
        chance(leak.usual_conversion),
        *_gained(leak.point, by_wins, leak.point.uncertain),
        "" if long_run is None else _amount(long_run.mean, by_wins),
        "-" if leak.day_told is None else _gained(leak.day_told, by_wins, leak.day.uncertain)[0],
        "" if leak.best is None else f"{escape(leak.best.label)} {chance(leak.best.conversion)}",
        *(("", "") if leak.gap is None else _gained(leak.gap, by_wins, leak.gap_is_uncertain)),
    ]


def _gained(worth: SmallGain, by_wins: bool, uncertain: bool) -> tuple[str, str]:
    """Write the mean of what a change brings, marked where it is uncertain, and the interval of 8 in 10 futures."""
    gain = worth.wins if by_wins else worth.bookings
    low, high = (count(gain.quantile(level), signed=True) for level in (0.1, 0.9))
    mark = " ?" if uncertain and gain.sd > 0.0 else ""
    return _amount(gain.mean, by_wins) + mark, f"{low} to {high}" if by_wins else interval(gain, signed=True)


def _losses(found: Leaks) -> Any:  # noqa: ANN401  # a table of rich
    is_valued = not found.by_wins or any(loss.value for loss in found.losses)
    table = plain_table(
        "Lost over the last year, and stays that moved on",
        *("stage", "lost", *(["their value"] if is_valued else [])),
        *("conversion, last 91 days", "previous year"),
    )
    for loss in found.losses:
        shares = ("" if share is None else chance(share) for share in (loss.conversion_recent, loss.conversion_before))
        value = ["not known" if loss.lost and not loss.value else money(loss.value)] if is_valued else []
        table.add_row(escape(loss.stage), count(loss.lost), *value, *shares)
    return table
