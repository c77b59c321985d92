"""What the catalogue is made of: facts with their source, read from the CSV files beside this module."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Literal

from planner import units
from planner.errors import CatalogueError, nearest, suggestion

EvidenceKind = Literal["published", "assumed"]
Row = dict[str, str]

_FOLDER = Path(__file__).parent
_NAMES_LISTED = 60


@dataclass(frozen=True, slots=True)
class Fact:
    """One number with what stands behind it.

    The unit is the one that the name carries; `as_of` is a day, a month or a year, as exactly as it is known.
    `low` and `high` are the range that the source gives or that the offers span, where there is one.
    """

    name: str
    value: float
    as_of: str
    source: str
    evidence: EvidenceKind
    note: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def unit(self) -> str:
        """The unit for people, read from the name."""
        return units.unit_text(self.name)

    @property
    def interval(self) -> str | None:
        """The range in the spelling of a scenario (`5 to 10`), or None where the source gives one number."""
        return None if self.low is None or self.high is None else f"{self.low:g} to {self.high:g}"

    def noted(self, note: str) -> Fact:
        """Return the same fact with a note before its own."""
        return replace(self, note=f"{note}; {self.note}" if self.note else note)


@cache
def table(name: str) -> tuple[Row, ...]:
    """Read one CSV file of the catalogue, once."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def fact(row: Row, name: str, value: str) -> Fact:
    """Make a fact of a row, whose other columns are named as the fields of a fact."""
    return Fact(
        name=name,
        value=float(value),
        as_of=row["as_of"],
        source=row["source"],
        evidence="published" if row["evidence"] == "published" else "assumed",
        note=row["note"],
        low=float(row["low"]) if row.get("low") else None,
        high=float(row["high"]) if row.get("high") else None,
    )


def named(facts: Iterable[Fact], quantity: str, owner: str) -> Fact:
    """Return the fact of a quantity among those of an accelerator or a model.

    Raises CatalogueError where there is none, with the quantities that there are.
    """
    by_name = {known.name: known for known in facts}
    if quantity not in by_name:
        raise unknown(f"quantity of {owner}", quantity, by_name)
    return by_name[quantity]


def first_day(as_of: str) -> date:
    """Read `2026`, `2026-03` or `2026-03-17` as the first day of what it names."""
    year, month, day = [*map(int, as_of.split("-")), 1, 1][:3]
    return date(year, month, day)


def aliases(names: str, id_column: str) -> dict[str, str]:
    """Map every accepted spelling, in lower case, to its id."""
    found = {}
    for row in table(names):
        spellings = [row[id_column], row["display_name"], *row["aliases"].split(";")]
        found.update({spelling.lower(): row[id_column] for spelling in spellings if spelling})
    return found


def resolve(kind: str, asked: str, spellings: dict[str, str]) -> str:
    """Return the id for one of its spellings.

    Raises CatalogueError with the nearest spelling and the ids that exist.
    """
    key = asked.strip().lower()
    if key not in spellings:
        # the hint is an id, not the alias that happens to be spelt alike
        close = [spellings[spelling] for spelling in nearest(key, spellings)]
        raise unknown(kind, asked, spellings.values(), f"; did you mean '{close[0]}'?" if close else "")
    return spellings[key]


def unknown(kind: str, asked: str, known: Iterable[str], hint: str | None = None) -> CatalogueError:
    """Make the error for a name that the catalogue lacks, with what it holds."""
    ids = sorted(set(known))
    hint = suggestion(asked, ids) if hint is None else hint
    shown = ", ".join(ids[:_NAMES_LISTED]) + (", ..." if len(ids) > _NAMES_LISTED else "")
    end = "" if hint.endswith("?") else "."
    return CatalogueError(f"unknown {kind} '{asked}'{hint}{end} The catalogue holds: {shown}")
