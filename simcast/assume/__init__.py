"""Assumptions in place of a fit: the same `Posterior` and `Book` that a history gives."""

from __future__ import annotations

from simcast.assume.book import assumed_book
from simcast.assume.posterior import assumed_posterior
from simcast.assume.segments import assumed_segments

__all__ = ["assumed_book", "assumed_posterior", "assumed_segments"]
