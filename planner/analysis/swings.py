"""How far a figure moves with one uncertain input: which inputs carry a result.

Two answers stand side by side. Moved alone, an input goes from its p10 to its p90 while all others stay at their
medians. In the draws, everything moves, and what depends on the input moves with it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from planner.evidence import Leaf
from planner.figure import Figure
from planner.result import Result
from planner.scenario.quantities import Quantity

Array = NDArray[np.float64]
Average = Literal["mean", "median"]

ENDS = (0.1, 0.9)
FIFTH = 0.2
MOST_DRAWS = 16_384
"""No more draws of the inputs are made again; so many show a conditional mean well enough for a bar."""
FEWEST_DRAWS = 100
"""With fewer draws a fifth of them says nothing."""


@dataclass(frozen=True)
class Conditional:
    """The average of a figure over the draws in which an input lies in its lowest and in its highest fifth."""

    lowest: float
    highest: float
    average: Average


@dataclass(frozen=True)
class Swing:
    """A figure with one input at its p10 and at its p90, all other inputs at their medians."""

    leaf: Leaf
    at_p10: float
    at_p90: float
    in_draws: Conditional | None = None
    """None without draws, or where the draws of the input have no two ends."""

    @property
    def size(self) -> float:
        """How far apart the two are; zero where one of them is not a number."""
        difference = abs(self.at_p90 - self.at_p10)
        return difference if np.isfinite(difference) else 0.0


def swings(result: Result, figure: str) -> list[Swing]:
    """Return what every uncertain input does to a figure known at the end of the plan, the largest effect first.

    A list, such as the salaries of the roles, moves as one. All inputs are run together: each takes two columns, in
    which it alone leaves its median.
    """
    in_draws = conditionals(result, figure)
    found = [
        replace(swing, in_draws=in_draws.get(swing.leaf.name))
        for swing in moved_alone(result, [figure])[figure]
    ]
    return sorted(found, key=lambda swing: -swing.size)


def moved_alone(result: Result, figures: Sequence[str]) -> dict[str, list[Swing]]:
    """Return what every uncertain input, moved alone, does to several figures known at the end, in one run of all."""
    uncertain = [leaf for leaf in result.used_leaves().values() if leaf.uncertain]
    if not uncertain:
        return {figure: [] for figure in figures}
    moved: dict[str, Any] = dict(result.central_leaves)
    for column, leaf in enumerate(uncertain):
        low, high = np.array([_ends(quantity) for quantity in leaf.quantities]).T[:, :, None]
        values = np.tile(np.reshape(leaf.central(), (-1, 1)), 2 * len(uncertain)).astype(float)
        values[:, [2 * column]], values[:, [2 * column + 1]] = low, high
        moved[leaf.name] = values if leaf.is_list else values[0]
    found = result.program.run(moved, result.months, figures)
    ends = {name: np.broadcast_to(found[name], (2 * len(uncertain),)).reshape(-1, 2) for name in figures}
    return {
        name: [
            Swing(leaf, float(low), float(high))
            for leaf, (low, high) in zip(uncertain, ends[name], strict=True)
        ]
        for name in figures
    }


def conditionals(result: Result, figure: str) -> Mapping[str, Conditional]:
    """Return, for every uncertain input, the average of a figure over the lowest and the highest fifth of its draws.

    It costs no further run: the inputs are drawn again, at most 16,384 times. Averages are means, or medians where the
    figure has no reliable mean. A list is ordered by the sum of its items.
    """
    found = result[figure]
    if not isinstance(found.draws, np.ndarray) or result.num_draws < FEWEST_DRAWS:
        return {}
    count = min(result.num_draws, MOST_DRAWS)
    values = np.broadcast_to(found.draws, (result.num_draws,))[:count]
    average, over = _average(found)
    drawn = result.drawing.block(0, count)
    conditional = {}
    for leaf in result.drawing.leaves:
        if leaf.uncertain and (fifths := _fifths(drawn[leaf.name])) is not None:
            lowest, highest = (over(values[fifth]) for fifth in fifths)
            conditional[leaf.name] = Conditional(lowest, highest, average)
    return conditional


def _ends(quantity: Quantity) -> Array:
    if quantity.distribution is None:
        return np.full(len(ENDS), quantity.value)
    return quantity.distribution.quantile(np.array(ENDS))


def _average(figure: Figure) -> tuple[Average, Callable[[Array], float]]:
    if figure.mean().refusal:
        return "median", lambda values: float(np.quantile(values, 0.5, method="inverted_cdf"))
    return "mean", lambda values: float(np.mean(values))


def _fifths(drawn: Array) -> tuple[NDArray[np.bool_], NDArray[np.bool_]] | None:
    """Tell which draws lie in the lowest and which in the highest fifth; of ties that fill both, one side at least."""
    values = drawn.sum(axis=0) if drawn.ndim > 1 else drawn
    low, high = np.quantile(values, [FIFTH, 1 - FIFTH], method="inverted_cdf")
    if low < high:
        return values <= low, values >= high
    # A rare event: most draws share one value, and what differs lies on one side of it.
    lowest, highest = (values < low, values >= low) if np.any(values < low) else (values <= low, values > low)
    return (lowest, highest) if lowest.any() and highest.any() else None
