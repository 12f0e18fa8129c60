"""Posterior predictive checks: whether the fitted model could have made the history that it was fitted to."""

from __future__ import annotations

from simcast.predictive_checks.checking import check_predictions
from simcast.predictive_checks.verdict import SIGNIFICANCE, SMALLEST_DISCREPANCY, PredictiveCheck

__all__ = ["SIGNIFICANCE", "SMALLEST_DISCREPANCY", "PredictiveCheck", "check_predictions"]
