"""Posteriors: named draws of all parameters, what is known of their quality, and where they are kept. No PyMC."""

from __future__ import annotations

from simcast.posterior.diagnostics import Diagnostics, FamilyChoice, PartDiagnostics, PriorInfluence
from simcast.posterior.draws import DIMENSIONS, OPTIONAL_DIMENSIONS, Posterior, move_names
from simcast.posterior.store import CACHE_VARIABLE, fit_fingerprint, posterior_path, stored_posterior

__all__ = [
    "CACHE_VARIABLE",
    "DIMENSIONS",
    "OPTIONAL_DIMENSIONS",
    "Diagnostics",
    "FamilyChoice",
    "PartDiagnostics",
    "Posterior",
    "PriorInfluence",
    "fit_fingerprint",
    "move_names",
    "posterior_path",
    "stored_posterior",
]
