"""The tree from a figure down to the leaves that it rests on, with values on the central path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from planner.engine import MONTH, Node, Parameter, Program
from planner.errors import FigureError


@dataclass(frozen=True)
class Trace:
    """One node of the tree: how it was read, its value there, and what it was worked out from."""

    name: str
    read_as: str
    """How the figure above spells it: `previous_cash_usd`, `series_revenue_usd`; the name itself at the root."""
    value: Any
    """A number; for a `series_` row the whole row."""
    month: int | None
    """The month that the value belongs to; None where it does not depend on the month."""
    node: Node
    children: tuple[Trace, ...] = ()
    is_repeated: bool = False
    """True where the same figure stands earlier in the tree with what is below it."""

    def walk(self) -> Iterator[tuple[int, Trace]]:
        """Yield every node with its depth, from the root, each before what is below it."""
        waiting = [(0, self)]
        while waiting:
            depth, node = waiting.pop()
            yield depth, node
            waiting += [(depth + 1, child) for child in reversed(node.children)]


def trace(
    program: Program,
    figure: str,
    values: Mapping[str, Any],
    leaves: Mapping[str, Any],
    months: int,
    month: int | None = None,
) -> Trace:
    """Return the tree below a figure at a month (the last one by default).

    Every figure is opened once, where it is first met; `values` are the figures of the central run, monthly ones
    with a row for each month.

    Raises:
        FigureError: the month lies outside the horizon.
    """
    at = months if month is None else month
    if not 1 <= at <= months:
        raise FigureError(f"month {at} lies outside the plan, which has months 1 to {months}")
    return _Tracer(program, values, leaves, months).open(figure, figure, at)


@dataclass
class _Tracer:
    program: Program
    values: Mapping[str, Any]
    leaves: Mapping[str, Any]
    months: int

    def __post_init__(self) -> None:
        self.seen: set[str] = set()

    def open(self, name: str, read_as: str, month: int) -> Trace:
        node = self.program.nodes[name]
        is_monthly = self.program.phases[name] == "monthly"
        at = month if is_monthly else None
        value = self._value(name, month)
        is_repeated = name in self.seen and bool(node.parameters)
        self.seen.add(name)
        children = () if is_repeated else tuple(self._children(node, month))
        return Trace(name, read_as, value, at, node, children, is_repeated)

    def _children(self, node: Node, month: int) -> Iterator[Trace]:
        for parameter in node.parameters:
            for target in parameter.targets:
                yield self._child(parameter, target, month)

    def _child(self, parameter: Parameter, target: str, month: int) -> Trace:
        if parameter.kind == "previous":
            if month == 1:
                return self.open(self.program.openings[target], f"{parameter.spelling} (the start)", 1)
            return self.open(target, parameter.spelling, month - 1)
        if parameter.kind == "closing":
            return self.open(target, parameter.spelling, self.months)
        if parameter.kind == "series":
            opened = self.open(target, parameter.spelling, self.months)
            row = np.asarray(self._row(target))
            row = row if row.ndim > 1 else np.broadcast_to(row, (self.months,))
            return Trace(
                target, parameter.spelling, row, None, opened.node, opened.children, opened.is_repeated
            )
        return self.open(target, parameter.spelling if parameter.kind == "now" else target, month)

    def _row(self, name: str) -> Any:  # noqa: ANN401
        return self.values[name] if name in self.values else self.leaves[name]

    def _value(self, name: str, month: int) -> Any:  # noqa: ANN401
        if name == MONTH:
            return float(month)
        value = self._row(name)
        return value[month - 1] if self.program.phases[name] == "monthly" and np.ndim(value) else value
