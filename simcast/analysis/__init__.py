"""Questions put to forecasts: running a scenario file, comparing its scenarios, what really happened."""

from simcast.analysis.actual import Actual, actual_of
from simcast.analysis.allocating import Allocated, allocate, usual_goal
from simcast.analysis.check import Check, check
from simcast.analysis.compare import Difference, compare
from simcast.analysis.deals import deal_table
from simcast.analysis.diagnose import Diagnosis, diagnose
from simcast.analysis.exact_means import ExactMeans, Means, exact_means
from simcast.analysis.ground import Ground, ground_of
from simcast.analysis.inputs import fit_scenario
from simcast.analysis.leaks import Leaks, leaks
from simcast.analysis.ranking import Ranking, rank
from simcast.analysis.run import Run, run
from simcast.analysis.solving import Solution, solve
from simcast.analysis.splits import Limits

__all__ = [
    "Actual",
    "Allocated",
    "Check",
    "Diagnosis",
    "Difference",
    "ExactMeans",
    "Ground",
    "Leaks",
    "Limits",
    "Means",
    "Ranking",
    "Run",
    "Solution",
    "actual_of",
    "allocate",
    "check",
    "compare",
    "deal_table",
    "diagnose",
    "exact_means",
    "fit_scenario",
    "ground_of",
    "leaks",
    "rank",
    "run",
    "solve",
    "usual_goal",
]
