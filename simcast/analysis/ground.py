"""The ground of a scenario's questions: the history as known, the posterior and the open deals, read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from simcast.analysis.cautions import distinct_in_order, warnings_of
from simcast.analysis.inputs import book_of, posterior_of, read_scenario_history
from simcast.arguments import check_name, shown, whole_number
from simcast.errors import ArgumentTypeError
from simcast.forecast import Forecast
from simcast.history import Book, History
from simcast.notebook import Shown
from simcast.plan import Plan, build_plan
from simcast.posterior import Posterior
from simcast.progress import Progress
from simcast.scenario import BASELINE, LEVERS, Lever, Scenario
from simcast.simulation import simulate

if TYPE_CHECKING:
    from simcast.cluster import Cluster

GROUND_OF = "ground_of(scenario) makes one"
"""How one comes by a ground, for errors."""


@dataclass(frozen=True, eq=False, repr=False)
class Ground(Shown):
    """All that stays the same while questions vary the levers.

    Parameters
    ----------
    scenario
        The file, resolved.
    history
        What was known at the as-of date; None when everything is assumed.
    posterior
        The parameters that the futures are played under.
    book
        The open deals.
    threads
        How many threads play the futures; all processors unless given.
    standing_on
        The scenario from which questions start: the baseline, in which nothing is changed, or another of the file,
        whose levers then stay pulled whatever else is asked.
    cluster
        Plays the futures instead of threads of this process, see `simcast.cluster.connect`.
    _plans
        By posterior, the first plan made, whose arrays the others share as far as no lever changes them.
    """

    scenario: Scenario
    history: History | None
    posterior: Posterior
    book: Book
    threads: int | None = None
    standing_on: str = BASELINE
    cluster: Cluster | None = None
    _plans: WeakKeyDictionary[Posterior, Plan] = field(default_factory=WeakKeyDictionary, repr=False)

    def __getstate__(self) -> dict[str, object]:
        """Leave out the plans, which are made again, and a cluster: neither can be pickled."""
        return {name: value for name, value in self.__dict__.items() if name not in ("_plans", "cluster")}

    def __setstate__(self, state: Mapping[str, object]) -> None:
        self.__dict__.update(state, _plans=WeakKeyDictionary(), cluster=None)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should know of fit and data, the most important first."""
        return distinct_in_order(warnings_of(self.scenario, self.history, self.posterior))

    @property
    def trusted(self) -> bool:
        """Whether the fit allows an answer to be trusted, as far as is known; assumptions always do."""
        return self.posterior.trusted

    def with_futures(self, most: int) -> Ground:
        """Return the same with at most so many futures: the first ones, which are the same futures as before."""
        whole_number(most, "most")
        settings = self.scenario.simulation
        fewer = settings.model_copy(update={"futures": min(settings.futures, most)})
        return replace(self, scenario=self.scenario.model_copy(update={"simulation": fewer}))

    def on(self, name: str) -> Ground:
        """Return the same standing on a scenario of the file, whose levers are pulled already.

        Raises
        ------
        UnknownNameError
            When there is no scenario of this name.
        """
        check_name(name, self.scenario.scenario_names, "scenario")
        return replace(self, standing_on=name)

    def plan(self, name: str | None = None, levers: Sequence[Lever] | None = None) -> Plan:
        """Plan a scenario of the file, that on which the ground stands unless named, or any levers under a new name.

        Raises
        ------
        ScenarioError
            When there is no scenario of this name, or the pipeline cannot have such a lever.
        ArgumentTypeError
            When levers are no levers.
        """
        scenario, name = self.scenario, self.standing_on if name is None else name
        if levers is not None:
            self._check_levers(levers)
            pulled: tuple[Lever | str, ...] = () if self.standing_on == BASELINE else (self.standing_on,)
            if name in scenario.scenarios:  # what the file calls so is replaced, and may be what is stood on
                pulled = scenario.levers(self.standing_on)
            scenario = scenario.model_copy(update={"scenarios": {**scenario.scenarios, name: (*pulled, *levers)}})
        plan = build_plan(self.posterior, self.book, scenario, name, like=self._plans.get(self.posterior))
        self._plans.setdefault(self.posterior, plan)
        return plan

    def _check_levers(self, levers: Sequence[Lever | str]) -> None:
        """Refuse what is neither a lever nor the name of a scenario."""
        for lever in levers:
            if isinstance(lever, str):
                check_name(lever, self.scenario.scenarios, "scenario")
            elif not isinstance(lever, tuple(LEVERS.values())):
                hint = "such as simcast.scenario.ConversionLever(stage='lead', add=0.1)"
                raise ArgumentTypeError(f"levers: needs levers, {hint}, got {shown(lever)}")

    def _headline(self) -> str:
        known = "" if self.history is None else f" and {self.history.n_deals:,} deals of history"
        return f"Ground of {self.scenario.name!r}: {len(self.book):,} open deals{known}\n{self.posterior._headline()}"

    def play(
        self, name: str | None = None, levers: Sequence[Lever] | None = None, progress: Progress | None = None
    ) -> Forecast:
        """Play the futures of what `plan` plans."""
        return self.simulate(self.plan(name, levers), progress)

    def simulate(self, plan: Plan, progress: Progress | None = None) -> Forecast:
        """Play the futures of a plan on the ground's threads, or on its cluster."""
        return simulate(plan, threads=self.threads, cluster=self.cluster, progress=progress)


def ground_of(
    scenario: Scenario,
    *,
    threads: int | None = None,
    rejects: Path | Literal[False] = False,
    progress: Progress | None = None,
) -> Ground:
    """Read the history, fit it or find its stored fit, and collect the open deals.

    Parameters
    ----------
    scenario
        The file.
    threads
        How many threads play the futures.
    rejects
        Where rows of the history that are set aside go; False writes none.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioError
        When there is neither a history nor an assumption for some part.
    DataError
        When the history cannot be read.
    FitError
        When the model cannot be fitted.
    """
    history = read_scenario_history(scenario, rejects=rejects)
    known = None if history is None else history.known_at(scenario.forecast.as_of)
    posterior = posterior_of(scenario, known, progress)
    return Ground(scenario, known, posterior, book_of(scenario, known, posterior), threads)
