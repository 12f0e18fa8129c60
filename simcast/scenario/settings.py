"""The sections of a scenario file that say what is asked, of which pipeline, and from which history."""

from __future__ import annotations

import os
import re
from datetime import date, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from simcast.days import Period, is_day
from simcast.pipeline import Kind, Pipeline
from simcast.scenario import horizon as horizons
from simcast.scenario.distribution import Distribution
from simcast.scenario.fields import Closed, Day, Encoding, Name, PartError, Share, Text, Where, Whole, Zone
from simcast.summary import Metric

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}")


class Move(Closed):
    """A possible step beyond forward and lost."""

    from_: Text = Field(alias="from", description="The stage it leaves, or won for a renewal.")
    to: Name = Field(description="The stage or outcome it leads to; a new name becomes a stage beside the path.")


class PipelineSettings(Closed):
    """Stages, moves and outcomes."""

    stages: tuple[Name, ...] = Field(
        min_length=1, description="The stages in order; the forward move leads to the next, from the last to won."
    )
    moves: tuple[Move, ...] = Field(default=(), description="Moves beyond forward and lost: skip, back, wait, renew.")
    outcomes: dict[Name, Kind] = Field(
        default_factory=dict,
        description="Further outcomes, each counted as won or lost; won and lost are always there.",
    )

    def define(self) -> Pipeline:
        """Return the pipeline; `ScenarioError` when these stages and moves make none."""
        return Pipeline.define(self.stages, [(move.from_, move.to) for move in self.moves], self.outcomes)


class PriorSettings(Closed):
    """A prior in place of the model's own."""

    normal: Annotated[tuple[float, float], Field(strict=False)] = Field(
        description="Mean and standard deviation, on the scale that the prior's name says; spreads are truncated at 0."
    )

    @model_validator(mode="after")
    def _check_sd(self) -> Self:
        if self.normal[1] <= 0:
            raise PartError([("normal", f"the standard deviation must be above 0, got {self.normal[1]:g}")])
        return self


PriorName = Literal[
    "conversion_logit",
    "other_moves_logit",
    "conversion_spread",
    "log_median_days",
    "median_spread",
    "log_days_shape",
    "stalled_logit",
    "amount_slope",
    "standing_slope",
    "drift_spread",
    "log_hazard",
    "first_day_step",
    "spike_step",
    "hazard_step",
    "hazard_spread",
]


def _check_day_or_word(text: object) -> object:
    """Take a date, which YAML may have read as one, or one of the two words."""
    if isinstance(text, date):
        return text.isoformat()
    if isinstance(text, str) and text not in ("auto", "none") and not is_day(text):
        raise ValueError(f"must be a date such as 2017-03-01, auto or none, got {text!r}")
    return text


