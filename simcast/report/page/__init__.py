"""A report as one HTML page that needs nothing but itself: no script, no font, no image from anywhere."""

from __future__ import annotations

from simcast.report.page.material import Material, collect
from simcast.report.page.rendering import render

__all__ = ["Material", "collect", "render"]
