"""Diagnosing the fit of a scenario: how it was sampled, whether it could have made the history, what it rests on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from simcast.analysis.cautions import distinct_in_order, where_amounts_matter
from simcast.analysis.inputs import read_scenario_history
from simcast.errors import ScenarioError
from simcast.history import History
from simcast.notebook import Shown
from simcast.posterior import (
    Checked,
    Diagnostics,
    FamilyChoice,
    Posterior,
    PriorInfluence,
    posterior_path,
    store_checked,
)
from simcast.posterior.diagnostics import LEAST_EBFMI, LEAST_ESS, MOST_RHAT, QUICK_ESS, QUICK_RHAT
from simcast.posterior.files import load_sampled
from simcast.progress import Progress
from simcast.scenario import Scenario
from simcast.writing import agreed, counted

if TYPE_CHECKING:
    import pandas as pd

    from simcast.predictive_checks import PredictiveCheck


@dataclass(frozen=True, eq=False, repr=False)
class Diagnosis(Shown):
    """All that speaks for and against the fit of a scenario.

    Parameters
    ----------
    scenario
        The scenario.
    history
        What was known at the as-of date.
    posterior
        The fit.
    diagnostics
        How well it was sampled, how families were chosen, and what rests on priors.
    checks
        The posterior predictive checks.
    warnings
        What a reader should know besides.
    """

    scenario: Scenario
    history: History
    posterior: Posterior
    diagnostics: Diagnostics
    checks: tuple[PredictiveCheck, ...]
    warnings: tuple[str, ...]

    @property
    def failed(self) -> tuple[PredictiveCheck, ...]:
        """The checks that failed, the largest discrepancies first."""
        return self._judged("fails")

    @property
    def differing(self) -> tuple[PredictiveCheck, ...]:
        """The checks whose differences are significant but too small to matter, the largest first."""
        return self._judged("differs")

    @property
    def checked(self) -> Checked:
        """How the checks came out, as kept beside the stored fit."""
        parts = tuple(dict.fromkeys(check.part for check in self.failed))
        return Checked(len(self.checks), len(self.failed), parts)

    def _judged(self, verdict: str) -> tuple[PredictiveCheck, ...]:
        chosen = [check for check in self.checks if check.verdict == verdict]
        return tuple(sorted(chosen, key=lambda check: -check.discrepancy))

    @property
    def trusted(self) -> bool:
        """Whether the sampler's diagnostics are good, no check failed, and the data have no fault that spoils all."""
        spoilt = self.diagnostics.faults or self.history.quality.doubts
        return self.diagnostics.trusted and not self.failed and not spoilt

    @property
    def families(self) -> tuple[FamilyChoice, ...]:
        """How the family of each stage's days was chosen."""
        return self.diagnostics.families

    @property
    def resting_on_priors(self) -> tuple[PriorInfluence, ...]:
        """The parameters that the data hardly moved, the least moved first."""
        resting = [item for item in self.diagnostics.prior_influence if item.rests_on_prior]
        return tuple(sorted(resting, key=lambda item: item.contraction))

    @property
    def sampler_problems(self) -> tuple[str, ...]:
        """What is wrong with the sampling, with what to do about it; empty when it is trusted."""
        return tuple(_sampler_problems(self.diagnostics))

    def to_frame(self) -> pd.DataFrame:
        """Return a row per predictive check, its columns the fields of `simcast.predictive_checks.PredictiveCheck`."""
        import pandas as pd

        return pd.DataFrame(self.checks)

    def _headline(self) -> str:
        verdict = "trusted" if self.trusted else "NOT TO BE TRUSTED"
        warned = f"; warnings: {len(self.warnings)} (.warnings)" if self.warnings else ""
        return f"Diagnosis of {self.scenario.name!r}: {verdict}{warned}\n{self.diagnostics!r}"

    def _table(self) -> pd.DataFrame:
        import pandas as pd

        rows: dict[str, dict[str, int]] = {}
        for check in self.checks:
            counts = rows.setdefault(check.name, {})
            counts[check.verdict] = counts.get(check.verdict, 0) + 1
        return pd.DataFrame.from_dict(rows, orient="index").fillna(0).astype(int).rename_axis("predictive checks")


