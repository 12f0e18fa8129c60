"""How well the sampler explored a posterior, and what its data could not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

MOST_RHAT = 1.01
LEAST_ESS = 400.0
LEAST_EBFMI = 0.3


@dataclass(frozen=True)
class Diagnostics:
    """The worst value of each diagnostic over all parameters, and what to beware of.

    Parameters
    ----------
    rhat_max
        The largest rank-normalised split r-hat.
    ess_bulk_min, ess_tail_min
        The smallest bulk and tail effective sample sizes.
    divergences
        How many divergent transitions there were after tuning.
    ebfmi_min
        The smallest energy Bayesian fraction of missing information.
    n_chains, n_draws
        How many chains, and draws in each.
    worst
        For ``"rhat"``, ``"ess_bulk"``, ``"ess_tail"`` and ``"ebfmi"``, the name of the worst parameter or part.
    warnings
        Sentences about what the data could not tell.

    References
    ----------
    Vehtari, Gelman, Simpson, Carpenter & Buerkner (2021), Rank-normalization, folding, and localization.
    """

    rhat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    divergences: int
    ebfmi_min: float
    n_chains: int
    n_draws: int
    worst: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether r-hat is at most 1.01, both effective sample sizes at least 400, and nothing diverged.

        A diagnostic that could not be computed (NaN) does not pass.
        """
        return (
            self.rhat_max <= MOST_RHAT
            and self.ess_bulk_min >= LEAST_ESS
            and self.ess_tail_min >= LEAST_ESS
            and self.divergences == 0
        )

    def line(self) -> str:
        """Return all of it in one line."""
        verdict = "trusted" if self.trusted else "NOT TO BE TRUSTED"
        low_energy = f", E-BFMI {self.ebfmi_min:.2f} ({self.worst['ebfmi']})" if self.ebfmi_min < LEAST_EBFMI else ""
        return (
            f"fit {verdict}: r-hat at most {self.rhat_max:.3f} ({self.worst['rhat']}), "
            f"effective draws at least {self.ess_bulk_min:.0f} bulk and {self.ess_tail_min:.0f} tail "
            f"of {self.n_chains * self.n_draws}, {self.divergences} divergences{low_energy}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers, strings, lists and dicts, with the verdict."""
        return asdict(self) | {"warnings": list(self.warnings), "worst": dict(self.worst), "trusted": self.trusted}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Diagnostics:
        """Read what `to_dict` wrote."""
        fields = {name: value for name, value in held.items() if name != "trusted"}
        return cls(**fields | {"warnings": tuple(held["warnings"])})
