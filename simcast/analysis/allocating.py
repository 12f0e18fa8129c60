"""Splitting a budget, or people, among levers: by trying all splits, or by taking the best next step each time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from simcast.analysis.choices import Choice, check_choices, choices_of, exclusive_pairs
from simcast.analysis.ground import GROUND_OF, Ground
from simcast.analysis.proposing import check_optuna, propose
from simcast.analysis.splits import Allocation, Goal, Limits, Search
from simcast.arguments import check_kind, check_name, listed, whole_number
from simcast.errors import ScenarioArgumentError
from simcast.forecast import Summary
from simcast.notebook import Shown
from simcast.progress import Progress
from simcast.scenario import BASELINE, Scenario
from simcast.writing import count, money

if TYPE_CHECKING:
    import pandas as pd

GOALS: tuple[Goal, ...] = ("net", "bookings", "wins", "target")

Method = Literal["auto", "enumeration", "greedy", "optuna"]
METHODS: tuple[Method, ...] = ("auto", "enumeration", "greedy", "optuna")

MOST_PLAYED = 150
"""So many ways to split are all played; with more, the best next step is taken each time."""

MOST_ENUMERATED = 2000
"""More ways than this are not played one by one, also where it is wished."""

MOST_FUTURES = 2000
"""Futures per way that is tried; those of the check are as many as the scenario asks for, up to twice as many."""

FEW_FUTURES = 50
"""So many futures tell whether anything is booked at all."""


@dataclass(frozen=True, eq=False, repr=False)
class Allocated(Shown):
    """What was found.

    Parameters
    ----------
    ground, goal, limits, choices
        The question.
    exclusive
        The names of choices that cannot be had together.
    method
        Whether all ways were played, the best next step was taken each time, or Optuna proposed them.
    n_tried
        How many ways were played.
    best, second
        The best way and the next best, in the futures in which they were looked for; there is no second when only one
        way is allowed.
    checked, second_checked
        The same ways in other futures: the best of many is a little lucky where it was chosen.
    ahead
        Of the best over the second, in those other futures.
    frontier
        The best way for each amount spent, where more brings more.
    books_nothing
        Whether nothing is booked in any way that was played, since no amounts are known.
    """

    ground: Ground
    goal: Goal
    limits: Limits
    choices: tuple[Choice, ...]
    exclusive: tuple[tuple[str, str], ...]
    method: Literal["enumeration", "greedy", "optuna"]
    n_tried: int
    best: Allocation
    second: Allocation | None
    checked: Allocation
    second_checked: Allocation | None
    ahead: Summary | None
    frontier: tuple[Allocation, ...]
    books_nothing: bool

    def to_frame(self) -> pd.DataFrame:
        """Return what the best way takes, a row per choice: ``take`` (empty for nothing), ``cost``, ``people``."""
        import pandas as pd

        taken = [(size.text, size.cost, size.people) for size in self.best.sizes]
        names = pd.Index([choice.name for choice in self.choices], name="choice")
        return pd.DataFrame(taken, index=names, columns=["take", "cost", "people"])

    def _headline(self) -> str:
        hired = f" and {self.best.people} people" if self.best.people else ""
        return f"Best of {self.n_tried} ways to spend for {self.goal}: costs {money(self.best.cost)}{hired}"

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        rows = {
            choice.name: [size.text or "nothing", money(size.cost), count(size.people)]
            for choice, size in zip(self.choices, self.best.sizes, strict=True)
        }
        return pd.DataFrame.from_dict(rows, orient="index", columns=["take", "cost", "people"])


def usual_goal(ground: Ground) -> Goal:
    """Return the goal where none is named: net, or wins where nothing is ever booked."""
    check_kind(ground, Ground, "ground", GROUND_OF)
    return "wins" if ground.with_futures(FEW_FUTURES).play().books_nothing else "net"


def check_question(
    scenario: Scenario,
    among: Sequence[str],
    limits: Limits,
    goal: Goal | None,
    method: Method = "auto",
    *,
    standing_on: str = BASELINE,
) -> None:
    """Refuse a question that `allocate` would, before anything is fitted.

    Raises
    ------
    ScenarioArgumentError
        When there is no such choice, nothing is limited, or the target is the goal and the scenario has no target.
    SimcastError
        When Optuna is wanted and not installed.
    """
    if method == "optuna":
        check_optuna()
    if limits.budget is None and limits.people is None:
        raise ScenarioArgumentError("limits: say what may be spent")
    if not among:
        raise ScenarioArgumentError(
            "among: the file has no scenario to choose from; name levers with a range and a cost"
        )
    if goal == "target" and not scenario.forecast.target:
        raise ScenarioArgumentError("goal target: the scenario has no forecast.target")
    check_choices(scenario, among, standing_on)


def allocate(
    ground: Ground,
    among: Sequence[str],
    limits: Limits,
    goal: Goal = "net",
    *,
    steps: int = 4,
    method: Method = "auto",
    trials: int = 200,
    progress: Progress | None = None,
) -> Allocated:
    """Find the split of a budget that brings most.

    Every way is played in the same futures. Up to `MOST_PLAYED` of them are all played; when there are more, the
    search starts from nothing, takes the step that brings most for its cost, and ends when no step up, and no
    exchange of a step of one choice for a step of another, brings more. Where choices bring something only together,
    no single step does: then Optuna's proposals may find them. The best way is played again in other futures, since
    the best of many was also lucky.

    Parameters
    ----------
    ground
        The pipeline, its parameters and open deals.
    among
        What the budget may be spent on, see `simcast.analysis.choices.choices_of`.
    limits
        What may be spent.
    goal
        What is to be as large as possible: the mean of net (bookings times the margin, less cost), bookings or wins, or
        the chance to reach all targets.
    steps
        Into how many sizes a range of real numbers is divided.
    method
        ``"auto"`` plays all ways, or takes steps where there are more than `MOST_PLAYED`.
    trials
        How many ways Optuna may have played.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioArgumentError
        When there is no such choice, nothing is limited, the target is the goal and the scenario has no target, or all
        of too many ways are to be played.
    UnknownNameError
        When there is no such goal or method.
    ArgumentTypeError
        When an argument is another kind of thing.
    SimcastError
        When Optuna is wanted and not installed.
    """
    check_kind(ground, Ground, "ground", GROUND_OF)
    check_kind(limits, Limits, "limits", "such as Limits(budget=40_000)")
    check_name(goal, GOALS, "goal")
    check_name(method, METHODS, "method")
    among = listed(among)
    whole_number(steps, "steps")
    whole_number(trials, "trials")
    check_question(ground.scenario, among, limits, goal, method, standing_on=ground.standing_on)
    choices = choices_of(ground, among, steps)
    exclusive = exclusive_pairs(ground, choices)
    search = Search(ground.with_futures(MOST_FUTURES), choices, exclusive, limits, goal, progress)
    used = _search(search, method, trials, ground.scenario.simulation.seed)
    ranked = search.ranked()
    best, second = ranked[0], (ranked[1] if len(ranked) > 1 else None)
    check = Search(_other_futures(ground), choices, exclusive, limits, goal, None)
    return Allocated(
        ground,
        goal,
        limits,
        choices,
        tuple((choices[one].name, choices[other].name) for one, other in sorted(exclusive)),
        used,
        len(ranked),
        search.allocation(best),
        None if second is None else search.allocation(second),
        check.allocation(best),
        None if second is None else check.allocation(second),
        None if second is None else Summary.of(check.values(best) - check.values(second)),
        search.frontier(),
        search.books_nothing,
    )


def _search(search: Search, method: Method, trials: int, seed: int) -> Literal["enumeration", "greedy", "optuna"]:
    """Play ways until the best is found, and return how that was done."""
    if method == "optuna":
        propose(search, trials, seed)
        return "optuna"
    most = MOST_ENUMERATED if method == "enumeration" else MOST_PLAYED
    ways = [] if method == "greedy" else list(islice(search.allowed(), most + 1))
    if method == "enumeration" and len(ways) > most:
        raise ScenarioArgumentError(
            f"method enumeration: the limits allow more than {most:,} ways; use greedy or optuna, or fewer steps"
        )
    if ways and len(ways) <= most:
        search.play_all(ways)
        return "enumeration"
    search.climb()
    return "greedy"


def _other_futures(ground: Ground) -> Ground:
    """Return the same with another seed."""
    ground = ground.with_futures(2 * MOST_FUTURES)
    settings = ground.scenario.simulation
    other = settings.model_copy(update={"seed": settings.seed + 1})
    return replace(ground, scenario=ground.scenario.model_copy(update={"simulation": other}))
