"""The section that says in words what was assumed: levers, parameters of a pipeline without history, priors."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal

import numpy as np

from simcast.report.page.material import Material
from simcast.report.page.section import Listing, Remark, Section
from simcast.report.tables import Column, Table, listed_table
from simcast.report.words import Language
from simcast.scenario import Assumptions, Scenario, Team
from simcast.scenario.distribution import PARAMETERS, Distribution, Quantity
from simcast.scenario.levers import (
    AmountLever,
    ArrivalsLever,
    BudgetLever,
    ConversionLever,
    DealLever,
    DurationLever,
    HireLever,
    LeaveLever,
    Lever,
    ResponseLever,
    TimedLever,
    TrainLever,
)

Form = Literal["plain", "percent", "points", "change", "money"]
"""How a number is written: points are changes of a probability, in percent; they and other changes have a sign."""


def assumptions(material: Material, language: Language) -> Section:
    """Show what the forecast takes for granted."""
    scenario = material.run.scenario
    lists = [
        Listing(
            language.say("list.levers", name=name),
            tuple(Remark(lever_sentence(lever, scenario, language)) for lever in scenario.levers(name)),
        )
        for name in material.run.forecasts
        if scenario.levers(name)
    ]
    lists.append(
        Listing(
            language.say("list.model"),
            tuple(Remark(text) for text in (*margin_sentence(scenario, language), *_model(language))),
            "plain",
        )
    )
    tables = []
    if scenario.assume is not None:
        tables += assumed_tables(scenario.assume, language)
    if scenario.teams:
        tables.append(assumed_teams_table(scenario, language))
    folded = (priors_table(scenario, language),) if material.run.posterior.diagnostics is not None else ()
    return Section(
        "assumptions",
        language.say("section.assumptions"),
        (language.say("lead.assumptions"),),
        lists=tuple(lists),
        tables=tuple(tables),
        folded=folded,
    )


def _model(language: Language) -> list[str]:
    return [language.say(f"model.{number}") for number in range(1, 7)]


def margin_sentence(scenario: Scenario, language: Language) -> list[str]:
    """Say which share of bookings counts as gain; nothing where all of them do."""
    margin, by_value = scenario.forecast.margin, scenario.forecast.margin_by
    special = [
        language.say("margin.by", column=column, value=value, margin=number_words(share, language, form="percent"))
        for column, shares in by_value.items()
        for value, share in shares.items()
    ]
    if margin.is_fixed and margin.mean() == 1.0 and not special:
        return []
    share = language.say("margin.is", margin=number_words(margin, language, form="percent"))
    return [share[:1].upper() + share[1:], *special]


def number_words(
    number: Distribution,
    language: Language,
    *,
    form: Form = "plain",
) -> str:
    """Write a number, or the mean of an uncertain one with its central 80%."""

    def write(value: float) -> str:
        match form:
            case "percent":
                return language.share(value, _digits(100 * value))
            case "points":
                return language.number(100 * value, _digits(100 * value), signed=True)
            case "money":
                return language.axis_money(value)
            case _:
                return language.number(value, _digits(value), signed=form == "change")

    if number.is_fixed:
        return write(number.parameters[0])
    low, high = number.ppf(np.array([0.1, 0.9]))
    return language.say(
        "about", mean=write(number.mean()), interval=language.interval(write(float(low)), write(float(high)))
    )


def _digits(value: float) -> int:
    """Return how many decimals tell a value in three digits or so, none that are zeros."""
    most = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return next(
        digits
        for digits in range(most + 1)
        if digits == most or math.isclose(round(value, digits), value, rel_tol=1e-4)
    )


def quantity_words(quantity: Quantity, language: Language) -> str:
    """Write a quantity that varies from deal to deal: its family with its parameters."""
    if quantity.family == "constant":
        return number_words(quantity.parameters[0], language)
    named = ", ".join(
        f"{language.say(f'parameter.{name}')} {number_words(parameter, language)}"
        for name, parameter in zip(PARAMETERS[quantity.family], quantity.parameters, strict=True)
    )
    return f"{language.say(f'family.{quantity.family}')}: {named}"


def lever_sentence(lever: Lever, scenario: Scenario, language: Language) -> str:
    """Say what a lever does, where, when, and what it costs."""
    words = [_effect(lever, language)]
    if isinstance(lever, TimedLever):
        words += _where_and_when(lever, scenario.forecast.as_of, language)
    if isinstance(lever, TrainLever) and not (lever.slowdown.is_fixed and lever.slowdown.parameters[0] == 1.0):
        words.append(language.say("lever.slowdown", factor=number_words(lever.slowdown, language)))
    if isinstance(lever, HireLever | LeaveLever):
        pay = scenario.teams[lever.team].cost_per_month
        if not (pay.is_fixed and pay.parameters[0] == 0.0):
            key = "lever.pay" if isinstance(lever, HireLever) else "lever.pay.saved"
            words.append(language.say(key, amount=number_words(pay, language, form="money")))
    for key in ("cost", "cost_per_month", "cost_per_deal", "cost_per_head"):
        words += _cost_words(key, getattr(lever, key, None), language)
    return "; ".join(words).removesuffix(".") + "."


def _cost_words(key: str, cost: Distribution | None, language: Language) -> list[str]:
    """Say what one of a lever's costs is; nothing where there is none."""
    if cost is None or (cost.is_fixed and cost.parameters[0] == 0.0):
        return []
    saved = cost.is_fixed and cost.parameters[0] < 0
    written = number_words(Distribution.constant(-cost.parameters[0]) if saved else cost, language, form="money")
    said = language.say("lever.saves" if saved else "lever.cost", cost=written)
    return [said if key == "cost" else f"{said} {language.say(f'lever.{key}')}"]


