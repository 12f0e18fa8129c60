"""The kinds of values that scenario files hold, as pydantic fields with their JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    ValidationError,
)
from pydantic_core import CoreSchema, core_schema

from simcast.days import WRITTEN_DAY
from simcast.scenario import distribution
from simcast.scenario.distribution import NUMBER_FAMILIES, PARAMETERS, QUANTITY_FAMILIES, Distribution, Domain, Quantity
from simcast.scenario.numbers import parse_cost, parse_money, parse_number, parse_quantity
from simcast.zones import is_known, nearest_zone

if TYPE_CHECKING:
    from pydantic._internal._model_construction import ModelMetaclass
else:
    ModelMetaclass = type(BaseModel)

JsonSchema = dict[str, Any]

DEFINITION = "x-definition"
"""Stands in a field's JSON Schema for a reference to one of `number_definitions`."""


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")

FIRST_YEAR, LAST_YEAR = 1900, 2200


class _InOurWords(ModelMetaclass):
    """Makes a part that is built in Python say what is wrong as a file would, and take ``from_`` for ``from``."""

    def __call__(self, *args: Any, **data: Any) -> Any:  # noqa: ANN401  whatever the part's fields are
        """Build the part; `ScenarioArgumentError` where it cannot be."""
        from simcast.scenario.wording import refusal

        part = cast("type[BaseModel]", self)
        for name, entry in part.model_fields.items():
            if entry.alias and name in data and entry.alias not in data:
                data[entry.alias] = data.pop(name)
        try:
            return super().__call__(*args, **data)
        except ValidationError as error:
            raise refusal(error, part) from None