def diagnose(scenario: Scenario, progress: Progress | None = None) -> Diagnosis:
    """Fit the history of a scenario, or load its stored fit, and diagnose it.

    How the predictive checks came out is kept beside the stored fit, and told by all that is asked of it later.
    What a scenario assumes over its history is not diagnosed, only the fit beneath it.

    Parameters
    ----------
    scenario
        The scenario.
    progress
        Called with a description and the fraction done.

    Raises
    ------
    ScenarioError
        When the scenario has no history: assumptions cannot be checked against anything.
    DataError
        When the history cannot be read.
    FitError
        When the model cannot be fitted.
    ArgumentTypeError
        When `scenario` is not a `Scenario` (but the path of its file, say).
    """
    history = read_scenario_history(scenario)
    if history is None or scenario.history is None:
        raise ScenarioError(
            "history: this scenario only assumes its parameters; there is no fit to diagnose (name a history to learn "
            "from, or use simcast run)"
        )
    from simcast.model import load_or_fit
    from simcast.predictive_checks import check_predictions

    known = history.known_at(scenario.forecast.as_of)
    posterior = load_or_fit(known, settings=scenario.history.model, progress=progress)
    if posterior.diagnostics is None:
        raise ScenarioError("history: the stored posterior carries no diagnostics; delete it and fit again")
    path = posterior_path(posterior.fingerprint)
    sampled = posterior.sampled or (load_sampled(path) if path.is_file() else {})
    checks = check_predictions(posterior, known, sampled, progress=progress)
    warnings = [*_warnings(scenario, known, posterior.diagnostics, checks)]
    found = Diagnosis(scenario, known, posterior, posterior.diagnostics, checks, distinct_in_order(warnings))
    try:
        store_checked(posterior.fingerprint, found.checked)
    except OSError as error:
        why = error.strerror or type(error).__name__
        kept_nowhere = f"the verdict could not be stored ({why}): simcast run does not know of it"
        return replace(found, warnings=(*found.warnings, kept_nowhere))
    return found


def _warnings(
    scenario: Scenario, known: History, diagnostics: Diagnostics, checks: tuple[PredictiveCheck, ...]
) -> Iterator[str]:
    """Yield what a reader should know, the most important first."""
    from simcast.predictive_checks.arrival_checks import ARRIVALS

    if diagnostics.quick:
        yield "this is a quick fit, of which less is expected: fit without history.model.quick before relying on it"
    if diagnostics.ebfmi_min < LEAST_EBFMI:
        where = diagnostics.worst.get("ebfmi", "some part")
        yield (
            f"the sampler moved slowly between levels of energy in {where}: E-BFMI {diagnostics.ebfmi_min:.2f}, below "
            f"{LEAST_EBFMI}; the tails of its parameters may be cut short"
        )
    if scenario.assume is not None:
        yield "what the scenario assumes (assume) replaces parts of this fit in a run and is not diagnosed here"
    if not any(check.name == ARRIVALS for check in checks):
        yield "weekly arrivals were not checked: the history is too short, or what the sampler drew is not stored"
    for choice in diagnostics.families:
        if choice.n_high_pareto_k:
            weigh = agreed(choice.n_high_pareto_k, "weighs", "weigh")
            yield (
                f"stage {choice.stage!r}: {choice.n_high_pareto_k} of {counted(choice.n_stays, 'stay')} {weigh} so"
                " much that the fit without them is approximated poorly (Pareto k above 0.7): the comparison of its"
                " families is rough"
            )
    yield from where_amounts_matter([*diagnostics.warnings, *known.quality.warnings], scenario)


def _sampler_problems(diagnostics: Diagnostics) -> Iterator[str]:
    """Yield what keeps the sampling from being trusted; NaN fails, as in `Diagnostics.trusted`."""
    worst = diagnostics.worst
    most_rhat, least_ess = (QUICK_RHAT, QUICK_ESS) if diagnostics.quick else (MOST_RHAT, LEAST_ESS)
    if not diagnostics.rhat_max <= most_rhat:
        yield (
            f"the chains disagree: r-hat {diagnostics.rhat_max:.3f} in {worst.get('rhat', 'some parameter')}, above "
            f"{most_rhat}; let them run longer (history.model.tune and draws)"
        )
    for name, least in (("bulk", diagnostics.ess_bulk_min), ("tail", diagnostics.ess_tail_min)):
        if not least >= least_ess:
            yield (
                f"too few effective draws: {least:.0f} {name} in {worst.get(f'ess_{name}', 'some parameter')}, "
                f"fewer than {least_ess:.0f}; raise history.model.draws"
            )
    if diagnostics.divergences > diagnostics.most_divergences:
        yield (
            f"{diagnostics.divergences} divergent transitions: parts of the posterior were not reached; raise "
            "history.model.target_accept to 0.99"
        )