def _where_and_when(lever: TimedLever, as_of: date, language: Language) -> list[str]:
    words = []
    if lever.where:
        words.append(language.say("lever.where", where=where_words(lever.where)))
    begins = lever.first_day(as_of)
    if begins != as_of:
        words.append(language.say("lever.from", date=language.date(begins)))
    if lever.until is not None:
        words.append(language.say("lever.until", date=language.date(lever.until)))
    if lever.ramp_days:
        words.append(language.say("lever.ramp", n=lever.ramp_days))
    if isinstance(lever, BudgetLever) and lever.lag_days:
        words.append(language.say("lever.lag", n=lever.lag_days))
    return words


def where_words(where: Mapping[str, str | Sequence[str]]) -> str:
    """Write a choice of segments, such as ``region: North, South``."""
    return "; ".join(
        f"{column}: {value if isinstance(value, str) else ', '.join(value)}" for column, value in where.items()
    )


def _effect(lever: Lever, language: Language) -> str:
    """Say what a lever changes."""
    match lever:
        case ConversionLever() | DurationLever() | ArrivalsLever() | AmountLever():
            return _changed(lever, language)
        case DealLever():
            outcome = language.say(f"outcome.{lever.outcome}") if lever.outcome in ("won", "lost") else lever.outcome
            return language.say("lever.deal", deal=lever.deal, outcome=outcome)
        case ResponseLever():
            return language.say("lever.response", stage=lever.stage, hours=number_words(lever.within_hours, language))
        case HireLever() | LeaveLever():
            return language.say(f"lever.{lever.lever}", team=lever.team, n=lever.count, date=language.date(lever.on))
        case TrainLever():
            return language.say(
                "lever.train",
                team=lever.team,
                days=number_words(lever.days, language),
                points=number_words(lever.add, language, form="points"),
            )
        case BudgetLever():
            return _moved_money(lever, language)
        case _:
            return lever.key


_FORMS: dict[tuple[str, str], Form] = {
    ("conversion", "set"): "percent",
    ("conversion", "add"): "points",
    ("arrivals", "add_per_day"): "change",
    ("amount", "add"): "change",
}


def _moved_money(lever: BudgetLever, language: Language) -> str:
    """Say from where to where money goes; one side alone is new money, or money saved."""
    amount = number_words(lever.amount, language, form="money")
    if lever.out_of and lever.into:
        sides = {"source": where_words(lever.out_of), "into": where_words(lever.into)}
        return language.say("lever.budget.moved", amount=amount, **sides)
    if lever.into:
        return language.say("lever.budget.added", amount=amount, into=where_words(lever.into))
    return language.say("lever.budget.saved", amount=amount, source=where_words(lever.out_of))


def _changed(lever: ConversionLever | DurationLever | ArrivalsLever | AmountLever, language: Language) -> str:
    """Say which number a lever changes, and how."""
    operations = ("set", "add", "multiply", "odds", "cap_days", "add_per_day")
    operation = next(name for name in operations if getattr(lever, name, None) is not None)
    value = number_words(getattr(lever, operation), language, form=_FORMS.get((lever.lever, operation), "plain"))
    text = language.say(f"lever.{lever.lever}.{operation}", value=value, stage=getattr(lever, "stage", ""))
    if isinstance(lever, DurationLever) and lever.move:
        text += " " + language.say("lever.move", move=lever.move)
    if isinstance(lever, AmountLever):
        text += " " + language.say("lever.amount.open" if lever.open else "lever.amount.new")
    return text


