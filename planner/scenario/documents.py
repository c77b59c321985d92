"""The JSON Schema of a scenario, for editors that complete and check YAML as it is written."""

from __future__ import annotations

from typing import Any

from planner.scenario.base import Section
from planner.scenario.files import EXTENDS
from planner.scenario.keys import fields_of, sections_in
from planner.scenario.overrides import FIGURES
from planner.scenario.quantities import PATTERN, Assumed, Quantity
from planner.units import is_share, unit_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_BOUNDS: dict[str, dict[str, float]] = {
    "share": {"minimum": 0, "maximum": 1},
    "amount": {"minimum": 0},
    "positive": {"exclusiveMinimum": 0},
    "positive_share": {"exclusiveMinimum": 0, "maximum": 1},
    "signed": {},
}
"""The kinds of quantities and what a plain number of each may be."""


def json_schema(model: type[Section]) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a scenario: help, units, bounds and defaults of every key."""
    schema = {"$schema": DIALECT, **model.model_json_schema(by_alias=True)}
    definitions = schema.setdefault("$defs", {})
    _describe(schema, model, definitions)
    definitions.update({f"quantity_{kind}": _quantity(bounds) for kind, bounds in _BOUNDS.items()})
    schema["properties"][EXTENDS] = {
        "type": "string",
        "description": "Scenario file, relative to this one, over which this one is laid.",
    }
    schema["properties"][FIGURES] = {
        "type": "object",
        "description": "Figures that are set from outside, by name.",
        "additionalProperties": {"$ref": "#/$defs/quantity_signed"},
    }
    return schema


def _describe(part: dict[str, Any], section: type[Section], definitions: dict[str, Any]) -> None:
    """Put units, kinds of quantities and readable defaults into a section's schema and those below it."""
    for name, field in fields_of(section).items():
        described = part["properties"][name]
        below = sections_in(field)
        for one, reference in zip(below, _references(described), strict=True):
            _describe(definitions[reference], one, definitions)
        if below:
            described.pop("default", None)  # the defaults stand at the keys of the section
            continue
        _refer(described, name)
        described.pop("title", None)
        if unit := unit_text(name):
            described["unit"] = unit
            described["description"] = f"{described.get('description', '')} Unit: {unit}.".strip()
        if isinstance(field.default, Assumed):
            described["default"] = Quantity.read(field.default, name, may_be_negative=True).written()


def _references(described: Any) -> list[str]:  # noqa: ANN401
    """Return the names of the definitions to which a part of the schema refers, in order."""
    if isinstance(described, list):
        return [name for one in described for name in _references(one)]
    if not isinstance(described, dict):
        return []
    own = [described["$ref"].removeprefix("#/$defs/")] if "$ref" in described else []
    return own + [name for key, one in described.items() if key != "default" for name in _references(one)]


def _refer(described: Any, name: str) -> None:  # noqa: ANN401
    """Replace the mark of a quantity, wherever it stands, by a reference to its kind."""
    if isinstance(described, dict):
        if kind := described.pop("quantity", None):
            if is_share(name):
                kind = "positive_share" if kind == "positive" else "share"
            described["$ref"] = f"#/$defs/quantity_{kind}"
        for value in described.values():
            _refer(value, name)
    elif isinstance(described, list):
        for value in described:
            _refer(value, name)


def _quantity(bounds: dict[str, float]) -> dict[str, Any]:
    """Return the schema of a quantity: a number, the text of a distribution, or either with its evidence."""
    value = [{"type": "number", **bounds}, {"type": "string", "pattern": PATTERN}]
    evidence = {
        "source": {
            "type": "string",
            "description": "Where the number comes from: an offer, a contract, a page.",
        },
        "as_of": {"type": "string", "format": "date", "description": "Day on which the source said so."},
        "note": {"type": "string", "description": "Why this number."},
    }
    mapping = {
        "type": "object",
        "properties": {"value": {"anyOf": value}, **evidence},
        "required": ["value"],
        "additionalProperties": False,
    }
    return {"anyOf": [*value, mapping]}
