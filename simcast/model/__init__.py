"""The models, and the only package that imports PyMC; it does so when something is fitted."""

from __future__ import annotations

from simcast.model.fitting import fit, load_or_fit
from simcast.model.priors import DEFAULT_PRIORS, NEW_DEAL_PRIORS, Prior
from simcast.model.settings import FitSettings

__all__ = ["DEFAULT_PRIORS", "NEW_DEAL_PRIORS", "FitSettings", "Prior", "fit", "load_or_fit"]