class ModelSettings(Closed):
    """How the model is fitted."""

    durations: Literal["auto", "lognormal", "weibull", "gamma", "loglogistic", "hazard"] = Field(
        default="auto",
        description="The distribution of days in a stage; auto: chosen by cross-validation; hazard: of any shape.",
    )
    drift: Literal["none", "quarterly"] = Field(
        default="none", description="Whether conversion and speed may move over time."
    )
    amount_effect: Literal["auto", "none"] = Field(
        default="auto",
        description="auto: where amounts are known from the beginning on, the chance to move forward depends on them.",
    )
    amounts: Literal["auto", "lognormal", "empirical"] = Field(
        default="auto",
        description="Amounts of new deals: lognormal, or empirical (those of the past); auto: empirical where no "
        "lognormal fits.",
    )
    calendar: Literal["auto", "none"] = Field(
        default="auto",
        description="auto: where the history shows that stays end by the calendar (weekdays, the quarter's end), days "
        "have weights; none: all days are alike.",
    )
    weather: Literal["auto", "none"] = Field(
        default="auto",
        description="auto: months are good or bad for all deals together, by as much as the history shows or leaves "
        "possible; none: deals are independent.",
    )
    across_stages: Literal["auto", "none"] = Field(
        default="auto",
        description="auto: how a segment converts at other stages tells of how it converts at this one, as far as the "
        "history bears that out; none: each stage is learned by itself.",
    )
    recorded_from: Annotated[str, BeforeValidator(_check_day_or_word, json_schema_input_type=str)] = Field(
        default="auto",
        description="The day from which ends of deals are on record: a date, none (all are), or auto (found).",
    )
    sampler: Literal["nutpie", "pymc"] = Field(default="nutpie", description="The sampler; pymc: PyMC's own, slower.")
    quick: bool = Field(
        default=False, description="A fit with few draws, to look at a scenario and not to rely on; also --quick."
    )
    priors: dict[PriorName, PriorSettings] = Field(
        default_factory=dict, description="Priors that replace the model's own, by name."
    )
    draws: Whole = Field(default=1000, ge=1, description="Posterior draws per chain.")
    tune: Whole = Field(default=1000, ge=1, description="Steps per chain in which the sampler adapts.")
    chains: Whole = Field(default=4, ge=1, le=64, description="How many chains; r-hat needs two or more.")
    target_accept: float = Field(
        default=0.95, gt=0, lt=1, description="The sampler's aim; nearer 1 means smaller steps and fewer divergences."
    )


def expand_variables(text: str) -> str:
    """Replace ``${NAME}`` and ``${NAME:-default}`` by the environment.

    Raises
    ------
    ValueError
        When a variable without a default is not set.

    Examples
    --------
    >>> expand_variables("${SIMCAST_NO_SUCH_VARIABLE:-data}/deals.csv")
    'data/deals.csv'
    """

    def value(found: re.Match[str]) -> str:
        name, default = found[1], found[2]
        given = os.environ.get(name) or default
        if given is None:
            raise ValueError(f"the environment variable {name} is not set; set it, or write ${{{name}:-default}}")
        return given

    expanded = _VARIABLE.sub(value, text)
    if "${" in expanded:
        raise ValueError(f"${{NAME}} or ${{NAME:-default}} is not complete in {text!r}")
    return expanded


def _check_variables(text: str) -> str:
    if "\0" in text:
        raise ValueError("must be the name of a file, got text with a zero byte")
    expand_variables(text)
    return text


def _check_columns(columns: object) -> object:
    """Refuse a column of columns anywhere but under `entered`, `closed` and `first_response`."""
    if isinstance(columns, dict):
        several = ("entered", "closed", "first_response")
        wrong = [name for name, column in columns.items() if name not in several and not isinstance(column, str)]
        if wrong:
            raise PartError([(wrong[0], f"must be the name of one column as text, got {columns[wrong[0]]!r}")])
        for name in several:
            column = columns.get(name, "")
            if not isinstance(column, str) and not _is_text_mapping(column):
                each = "outcome" if name == "closed" else "stage"
                raise PartError([(name, f"must be a column, or a column for each {each}, as text")])
    return columns


def _check_delimiter(text: str) -> str:
    if len(text) != 1 and text != "auto":
        raise ValueError(f"must be one character (\\t for a tab) or auto, got {text!r}")
    return text


def _is_text_mapping(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(column, str) for column in value.values())


