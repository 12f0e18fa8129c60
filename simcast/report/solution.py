"""The answer of `simcast solve` in a sentence, and as a JSON document."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.console import Console
from rich.markup import escape

from simcast.analysis import Difference, Solution, compare
from simcast.analysis.questions import Unknown, Value, lever_words
from simcast.report.document import difference_document
from simcast.report.heading import heading
from simcast.report.phrases import more_wins, price_per_win
from simcast.report.terminal import print_warning
from simcast.scenario import BASELINE
from simcast.writing import chance, count, counted, money


def solution_document(found: Solution) -> dict[str, Any]:
    """Return the document of ``simcast solve --json``."""
    return {
        **heading(found.ground),
        "futures": found.baseline.n_futures,
        "vary": {"lever": _plain(found.unknown.lever), "key": found.unknown.key,
                 "from": _plain(found.unknown.first), "to": _plain(found.unknown.last)},
        "condition": found.condition.text,
        "met": found.answer is not None,
        "met_without_change": found.met_without,
        "answer": None if found.answer is None else _plain(found.answer.value),
        "interval": None if found.answer is None else {"low": _plain(found.low), "high": _plain(found.high)},
        "best": _plain(found.best.value),
        "measure": found.best.measure,
        "monte_carlo_error": found.best.error,
        "monotone": found.is_monotone,
        "difference": difference_document(compare(found.forecast, found.baseline)),
        "points": [
            {"value": _plain(p.value), "measure": p.measure, "monte_carlo_error": p.error} for p in found.points
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:  # noqa: ANN401  # numbers, dates, and a lever's keys
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return str(value) if isinstance(value, date) else value


def print_solution(found: Solution, console: Console, *, aside: Console | None = None) -> None:
    """Print the answer, what it brings unless no change is needed, and how many values were tried.

    What to beware of goes to a console of its own.
    """
    console.print(f"[bold]{escape(sentence(found))}[/bold]")
    difference = compare(found.forecast, found.baseline)
    if not _needs_no_change(found):
        which = "It" if found.answer is not None else f"{found.unknown.key}={_shown(found.best.value)}"
        start = found.ground.standing_on
        over = "the baseline" if start == BASELINE else repr(start)
        console.print(f"{which} brings {_brought(difference, over)}.", highlight=False, markup=False)
    if difference.books_nothing and found.condition.quantity != "wins":
        print_warning("no amounts are known, so nothing is booked; ask for wins", aside or console)
    if not found.is_monotone:
        print_warning(
            "the condition's measure does not rise steadily with the change; there may be other answers",
            aside or console,
        )
    scenario = found.ground.scenario
    console.print(
        f"{counted(found.baseline.n_futures, 'future')}, seed {scenario.simulation.seed}, "
        f"{counted(len(found.points), 'value')} tried",
        style="dim",
        highlight=False,
    )


def _brought(difference: Difference, over: str) -> str:
    """Say what a change brings over another scenario; in wins and what they cost, where nothing is booked."""
    if difference.books_nothing:
        each = price_per_win(difference)
        paid = f"; it costs {money(difference.cost)}" + (f", {each}" if each else "") if difference.cost > 0.0 else ""
        return f"{more_wins(difference.wins)} wins on average over {over}{paid}"
    bookings = difference.bookings
    return (
        f"{money(bookings.mean, signed=True)} ± {money(bookings.mean_error)} of bookings and "
        f"{count(difference.wins.mean, signed=True)} wins on average over {over} "
        f"({money(difference.net.mean, signed=True)} net of cost)"
    )


def _needs_no_change(found: Solution) -> bool:
    """Return whether the condition holds without any change, which is a value of the range."""
    unknown = found.unknown
    held = found.answer is not None and found.met_without
    return held and unknown.neutral is not None and unknown.within(unknown.neutral)


def sentence(found: Solution) -> str:
    """Say the answer in one sentence."""
    unknown, key, condition = found.unknown, found.unknown.key, found.condition
    lever, span = lever_words(unknown.lever), ""
    already = f"{condition.text} already holds without any change: "
    already += f"{_measured(found, condition.measure(found.baseline)[0])}."
    if found.answer is None:
        where = f"with {key} from {_shown(unknown.first)} to {_shown(unknown.last)}"
        most = f"{_measured(found, found.best.measure)} at {_shown(found.best.value)}"
        if found.met_without:
            return f"{already} It does not hold {where} of {lever}: at most {most}."
        return f"{condition.text} cannot be met by {lever} {where}: it is at most {most}."
    if _needs_no_change(found):
        return already
    if found.met_without:
        return f"{already} With {lever} it also holds, from {key}={_shown(found.answer.value)} on."
    if found.answer.value == unknown.first and not _is_one(unknown, found.answer.value):
        span = ", the first value of the range (less may be enough)"
    if found.low is not None and found.low != found.high:
        high = "beyond the range" if found.high is None else _shown(found.high)
        span = f" (95% given the simulation's error: {_shown(found.low)} to {high})"
    return (
        f"{condition.text} needs {lever} {key}={_shown(found.answer.value)}{span}; "
        f"there it is {_measured(found, found.answer.measure)}."
    )


def _is_one(unknown: Unknown, value: Value) -> bool:
    """Return whether a value is the first whole one beyond no change at all: there is nothing less."""
    return isinstance(value, int) and unknown.is_neutral(value - 1)


def _shown(value: Value) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _measured(found: Solution, measure: float) -> str:
    """Write the measure, with as many digits as tell it from what is wanted."""
    condition = found.condition
    if condition.share is not None:
        return chance(measure)
    write = (lambda value: f"{count(value)} wins") if condition.quantity == "wins" else money
    if write(measure) == write(condition.level) and measure < condition.level:
        return f"{measure:,.2f}"
    return write(measure)
