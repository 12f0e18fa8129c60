"""What stands for a cluster in tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from simcast.engine.chunks import AnyPlan, play_chunk

ADDRESS = "tcp://here:1"


class Here:
    """Plays chunks in this process, and counts them."""

    def __init__(self) -> None:
        self.played = 0

    def play(self, plan: AnyPlan, chunks: Sequence[range]) -> Iterator[tuple[range, Any]]:
        for futures in chunks:
            self.played += 1
            yield futures, play_chunk(plan, futures)
