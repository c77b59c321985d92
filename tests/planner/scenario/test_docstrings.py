"""The docstring under a field is its description and its text in the JSON Schema."""

from __future__ import annotations

from planner.scenario.base import Section
from planner.scenario.docstrings import field_docstrings


class Outer(Section):
    """A section."""

    amount_usd: float = 1.0
    """How much,
    in two lines.
    """
    silent: int = 0
    last_one: str = ""
    """The last field."""

    def method(self) -> int:
        """Not a field."""
        return self.silent

    class Inner(Section):
        """A section inside another."""

        amount_usd: float = 2.0
        """Another amount."""


class Heir(Outer):
    """A section that adds a field to another's."""

    added: int = 0
    """What is added."""


def test_docstrings_belong_to_their_own_class() -> None:
    class Local(Section):
        """A section inside a function."""

        amount_usd: float = 3.0
        """A local amount."""

    expected = {"amount_usd": "How much,\nin two lines.", "last_one": "The last field."}
    assert field_docstrings(Outer) == expected
    assert field_docstrings(Outer.Inner) == {"amount_usd": "Another amount."}
    assert field_docstrings(Local) == {"amount_usd": "A local amount."}
    assert field_docstrings(type("Unwritten", (), {})) == {}
    described = {name: field.description for name, field in Heir.model_fields.items()}
    assert described == {**expected, "silent": None, "added": "What is added."}


def test_the_json_schema_has_them() -> None:
    properties = Heir.model_json_schema()["properties"]
    assert properties["amount_usd"]["description"] == "How much,\nin two lines."
    assert "description" not in properties["silent"]
    assert properties["added"]["description"] == "What is added."