class HistorySettings(Closed):
    """Where the past of the pipeline is, and how to read it."""

    path: Annotated[Text, AfterValidator(_check_variables)] = Field(
        description="The file, relative to this one: csv, parquet or xlsx; or a database, such as sqlite:///crm.db."
        " ${NAME:-default} reads the environment."
    )
    format: Literal["log", "deals", "salesforce", "hubspot", "pipedrive", "bitrix24", "amocrm"] = Field(
        default="log", description="log: a row per stay or event; deals: a row per deal; or the export of a CRM."
    )
    columns: Annotated[
        dict[Literal["deal", "stage", "entered", "outcome", "closed", "amount", "first_response"], Any],
        BeforeValidator(
            _check_columns,
            json_schema_input_type=dict[
                Literal["deal", "stage", "entered", "outcome", "closed", "amount", "first_response"],
                str | dict[str, str],
            ],
        ),
    ] = Field(
        default_factory=dict,
        description="Our columns with the file's names for them; `entered` may name a column for each stage, and "
        "`closed` one for each outcome, such as {won: Hired on, lost: Rejected on}; if no column gives outcomes, these "
        "dates do. `first_response`: the date-time of the first contact, or the hours until it, in the first stage; or "
        "such a column for each stage.",
    )
    outcomes: dict[Text, Text] = Field(
        default_factory=dict, description="The file's words for our outcomes (or open): {Won: won, Engaging: open}."
    )
    segments: tuple[Text, ...] = Field(default=(), description="The columns by which parameters may differ.")
    where: Where = Field(
        default_factory=dict,
        description="Rows to read, by values of columns, such as {Pipeline: Sales}; others are left.",
    )
    query: Text | None = Field(
        default=None, description="For a database: a table, or a select whose columns are those of the format."
    )
    encoding: Encoding | None = Field(
        default=None, description="How a csv is encoded, such as cp1251, or auto; utf-8 unless given (CRMs: auto)."
    )
    delimiter: Annotated[str, AfterValidator(_check_delimiter)] | None = Field(
        default=None,
        description="What separates the fields of a csv: one character, or auto; a comma unless given (CRMs: auto).",
    )
    dates: Literal["iso", "day-first", "month-first", "auto"] | None = Field(
        default=None,
        description="iso: 2026-12-31; day-first: 31.12.2026; month-first: 12/31/2026; auto (CRMs): found. All but iso "
        "read 31 Dec 2026, 31 декабря 2026 and years of two digits (31.12.26) too.",
    )
    decimal: Literal[".", ",", "auto"] | None = Field(
        default=None,
        description="The decimal mark of amounts, which may then have a currency and marks between "
        "thousands, as in USD 1,200.50; a point and nothing else unless given (CRMs: auto).",
    )
    time_zone: Zone | None = Field(
        default=None,
        description="Whose days are meant where times are written with an offset: a zone such as Europe/Berlin, or the "
        "offset itself, such as +03:00.",
    )
    repeats: Literal["stay", "join", "first"] = Field(
        default="stay",
        description="In a log: stay: each row is a stay in a stage; join: rows that follow one of the same stage are "
        "part of its stay; first: only a deal's first row in a stage counts, as with the events of a web page.",
    )
    changed_segments: Literal["refuse", "first"] = Field(
        default="refuse",
        description="In a log, where a deal's rows differ in a segment column, such as its owner: refuse: they are bad "
        "rows; first: the value with which the deal began counts.",
    )
    on_bad_rows: Literal["stop", "quarantine"] = Field(
        default="stop", description="stop: bad rows end the run; quarantine: they go to a file of their own."
    )
    amount_known_from: Literal["entry", "close"] | None = Field(
        default=None,
        description="Since when the amount of a deal is known: its entry, or only its close. Unless given: its close "
        "where each deal is one row; in a log the day of the row on which it stands, or its close where hardly any "
        "deal but the won ones has an amount when it begins.",
    )
    placeholder_amounts: Literal["auto"] | tuple[float, ...] = Field(
        default="auto",
        description="Amounts that stand on deals until their own are known, such as [1, 5000], and count as unknown; "
        "auto: found, with a warning, as one that most deals not won have and hardly any won one; []: none.",
    )
    recorded_until: Annotated[str, BeforeValidator(_check_day_or_word, json_schema_input_type=str)] = Field(
        default="auto",
        description="The first day that is no longer on record: a date, none (the records go on to the as-of date), "
        "or auto (found, where nothing has been recorded for long).",
    )
    model: ModelSettings = Field(
        default_factory=ModelSettings, description="Choices of the model, its priors and its sampler."
    )

    @model_validator(mode="after")
    def _check_segments(self) -> Self:
        repeated = sorted({name for name in self.segments if self.segments.count(name) > 1})
        if repeated:
            raise PartError([("segments", f"{repeated[0]!r} is listed twice")])
        return self


