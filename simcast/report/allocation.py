"""The answer of `simcast allocate` in sentences and a table of the frontier, and as a JSON document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from simcast.analysis.allocating import Allocated
from simcast.analysis.choices import Choice
from simcast.analysis.splits import Allocation
from simcast.report.heading import heading
from simcast.report.terminal import plain_table, print_table
from simcast.scenario import BASELINE
from simcast.writing import chance, count, counted, interval, money

_CERTAIN_AT = 2.0
_METHODS = {
    "enumeration": "all of them",
    "greedy": "best next step each time, then exchanges",
    "optuna": "proposed by Optuna, then step by step",
}


def allocation_document(found: Allocated) -> dict[str, Any]:
    """Return the document of ``simcast allocate --json``."""
    return {
        **heading(found.ground),
        "goal": found.goal,
        "budget": found.limits.budget,
        "people": found.limits.people,
        "choices": [
            {
                "choice": choice.name,
                "sizes": [{"size": s.text or None, "cost": s.cost, "people": s.people} for s in choice.sizes],
            }
            for choice in found.choices
        ],
        "exclusive": [list(pair) for pair in found.exclusive],
        "method": found.method,
        "tried": found.n_tried,
        "futures": {"search": found.best.gain.n_futures, "check": found.checked.gain.n_futures},
        "best": _document(found.choices, found.best),
        "checked": _document(found.choices, found.checked),
        "second": None if found.second is None else _document(found.choices, found.second),
        "ahead": None if found.ahead is None else found.ahead.to_dict() | {"mean_error": found.ahead.mean_error},
        "frontier": [_document(found.choices, allocation) for allocation in found.frontier],
    }


def _document(choices: Sequence[Choice], allocation: Allocation) -> dict[str, Any]:
    return {
        "take": {choice.name: size.text or None for choice, size in zip(choices, allocation.sizes, strict=True)},
        "cost": allocation.cost,
        "people": allocation.people,
        "value": allocation.value,
        "gain": allocation.gain.to_dict() | {"mean_error": allocation.gain.mean_error},
    }


def print_allocation(found: Allocated, console: Console) -> None:
    """Print what to choose, how certain that is, and what less would bring."""
    start = found.ground.standing_on
    if start != BASELINE:
        console.print(f"On top of {escape(repr(start))}:", highlight=False)
    console.print(f"[bold]{escape(answer(found))}[/bold]")
    console.print(escape(_runner_up(found)), highlight=False)
    for one, other in found.exclusive:
        console.print(
            f"not combined, because they change the same thing: {escape(one)}; {escape(other)}", highlight=False
        )
    by_people = found.limits.budget is None
    priced = found.goal == "wins" and found.books_nothing and not by_people
    table = plain_table(
        "The best for each amount spent",
        *("people" if by_people else "spent", found.goal, "gain", *(["per win"] if priced else []), "choose"),
    )
    table.columns[0].justify = "right"
    table.columns[-1].justify, table.columns[-1].no_wrap = "left", False  # choices in words may be long
    for allocation in found.frontier:
        gain = allocation.gain
        table.add_row(
            str(allocation.people) if by_people else money(allocation.cost),
            _written(found, allocation.value),
            f"{_written(found, gain.mean, signed=True)} ± {_written(found, gain.mean_error)}",
            *([money(each) if (each := _per_win(allocation)) is not None else ""] if priced else []),
            escape(take(found.choices, allocation)),
        )
    console.print()
    print_table(table, console)
    how = _METHODS[found.method]
    console.print(
        f"{counted(found.n_tried, 'split')} tried ({how}) in {counted(found.best.gain.n_futures, 'future')}; the best "
        f"played again in {found.checked.gain.n_futures:,} others",
        style="dim",
        highlight=False,
    )


def answer(found: Allocated) -> str:
    """Say in one sentence what to choose and what it brings, in futures other than those in which it was chosen."""
    checked = found.checked
    if not any(size.text for size in checked.sizes):
        return f"Nothing within the limits raises {_goal(found)}: spend nothing."
    gain = checked.gain
    people = f" and {counted(checked.people, 'person', 'people')}" if checked.people else ""
    several = sum(bool(size.text) for size in checked.sizes) > 1
    bring = "they bring" if several else "it brings"
    brings = f"for {money(checked.cost)}{people} {bring}" if checked.cost > 0.0 else f"at no cost{people} {bring}"
    if checked.cost < 0.0:
        brings = f"{'they save' if several else 'it saves'} {money(-checked.cost)} and {bring.partition(' ')[2]}"
    chosen = " and ".join(take(found.choices, checked).rsplit(", ", 1)) if several else take(found.choices, checked)
    sentence = f"Choose {chosen}: {brings} {_written(found, gain.mean, signed=True)}"
    sentence += f" ± {_written(found, gain.mean_error)} {'wins' if found.goal == 'wins' else 'of ' + _goal(found)}"
    if found.goal == "wins" and found.books_nothing:
        price = _per_win(checked)
        each = "" if price is None else f"; {money(price)} per additional win"
        sentence += f" ({interval(gain, signed=True, deals=True)} in 8 of 10 futures{each})"
    if found.goal in ("net", "bookings"):
        sentence += f" ({interval(gain, signed=True)} in 8 of 10 futures)"
    return sentence + "."


def _per_win(allocation: Allocation) -> float | None:
    """Return what a win costs that a way brings beyond nothing at all; None where it brings none, or costs nothing."""
    gain = allocation.gain
    return allocation.cost / gain.mean if allocation.cost > 0.0 and gain.mean > gain.mean_error else None


def _runner_up(found: Allocated) -> str:
    """Say whether the second best split differs clearly from the best."""
    if found.second_checked is None or found.ahead is None:
        return "The limits allow only one split."
    ahead = found.ahead
    name = take(found.choices, found.second_checked)
    apart = f"{_written(found, ahead.mean, signed=True)} ± {_written(found, ahead.mean_error)}"
    if ahead.mean < _CERTAIN_AT * ahead.mean_error:
        return f"The second best split cannot be distinguished from it ({apart}): {name}."
    return f"It is {apart} ahead of the second best split: {name}."


def take(choices: Sequence[Choice], allocation: Allocation) -> str:
    """Say what is taken of each choice."""
    parts = [
        choice.name if size.text == "all" else f"{choice.name} {size.text}"
        for choice, size in zip(choices, allocation.sizes, strict=True)
        if size.text
    ]
    return ", ".join(parts) or "nothing"


def _goal(found: Allocated) -> str:
    return {"net": "net bookings", "target": "the chance of reaching the target"}.get(found.goal, found.goal)


def _written(found: Allocated, value: float, *, signed: bool = False) -> str:
    """Write a value of the goal, or a difference of two."""
    if found.goal == "target":
        return f"{100 * value:+.1f} points" if signed else _share(value)
    return count(value, signed=signed) if found.goal == "wins" else money(value, signed=signed)


def _share(value: float) -> str:
    return chance(value) if value >= 0.05 else f"{100 * value:.1f}%"
