"""The JSON Schema of the scenario file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import get_args

import pytest

from simcast.scenario import LEVERS, Scenario, json_schema
from simcast.scenario.settings import PriorName


def test_the_schema_names_its_dialect_and_is_plain_json() -> None:
    schema = json_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert json.loads(json.dumps(schema)) == schema


def test_every_key_is_described() -> None:
    schema = json_schema()
    parts = {"scenario": schema} | {
        name: part for name, part in schema["$defs"].items() if "additionalProperties" in part
    }
    bare = [
        f"{name}.{key}"
        for name, part in parts.items()
        for key, entry in part.get("properties", {}).items()
        if not entry.get("description")
    ]
    assert bare == []
    assert set(schema["properties"]) == set(Scenario.model_fields)


def test_every_part_is_closed() -> None:
    for name, part in json_schema()["$defs"].items():
        if part.get("type") == "object":
            assert part["additionalProperties"] is False, name


def references(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_every_reference_leads_somewhere() -> None:
    schema = json_schema()
    known = {f"#/$defs/{name}" for name in schema["$defs"]}
    assert set(references(schema)) <= known
    assert "#/$defs/Probability" in set(references(schema))


@pytest.mark.parametrize("kind", sorted(LEVERS))
def test_every_lever_has_its_place_in_the_schema(kind: str) -> None:
    part = json_schema()["$defs"][LEVERS[kind].__name__]
    assert part["properties"]["lever"]["const"] == kind
    assert "lever" in part["required"]


def test_the_names_of_priors_are_those_of_the_model() -> None:
    priors = pytest.importorskip("simcast.model.priors")
    assert set(get_args(PriorName)) == set(priors.DEFAULT_PRIORS)
