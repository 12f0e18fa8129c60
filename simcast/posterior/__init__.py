"""Posteriors: named draws of all parameters, what is known of their quality, and where they are kept. No PyMC."""

from __future__ import annotations

from simcast.posterior.checked import Checked
from simcast.posterior.diagnostics import Diagnostics, FamilyChoice, PartDiagnostics, PriorInfluence
from simcast.posterior.draws import DIMENSIONS, OPTIONAL_DIMENSIONS, Posterior, move_names
from simcast.posterior.store import (
    CACHE_VARIABLE,
    checked_path,
    fit_fingerprint,
    posterior_path,
    store_checked,
    stored_checked,
    stored_posterior,
)

__all__ = [
    "CACHE_VARIABLE",
    "DIMENSIONS",
    "OPTIONAL_DIMENSIONS",
    "Checked",
    "Diagnostics",
    "FamilyChoice",
    "PartDiagnostics",
    "Posterior",
    "PriorInfluence",
    "checked_path",
    "fit_fingerprint",
    "move_names",
    "posterior_path",
    "store_checked",
    "stored_checked",
    "stored_posterior",
]
