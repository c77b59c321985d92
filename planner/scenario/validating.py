"""Checks a tree against the schema and says in plain words, and at their places, what does not fit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from planner.errors import suggestion
from planner.scenario.base import Section
from planner.scenario.keys import ANY, keys
from planner.scenario.quantities import WRONG_KEY, WRONG_VALUE
from planner.scenario.tree import Node, Problem
from planner.scenario.unknown import unknown_key
from planner.scenario.wording import show

Model = TypeVar("Model", bound=Section)
Located = tuple[tuple[str, ...], ErrorDetails]

_REQUIREMENTS = {
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "string_type": "a text",
    "date_type": "a date such as 2026-11-23",
    "date_parsing": "a date such as 2026-11-23",
    "date_from_datetime_parsing": "a date such as 2026-11-23",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
    "none_required": "left out",
    "greater_than": "above {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "below {lt}",
    "less_than_equal": "at most {le}",
    "multiple_of": "a multiple of {multiple_of}",
    "too_short": "a list of at least {min_length}",
    "too_long": "a list of at most {max_length}",
    "string_too_short": "a text of at least {min_length} characters",
    "string_too_long": "a text of at most {max_length} characters",
    "union_tag_not_found": "marked with its {discriminator}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "union_tag_invalid": "one of {expected_tags}",
}
"""What each of pydantic's error types asks for, to follow the words `must be`."""


def validate(tree: Node, model: type[Model], *, is_complete: bool) -> tuple[Model | None, list[Problem]]:
    """Read a tree as the schema says; without a result there is at least one problem.

    `is_complete` is false when a file of the scenario could not be read; what is missing is then not held
    against the others.
    """
    try:
        # As JSON, because strict reading takes dates from texts and tuples from lists only there.
        return model.model_validate_json(json.dumps(tree.plain())), []
    except ValidationError as error:
        located: dict[tuple[str, ...], list[ErrorDetails]] = {}
        for details in error.errors(include_url=False):
            path = _path(tree, details["loc"], is_missing=details["type"] == "missing")
            if is_complete or details["type"] not in ("missing", "value_error", "assertion_error"):
                located.setdefault(path, []).append(details)
        problems = [_problem(tree, model, path, details) for path, details in located.items()]
        return None, [problem for problem in problems if problem]


def _path(tree: Node, loc: tuple[int | str, ...], *, is_missing: bool) -> tuple[str, ...]:
    """Return the path of an error in the tree; pydantic also names members of unions, which no file holds."""
    path: list[str] = []
    node: Node | None = tree
    for number, part in enumerate(loc):
        below = _below(node, str(part)) if node else None
        if below or (is_missing and number == len(loc) - 1):
            path.append(str(part))
            node = below
    return tuple(path)


def _below(node: Node, part: str) -> Node | None:
    if isinstance(node.value, dict):
        return node.value.get(part)
    if isinstance(node.value, list) and part.isdecimal() and int(part) < len(node.value):
        found: Node = node.value[int(part)]
        return found
    return None


def _problem(
    tree: Node, model: type[Section], path: tuple[str, ...], errors: list[ErrorDetails]
) -> Problem | None:
    """Say in one sentence what the errors at one path mean, or None where the tree said it already."""
    parent, node = tree, tree
    for part in path:
        if node.is_broken:
            return None
        parent, below = node, _below(node, part)
        if below is None:
            break
        node = below
    kind = errors[0]["type"]
    if node.is_broken or (kind == "missing" and parent.lacks_keys):
        return None
    key = ".".join(path)
    if kind == "missing":
        return Problem(parent.key_place, key, f"is missing{_help(model, path)}")
    if kind == "extra_forbidden":
        return Problem(node.key_place, key, unknown_key(model, path))
    place = node.key_place if kind == WRONG_KEY else node.place
    return Problem(place, key, _wrong(model, path, node.plain(), errors))


def _wrong(model: type[Section], path: tuple[str, ...], given: object, errors: list[ErrorDetails]) -> str:
    own_words = [error["msg"] for error in errors if error["type"] in (WRONG_VALUE, WRONG_KEY)]
    own_words += [
        str(error["ctx"]["error"]) for error in errors if error["type"] in ("value_error", "assertion_error")
    ]
    if own_words:
        return "; ".join(own_words)
    if given is None:
        return f"has no value; give it one, or leave the key out{_help(model, path)}"
    wanted = list(dict.fromkeys(filter(None, map(_requirement, errors))))
    if not wanted:
        return f"does not have the right form (was {show(given)}){_help(model, path)}"
    choices = [choice for error in errors for choice in _choices(error)]
    hint = suggestion(given, choices) if isinstance(given, str) else ""
    return f"must be {' or '.join(wanted)} (was {show(given)}){hint}"


def _requirement(error: ErrorDetails) -> str | None:
    words = _REQUIREMENTS.get(error["type"])
    return words.format(**_plain_numbers(error.get("ctx", {}))) if words else None


def _plain_numbers(context: Mapping[str, Any]) -> dict[str, Any]:
    return {key: f"{value:g}" if isinstance(value, float) else value for key, value in context.items()}


def _choices(error: ErrorDetails) -> list[str]:
    """Return the spellings that an enumeration allows, which pydantic gives as one quoted text."""
    expected = str(error.get("ctx", {}).get("expected", ""))
    return expected.split("'")[1::2]


def _help(model: type[Section], path: tuple[str, ...]) -> str:
    """Return `; ` and the help of a key, for messages that must say what the key is."""
    pattern = tuple(ANY if part.isdecimal() else part for part in path)
    key = keys(model).get(".".join(pattern))
    if key is None:
        return ""
    unit = f" ({key.unit})" if key.unit and key.is_quantity else ""
    return f"; {key.description.rstrip('.')}{unit}" if key.description else unit
