"""How far a figure moves when one uncertain input alone moves: which inputs carry a result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.evidence import Leaf
from planner.result import Result
from planner.scenario.quantities import Quantity


@dataclass(frozen=True)
class Swing:
    """A figure with one input at its p5 and at its p95, all other inputs at their medians."""

    leaf: Leaf
    at_p5: float
    at_p95: float

    @property
    def size(self) -> float:
        """How far apart the two are; zero where one of them is not a number."""
        difference = abs(self.at_p95 - self.at_p5)
        return difference if np.isfinite(difference) else 0.0


def swings(result: Result, figure: str) -> list[Swing]:
    """Return what every uncertain input does to a figure known at the end of the plan, the largest effect first.

    A list, such as the salaries of the roles, moves as one. All inputs are run together: each takes two columns, in
    which it alone leaves its median.
    """
    uncertain = [leaf for leaf in result.used_leaves().values() if leaf.uncertain]
    if not uncertain:
        return []
    moved: dict[str, Any] = dict(result.central_leaves)
    for column, leaf in enumerate(uncertain):
        low, high = (np.array([[_at(q, name)] for q in leaf.quantities]) for name in ("p5", "p95"))
        values = np.tile(np.reshape(leaf.central(), (-1, 1)), 2 * len(uncertain)).astype(float)
        values[:, [2 * column]], values[:, [2 * column + 1]] = low, high
        moved[leaf.name] = values if leaf.is_list else values[0]
    ends = np.atleast_1d(result.program.run(moved, result.months, [figure])[figure])
    ends = np.broadcast_to(ends, (2 * len(uncertain),)).reshape(-1, 2)
    found = [Swing(leaf, float(low), float(high)) for leaf, (low, high) in zip(uncertain, ends, strict=True)]
    return sorted(found, key=lambda swing: -swing.size)


def _at(quantity: Quantity, name: str) -> float:
    return quantity.distribution.summary()[name] if quantity.distribution else quantity.value
