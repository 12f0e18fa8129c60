"""What `simcast diagnose` found of a fit, for all commands that rest on it."""

from __future__ import annotations

from dataclasses import dataclass

from simcast.writing import counted


@dataclass(frozen=True)
class Checked:
    """How the predictive checks of a fit came out when it was diagnosed.

    Parameters
    ----------
    n_checks
        How many there were.
    n_failed
        How many of them failed.
    parts
        The parts of the model whose checks failed, such as ``"stage meeting"``, each once.
    """

    n_checks: int
    n_failed: int
    parts: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return self.n_failed == 0

    def words(self) -> str:
        """Say it in one sentence."""
        checks = counted(self.n_checks, "predictive check")
        if self.passed:
            return f"{checks} passed when diagnosed"
        return (
            f"{self.n_failed} of {checks} of the fit failed when it was diagnosed (in {', '.join(self.parts)}); "
            "simcast diagnose shows which, and what to do"
        )
