"""The reference of scenario files as a page of Markdown, written from their JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from simcast.scenario.schema import json_schema

_OPENING = """\
# The scenario file

Written from the schema by `make docs`; a test holds the two together. For editors the same is in
[scenario.schema.json](scenario.schema.json): begin a file with `# yaml-language-server: $schema=...` and the path to it
(`simcast init` does so), and keys are completed and checked as you type.

Files are YAML 1.2. Unknown keys are errors that name the line and the nearest known key. `--set KEY=VALUE` overrides
one value. Dates are whole days, written 2026-07-01. `${NAME}` and `${NAME:-default}` in `history.path` read the
environment.

A *number* below may be a distribution wherever it says so: `0.1`, `{normal: [0.1, 0.02]}`, `{beta: [40, 60]}`,
`{uniform: [0, 1]}` and so on, by the names at the end of this page.
"""
_NUMBERS = ("Number", "Probability", "Share", "Change", "Positive", "NonNegative", "Quantity")


def reference() -> str:
    """Return the page."""
    schema = json_schema()
    return _OPENING + "\n".join(_sections(schema)) + "\n"


def _sections(schema: Mapping[str, Any]) -> Iterator[str]:
    definitions: Mapping[str, Mapping[str, Any]] = schema["$defs"]
    yield from _section("The file", schema)
    told: list[str] = []
    waiting = _referred(schema["properties"])
    while waiting:
        name = waiting.pop(0)
        if name in told or name in _NUMBERS:
            continue
        told.append(name)
        if "properties" in definitions[name]:
            yield from _section(name, definitions[name])
        waiting += _referred(definitions[name])
    yield from _numbers(definitions)


def _section(name: str, definition: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {name}\n"
    if name != "The file" and "description" in definition:
        yield definition["description"].strip() + "\n"
    needed = definition.get("required", ())
    yield "| key | value | unless given | meaning |"
    yield "| --- | --- | --- | --- |"
    for key, value in definition["properties"].items():
        usual = "needed" if key in needed else _usual(value)
        about = _cell(str(value.get("description", "")))
        yield f"| `{key}` | {_cell(_kind(value))} | {usual} | {about} |"


def _usual(value: Mapping[str, Any]) -> str:
    usual = value.get("default")
    if usual is None or usual == [] or usual == {} or usual == "":
        return ""
    return f"`{str(usual).lower() if isinstance(usual, bool) else usual}`"


def _kind(value: Mapping[str, Any]) -> str:
    """Say in a few words what may stand for a value."""
    if "$ref" in value:
        return _link(value["$ref"])
    if "const" in value:
        return f"`{value['const']}`"
    if "enum" in value:
        return " or ".join(f"`{word}`" for word in value["enum"])
    for several in ("anyOf", "oneOf", "allOf"):
        if several in value:
            kinds = [_kind(item) for item in value[several] if item.get("type") != "null"]
            return " or ".join(dict.fromkeys(kinds))
    return _plain_kind(value)


def _plain_kind(value: Mapping[str, Any]) -> str:
    kind = str(value.get("type", "anything"))
    if kind == "array":
        item: Mapping[str, Any] = value.get("items") or value["prefixItems"][0]
        return f"list of {_kind(item)}"
    if kind == "object":
        inner = value.get("additionalProperties")
        return f"mapping to {_kind(inner)}" if isinstance(inner, Mapping) else "mapping"
    if value.get("format") == "date":
        return "date"
    return {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false"}.get(kind, kind)


def _link(reference: str) -> str:
    name = reference.rsplit("/", 1)[-1]
    return f"[{name}](#{name.lower()})"


def _referred(value: Any) -> list[str]:  # noqa: ANN401 - JSON of any depth
    """List the definitions that a schema refers to, in the order in which it does."""
    if isinstance(value, Mapping):
        own = [value["$ref"].rsplit("/", 1)[-1]] if isinstance(value.get("$ref"), str) else []
        return own + [name for item in value.values() for name in _referred(item)]
    return [name for item in value for name in _referred(item)] if isinstance(value, list) else []


def _numbers(definitions: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    yield "\n## Numbers and distributions\n"
    for name in _NUMBERS:
        yield f'- <a id="{name.lower()}"></a>**{name}**: {definitions[name]["description"]}'
    yield "\nDistributions, by name, with their values as a list in this order or as a mapping:\n"
    for definition in (definitions["Number"], definitions["Quantity"]):
        families = [item for item in definition["anyOf"] if "properties" in item]
        forms = (form["description"] for item in families for form in item["properties"].values())
        yield f"- {definition['title']}: " + "; ".join(f"`{form}`" for form in forms)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
