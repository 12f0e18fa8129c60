"""Exact means of a plan's results given its parameters, computed without simulation, and their numerical error."""

from pathlib import Path

from simcast import engine
from simcast.engine.compiled import kept_beside

_COMPILING = "compiling the exact means for this machine, once: this takes under a minute, and later runs are quick"

with kept_beside(Path(__file__).parent, Path(engine.__file__).parent, announcements={"expect_in_room": _COMPILING}):
    from simcast.expectation.agreement import agreement_score, score_of_missed_events
    from simcast.expectation.answer import FUTURES, STEPS_PER_DAY, Expectation, check_covered, expect

__all__ = [
    "FUTURES",
    "STEPS_PER_DAY",
    "Expectation",
    "agreement_score",
    "check_covered",
    "expect",
    "score_of_missed_events",
]
