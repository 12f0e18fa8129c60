"""Questions put to forecasts: running a scenario file, comparing its scenarios, what really happened."""

from simcast.analysis.actual import Actual, actual_of
from simcast.analysis.check import Check, check
from simcast.analysis.compare import Difference, compare
from simcast.analysis.diagnose import Diagnosis, diagnose
from simcast.analysis.inputs import fit_scenario
from simcast.analysis.run import Run, run

__all__ = [
    "Actual",
    "Check",
    "Diagnosis",
    "Difference",
    "Run",
    "actual_of",
    "check",
    "compare",
    "diagnose",
    "fit_scenario",
    "run",
]
