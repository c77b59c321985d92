"""What depends on what: common factors, correlations, and what of it could not be met."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.sentences import input_label
from planner.result import Result
from planner.scenario.keys import ANY
from planner.scenario.uncertainty import FACTOR, Repair


@dataclass(frozen=True)
class Named:
    """An input as a reader knows it, with where the page explains it, or the name of a factor."""

    label: str
    anchor: str = ""


@dataclass(frozen=True)
class Driver:
    """A common factor with the inputs that it drives and how strongly."""

    name: str
    drives: tuple[tuple[Named, str], ...]


@dataclass(frozen=True)
class Pair:
    """Two inputs that tend to be high together, or one high when the other is low."""

    first: Named
    second: Named
    value: str


@dataclass(frozen=True)
class Change:
    """A pair whose dependence could not be met beside the others."""

    first: Named
    second: Named
    asked: str
    drawn: str
    is_loading: bool


class Dependences:
    """Reads off a result which of its inputs depend on each other."""

    def __init__(self, result: Result, entries: Entries, formats: Formats) -> None:
        """Take the result, what can be linked to, and how the language writes numbers."""
        self.result = result
        self.entries = entries
        self.f = formats
        self.found = result.drawing.dependence
        self.notes = self.found.notes

    def __bool__(self) -> bool:
        """Tell whether any input depends on another."""
        return bool(self.found.groups)

    def drivers(self) -> list[Driver]:
        """The common factors as the scenario writes them."""
        factors = self.result.scenario.uncertainty.factors
        drivers = [
            Driver(
                factor.factor.replace("_", " "),
                tuple(
                    (self._named(name), self._signed(loading))
                    for name, loading in factor.drives.items()
                    if self._is_drawn(name)
                ),
            )
            for factor in factors
        ]
        return [driver for driver in drivers if driver.drives]

    def pairs(self) -> list[Pair]:
        """The correlations as the scenario writes them."""
        return [
            Pair(self._named(one.between[0]), self._named(one.between[1]), self._signed(one.rank_correlation))
            for one in self.result.scenario.uncertainty.correlations
            if all(map(self._is_drawn, one.between))
        ]

    def repairs(self) -> list[Change]:
        """What was asked and could not be met, with what is drawn instead."""
        return list(self._changes(self.found.repairs))

    def _changes(self, repairs: tuple[Repair, ...]) -> Iterator[Change]:
        for repair in repairs:
            first, second = (self._named(name) for name in repair.between)
            asked, drawn = self._signed(repair.asked), self._signed(repair.got)
            yield Change(first, second, asked, drawn, repair.kind == "loading")

    def _is_drawn(self, spelling: str) -> bool:
        """Tell whether an input takes part; one that was set to a single value for this run rests."""
        name = self._leaf_name(spelling)
        return any(known == spelling or known.partition(".")[0] == name for known in self.found.names)

    def _named(self, spelling: str) -> Named:
        if spelling.startswith(FACTOR):
            return Named(spelling.removeprefix(FACTOR).replace("_", " "))
        name = self._leaf_name(spelling)
        leaf = self.result.leaves.get(name)
        label = (input_label(leaf.help, self.f) if leaf else "") or spelling
        if leaf and leaf.is_list:
            label += f" ({spelling})"
        return Named(label, self.entries.anchor(name) if name in self.entries.leaves else "")

    def _leaf_name(self, spelling: str) -> str:
        """Return the name of the leaf that a name, a dotted key or an item of a list stands for."""
        pattern = ".".join(ANY if part.isdecimal() else part for part in spelling.split("."))
        for name, leaf in self.result.leaves.items():
            if spelling in (name, leaf.key) or pattern in (leaf.key, f"{name}.{ANY}"):
                return name
        return spelling.rpartition(".")[2]

    def _signed(self, value: float) -> str:
        return f"{'+' if value > 0 else ''}{self.f.number(value, 2)}"
