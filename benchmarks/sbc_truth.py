"""True parameters drawn from the model's own priors, and the worlds that they make; NumPy alone draws them.

Simulation-based calibration needs parameters from the priors of `simcast.model.priors` as they are. These are wide:
some draws make worlds in which nothing ends, or a million deals. Such worlds are refused by what their *data* look
like, never by their parameters, because a selection by data alone leaves the posterior, and so the ranks, as they
are (the normalising constant of the selection does not depend on the parameters). Selected are histories

- in which a deal arrives on the first day, every segment has deals, and at least `LEAST_WINS` deals are won,
- whose number of deals lies within 10% of `N_DEALS`, and whose amounts have a geometric mean within 10% of `AMOUNT`:
  the model measures rates and amounts by the history's own averages, so that the units of the priors are known
  only together with the data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.sbc_cases import FIRST_DAY, LEAST_WINS, MOST_TRIES, N_DAYS, Case, Truth
from benchmarks.sbc_new_deals import draw_amounts, draw_arrivals
from benchmarks.sbc_stages import draw_stays
from simcast.synthetic.worlds import WON, World, WorldEvents, WorldStage, simulate_world


@dataclass(frozen=True)
class DrawnWorld:
    """A world, all that happened in it, and the parameters that made it."""

    world: World
    events: WorldEvents
    truth: Truth


def draw_case(case: Case, generator: np.random.Generator) -> DrawnWorld:
    """Draw parameters from the priors until the history that they make is one of those selected."""
    arrivals, new_deals, seed = draw_arrivals(case, generator)
    for _ in range(MOST_TRIES):
        truth: Truth = {}
        stages = []
        for name, moves in case.moves.items():
            stays, values = draw_stays(case, name, moves, generator)
            stages.append(WorldStage(name, moves, stays))
            truth |= values
        silent = np.zeros(len(case.segments))
        world = World(tuple(stages), case.columns, case.segments, arrivals, silent + 1.0, silent)
        events = simulate_world(world, FIRST_DAY, seed)
        if ((events.name == WON) & (events.instant < N_DAYS)).sum() >= LEAST_WINS:
            world, events, amounts = draw_amounts(case, world, events, generator)
            return DrawnWorld(world, events, truth | new_deals | amounts)
    raise RuntimeError(f"no history with {LEAST_WINS} wins in {MOST_TRIES} tries")
