"""The sections that say how far to trust the page: the fit, the data, the warnings, and where all of it came from."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from simcast.history import QualityReport
from simcast.posterior import Checked, Diagnostics
from simcast.report.page.material import Material
from simcast.report.page.section import Listing, Remark, Section
from simcast.report.tables import Column, Table, listed_table
from simcast.report.words import Language


def remarks(sentences: Sequence[str], language: Language) -> tuple[Remark, ...]:
    """Return sentences that other parts of simcast wrote, in this language where it has them."""
    return tuple(Remark(*language.sentence(sentence)) for sentence in sentences)


def quality(material: Material, language: Language) -> Section:
    """Show how well the model was fitted, and how good the data are."""
    run = material.run
    diagnostics, history = run.posterior.diagnostics, run.history
    lead = [fit_sentence(diagnostics, language, run.posterior.checked)]
    tables: list[Table] = []
    if history is not None:
        lead.append(data_sentence(history.quality, language))
        tables.append(_stays_table(history.quality, language))
    if diagnostics is not None:
        tables += [_sampling_table(diagnostics, language)]
        if diagnostics.families:
            tables.append(_families_table(diagnostics, language))
    warnings = remarks([warning for warning in run.warnings if warning not in run.posterior.doubts], language)
    lists = [Listing(language.say("list.warnings"), warnings, "warnings")] if warnings else []
    if history is not None and history.quality.notes:
        lists.append(Listing(language.say("list.notes"), remarks(history.quality.notes, language)))
    if any(remark.is_english for listing in lists for remark in listing.items):
        lead.append(language.say("lead.english"))
    return Section("quality", language.say("section.quality"), tuple(lead), lists=tuple(lists), folded=tuple(tables))


def fit_sentence(diagnostics: Diagnostics | None, language: Language, checked: Checked | None = None) -> str:
    """Say whether the fit is to be trusted, by its sampling and by what a diagnosis found, where one was made."""
    if diagnostics is None:
        return language.say("fit.none")
    if checked is None:
        checks = language.say("fit.unchecked")
    elif checked.passed:
        checks = language.say("fit.checks-passed", checks=language.count(checked.n_checks))
    else:
        numbers = {"checks": language.count(checked.n_checks), "failed": language.count(checked.n_failed)}
        parts = ", ".join(language.sentence(part)[0] for part in checked.parts)
        checks = language.say("fit.checks-failed", parts=parts, **numbers)
    trusted = diagnostics.trusted and not diagnostics.faults and (checked is None or checked.passed)
    well = "fit.quick" if diagnostics.quick else "fit.trusted"
    verdict = language.say(well if trusted else "fit.not-trusted")
    return (
        verdict
        + " "
        + checks
        + " "
        + language.say(
            "fit.numbers",
            rhat=language.number(diagnostics.rhat_max, 3),
            bulk=language.count(round(diagnostics.ess_bulk_min)),
            tail=language.count(round(diagnostics.ess_tail_min)),
            draws=language.count(diagnostics.n_chains * diagnostics.n_draws),
            divergences=language.count(diagnostics.divergences),
        )
    )


def data_sentence(report: QualityReport, language: Language) -> str:
    """Say what the history contains."""
    sentence = language.say(
        "data.deals",
        deals=language.say("n-deals", n=report.n_deals),
        stays=language.say("n-stays", n=report.n_stays),
        won=language.count(report.n_won),
        lost=language.count(report.n_lost),
        open=language.count(report.n_open_deals),
    )
    if report.reading is None:
        return sentence
    reading = report.reading
    rows = language.say(
        "data.rows",
        read=language.count(reading.rows_read),
        kept=language.count(reading.rows_kept),
        aside=language.count(reading.rows_quarantined),
    )
    return f"{sentence} {rows}"


def _stays_table(report: QualityReport, language: Language) -> Table:
    columns = [Column(language.say("stage"))]
    columns += [Column(language.say(f"data.{name}"), "count") for name in ("stays", "open-stays", "overdue", "longest")]
    rows = [(s.stage, s.n_stays, s.n_open, s.n_overdue, s.longest_days) for s in report.stages]
    return listed_table("data", language.say("table.data"), columns, rows)


def _sampling_table(diagnostics: Diagnostics, language: Language) -> Table:
    columns = [Column(language.say("part")), Column("r-hat", "number")]
    columns += [Column(language.say(f"sampling.{name}"), "count") for name in ("bulk", "tail", "divergences")]
    columns.append(Column("E-BFMI", "number"))
    rows = [
        (
            language.sentence(part.part)[0],
            part.rhat_max,
            float(round(part.ess_bulk_min)),
            float(round(part.ess_tail_min)),
            part.divergences,
            part.ebfmi_min,
        )
        for part in diagnostics.parts
    ]
    return listed_table("sampling", language.say("table.sampling"), columns, rows)


def _families_table(diagnostics: Diagnostics, language: Language) -> Table:
    columns = [Column(language.say("stage")), Column(language.say("family")), Column(language.say("reason"))]
    rows = [
        (choice.stage, language.say(f"family.{choice.chosen}"), language.sentence(choice.reason)[0])
        for choice in diagnostics.families
    ]
    return listed_table("families", language.say("table.families"), columns, rows)


def provenance(material: Material, language: Language) -> Section:
    """Show where the page came from, and how to make it again."""
    return Section(
        "provenance",
        language.say("section.provenance"),
        (language.say("lead.provenance"),),
        tables=(provenance_table(material, language),),
    )


def provenance_table(material: Material, language: Language) -> Table:
    """Return hashes, versions, seed and command; neither times nor folders, so that the page can be made again."""
    held, run = material.provenance, material.run
    scenario = run.scenario
    rows: list[tuple[str, str]] = [
        (language.say("provenance.file"), scenario.file.name if scenario.file else scenario.name),
        (language.say("provenance.futures"), language.count(scenario.simulation.futures)),
        (language.say("provenance.seed"), str(scenario.simulation.seed)),
    ]
    hashes = ("scenario_digest", "history_file_digest", "history_digest", "posterior", "sources")
    rows += [(language.say(f"provenance.{name}"), str(held[name])) for name in hashes if held.get(name)]
    rows += [(language.say("provenance.override"), str(change)) for change in held.get("overrides", ())]
    versions = held.get("versions", {})
    if versions:
        written = ", ".join(f"{name} {version}" for name, version in versions.items())
        rows.append((language.say("provenance.versions"), written))
    if material.command:
        rows.append((language.say("provenance.command"), shlex.join(material.command)))
    columns = (Column(language.say("provenance.what")), Column(language.say("provenance.value")))
    return listed_table("provenance", language.say("table.provenance"), columns, rows)
