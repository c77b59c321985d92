"""A resolved graph as a program: what is computed once, in each month, and at the end, over blocks of draws."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from operator import itemgetter
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from planner.engine.rows import Row
from planner.errors import FigureError

Function = Callable[..., Any]
Kind = Literal["now", "previous", "closing", "series", "each"]
Phase = Literal["once", "monthly", "after"]

MONTH = "month"
SHOCK = "shock_"
"""A leaf of this prefix has a value for each month and draw: `(months, draws)`, or one number for all."""
BLOCK_DRAWS = 16_384
"""Draws that run through the months together: fewer lose to call overhead, more fall out of the processor's cache."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a figure: how it is spelt, how it is read, and the nodes that it stands for."""

    spelling: str
    kind: Kind
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One quantity of the resolved graph: a figure with its function, or a leaf without one."""

    name: str
    function: Function | None
    parameters: tuple[Parameter, ...] = ()

    @property
    def scope(self) -> str:
        """The strategy that the figure belongs to; empty for the company."""
        return self.name.rpartition(".")[0]


class Program:
    """A resolved graph in an order that can be run: what is known once, each month, and at the end."""

    def __init__(
        self,
        nodes: Mapping[str, Node],
        order: Sequence[str],
        asked: tuple[str, ...],
        opening: Callable[[str], str],
        find: Callable[[str], str],
    ) -> None:
        """Sort the nodes into phases; raises FigureError when a month needs what only the end knows."""
        self.nodes = dict(nodes)
        self.order = tuple(order)
        self.asked = asked
        self.find = find
        self.phases = _phases(self.nodes, self.order)
        self._steps_by_kept: dict[frozenset[str], tuple[Sequence[Step], ...]] = {}
        read = {p.targets[0] for node in self.nodes.values() for p in node.parameters if p.kind == "previous"}
        self.openings = {name: opening(name) for name in sorted(read)}
        for name, start in self.openings.items():
            if self.phases[start] != "once":
                raise FigureError(f"'{start}' is the start of '{name}' and must not depend on the month")

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """Names of the leaves that a run needs, the month apart."""
        return tuple(name for name in self.order if self.nodes[name].function is None and name != MONTH)

    def run(
        self,
        leaves: Mapping[str, Any],
        months: int,
        keep: Iterable[str] | None = None,
        block_draws: int = BLOCK_DRAWS,
    ) -> dict[str, Any]:
        """Run all months and return the kept figures (those asked for when `keep` is not given).

        A leaf is a scalar, `(draws,)` or `(items, 1 or draws)`. A kept monthly figure is `(months,)` or
        `(months, 1 or draws)`; one that depends on no month, and one known at the end, a scalar or `(1 or draws,)`.
        The result does not depend on the size of the blocks, which is two draws at least.

        Raises:
            FigureError: a figure divides by zero, or its value is beyond what a number can hold.
        """
        kept = self.asked if keep is None else tuple(keep)
        draws = max((np.shape(leaves[name])[-1] for name in self.leaves if np.ndim(leaves[name])), default=1)
        size = max(block_draws, 2)
        # No block has one draw: numpy sums a single column in another order, and what varies by draw could not be
        # told from what does not.
        starts = range(0, max(draws - 1, 1), size)
        if len(starts) == 1:
            return self.run_block(leaves, months, kept)
        ends = [*starts[1:], draws]
        parts = [
            self.run_block(_slice(leaves, self.leaves, draws, slice(start, end)), months, kept)
            for start, end in zip(starts, ends, strict=True)
        ]
        return {
            name: _joined([part[name] for part in parts], size, self.phases[name] == "monthly")
            for name in kept
        }

    def run_block(self, leaves: Mapping[str, Any], months: int, kept: Sequence[str]) -> dict[str, Any]:
        """Run all months over draws that go through them together; the values are shaped as those of `run`."""
        read_as_series = self._read_later["series"]
        rows = {name: Row(months) for name in {*kept, *read_as_series} if self.phases[name] == "monthly"}
        values: dict[str, Any] = {name: leaves[name] for name in self.leaves}
        # What divides by zero must not pass for a value; formulas that choose between branches ignore it themselves.
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            self._run_phases(values, rows, months)
        return {name: rows[name].values() if name in rows else values[name] for name in kept}

    def _run_phases(self, values: dict[str, Any], rows: Mapping[str, Row], months: int) -> None:
        once, monthly, after = self._steps(frozenset(rows))
        _run_steps(once, values)
        before = [(f"previous {name}", name) for name in self.openings]
        previous = {f"previous {name}": values[start] for name, start in self.openings.items()}
        shocks = {name: values[name] for name in self.leaves if is_shock(name)}
        for month in range(1, months + 1):
            values[MONTH] = float(month)
            values |= {name: row[month - 1] if np.ndim(row) > 1 else row for name, row in shocks.items()}
            values |= previous
            _run_steps(monthly, values)
            previous = {slot: values[name] for slot, name in before}
            for name, row in rows.items():
                row.add(values[name])
        values |= {f"closing {name}": values[name] for name in self._read_later["closing"]}
        for name in self._read_later["series"]:
            series = rows[name].values() if name in rows else np.stack([values[name]] * months)
            values[f"series {name}"] = series if series.ndim > 1 else series[:, None]
        _run_steps(after, values)

    def _steps(self, kept: frozenset[str]) -> tuple[Sequence[Step], ...]:
        """Return the steps of each phase; they are worked out once, whatever the number of blocks."""
        if kept not in self._steps_by_kept:
            self._steps_by_kept[kept] = (
                self._steps_of("once"),
                self._steps_of("monthly", kept),
                self._steps_of("after"),
            )
        return self._steps_by_kept[kept]

    def _steps_of(self, phase: Phase, kept: Iterable[str] = ()) -> list[Step]:
        """List the calls of a phase in order; a value of a month is dropped after its last use in the month."""
        called = [
            node
            for name in self.order
            if (node := self.nodes[name]).function is not None and self.phases[name] == phase
        ]
        steps, needed = [], {*kept, *self._needed_later}
        for node in reversed(called):
            last_used = [
                t for t in dict.fromkeys(needs(node)) if self.phases[t] == "monthly" and t not in needed
            ]
            needed.update(last_used)
            # What nothing reads in the month is kept as well: it was asked for.
            needed.add(node.name)
            steps.append(_step(node, last_used if phase == "monthly" else []))
        return steps[::-1]

    @cached_property
    def _read_later(self) -> dict[Kind, frozenset[str]]:
        """The figures and leaves that are read after the month is over, by how they are read."""
        parameters = [p for node in self.nodes.values() for p in node.parameters]
        kinds: tuple[Kind, ...] = ("previous", "closing", "series")
        return {kind: frozenset(t for p in parameters if p.kind == kind for t in p.targets) for kind in kinds}

    @cached_property
    def _needed_later(self) -> frozenset[str]:
        """The figures and leaves whose value is read after the month is over, or that no month changes."""
        return frozenset().union(*self._read_later.values(), self.openings.values(), [MONTH])


def is_shock(name: str) -> bool:
    """Tell whether a leaf has a value of its own for each month and draw."""
    return name.startswith(SHOCK)


def needs(node: Node) -> tuple[str, ...]:
    """Return the names of all nodes that a node reads, in the order of its parameters."""
    return tuple(target for parameter in node.parameters for target in parameter.targets)


def _slot(parameter: Parameter) -> str:
    if parameter.kind == "now":
        return parameter.targets[0]
    if parameter.kind == "each":
        return f"each {' '.join(parameter.targets)}"
    return f"{parameter.kind} {parameter.targets[0]}"


class Step(NamedTuple):
    """One call: the result, the function, what takes its arguments, what to pack before and to drop after."""

    name: str
    function: Function
    arguments: Callable[[Mapping[str, Any]], tuple[Any, ...]]
    packs: tuple[tuple[str, tuple[str, ...]], ...]
    dropped: tuple[str, ...]


def _step(node: Node, dropped: Iterable[str]) -> Step:
    assert node.function is not None
    packed = [parameter for parameter in node.parameters if parameter.kind == "each"]
    packs = tuple((_slot(parameter), parameter.targets) for parameter in packed)
    slots = tuple(_slot(parameter) for parameter in node.parameters)
    return Step(node.name, node.function, _taking(slots), packs, (*dropped, *(slot for slot, _ in packs)))


def _taking(slots: tuple[str, ...]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes values by name; for several it runs without a line of Python."""
    # Both can be sent to another process with the program.
    return itemgetter(*slots) if len(slots) > 1 else partial(_taken, slots)


