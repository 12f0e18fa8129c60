"""Progress for a file or a pipe, where no bar can move."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import click

READING = "reading the data"
"""What a command does before it tells of anything else."""
_LINE_EVERY_SECONDS = 10.0
"""How often news is told; a fit has some a few times a minute at most."""
_STILL_EVERY_SECONDS = 60.0
"""How often it is told that work goes on of which there is no news: a large stage may take many minutes."""


class Lines:
    """A line now and then, none of work that is soon done; once a minute the last one again where there is no news."""

    def __init__(self) -> None:
        self._begun = self._told = monotonic()
        self._last = (READING, 0.0)
        self._one_at_a_time = threading.Lock()

    def __call__(self, description: str, fraction: float) -> None:
        """Take news, and tell it if none was told for a while."""
        with self._one_at_a_time:
            self._last = (description, fraction)
            self._tell_after(_LINE_EVERY_SECONDS)

    def tell_again(self) -> None:
        """Tell the last news with the time that has passed, if nothing was told for long."""
        with self._one_at_a_time:
            self._tell_after(_STILL_EVERY_SECONDS)

    @contextmanager
    def kept_up(self, every_seconds: float = _LINE_EVERY_SECONDS) -> Iterator[Lines]:
        """Look from time to time, while the block runs, whether there is to be told that work goes on."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(every_seconds):
                self.tell_again()

        watcher = threading.Thread(target=watch, name="simcast-progress", daemon=True)
        watcher.start()
        try:
            yield self
        finally:
            ended.set()
            watcher.join()

    def _tell_after(self, seconds: float) -> None:
        now, (description, fraction) = monotonic(), self._last
        if now - self._told >= seconds and fraction < 1.0:
            self._told = now
            minutes, left = divmod(round(now - self._begun), 60)
            click.echo(f"simcast: {description}: {fraction:.0%} after {minutes}:{left:02d}", err=True)
