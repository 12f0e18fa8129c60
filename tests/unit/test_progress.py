"""What a command tells of its progress where stderr is a file: a line now and then, and none of short work."""

from __future__ import annotations

import threading

import pytest

from simcast.cli import lines, options


def test_long_work_is_told_in_lines_and_short_work_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    times = iter([0.0, 9.0, 11.0, 20.0, 20.9, 95.0, 200.0])
    monkeypatch.setattr(lines, "monotonic", lambda: next(times))
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


def test_work_without_news_is_told_again_and_what_is_done_is_not(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A large file is read, or a large stage fitted, for many minutes: that is not to be taken for a hang."""
    times = iter([0.0, 59.0, 61.0, 70.0, 71.0, 130.0, 131.0, 140.0, 300.0])
    monkeypatch.setattr(lines, "monotonic", lambda: next(times))
    progress = lines.Lines()
    progress.repeat()  # at 59 s
    progress.repeat()
    progress("fit: stage lead", 0.1)  # at 70 s, nine after a line
    progress("fit: stage lead", 0.2)
    progress.repeat()  # at 130 s
    progress.repeat()
    progress("fit: stage lead", 1.0)
    progress.repeat()
    assert capsys.readouterr().err.splitlines() == [
        "simcast: reading the data: 0% after 1:01",
        "simcast: fit: stage lead: 20% after 1:11",
        "simcast: fit: stage lead: 20% after 2:11",
    ]


def test_it_is_looked_from_time_to_time_while_the_block_runs() -> None:
    looked = threading.Semaphore(0)

    class Counted(lines.Lines):
        def repeat(self) -> None:
            looked.release()

    with Counted().kept_up(every_seconds=0.001):
        assert all(looked.acquire(timeout=20) for _ in range(3))
    assert "simcast-progress" not in [thread.name for thread in threading.enumerate()]
