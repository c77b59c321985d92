"""The inputs of a plan: quantities with what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from planner.measurements import Basis
from planner.scenario.quantities import Quantity
from planner.units import unit_text

Kind = Literal["measured", "quoted", "published", "assumed"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What stands behind a leaf: its kind, where it comes from, as of when, and what else is worth knowing."""

    kind: Kind
    reference: str
    as_of: str = ""
    note: str = ""
    basis: Basis | None = None
    """The measurement behind it, where there is one."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """An input of the plan: one quantity, or one for each item of a list, with its evidence."""

    name: str
    quantities: tuple[Quantity, ...]
    evidence: Evidence
    key: str = ""
    """The dotted key of the scenario that sets it; empty for what no key sets."""
    help: str = ""
    is_list: bool = False
    problem: str = ""
    """Why the value is unknown; empty when it is known."""
    beside: tuple[str, ...] = field(default=())
    """What else is known about it and not used."""
    refused: Basis | None = None
    """A measurement that does not stand behind it: of another machine, or overruled by what the user wrote."""

    @property
    def unit(self) -> str:
        """The unit, read from the name."""
        return unit_text(self.name)

    @property
    def uncertain(self) -> dict[str, Quantity]:
        """The quantities that have a distribution, by the names under which they are drawn."""
        return {
            name: q for name, q in zip(self._draw_names(), self.quantities, strict=True) if q.is_uncertain
        }

    def central(self) -> Any:  # noqa: ANN401 (a number, or one row for each item)
        """Return the value with every distribution at its median; items lie along the first axis."""
        if self.is_list:
            return np.array([q.value for q in self.quantities], dtype=float).reshape(-1, 1)
        return self.quantities[0].value if self.quantities else np.nan

    def drawn(self, values: Mapping[str, NDArray[np.float64]]) -> Any:  # noqa: ANN401
        """Return the value in a block of draws, from the drawn values of its uncertain quantities by name."""
        if not self.uncertain:
            return self.central()
        rows = [
            values[name] if q.is_uncertain else q.value
            for name, q in zip(self._draw_names(), self.quantities, strict=True)
        ]
        return np.stack(np.broadcast_arrays(*rows)) if self.is_list else rows[0]

    def _draw_names(self) -> list[str]:
        return [f"{self.name}.{i}" if self.is_list else self.name for i in range(len(self.quantities))]
