"""Questions put to forecasts: running a scenario file, comparing its scenarios, what really happened."""

from simcast.analysis.actual import Actual, actual_of
from simcast.analysis.check import Check, check
from simcast.analysis.compare import Difference, compare
from simcast.analysis.diagnose import Diagnosis, diagnose
from simcast.analysis.inputs import fit_scenario
from simcast.analysis.run import Run, run
from simcast.analysis.without_chance import Means, WithoutChance, without_chance

__all__ = [
    "Actual",
    "Check",
    "Diagnosis",
    "Difference",
    "Means",
    "Run",
    "WithoutChance",
    "actual_of",
    "check",
    "compare",
    "diagnose",
    "fit_scenario",
    "run",
    "without_chance",
]
