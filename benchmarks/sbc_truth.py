"""True parameters drawn from the model's own priors, and the worlds that they make; NumPy alone draws them.

Simulation-based calibration needs parameters from the priors of `simcast.model.priors` as they are. These are wide:
some draws make worlds in which nothing ends, or a million deals. Such worlds are refused by what their *data* look
like, never by their parameters, because a selection by data alone leaves the posterior, and so the ranks, as they
are (the normalising constant of the selection does not depend on the parameters). Selected are histories

- in which a deal arrives on the first day, every segment has deals, and at least `LEAST_WINS` deals are won,
- whose number of deals lies within 10% of `N_DEALS`, and whose amounts have a geometric mean within 10% of `AMOUNT`:
  the model measures rates and amounts by the history's own averages, so that the units of the priors are known
  only together with the data. Where amounts tell of chances, each is that of a fifth of the deals at least, their
  centre is known before any chance is drawn, and as many stays end as the model asks for; where stages drift, a deal
  arrives in the last quarter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from benchmarks.sbc_cases import AMOUNTS, FIRST_DAY, LEAST_WINS, MOST_TRIES, N_DAYS, Case, Truth
from benchmarks.sbc_new_deals import draw_amounts, draw_arrivals, log_amount_centre
from benchmarks.sbc_stages import draw_stays
from simcast.model.known_amounts import AMOUNTS_FOR_SLOPE
from simcast.synthetic.worlds import LOST, WON, World, WorldEvents, WorldStage, simulate_world


@dataclass(frozen=True)
class DrawnWorld:
    """A world, all that happened in it, and the parameters that made it."""

    world: World
    events: WorldEvents
    truth: Truth


def draw_case(case: Case, generator: np.random.Generator) -> DrawnWorld:
    """Draw parameters from the priors until the history that they make is one of those selected."""
    arrivals, new_deals, seed = draw_arrivals(case, generator)
    centre = log_amount_centre(case, arrivals, seed)
    for _ in range(MOST_TRIES):
        truth: Truth = {}
        stages = []
        for name, moves in case.moves.items():
            stays, values = draw_stays(case, name, moves, generator, centre)
            stages.append(WorldStage(name, moves, stays))
            truth |= values
        silent = np.zeros(len(case.segments) * case.n_amounts)
        segments = tuple(segment for segment in case.segments for _ in range(case.n_amounts))
        world = World(tuple(stages), case.columns, segments, arrivals, silent + 1.0, silent)
        events = simulate_world(world, FIRST_DAY, seed)
        known = events.instant < N_DAYS
        n_won, n_lost = (int((known & (events.name == outcome)).sum()) for outcome in (WON, LOST))
        if n_won >= LEAST_WINS and (not case.by_amount or n_won + n_lost >= AMOUNTS_FOR_SLOPE):
            if case.by_amount:
                amount = AMOUNTS[events.segment_code % len(AMOUNTS)]
                return DrawnWorld(world, replace(events, amount=amount), truth)
            world, events, amounts = draw_amounts(case, world, events, generator)
            return DrawnWorld(world, events, truth | new_deals | amounts)
    raise RuntimeError(f"no history with {LEAST_WINS} wins in {MOST_TRIES} tries")
