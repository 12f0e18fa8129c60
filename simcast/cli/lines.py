"""Progress for a file or a pipe, where no bar can move."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import click

READING = "reading the data"
"""What a command does before it reports anything else."""
_LINE_EVERY_SECONDS = 10.0
"""The shortest time between lines; a fit makes progress a few times a minute at most."""
_STILL_EVERY_SECONDS = 60.0
"""After so long without progress a line says that work goes on: a large stage may take many minutes."""


class Lines:
    """Prints a line from time to time, none for short work, and repeats the last one once a minute without progress."""

    def __init__(self) -> None:
        self._begun = self._printed = monotonic()
        self._last = (READING, 0.0)
        self._one_at_a_time = threading.Lock()

    def __call__(self, description: str, fraction: float) -> None:
        """Take progress, and print it if nothing was printed for a while."""
        with self._one_at_a_time:
            self._last = (description, fraction)
            self._print_after(_LINE_EVERY_SECONDS)

    def repeat(self) -> None:
        """Print the last progress with the time that has passed, if nothing was printed for long."""
        with self._one_at_a_time:
            self._print_after(_STILL_EVERY_SECONDS)

    @contextmanager
    def kept_up(self, every_seconds: float = _LINE_EVERY_SECONDS) -> Iterator[Lines]:
        """Check from time to time, while the block runs, whether a line is due."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(every_seconds):
                self.repeat()

        watcher = threading.Thread(target=watch, name="simcast-progress", daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            ended.set()
            watcher.join()

    def _print_after(self, seconds: float) -> None:
        now, (description, fraction) = monotonic(), self._last
        if now - self._printed >= seconds and fraction < 1.0:
            self._printed = now
            minutes, left = divmod(round(now - self._begun), 60)
            click.echo(f"simcast: {description}: {fraction:.0%} after {minutes}:{left:02d}", err=True)