def _taken(slots: tuple[str, ...], values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple([values[slot] for slot in slots])


def _run_steps(steps: Iterable[Step], values: dict[str, Any]) -> None:
    for name, function, arguments, packs, dropped in steps:
        for slot, targets in packs:
            values[slot] = tuple([values[target] for target in targets])
        try:
            values[name] = function(*arguments(values))
        except (ZeroDivisionError, FloatingPointError, OverflowError):
            raise _impossible(name, function, arguments(values)) from None
        # The next figure then finds the memory of this one still in the processor's cache.
        for slot in dropped:
            del values[slot]


def _impossible(name: str, function: Function, arguments: Sequence[Any]) -> FigureError:
    """Say which inputs keep a figure from having a value: those that are zero or below it, or else all."""
    spellings = inspect.signature(function).parameters
    given = {
        spelling: numbers
        for spelling, argument in zip(spellings, arguments, strict=True)
        if (numbers := _numbers(argument)).size
    }
    zero = [f"{spelling} = 0" for spelling, numbers in given.items() if np.any(numbers == 0)]
    below = [
        f"{spelling} = {np.min(numbers):g}" for spelling, numbers in given.items() if np.min(numbers) < 0
    ]
    extremes = [f"{spelling} up to {np.max(np.abs(numbers)):g}" for spelling, numbers in given.items()]
    return FigureError(
        f"'{name}' cannot be worked out: it divides by zero or grows beyond all bounds with "
        f"{', '.join(zero + below or extremes)}"
    )


def _numbers(argument: Any) -> NDArray[np.float64]:  # noqa: ANN401
    """Return all numbers of an argument; those of several strategies may differ in how many there are."""
    parts = argument if isinstance(argument, tuple) else (argument,)
    return np.concatenate([np.empty(0), *(np.ravel(np.asarray(part, dtype=float)) for part in parts)])


def _phases(nodes: Mapping[str, Node], order: Sequence[str]) -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    for name in order:
        node = nodes[name]
        direct = [phases[t] for p in node.parameters if p.kind in ("now", "each") for t in p.targets]
        at_end = any(p.kind in ("closing", "series") for p in node.parameters) or "after" in direct
        in_months = (
            name == MONTH
            or is_shock(name)
            or any(p.kind == "previous" for p in node.parameters)
            or "monthly" in direct
        )
        if at_end and in_months:
            late = [t for t in needs(node) if phases.get(t) == "after"] or ["a closing_ value or series_ row"]
            raise FigureError(f"'{name}' mixes figures of a month with {late[0]}, which only the end knows")
        phases[name] = "after" if at_end else "monthly" if in_months else "once"
    return phases


def _slice(leaves: Mapping[str, Any], names: Sequence[str], draws: int, block: slice) -> dict[str, Any]:
    return {
        name: leaves[name][..., block]
        if np.ndim(leaves[name]) and np.shape(leaves[name])[-1] == draws
        else leaves[name]
        for name in names
    }


def _joined(parts: Sequence[Any], size: int, is_monthly: bool) -> Any:  # noqa: ANN401
    """Join the blocks along the draws; a row of months that is the same in all draws has no such axis."""
    first = parts[0]
    varies = np.ndim(first) > is_monthly and np.shape(first)[-1] == size
    return np.concatenate(parts, axis=-1) if varies else first