class Closed(BaseModel, metaclass=_InOurWords):
    """A part of a scenario file: frozen, strict about types, and closed to unknown keys."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False)


class PartError(ValueError):
    """Problems of a whole part, each with the key inside it that they are about."""

    def __init__(self, problems: Sequence[tuple[str, str]]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(text for _, text in problems))


@dataclass(frozen=True)
class NumberField:
    """Marks a field that takes a number or a distribution, within a domain."""

    domain: Domain
    name: str
    parse: Callable[[object, Domain], Distribution] = parse_number

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read with `parse`, write with `Distribution.plain`."""
        return core_schema.no_info_plain_validator_function(
            lambda value: self.parse(value, self.domain),
            serialization=core_schema.plain_serializer_function_ser_schema(Distribution.plain),
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """Name the shared definition, which `number_definitions` holds."""
        return {DEFINITION: self.name}


@dataclass(frozen=True)
class QuantityField:
    """Marks a field that takes a positive quantity with its spread: days or money."""

    parse: Callable[[object], Quantity] = parse_quantity

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Read with `parse`, write with `Quantity.plain`."""
        return core_schema.no_info_plain_validator_function(
            self.parse, serialization=core_schema.plain_serializer_function_ser_schema(Quantity.plain)
        )

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchema:
        """Name the shared definition, which `number_definitions` holds."""
        return {DEFINITION: "Quantity"}


Number = Annotated[Distribution, NumberField(distribution.ANY, "Number")]
Cost = Annotated[Distribution, NumberField(distribution.ANY, "Number", parse_cost)]
Probability = Annotated[Distribution, NumberField(distribution.PROBABILITY, "Probability")]
Share = Annotated[Distribution, NumberField(distribution.SHARE, "Share")]
Change = Annotated[Distribution, NumberField(distribution.CHANGE, "Change")]
Positive = Annotated[Distribution, NumberField(distribution.POSITIVE, "Positive")]
NonNegative = Annotated[Distribution, NumberField(distribution.NON_NEGATIVE, "NonNegative")]
Days = Annotated[Quantity, QuantityField()]
Money = Annotated[Quantity, QuantityField(parse_money)]


def _parse_day(value: object) -> date:
    if type(value) is date:
        return value
    wanted = "must be a day written as YYYY-MM-DD, such as 2026-07-01"
    if not isinstance(value, str):
        raise ValueError(f"{wanted}, got {value!r}")  # noqa: TRY004 - pydantic collects ValueError only
    if not WRITTEN_DAY.fullmatch(value):
        time = "; dates are whole days, so leave the time out" if value[:4].isdecimal() and ":" in value else ""
        raise ValueError(f"{wanted}, got {value!r}{time}")
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{wanted}, got {value!r}, which is no day of the calendar") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValueError(f"must be a day between {FIRST_YEAR} and {LAST_YEAR}, got {value!r}")
    return day


def _parse_whole(value: object) -> object:
    """Let ``1e4`` stand for 10000."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _parse_where(value: object) -> object:
    """Let one value stand for a list of one, and sort lists, whose order means nothing."""
    if not isinstance(value, dict):
        return value
    return {
        column: (wanted,) if not isinstance(wanted, list | tuple) else _sorted_texts(wanted)
        for column, wanted in value.items()
    }


def _sorted_texts(values: Sequence[object]) -> tuple[object, ...]:
    texts = {value for value in values if isinstance(value, str)}
    return tuple(sorted(texts)) if all(isinstance(value, str) for value in values) else tuple(values)


def _check_printable(text: str) -> str:
    control = _CONTROL.search(text)
    if control:
        raise ValueError(f"holds the control character {control[0]!r}, which would steer a terminal; remove it")
    return text


def _check_one_line(name: str) -> str:
    if len(name.splitlines()) > 1 or name != name.rstrip("\r\n"):
        raise ValueError(f"is a name, which must be one line, got {name!r}; write it without line breaks")
    return name


Sentence = Annotated[str, AfterValidator(_check_printable)]
Text = Annotated[str, Field(min_length=1), AfterValidator(_check_printable)]
Name = Annotated[Text, AfterValidator(_check_one_line)]
Day = Annotated[date, BeforeValidator(_parse_day)]
Whole = Annotated[int, BeforeValidator(_parse_whole)]
Where = Annotated[
    dict[Text, Annotated[tuple[Text, ...], Field(min_length=1)]],
    BeforeValidator(
        _parse_where,
        json_schema_input_type=dict[str, str | list[str]],
    ),
]


def _family_schema(family: str, inner: JsonSchema) -> JsonSchema:
    """Describe ``{family: {name: value}}`` and its short form ``{family: [value, ...]}``."""
    names = PARAMETERS[family]
    keyed = {
        "type": "object",
        "properties": dict.fromkeys(names, inner),
        "required": list(names),
        "additionalProperties": False,
    }
    forms: list[JsonSchema] = [
        keyed,
        {"type": "array", "items": inner, "minItems": len(names), "maxItems": len(names)},
    ]
    if family == "gamma":
        by_scale = {"properties": {"scale": inner, "shape": inner}, "required": ["scale", "shape"]}
        forms.append(keyed | by_scale)
    if len(names) == 1:
        forms.append(inner)
    return {
        "type": "object",
        "properties": {family: {"anyOf": forms, "description": f"{family}: {', '.join(names)}"}},
        "required": [family],
        "additionalProperties": False,
    }


def number_definitions() -> dict[str, JsonSchema]:
    """Return the JSON Schema definitions that number and quantity fields refer to."""
    number: JsonSchema = {"type": "number"}
    families = [_family_schema(family, number) for family in NUMBER_FAMILIES]
    bounds: dict[str, tuple[str, JsonSchema]] = {
        "Number": ("A number, or a distribution of it.", {}),
        "Probability": (
            "A probability, or a distribution of it; a normal one is truncated to 0 to 1.",
            {"minimum": 0, "maximum": 1},
        ),
        "Share": (
            "A share above 0 and at most 1, or a distribution of it; a normal one is truncated.",
            {"exclusiveMinimum": 0, "maximum": 1},
        ),
        "Change": ("A change of probability, or a distribution of it.", {"minimum": -1, "maximum": 1}),
        "Positive": ("A number above 0, or a distribution of it.", {"exclusiveMinimum": 0}),
        "NonNegative": ("A number of 0 or more, or a distribution of it.", {"minimum": 0}),
    }
    definitions: dict[str, JsonSchema] = {
        name: {"title": name, "description": text, "anyOf": [number | limits, *families]}
        for name, (text, limits) in bounds.items()
    }
    inner: JsonSchema = {"$ref": "#/$defs/Positive"}
    definitions["Quantity"] = {
        "title": "Quantity",
        "description": "Days or money, varying from deal to deal; its parameters may themselves be uncertain.",
        "anyOf": [{"$ref": "#/$defs/NonNegative"}, *(_family_schema(family, inner) for family in QUANTITY_FAMILIES)],
    }
    return definitions


def _check_encoding(name: str) -> str:
    try:
        "".encode(name)
    except (LookupError, ValueError):
        if name != "auto":
            raise ValueError(f"must be an encoding such as utf-8, utf-16 or cp1251, or auto, got {name!r}") from None
    return name


def _check_zone(name: str) -> str:
    if not is_known(name):
        raise ValueError(f"{name!r} is not a time zone known here; {nearest_zone(name)}")
    return name


Encoding = Annotated[Text, AfterValidator(_check_encoding)]
"""How a file's letters are encoded, by a name that Python knows, or auto."""

Zone = Annotated[Text, AfterValidator(_check_zone)]
"""A time zone by its name, or by its offset from UTC."""