def assumed_tables(assume: Assumptions, language: Language) -> list[Table]:
    """Return what a scenario assumes of stages, new deals, amounts and open deals, in words."""
    tables = []
    if assume.stages:
        names = ("conversion", "days", "days-lost", "stalled")
        rows = [
            (
                stage,
                number_words(assumed.conversion, language, form="percent"),
                quantity_words(assumed.days, language),
                "" if assumed.days_lost is None else quantity_words(assumed.days_lost, language),
                number_words(assumed.stalled, language, form="percent"),
            )
            for stage, assumed in assume.stages.items()
        ]
        columns = [Column(language.say("stage")), *(Column(language.say(f"assumed.{name}")) for name in names)]
        tables.append(listed_table("assumed-stages", language.say("table.assumed-stages"), columns, rows))
    rest = _assumed_rest(assume, language)
    if rest:
        columns = [Column(language.say("assumed.what")), Column(language.say("assumed.value"))]
        tables.append(listed_table("assumed-rest", language.say("table.assumed-rest"), columns, rest))
    return tables


def assumed_teams_table(scenario: Scenario, language: Language) -> Table:
    """Return how the teams work, in words."""
    names = ("serves", "people", "hours", "effort", "waiting")
    rows = [
        (
            name,
            ", ".join(team.serves),
            language.count(team.headcount),
            number_words(Distribution.constant(team.hours_per_day), language),
            "; ".join(
                (f"{stage}: " if len(team.serves) > 1 else "") + number_words(hours, language)
                for stage, hours in team.effort_hours.items()
            ),
            _waiting_words(team, language),
        )
        for name, team in scenario.teams.items()
    ]
    columns = [Column(language.say("team")), *(Column(language.say(f"assumed.{name}")) for name in names)]
    return listed_table("assumed-teams", language.say("table.assumed-teams"), columns, rows)


def _waiting_words(team: Team, language: Language) -> str:
    """Say what waiting for a team does to conversion."""
    if team.response is None:
        return language.say("assumed.only-time")
    if team.response.from_ is not None:
        return language.say("assumed.from-history")
    if team.response.half_life_hours is None:
        return language.say("assumed.by-table")
    return language.say("assumed.half-life", hours=number_words(team.response.half_life_hours, language))


def _assumed_rest(assume: Assumptions, language: Language) -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    if assume.arrivals is not None:
        rows.append((language.say("assumed.per-day"), number_words(assume.arrivals.per_day, language)))
        if assume.arrivals.weekdays is not None:
            weights = " · ".join(language.number(weight, _digits(weight)) for weight in assume.arrivals.weekdays)
            rows.append((language.say("assumed.weekdays"), weights))
    if assume.amount is not None:
        rows.append((language.say("assumed.amount"), quantity_words(assume.amount, language)))
    for column, shares in assume.segments.items():
        written = ", ".join(f"{value} {language.share(share)}" for value, share in shares.items())
        rows.append((language.say("assumed.shares", column=column), written))
    for group in assume.open:
        words = language.say("assumed.open-deals", n=group.count, age=language.count(group.age_days))
        if group.where:
            words += f" ({where_words(group.where)})"
        rows.append((language.say("assumed.open", stage=group.stage), words))
    return rows


def priors_table(scenario: Scenario, language: Language) -> Table:
    """Return the priors of the model and what each says in words, with those that the scenario gives."""
    from simcast.model import DEFAULT_PRIORS, NEW_DEAL_PRIORS

    given = {} if scenario.history is None else scenario.history.model.priors
    rows: list[tuple[str, str, str]] = []
    for name, prior in {**DEFAULT_PRIORS, **NEW_DEAL_PRIORS}.items():
        if name in given:
            mean, sd = given[name].normal
            rows.append((name, f"Normal({mean:.3g}, {sd:.3g})", language.say("prior.given")))
        elif prior.family == "normal":
            rows.append((name, f"Normal({prior.mean:.3g}, {prior.sd:.3g})", language.sentence(prior.reason)[0]))
        else:
            written = f"Lognormal({math.exp(prior.mean):.3g}, {prior.sd:.3g})"
            rows.append((name, written, language.sentence(prior.reason)[0]))
    columns = [Column(language.say(f"prior.{name}")) for name in ("name", "law", "words")]
    return listed_table("priors", language.say("table.priors"), columns, rows)