def _check_horizon(text: str) -> str:
    horizons.split(text)
    return text


def _hide_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class ForecastSettings(Closed):
    """What is forecast: from when, until when, and in which slices."""

    as_of: Day = Field(
        description="The day at whose start the forecast begins; what happens on it or later is not known."
    )
    until: Day = Field(
        default=date.max,
        description="The last day forecast; give this or horizon.",
        json_schema_extra=_hide_default,
    )
    horizon: Annotated[Text, AfterValidator(_check_horizon)] | None = Field(
        default=None,
        description="How far to forecast from as_of, such as '1 quarter' or '6 weeks'; turned into until: the "
        "day before the same day of a later month, or before that month's last day where it has no such day.",
    )
    period: Period = Field(default="month", description="The slices in which results are shown.")
    by: tuple[Text, ...] = Field(default=(), description="Segment columns by which results are also shown.")
    target: dict[Metric, Annotated[float, Field(gt=0)]] = Field(
        default_factory=dict, description="The target, such as {bookings: 2400000}; its probability is shown."
    )
    margin: Share = Field(
        default=Distribution.constant(1.0),
        description="The share of bookings that counts as gain, such as 0.3: net is bookings times the margin, less "
        "the cost of the levers. All of it unless given.",
    )
    margin_by: dict[Text, dict[Text, Share]] = Field(
        default_factory=dict,
        description="The margin by value of one of the columns of `by`, such as {source: {ads: 0.2, referral: 0.35}}; "
        "values that are not named have `margin`.",
    )

    @model_validator(mode="after")
    def _work_out_until(self) -> Self:
        given = "until" in self.model_fields_set
        if given == (self.horizon is not None):
            text = "give until or horizon, not both" if given else "give until (the last day) or horizon ('1 quarter')"
            raise PartError([("horizon" if given else "", text)])
        if self.horizon is not None:
            try:
                until = horizons.last_day(self.as_of, self.horizon)
            except ValueError as error:
                raise PartError([("horizon", str(error))]) from None
            object.__setattr__(self, "until", until)
            object.__setattr__(self, "horizon", None)
            object.__setattr__(self, "__pydantic_fields_set__", self.model_fields_set - {"horizon"} | {"until"})
        self._check_margin()
        if self.until < self.as_of:
            raise PartError([("until", f"must not be before as_of ({self.as_of}), got {self.until}")])
        if (self.until - self.as_of).days > horizons.MAX_YEARS * 366:
            raise PartError([("until", f"must be at most {horizons.MAX_YEARS} years after as_of, got {self.until}")])
        return self

    def _check_margin(self) -> None:
        if len(self.margin_by) > 1:
            raise PartError([("margin_by", f"goes by one column, got {', '.join(self.margin_by)}")])
        for column, shares in self.margin_by.items():
            if column not in self.by:
                raise PartError([("margin_by", f"bookings are told apart by forecast.by only; add {column!r} to it")])
            if not shares:
                raise PartError([("margin_by", f"name at least one value of {column!r}")])

    @property
    def end(self) -> date:
        """The first day after the forecast."""
        return self.until + timedelta(days=1)

    @property
    def days(self) -> int:
        """How many days are forecast."""
        return (self.end - self.as_of).days


class SimulationSettings(Closed):
    """How the forecast is played."""

    futures: Whole = Field(default=10_000, ge=1, le=10_000_000, description="How many futures are simulated.")
    seed: Whole = Field(default=1, ge=0, lt=2**64, description="The seed of the futures; a fit has one of its own.")
