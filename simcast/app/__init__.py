"""The what-if page: sliders for the levers of a file, and forecasts that move with them."""

from __future__ import annotations

from simcast.app.bench import Bench, Question, shared_bench
from simcast.app.serving import serve

__all__ = ["Bench", "Question", "serve", "shared_bench"]
