"""A scenario in plain sentences, and where the spread of its forecast comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape

from simcast.analysis import Ground
from simcast.analysis.knowing import Knowing, WorthOfKnowing
from simcast.analysis.spread import Source
from simcast.forecast import Forecast, Summary
from simcast.pipeline import LOST, WON, Pipeline
from simcast.report.heading import heading
from simcast.report.page.assuming import lever_sentence, margin_sentence
from simcast.report.words import Language
from simcast.scenario import BASELINE, Scenario
from simcast.writing import count

if TYPE_CHECKING:
    import pandas as pd

_CLEAR = 2.0
"""What is no larger than so many of its Monte Carlo errors is not told."""


def scenario_sentences(scenario: Scenario, language: Language) -> list[str]:
    """Say what a file asks: the pipeline, where its parameters come from, the days, the target."""
    sentences = [*_pipeline_sentences(scenario.pipeline_definition), _source(scenario)]
    forecast = scenario.forecast
    sentences.append(
        f"The forecast starts on {language.date(forecast.as_of)} and runs through {language.date(forecast.until)}, "
        f"by {forecast.period}" + (f" and by {', '.join(forecast.by)}." if forecast.by else ".")
    )
    for metric, wanted in forecast.target.items():
        written = language.money(wanted) if metric == "bookings" else f"{wanted:,.0f}"
        sentences.append(f"The target is {written} {'of ' if metric == 'bookings' else ''}{metric}.")
    return [*sentences, *margin_sentence(scenario, language)]


def _pipeline_sentences(pipeline: Pipeline) -> list[str]:
    """Say which ways deals may go: the path, skips and returns, stages beside it, further ends, and on after a win."""
    path = (*pipeline.path, WON)
    place = {name: position for position, name in enumerate(path)}
    sentences = [f"Deals go {' -> '.join(path)}; at each stage some are lost."]
    aside = [
        (stage, end)
        for stage in pipeline.path
        for end in pipeline.moves[pipeline.stage_code(stage)][1:]
        if end in place
    ]
    for words, moves in (
        ("skip stages", [move for move in aside if place[move[1]] > place[move[0]]]),
        ("go back", [move for move in aside if place[move[1]] < place[move[0]]]),
    ):
        if moves:
            sentences.append(f"Some {words}: {_arrows(moves)}.")
    sentences += [
        f"Beside this path there is {name}, reached from {_listed(_leading_to(pipeline, name), 'and')}; "
        f"from it deals go to {_listed(_onward(pipeline, name) or [LOST], 'or')}."
        for name in pipeline.stages
        if name not in (*pipeline.path, *pipeline.outcomes)
    ]
    for name in pipeline.outcomes:
        if name not in (WON, LOST):
            where = "any stage" if _is_lost(pipeline, name) else _listed(_leading_to(pipeline, name), "or")
            counts = "lost" if _is_lost(pipeline, name) else "won"
            sentences.append(f"Deals may also end as {name} (from {where}), which counts as {counts}.")
    after = [(name, end) for name in pipeline.outcomes if pipeline.renews(name) for end in _onward(pipeline, name)]
    if after:
        sentences.append(f"A win need not be the end, and each further one counts again: {_arrows(after)}.")
    return sentences


def _leading_to(pipeline: Pipeline, name: str) -> list[str]:
    """Return the stages from which a move leads to a stage or outcome."""
    return [stage for stage, ends in zip(pipeline.stages, pipeline.moves, strict=True) if name in ends]


def _onward(pipeline: Pipeline, stage: str) -> list[str]:
    """Return where deals go from a stage, other than to be lost."""
    return [end for end in pipeline.moves[pipeline.stage_code(stage)] if not _is_lost(pipeline, end)]


def _is_lost(pipeline: Pipeline, name: str) -> bool:
    return name in pipeline.outcomes and not pipeline.is_won(name)


def _arrows(moves: list[tuple[str, str]]) -> str:
    return ", ".join(f"{start} -> {end}" for start, end in moves)


def _listed(names: list[str], word: str) -> str:
    *others, last = names
    return f"{', '.join(others)} {word} {last}" if others else last


def _source(scenario: Scenario) -> str:
    """Say where parameters come from."""
    if scenario.history is None:
        return "All parameters are assumed."
    by = f", separately by {', '.join(scenario.history.segments)}" if scenario.history.segments else ""
    over = " Some parameters are assumed instead." if scenario.assume is not None else ""
    return f"Parameters are learned from {scenario.history.path}{by}.{over}"


def lever_sentences(scenario: Scenario, language: Language) -> dict[str, list[str]]:
    """Say what each scenario changes."""
    return {
        name: [lever_sentence(lever, scenario, language) for lever in scenario.levers(name)]
        for name in scenario.scenario_names
        if name != BASELINE
    }


def explanation_document(
    ground: Ground,
    forecast: Forecast,
    sources: tuple[Source, ...],
    language: Language,
    knowing: Knowing | None = None,
) -> dict[str, Any]:
    """Return the document of ``simcast explain --json``."""
    scenario = ground.scenario
    return {
        **heading(ground),
        "futures": forecast.n_futures,
        "words": scenario_sentences(scenario, language),
        "scenarios": lever_sentences(scenario, language),
        "metric": forecast.metric,
        "total": Summary.of(forecast.values("bookings")).to_dict(),
        "total_wins": Summary.of(forecast.values("wins")).to_dict(),
        "sources": [{"kind": source.kind, "stage": source.stage or None, "share": source.share} for source in sources],
        "knowing": None
        if knowing is None
        else {
            "metric": knowing.metric,
            "best": knowing.best,
            "worth": [vars(worth) | {"name": worth.name or None} for worth in knowing.worth],
        },
    }


def sources_table(sources: tuple[Source, ...]) -> pd.DataFrame:
    """Return a row per source of the spread: ``kind``, ``stage`` (empty for the rest), ``share`` of the variance."""
    import pandas as pd

    return pd.DataFrame([vars(source) for source in sources], columns=["kind", "stage", "share"])


def print_explanation(
    ground: Ground,
    forecast: Forecast,
    sources: tuple[Source, ...],
    language: Language,
    console: Console,
    knowing: Knowing | None = None,
) -> None:
    """Print the scenario in words, what its uncertainty is made of, and what knowing more would be worth."""
    scenario = ground.scenario
    console.print(f"[bold]{escape(scenario.name)}[/bold]")
    if scenario.question:
        console.print(f"[dim]{escape(scenario.question)}[/dim]")
    console.print()
    for sentence in scenario_sentences(scenario, language):
        console.print(escape(sentence), highlight=False)
    for name, levers in lever_sentences(scenario, language).items():
        console.print(f"\n[bold]{escape(name)}[/bold]")
        for sentence in levers:
            console.print(f"- {escape(sentence)}", highlight=False)
    if sources:
        _print_sources(ground.standing_on, forecast, sources, language, console)
    if knowing is not None:
        _print_knowing(knowing, language, console)


def _print_sources(
    name: str, forecast: Forecast, sources: tuple[Source, ...], language: Language, console: Console
) -> None:
    """Print what the interval of the baseline, or of the scenario on which the question stands, is made of."""
    total = Summary.of(forecast.values(forecast.metric))
    by_wins = forecast.metric == "wins"
    ends = (total.quantile(0.1), total.quantile(0.9))
    low, high = (language.count(round(end)) if by_wins else language.money(end) for end in ends)
    high += " wins" if by_wins else ""
    which = "the baseline" if name == BASELINE else escape(repr(name))
    console.print(f"\n[bold]Why {which} lies between {low} and {high} in 8 of 10 futures[/bold]")
    for source in sources:
        part = language.say(f"source.{source.kind}", stage=source.stage)
        console.print(f"  {language.chance(source.share):>8}  {escape(part)}", highlight=False)
    luck = sum(source.share for source in sources if source.is_chance)
    lead = "lead.spread.wins" if by_wins else "lead.spread"
    console.print(
        f"\n{language.say(lead, luck=language.share(luck), known=language.share(1.0 - luck))}", highlight=False
    )


def _print_knowing(knowing: Knowing, language: Language, console: Console) -> None:
    """Print what it would be worth to know each part of the model before choosing among the scenarios."""
    told = [worth for worth in knowing.worth if worth.value > _CLEAR * worth.error]
    if not told:
        console.print(
            "\nKnowing any single part of the model better would not change the choice: "
            f"{escape(knowing.best)} is best.",
            highlight=False,
        )
        return
    console.print(
        f"\n[bold]What it would be worth to know before choosing among the scenarios[/bold] "
        f"({escape(knowing.best)} is best on average)"
    )
    for worth in told:
        value, error = (
            (language.money(x) if knowing.metric == "net" else count(x)) for x in (worth.value, worth.error)
        )
        of = "net" if knowing.metric == "net" else "wins"
        console.print(f"  {value} ± {error} {of}  {escape(_part(worth, language))}", highlight=False)


def _part(worth: WorthOfKnowing, language: Language) -> str:
    if worth.kind == "lever":
        return f"how much {worth.name} changes: a trial of it is worth at most this"
    return language.say(f"source.{worth.kind}", stage=worth.name)
