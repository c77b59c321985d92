"""What a scenario says of the dependence between its uncertain inputs, and the groups that this makes of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from planner.errors import ScenarioError, suggestion
from planner.scenario.base import Section
from planner.scenario.correlation import (
    Group,
    nearest_correlation,
    pearson_of,
    rank_correlation_of,
    triangular_root,
)
from planner.scenario.dimensions import dimensions

FACTOR = "factor."
"""Stands before the name of a common factor among the names that are drawn."""
SMALLEST_REPAIR = 5e-4
"""A correlation that was changed by less is not reported."""

Loading = Annotated[float, Field(ge=-1, le=1)]


class Correlation(Section):
    """Two uncertain inputs that tend to be high together, or one high when the other is low."""

    between: Annotated[tuple[str, ...], Field(min_length=2, max_length=2)]
    """The two inputs: names, dotted keys, or items of lists such as `people.roles.0.role_people`."""
    rank_correlation: Loading
    """Spearman's rank correlation of the two, from -1 to 1."""


class Factor(Section):
    """Something in the world that drives several inputs at once: demand, a price war, the price of accelerators."""

    factor: Annotated[str, Field(min_length=1)]
    """What it is called; `demand`, `price_war`, `gpu_price` and `funding_climate` are drawn most evenly."""
    drives: Annotated[dict[str, Loading], Field(min_length=1)]
    """How strongly it drives each input: the correlation, -1 to 1, of the factor and the input as normal scores."""


class Uncertainty(Section):
    """How uncertain inputs are drawn, and which of them depend on each other."""

    sampling_method: Literal["sobol", "latin_hypercube", "plain"] = "sobol"
    """How inputs are drawn: scrambled Sobol points, a Latin hypercube, or plain random numbers."""
    correlations: tuple[Correlation, ...] = ()
    """Rank correlations between pairs of uncertain inputs; they prevail over what factors imply for the pair."""
    factors: tuple[Factor, ...] = ()
    """Common factors, each of which drives several uncertain inputs."""


@dataclass(frozen=True)
class Input:
    """What a name in this section may stand for."""

    name: str
    """The name under which the input is drawn, such as `role_people.0`."""
    fixed: str = ""
    """Its single value, where it is not uncertain."""
    is_set: bool = False
    """The single value was set for this one run, so that what the file says of the input rests meanwhile."""


@dataclass(frozen=True)
class Repair:
    """A dependence that could not be met beside the others, and what it became."""

    between: tuple[str, str]
    kind: Literal["rank_correlation", "loading"]
    asked: float
    got: float

    def __str__(self) -> str:
        """Say what was asked and what is drawn."""
        word = "rank correlation" if self.kind == "rank_correlation" else "loading"
        return (
            f"{word} of {self.between[0]} and {self.between[1]}: asked {self.asked:.3f}, drawn {self.got:.3f}"
        )


@dataclass(frozen=True)
class Dependence:
    """The groups of inputs that depend on each other, and what had to be changed or left out."""

    groups: tuple[Group, ...] = ()
    repairs: tuple[Repair, ...] = ()
    """Pairs whose dependence was changed because no joint distribution has all that was asked, largest first."""
    notes: tuple[str, ...] = ()
    """What rests because an input was set to a single value for this run."""

    @property
    def names(self) -> frozenset[str]:
        """Every input and factor that depends on another."""
        return frozenset(name for group in self.groups for name in group.names)


Pair = tuple[str, str]


def dependence(
    section: Uncertainty, inputs: Mapping[str, Input], place: Callable[[str], object]
) -> Dependence:
    """Return the dependence that a scenario asks for between its uncertain inputs.

    `inputs` knows every input by each of its spellings, `place` where a dotted key was written.

    Raises:
        ScenarioError: names that are unknown, fixed or twice, loadings that are too strong; with their places.
    """
    reader = _Reader(inputs, place)
    loadings = reader.loadings(section.factors)
    correlations = reader.correlations(section.correlations)
    reader.check_strength(loadings)
    if reader.problems:
        raise ScenarioError(reader.problems)
    groups, repairs = [], []
    for names in _components([*loadings, *correlations]):
        group, changed = _group(names, loadings, correlations)
        groups.append(group)
        repairs += changed
    repairs.sort(key=lambda repair: -abs(repair.got - repair.asked))
    return Dependence(tuple(groups), tuple(repairs), tuple(reader.notes))


