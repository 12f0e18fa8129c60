"""Writing a small file and reading it back as a history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simcast.history import History, read_history
from simcast.pipeline import Pipeline

Read = Callable[..., History]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read csv text; stages may be given instead of a pipeline."""

    def read_text(
        text: str,
        pipeline: Pipeline | Sequence[str],
        name: str = "history.csv",
        **arguments: Any,  # noqa: ANN401  whatever read_history takes
    ) -> History:
        file = tmp_path / name
        file.write_text(text, encoding="utf-8")
        known = pipeline if isinstance(pipeline, Pipeline) else Pipeline.define(pipeline)
        return read_history(file, known, **{"today": date(2026, 7, 1), **arguments})

    return read_text
