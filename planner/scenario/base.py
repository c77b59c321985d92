"""The base of every section of a scenario, and the spelling of a default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from planner.scenario.docstrings import field_docstrings
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
        hide_input_in_errors=False,
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:  # noqa: ANN401
        """Document the fields by the docstrings under them; pydantic's own reading of them takes four times as long."""
        super().__pydantic_init_subclass__(**kwargs)
        for name, text in field_docstrings(cls).items():
            if name in cls.__pydantic_fields__:
                cls.__pydantic_fields__[name].description = text

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Put the documentation of the fields into the JSON Schema as well."""
        described = handler(schema)
        properties = handler.resolve_ref_schema(described)["properties"]
        for name, field in cls.__pydantic_fields__.items():
            if field.description:
                properties[field.alias or name]["description"] = field.description
        return described


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
