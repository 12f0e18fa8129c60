"""What a command tells of its progress where stderr is a file: a line now and then, and none of short work."""

from __future__ import annotations

import pytest

from simcast.cli import options


def test_long_work_is_told_in_lines_and_short_work_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(options, "monotonic", lambda: now)
    with options.telling(quiet=False) as progress:
        assert progress is not None
        for now, fraction in ((29.0, 0.1), (31.0, 0.2), (40.0, 0.3), (60.9, 0.4), (95.0, 0.5), (200.0, 1.0)):
            progress("fit: stage встреча", fraction)
    assert capsys.readouterr().err.splitlines() == [
        "simcast: fit: stage встреча: 20% after 0:31",
        "simcast: fit: stage встреча: 50% after 1:35",
    ]


def test_who_asked_for_silence_or_for_json_is_told_nothing() -> None:
    with options.telling(quiet=True) as silent, options.telling(quiet=False, as_json=True) as machine:
        assert silent is machine is None
