"""How well the sampler explored a posterior, and what its data could not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from simcast.writing import counted

MOST_RHAT = 1.01
LEAST_ESS = 400.0
QUICK_RHAT, QUICK_ESS, QUICK_DIVERGENCES = 1.05, 100.0, 2
LEAST_EBFMI = 0.3


@dataclass(frozen=True)
class PartDiagnostics:
    """How well the sampler explored one part of the model.

    Parameters
    ----------
    part
        Such as ``"stage meeting"`` or ``"new deals"``.
    rhat_max, ess_bulk_min, ess_tail_min, divergences, ebfmi_min
        As in `Diagnostics`, over this part's parameters.
    """

    part: str
    rhat_max: float
    ess_bulk_min: float
    ess_tail_min: float
    divergences: int
    ebfmi_min: float


@dataclass(frozen=True)
class FamilyChoice:
    """How the family of a stage's days was chosen, and how well it predicts single stays.

    Parameters
    ----------
    stage
        The stage.
    chosen
        The family of its days.
    reason
        Why, in plain words.
    elpd
        By family compared, the expected log predictive density of all stays, left out one by one.
    elpd_error
        By family, the standard error of its difference from the chosen one.
    n_stays
        How many stays there are, open ones included.
    n_high_pareto_k
        How many of them have a Pareto k above 0.7 under the final fit: too influential for these estimates.
    elpd_loo, p_loo
        Of the final fit: the same expectation, and the effective number of parameters.

    References
    ----------
    Vehtari, Gelman & Gabry (2017), Practical Bayesian model evaluation using leave-one-out cross-validation.
    """

    stage: str
    chosen: str
    reason: str
    elpd: Mapping[str, float]
    elpd_error: Mapping[str, float]
    n_stays: int
    n_high_pareto_k: int
    elpd_loo: float
    p_loo: float


@dataclass(frozen=True)
class PriorInfluence:
    """How far a parameter rests on its prior.

    Parameters
    ----------
    part, parameter
        Whose it is, and its name.
    contraction
        One less the posterior's variance over the prior's: near 1 the data decided, near 0 the prior did.
    sensitivity
        By how many of its standard deviations the parameter's mean moves when its priors' weight is doubled.
    rests_on_prior
        Whether contraction is low.

    References
    ----------
    Kallioinen, Paananen, Buerkner & Vehtari (2024), Detecting and diagnosing prior and likelihood sensitivity with
    power-scaling.
    """

    part: str
    parameter: str
    contraction: float
    sensitivity: float
    rests_on_prior: bool


NO_AMOUNTS = "no deal has an amount: new deals count as worth nothing; forecast wins instead of bookings"
"""A warning that assumed amounts answer."""
AMOUNTS_CHANGED, AMOUNTS_DRIFT = "amounts have changed:", "amounts drift:"
"""How warnings begin that assumed amounts answer."""
TOO_QUIET = "if that was a holiday, the forecast starts too low; "
"""A part of a warning that assumed arrivals answer."""


@dataclass(frozen=True, repr=False)
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
    parts
        The same by part of the model.
    families
        The families of days, stage by stage.
    prior_influence
        Which parameters rest on their priors.
    quick
        Whether few draws were asked for, and less is expected of them.
    faults
        Sentences about the data for which no fit of them is to be trusted, however well it was sampled.

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
    parts: tuple[PartDiagnostics, ...] = ()
    families: tuple[FamilyChoice, ...] = ()
    prior_influence: tuple[PriorInfluence, ...] = ()
    quick: bool = False
    faults: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether r-hat is at most 1.01, both effective sample sizes at least 400, and nothing diverged.

        Of a quick fit less is expected: 1.05, 100, and two divergences at most, which come by chance. A diagnostic that
        could not be computed (NaN) does not pass.
        """
        most_rhat, least_ess = (QUICK_RHAT, QUICK_ESS) if self.quick else (MOST_RHAT, LEAST_ESS)
        return (
            self.rhat_max <= most_rhat
            and self.ess_bulk_min >= least_ess
            and self.ess_tail_min >= least_ess
            and self.divergences <= self.most_divergences
        )

    @property
    def most_divergences(self) -> int:
        """How many divergent transitions are allowed."""
        return QUICK_DIVERGENCES if self.quick else 0

    def __repr__(self) -> str:
        verdict = "trusted" if self.trusted else "NOT TO BE TRUSTED"
        return (
            f"Diagnostics of a {'quick ' if self.quick else ''}fit: {verdict}, r-hat at most {self.rhat_max:.3f}, "
            f"effective draws at least {min(self.ess_bulk_min, self.ess_tail_min):.0f}, "
            f"divergences: {self.divergences}, warnings: {len(self.warnings)}"
        )

    def line(self) -> str:
        """Return all of it in one line."""
        verdict = "trusted" if self.trusted else "NOT TO BE TRUSTED"
        low_energy = f", E-BFMI {self.ebfmi_min:.2f} ({self.worst['ebfmi']})" if self.ebfmi_min < LEAST_EBFMI else ""
        what = "quick fit" if self.quick else "fit"
        advice = "; look at one without --quick" if self.quick and not self.trusted else ""
        return (
            f"{what} {verdict}: r-hat at most {self.rhat_max:.3f} ({self.worst['rhat']}), "
            f"effective draws at least {self.ess_bulk_min:.0f} bulk and {self.ess_tail_min:.0f} tail "
            f"of {self.n_chains * self.n_draws}, {counted(self.divergences, 'divergence')}{low_energy}{advice}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain numbers, strings, lists and dicts, with the verdict."""
        return _with_lists(asdict(self)) | {"trusted": self.trusted}

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> Diagnostics:
        """Read what `to_dict` wrote."""
        fields = {name: value for name, value in held.items() if name != "trusted"}
        return cls(
            **fields
            | {
                "warnings": tuple(held["warnings"]),
                "faults": tuple(held.get("faults", ())),
                "parts": tuple(PartDiagnostics(**part) for part in held.get("parts", ())),
                "families": tuple(FamilyChoice(**choice) for choice in held.get("families", ())),
                "prior_influence": tuple(PriorInfluence(**item) for item in held.get("prior_influence", ())),
            }
        )


def _with_lists(fields: dict[str, Any]) -> dict[str, Any]:
    """Make lists of tuples, as JSON does."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}
