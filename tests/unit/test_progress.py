"""What a command tells of its progress where stderr is a file: a line now and then, and none of short work."""

from __future__ import annotations

import pytest

from simcast.cli import options


def test_long_work_is_told_in_lines_and_short_work_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, 9.0, 11.0, 20.0, 20.9, 95.0, 200.0])
    monkeypatch.setattr(options, "monotonic", lambda: next(times))
    with options.telling(quiet=False) as progress:
        assert progress is not None
        for fraction in (0.1, 0.2, 0.3, 0.4, 0.5, 1.0):
            progress("fit: stage встреча", fraction)
    assert capsys.readouterr().err.splitlines() == [
        "simcast: fit: stage встреча: 20% after 0:11",
        "simcast: fit: stage встреча: 50% after 1:35",
    ]


def test_who_asked_for_silence_or_for_json_is_told_nothing() -> None:
    with options.telling(quiet=True) as silent, options.telling(quiet=False, as_json=True) as machine:
        assert silent is machine is None
