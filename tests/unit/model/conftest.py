"""Shared set-up of the model's tests: the small histories beside this file can be imported."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
