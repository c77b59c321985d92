"""The keys of a schema: their dotted names, help, units and defaults, and what may stand under a key."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from planner.scenario.base import Section
from planner.scenario.quantities import MAY_BE_NEGATIVE, Assumed, Quantity
from planner.units import unit_text

ANY = "*"
"""Stands in a dotted name for the number of an item in a list, or for a free key of a mapping."""


@dataclass(frozen=True)
class Key:
    """One key of a schema."""

    path: str
    """The dotted name, with `*` for any item of a list: `people.roles.*.people`."""
    description: str
    unit: str
    is_required: bool
    default: Any
    """The default, read as the section would read it; None where the key is required."""
    is_quantity: bool
    may_be_negative: bool
    is_section: bool

    @property
    def name(self) -> str:
        """The last segment, which is the name of the leaf that the key sets."""
        return self.path.rpartition(".")[2]


@cache
def keys(model: type[Section]) -> dict[str, Key]:
    """Return every key of a schema by its dotted name, in the order of the schema."""
    return {key.path: key for key in _walk(model, ())}


@cache
def quantity_names(model: type[Section]) -> tuple[str, ...]:
    """Return the names of all quantities outside lists, in the order of the schema."""
    return tuple(key.name for key in keys(model).values() if key.is_quantity and ANY not in key.path)


def quantities(section: Section) -> dict[str, Quantity]:
    """Return the quantities of a section and all below it by dotted name (`people.roles.0.people`)."""
    return dict(_quantities(section, ()))


def children(model: type[Section], path: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the keys that may stand under a dotted path; None where the path is no key of the schema.

    A key that holds no section has no children.
    """
    current: list[Any] = [model]
    for segment in path:
        current = [below for annotation in current for below in _step(annotation, segment)]
        if not current:
            return None
    sections = [leaf for annotation in current for leaf in _leaves(annotation) if _is_section(leaf)]
    return tuple(dict.fromkeys(name for section in sections for name in fields_of(section)))


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """Return the fields of a section by the names under which a scenario writes them."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def sections_in(field: FieldInfo) -> list[type[Section]]:
    """Return the sections that a field holds, itself or as items."""
    return [leaf for leaf in _leaves(field.annotation, through_items=True) if _is_section(leaf)]


def _walk(model: type[Section], path: tuple[str, ...]) -> Iterator[Key]:
    for name, field in fields_of(model).items():
        annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
        sections = sections_in(field)
        yield Key(
            path=".".join((*path, name)),
            description=" ".join((field.description or "").split()),
            unit=unit_text(name),
            is_required=field.is_required(),
            default=_default(field, name, may_be_negative=_is_signed(annotation)),
            is_quantity=Quantity in _leaves(annotation, through_items=True),
            may_be_negative=_is_signed(annotation),
            is_section=bool(sections),
        )
        has_items = bool(sections) and not any(_is_section(leaf) for leaf in _leaves(annotation))
        for section in sections:
            yield from _walk(section, (*path, name, ANY) if has_items else (*path, name))


def _default(field: FieldInfo, name: str, *, may_be_negative: bool) -> Any:  # noqa: ANN401
    if field.is_required():
        return None
    if field.default_factory is None:
        default = field.default  # sections are frozen, so that nobody needs a copy
    else:
        default = field.get_default(call_default_factory=True, validated_data={})
    return Quantity.read(default, name, may_be_negative) if isinstance(default, Assumed) else default


def _quantities(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, Quantity]]:
    if isinstance(value, Quantity):
        yield ".".join(path), value
    elif isinstance(value, Section):
        for name in type(value).model_fields:
            yield from _quantities(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _quantities(item, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for number, item in enumerate(value):
            yield from _quantities(item, (*path, str(number)))


def _step(annotation: Any, segment: str) -> Iterator[Any]:  # noqa: ANN401
    """Return what may stand under one more segment of a path."""
    for leaf in _leaves(annotation):
        if _is_section(leaf) and segment in fields_of(leaf):
            yield fields_of(leaf)[segment].annotation
        elif get_origin(leaf) in (list, tuple) and segment.isdecimal():
            yield get_args(leaf)[0]
        elif get_origin(leaf) is dict:
            yield get_args(leaf)[1]


def _leaves(annotation: Any, *, through_items: bool = False) -> Iterator[Any]:  # noqa: ANN401
    """Return the types a value may have, without Annotated and unions, on demand those of its items."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _leaves(arguments[0], through_items=through_items)
    elif origin in (Union, types.UnionType):
        for argument in arguments:
            yield from _leaves(argument, through_items=through_items)
    elif through_items and origin in (list, tuple):
        yield from _leaves(arguments[0], through_items=True)
    elif through_items and origin is dict:
        yield from _leaves(arguments[1], through_items=True)
    else:
        yield annotation


def _is_section(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, Section)


def _is_signed(annotation: Any) -> bool:  # noqa: ANN401
    """Tell whether the mark of a quantity that may be negative stands anywhere in an annotation."""
    return any(part is MAY_BE_NEGATIVE or _is_signed(part) for part in get_args(annotation))
