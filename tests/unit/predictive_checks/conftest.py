"""Shared set-up of these tests: the known worlds beside this file can be imported."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
