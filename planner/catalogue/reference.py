"""Single published facts that serve as defaults."""

from __future__ import annotations

from planner.catalogue.facts import Fact, fact, table, unknown


def reference_names() -> tuple[str, ...]:
    """Return the names of all reference facts, in the order of the file."""
    return tuple(row["name"] for row in table("reference"))


def reference(name: str) -> Fact:
    """Return one fact, with the range that its source gives where there is one.

    Raises CatalogueError with the nearest spelling.
    """
    for row in table("reference"):
        if row["name"] == name:
            return fact(row, name, row["value"])
    raise unknown("reference fact", name, reference_names())
