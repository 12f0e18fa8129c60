"""Long measurements: they go on where they stopped, and their tables find their place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.runs import put_into_document, read_records, run_missing


def _square(seed: int, settings: Mapping[str, object]) -> dict[str, object]:
    return {"square": seed**2, "plus": settings["plus"]}


def test_runs_go_on_where_they_stopped_and_refuse_other_settings(tmp_path: Path) -> None:
    file = tmp_path / "runs" / "some.jsonl"
    first = run_missing(file, _square, range(3), {"plus": 1}, jobs=1)
    assert [record["square"] for record in first] == [0, 1, 4]
    file.write_text(file.read_text(encoding="utf-8")[:-5], encoding="utf-8")  # cut off in the middle of a line
    again = run_missing(file, _square, range(4), {"plus": 1}, jobs=1)
    assert [record["square"] for record in again] == [0, 1, 4, 9]
    assert len(read_records(file, {"plus": 1})) == 4
    assert all(json.loads(line)["plus"] == 1 for line in file.read_text(encoding="utf-8").splitlines()[-2:])
    with pytest.raises(SystemExit, match="name another --out"):
        read_records(file, {"plus": 2})


def test_a_table_goes_where_the_document_wants_it(tmp_path: Path) -> None:
    document = tmp_path / "calibration.md"
    document.write_text("Before\n<!-- sbc -->\nold\n<!-- end of sbc -->\nafter\n", encoding="utf-8")
    put_into_document(document, "sbc", "new")
    assert document.read_text(encoding="utf-8") == "Before\n<!-- sbc -->\n\nnew\n\n<!-- end of sbc -->\nafter\n"
    with pytest.raises(SystemExit, match="needs the lines"):
        put_into_document(document, "coverage", "new")
