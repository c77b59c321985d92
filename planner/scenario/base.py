"""The base of every section of a scenario, and the spelling of a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from planner.scenario.quantities import Assumed


class Section(BaseModel):
    """A group of keys of a scenario: frozen, closed, strict, with the docstring under a field as its help.

    A field of type Quantity is read and checked by its own name: `churn_share_per_month` must be a share.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        validate_default=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        hide_input_in_errors=False,
    )


def assumed(value: float | str, note: str, source: str | None = None, as_of: date | None = None) -> Any:  # noqa: ANN401
    """Return the default of a quantity: an assumption with its reason, or a published one with its source.

    The result stands in for a Quantity until the section is validated, when the field's name says how to read
    it; hence the type Any.
    """
    return Assumed(value, note, source, as_of)


def raise_at(problems: Mapping[tuple[str | int, ...], str]) -> None:
    """Refuse keys below the one that a validator looks at, each with its own words; nothing for no problem.

    Raises pydantic's ValidationError.
    """
    if problems:
        raise ValidationError.from_exception_data(
            "section",
            [
                InitErrorDetails(
                    type=PydanticCustomError("value_error", "{error}", {"error": words}), loc=path, input=None
                )
                for path, words in problems.items()
            ],
        )
