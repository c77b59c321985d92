"""What is unusual about the inputs of a plan: values outside what is known of such companies, evidence that is old."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from planner import catalogue
from planner.errors import CatalogueError
from planner.evidence import Leaf
from planner.published import around
from planner.scenario.distributions import Continuous
from planner.scenario.keys import Key, keys
from planner.scenario.loading import Loaded
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company
from planner.units import unit_of

Kind = Literal["low", "high", "old"]
TAIL_SHARE = 0.05
"""A value is unusual when fewer than this share of such companies lie beyond it."""
RATES = frozenset({"share", "ratio", "days", "months"})
"""Units of what is alike from company to company; sizes, such as users or dollars, are each company's own."""
OLD_DAYS = 365
DATE = re.compile(r"(\d{4})(?:-(\d{2}))?(?:-(\d{2}))?")


@dataclass(frozen=True)
class Remark:
    """One thing that is worth a second look; nothing that is wrong."""

    kind: Kind
    name: str
    key: str
    value: str
    beyond_share: float
    """Share of such companies that lie beyond the value; zero for old evidence."""
    reference: str
    """The range that is usual and where it comes from, or the date of the evidence."""

    def __str__(self) -> str:
        """Return the remark in a sentence."""
        if self.kind == "old":
            return f"{self.key or self.name}: its evidence is of {self.reference}, more than a year ago"
        than = "lower" if self.kind == "low" else "higher"
        share = 1 - self.beyond_share
        most = "nearly all" if share > 0.995 else f"{share:.0%}"
        return f"{self.key}: {self.value} is {than} than {most} of what is usual, {self.reference}"


def remarks(
    leaves: Mapping[str, Leaf], used: Iterable[str], loaded: Loaded[Company], today: date
) -> list[Remark]:
    """Return what is worth a second look among the inputs that a plan uses: unusual values, then old evidence."""
    schema = {key.name: key for key in keys(type(loaded.scenario)).values() if key.is_quantity}
    found = [leaves[name] for name in used]
    unusual = [remark for leaf in found for remark in _unusual(leaf, schema.get(leaf.name), loaded)]
    return [*unusual, *(remark for leaf in found for remark in _old(leaf, today))]


def _unusual(leaf: Leaf, key: Key | None, loaded: Loaded[Company]) -> Iterator[Remark]:
    """Yield a remark on a value that the user wrote and that few such companies have."""
    unit = unit_of(leaf.name)
    is_rate = bool(unit.denominator) or (set(unit.numerator) <= RATES and bool(unit.numerator))
    if key is None or leaf.is_list or leaf.problem or not is_rate or leaf.key not in loaded.positions:
        return
    usual, why = _usual(leaf.name, key)
    if usual is None:
        return
    value, distribution = leaf.quantities[0].value, usual.distribution
    assert isinstance(distribution, Continuous)
    below = distribution.share_below(value)
    kind: Kind = "low" if below < 0.5 else "high"
    beyond = min(below, 1 - below)
    if beyond < TAIL_SHARE:
        reference = f"{usual.text} ({why})"
        yield Remark(kind, leaf.name, leaf.key, leaf.quantities[0].text, beyond, reference)


def _usual(name: str, key: Key) -> tuple[Quantity | None, str]:
    """Return what is usual: the default's range with its reason, or else a published one; None where none is known."""
    if isinstance(key.default, Quantity) and isinstance(key.default.distribution, Continuous):
        return key.default, key.default.note or key.default.source or "default of Benchplan"
    try:
        usual, fact = around(catalogue.reference(name))
    except CatalogueError:
        return None, ""
    return (usual, fact.source) if isinstance(usual.distribution, Continuous) else (None, "")


def _old(leaf: Leaf, today: date) -> Iterator[Remark]:
    found = DATE.fullmatch(leaf.evidence.as_of)
    if found is None:
        return
    year, month, day = (int(part) if part else None for part in found.groups())
    # What is dated by its year or month alone may be of its last day.
    last = date(year or 1, month or 12, day or 28)
    if (today - last).days > OLD_DAYS:
        yield Remark("old", leaf.name, leaf.key, "", 0.0, leaf.evidence.as_of)
