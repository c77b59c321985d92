"""A quantity of a scenario: a number or a distribution, with the evidence that the user gives for it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, LiteralString, Self

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from planner.errors import suggestion
from planner.scenario.distributions import (
    Continuous,
    Distribution,
    LogitNormal,
    Lognormal,
    Normal,
    number_text,
)
from planner.scenario.spelling import ALLOWED, KINDS, LARGEST_NUMBER, NUMBER, parse
from planner.scenario.wording import show
from planner.units import is_share

FIELDS = ("value", "source", "as_of", "note")
WRONG_VALUE, WRONG_KEY = "quantity", "quantity_key"
"""The types of the errors that pydantic reports of a quantity, apart from its own."""
PATTERN = (
    rf"^\s*({NUMBER}\s+to\s+{NUMBER}|({'|'.join(KINDS)})\s*\(.*\))"
    rf"(\s+within\s*({NUMBER}\s*\.\.\s*({NUMBER})?|\.\.\s*{NUMBER}))?\s*$"
)


@dataclass(frozen=True)
class Assumed:
    """A default of the schema, before the name of its field says how it is to be read."""

    value: float | str
    note: str
    source: str | None = None
    as_of: date | None = None


@dataclass(frozen=True)
class Quantity:
    """A number or a distribution with its source, as a scenario writes it."""

    value: float
    """The number, or the median of the distribution."""
    distribution: Distribution | None = None
    source: str | None = None
    as_of: date | None = None
    note: str | None = None

    @property
    def is_uncertain(self) -> bool:
        """Tell whether the quantity is a distribution rather than a number."""
        return self.distribution is not None

    @property
    def text(self) -> str:
        """The spelling in a scenario file: `5` or `5 to 10`."""
        return self.distribution.text if self.distribution else number_text(self.value)

    def __str__(self) -> str:
        """Echo the quantity with the kind of its distribution: `5 to 10 (lognormal)`."""
        return str(self.distribution) if self.distribution else self.text

    @classmethod
    def read(
        cls, raw: object, name: str = "", may_be_negative: bool = False, above_zero: AboveZero | None = None
    ) -> Self:
        """Read what a scenario writes for the quantity called `name`, whose unit says what is allowed.

        Shares lie within 0..1; everything else is at least zero unless `may_be_negative`, and what is
        `above_zero` is never zero either.
        Raises pydantic's ValidationError with every problem of the quantity.
        """
        given = _as_mapping(raw)
        listed = ", ".join(FIELDS)
        problems = [
            _problem(
                (str(key),), f"is not a key; a quantity has {listed}{suggestion(str(key), FIELDS)}", WRONG_KEY
            )
            for key in given
            if key not in FIELDS
        ]
        readers: dict[str, Callable[[object], object]] = {
            "value": lambda value: _read_value(value, name, may_be_negative, above_zero),
            "source": _read_text,
            "as_of": _read_date,
            "note": _read_text,
        }
        parts: dict[str, Any] = {}
        for key, reader in readers.items():
            try:
                parts[key] = reader(given.get(key))
            except ValueError as error:
                written_in_mapping = isinstance(raw, Mapping) and key in raw
                problems.append(_problem((key,) if written_in_mapping else (), str(error)))
        if problems:
            raise ValidationError.from_exception_data(name or "quantity", problems)
        if isinstance(parts["value"], Distribution):
            parts["distribution"] = parts["value"]
            parts["value"] = parts["distribution"].median
        return cls(**parts)

    def written(self) -> float | str | dict[str, Any]:
        """Return what a scenario file would say, from which `read` makes an equal quantity."""
        value = self.text if self.distribution else self.value
        evidence = {"source": self.source, "as_of": self.as_of and self.as_of.isoformat(), "note": self.note}
        evidence = {key: text for key, text in evidence.items() if text}
        return {"value": value, **evidence} if evidence else value

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Tell pydantic to read the quantity by the name of the field that holds it."""
        return _core_schema(may_be_negative=False)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe the three spellings; `planner.scenario.documents` adds the bounds that a name implies."""
        return _json_schema(may_be_negative=False)


class _MayBeNegative:
    """The mark of a field whose quantity may be negative; used as `Annotated[Quantity, MAY_BE_NEGATIVE]`."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _core_schema(may_be_negative=True)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return _json_schema(may_be_negative=True)


MAY_BE_NEGATIVE = _MayBeNegative()


@dataclass(frozen=True)
class AboveZero:
    """The mark of a field whose quantity cannot be zero, since something is divided by it."""

    hint: str = ""
    """What to write instead of zero, where that is not plain."""

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return _core_schema(may_be_negative=False, above_zero=self)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        return {"quantity": "positive"}


