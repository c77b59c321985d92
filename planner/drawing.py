"""Draws the uncertain leaves of a plan: what they depend on, and their values in any block of draws."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from planner.engine import is_shock
from planner.evidence import Leaf
from planner.scenario.keys import ANY
from planner.scenario.loading import Loaded
from planner.scenario.overrides import FIGURES
from planner.scenario.sampling import Sampler, shocks
from planner.scenario.schema import Company
from planner.scenario.uncertainty import Dependence, Input, dependence

MOST_KEPT_VALUES = 1 << 23
"""Drawn values that are kept for the next plan (64 MiB); more draws are made anew, block by block."""

Values = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Draws:
    """The draws of the leaves of a plan."""

    leaves: tuple[Leaf, ...]
    sampler: Sampler
    dependence: Dependence
    months: int
    shocks: tuple[str, ...] = ()
    """Leaves that are drawn anew for each month."""
    drawn: dict[tuple[int, int], Values] | None = field(default=None, repr=False, compare=False)
    """The blocks that were drawn, where they are kept for a plan that draws alike."""

    @property
    def count(self) -> int:
        """How many draws there are."""
        return self.sampler.draws

    @property
    def scrambles(self) -> tuple[slice, ...]:
        """The rows of each independent scramble, from whose spread the error of a result is estimated."""
        return self.sampler.scrambles

    def only(self, names: Iterable[str]) -> Draws:
        """Return the same draws of some of the leaves alone."""
        wanted = set(names)
        leaves = tuple(leaf for leaf in self.leaves if leaf.name in wanted)
        kept = {name for leaf in leaves for name in leaf.uncertain}
        distributions = {name: one for name, one in self.sampler.distributions.items() if name in kept}
        shocks = tuple(name for name in self.shocks if name in wanted)
        sampler = replace(self.sampler, distributions=distributions)
        return replace(self, leaves=leaves, sampler=sampler, shocks=shocks, drawn=None)

    def after(self, other: Draws | None) -> Draws:
        """Return these draws, which take from another plan's what it drew alike, and keep what they draw themselves.

        A block is taken whole or not at all: one distribution or correlation that differs may change all values.
        """
        values_per_draw = len(self.sampler.distributions) + self.months * len(self.shocks)
        if self.count * values_per_draw > MOST_KEPT_VALUES:
            return self
        if other is None or other.drawn is None or self._drawn_by != other._drawn_by:
            return replace(self, drawn={})
        return replace(self, drawn=other.drawn)

    def block(self, start: int, stop: int) -> dict[str, Any]:
        """Return every leaf in draws `start` to `stop`: a number, `(draws,)`, `(items, draws)` or `(months, draws)`.

        `start` is a multiple of 1,024; how the draws are divided into blocks does not change them.
        """
        values = self._kept(start, stop)
        found = {leaf.name: leaf.drawn(values) for leaf in self.leaves}
        return found | {name: values[name] for name in self.shocks}

    @property
    def _drawn_by(self) -> tuple[object, ...]:
        """All that the drawn values depend on."""
        return self.sampler, self.months, self.shocks

    def _kept(self, start: int, stop: int) -> Values:
        """Return the drawn values of a block, kept from an earlier plan if there was one that drew alike."""
        if self.drawn is None:
            return self._draw(start, stop)
        if (start, stop) not in self.drawn:
            self.drawn[start, stop] = self._draw(start, stop)
            for values in self.drawn[start, stop].values():
                values.flags.writeable = False
        return self.drawn[start, stop]

    def _draw(self, start: int, stop: int) -> Values:
        values = self.sampler.block(start, stop) if self.sampler.distributions else {}
        seed = self.sampler.seed
        return values | {name: shocks(name, self.months, start, stop, seed) for name in self.shocks}


def draws_of(
    leaves: Mapping[str, Leaf], used: Iterable[str], loaded: Loaded[Company], draws: int, seed: int
) -> Draws:
    """Return the draws of the leaves that a plan uses, among all that it knows.

    Raises:
        ScenarioError: the scenario correlates what does not exist or is not uncertain.
    """
    section = loaded.scenario.uncertainty
    found = dependence(
        section, _inputs(leaves, loaded), lambda key: loaded.positions.get(key) or _near(loaded, key)
    )
    drawn = tuple(leaves[name] for name in used)
    distributions = {
        name: quantity.distribution
        for leaf in drawn
        for name, quantity in leaf.uncertain.items()
        if quantity.distribution
    }
    sampler = Sampler(distributions, draws, seed, section.sampling_method, found.groups)
    # A shock that was set from outside is a number like any other.
    names = tuple(leaf.name for leaf in drawn if is_shock(leaf.name) and leaf.name not in loaded.overrides)
    return Draws(drawn, sampler, found, loaded.scenario.horizon_months, names)


def _inputs(leaves: Mapping[str, Leaf], loaded: Loaded[Company]) -> dict[str, Input]:
    """Return what every spelling of an input stands for: its name, its dotted key, and those of items."""
    found: dict[str, Input] = {}
    overridden = {
        leaf: name for name in loaded.overrides for leaf in leaves if leaf.rpartition(".")[2] == name
    }
    overridden |= {name: name for name in loaded.overrides}
    for leaf in leaves.values():
        for number, quantity in enumerate(leaf.quantities):
            name = f"{leaf.name}.{number}" if leaf.is_list else leaf.name
            key = leaf.key.replace(ANY, str(number), 1)
            if leaf.name in overridden:
                key = f"{FIGURES}.{overridden[leaf.name]}"
            place = loaded.positions.get(key)
            is_set = place is not None and not place.line
            one = Input(name, "" if quantity.is_uncertain else quantity.text, is_set)
            found |= {spelling: one for spelling in (name, key) if spelling}
    return found


def _near(loaded: Loaded[Company], key: str) -> object:
    """Return the place of the nearest key above one that has no place of its own, or else the file."""
    while key:
        key = key.rpartition(".")[0]
        if key in loaded.positions:
            return loaded.positions[key]
    return loaded.path