class _Reader:
    """Turns what is written into pairs of names, and gathers what is wrong with it."""

    def __init__(self, inputs: Mapping[str, Input], place: Callable[[str], object]) -> None:
        self.inputs = inputs
        self.place = place
        self.problems: list[str] = []
        self.notes: list[str] = []

    def loadings(self, factors: Sequence[Factor]) -> dict[Pair, float]:
        """Return the loadings by factor and input."""
        found: dict[Pair, float] = {}
        names = Counter(one.factor for one in factors)
        for number, one in enumerate(factors):
            path = f"uncertainty.factors.{number}"
            if names[one.factor] > 1:
                self._problem(f"{path}.factor", f"'{one.factor}' stands twice; join what it drives")
            for spelling, loading in one.drives.items():
                key = f"{path}.drives.{spelling}"
                name = self._name(spelling, key)
                pair = (FACTOR + one.factor, name or "")
                if name and pair in found:
                    self._problem(key, f"'{spelling}' stands twice under {one.factor}; keep one")
                elif name:
                    found[pair] = loading
        return found

    def correlations(self, written: Sequence[Correlation]) -> dict[Pair, float]:
        """Return the correlations of scores by pairs of inputs in alphabetical order."""
        found: dict[Pair, float] = {}
        for number, one in enumerate(written):
            key = f"uncertainty.correlations.{number}.between"
            first, second = (self._name(spelling, f"{key}.{i}") for i, spelling in enumerate(one.between))
            if first is None or second is None:
                continue
            pair = (min(first, second), max(first, second))
            if first == second:
                self._problem(key, f"names '{one.between[0]}' twice; a correlation is between two inputs")
            elif pair in found:
                self._problem(key, f"the pair {first} and {second} stands above already; keep one")
            else:
                found[pair] = pearson_of(one.rank_correlation)
        return found

    def check_strength(self, loadings: Mapping[Pair, float]) -> None:
        """Refuse inputs that factors would drive more than fully."""
        squares: Counter[str] = Counter()
        for (_, name), loading in loadings.items():
            squares[name] += loading**2  # type: ignore[assignment]
        for name, total in squares.items():
            if total > 1.0 + 1e-9:
                self._problem(
                    "uncertainty.factors",
                    f"the factors drive {name} too strongly: the squares of its loadings add up to {total:.3g}; "
                    "they must add up to at most 1",
                )

    def _name(self, spelling: str, key: str) -> str | None:
        found = self.inputs.get(spelling)
        if found is None:
            uncertain = [name for name, one in self.inputs.items() if not one.fixed]
            hint = suggestion(spelling, uncertain) or "; name an input that has a distribution"
            self._problem(key, f"'{spelling}' is no input of this plan{hint}")
        elif found.fixed and found.is_set:
            self.notes.append(
                f"{found.name} is set to {found.fixed}, so its dependence on other inputs rests"
            )
        elif found.fixed:
            self._problem(
                key,
                f"'{spelling}' has the single value {found.fixed}; only uncertain inputs depend on others, so give "
                "it an interval or take it out here",
            )
        else:
            return found.name
        return None

    def _problem(self, key: str, text: str) -> None:
        self.problems.append(f"{self.place(key)}: {key}: {text}")


def _components(pairs: Sequence[Pair]) -> Iterator[tuple[str, ...]]:
    """Yield the names that are linked by pairs, factors first and then by their dimensions."""
    linked: dict[str, set[str]] = {}
    for first, second in pairs:
        joined = linked.get(first, {first}) | linked.get(second, {second})
        for name in joined:
            linked[name] = joined
    registered = dimensions()

    def place(name: str) -> tuple[bool, float, str]:
        return not name.startswith(FACTOR), registered.get(name, math.inf), name

    for names in {id(joined): joined for joined in linked.values()}.values():
        yield tuple(sorted(names, key=place))


def _group(
    names: tuple[str, ...], loadings: Mapping[Pair, float], correlations: Mapping[Pair, float]
) -> tuple[Group, list[Repair]]:
    """Return a group with the correlations nearest to those asked, and which of them had to be changed."""
    row = {name: number for number, name in enumerate(names)}
    factors = [name for name in names if name.startswith(FACTOR)]
    weights = np.zeros((len(names), len(factors)))
    for (factor, name), loading in loadings.items():
        if name in row:
            weights[row[name], row[factor]] = loading
    weights[: len(factors)] = np.eye(len(factors))
    asked = weights @ weights.T
    for (first, second), correlation in correlations.items():
        if first in row:
            asked[row[first], row[second]] = asked[row[second], row[first]] = correlation
    np.fill_diagonal(asked, 1.0)
    got = nearest_correlation(asked)
    root = triangular_root(got)
    repairs = []
    for i, first in enumerate(names):
        for j in range(i + 1, len(names)):
            is_loading = i < len(factors)
            before, after = float(asked[i, j]), float(got[i, j])
            if not is_loading:
                before, after = rank_correlation_of(before), rank_correlation_of(after)
            if abs(after - before) >= SMALLEST_REPAIR:
                kind: Literal["loading", "rank_correlation"] = "loading" if is_loading else "rank_correlation"
                repairs.append(Repair((first, names[j]), kind, before, after))
    return Group(names, tuple(map(tuple, root.tolist()))), repairs