ABOVE_ZERO = AboveZero()
Positive = Annotated[Quantity, ABOVE_ZERO]
"""The type of a field whose quantity is divided by."""


def _core_schema(*, may_be_negative: bool, above_zero: AboveZero | None = None) -> CoreSchema:
    return core_schema.with_info_plain_validator_function(
        partial(_validate, may_be_negative=may_be_negative, above_zero=above_zero),
        serialization=core_schema.plain_serializer_function_ser_schema(
            lambda quantity: quantity.written() if isinstance(quantity, Quantity) else quantity
        ),
    )


def _validate(
    raw: object, info: core_schema.ValidationInfo, *, may_be_negative: bool, above_zero: AboveZero | None
) -> Quantity:
    return Quantity.read(raw, info.field_name or "", may_be_negative, above_zero)


def _json_schema(*, may_be_negative: bool) -> JsonSchemaValue:
    return {"quantity": "signed" if may_be_negative else "amount"}


def _as_mapping(raw: object) -> Mapping[object, object]:
    if isinstance(raw, Quantity):
        raw = raw.written()
    if isinstance(raw, Assumed):
        return {"value": raw.value, "source": raw.source, "as_of": raw.as_of, "note": raw.note}
    return raw if isinstance(raw, Mapping) else {"value": raw}


def _problem(place: tuple[str, ...], message: str, kind: LiteralString = WRONG_VALUE) -> InitErrorDetails:
    error = PydanticCustomError(kind, "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=place, input=None)


def _read_value(
    raw: object, name: str, may_be_negative: bool, above_zero: AboveZero | None
) -> Distribution | float:
    if isinstance(raw, str):
        distribution = parse(raw, name, may_be_negative)
        _check_support(distribution, name, may_be_negative)
        # a continuous distribution that starts at zero never draws it
        if above_zero and distribution.lower <= 0 and not isinstance(distribution, Continuous):
            raise ValueError(f"must be above zero, but `{distribution.text}` can be 0{above_zero.hint}")
        return distribution
    if raw is None:
        raise ValueError(f"the value is missing; {ALLOWED}")
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ValueError(f"{show(raw)} is not a quantity; {ALLOWED}, or {{value: ..., source: ...}}")
    if not abs(raw) <= LARGEST_NUMBER:  # also catches what is not a number
        raise ValueError(f"{show(raw)} is not a quantity; numbers are finite and below {LARGEST_NUMBER:g}")
    if above_zero and raw <= 0:
        raise ValueError(f"must be above zero (was {show(raw)}){above_zero.hint}")
    if is_share(name) and not 0 <= raw <= 1:
        percent = f"; write {raw / 100:.12g} for {raw:.12g} %" if 1 < raw <= 100 else ""
        raise ValueError(f"{show(raw)} is outside 0 and 1, which a share must not be{percent}")
    if raw < 0 and not may_be_negative:
        raise ValueError(f"{show(raw)} is below zero; this quantity cannot be negative")
    return float(raw)


def _check_support(distribution: Distribution, name: str, may_be_negative: bool) -> None:
    written = f"`{distribution.text}`"
    if is_share(name):
        if distribution.lower < 0 or distribution.upper > 1:
            raise ValueError(
                f"{written} can leave 0 to 1, which a share must not{_instead(distribution, 1.0)}"
            )
    elif distribution.lower < 0 and not may_be_negative:
        raise ValueError(
            f"{written} can go below zero, which this quantity must not{_instead(distribution, math.inf)}"
        )


def _instead(distribution: Distribution, upper: float) -> str:
    """Return the spelling that stays within 0 and `upper`, where one can be read off the numbers."""
    if not isinstance(distribution, Normal):
        return f"; keep its ends within 0 and {number_text(upper)}" if upper < math.inf else "; start it at 0"
    if not 0 < distribution.p5 < distribution.p95 < upper:
        return "; write uniform(low, high) or pert(low, mode, high) with ends that are allowed"
    interval = (LogitNormal if upper == 1.0 else Lognormal)(distribution.p5, distribution.p95)
    return f"; write `{interval.text}` ({interval.kind})"


def _read_text(raw: object) -> str | None:
    if raw is None or (isinstance(raw, str) and raw.strip()):
        return raw
    raise ValueError(f"{show(raw)} is not a text")


def _read_date(raw: object) -> date | None:
    if raw is None or isinstance(raw, date):
        return raw
    form = f"{show(raw)} is not a date; write year-month-day, such as 2026-11-23"
    if not (isinstance(raw, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", raw, re.ASCII)):
        raise ValueError(form)
    try:
        return date.fromisoformat(raw)
    except ValueError as error:
        raise ValueError(form) from error
