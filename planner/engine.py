"""Resolves plain functions by name into a program and runs it over the months.

A function's name is the quantity, its parameters are the quantities that it needs. Four prefixes have a meaning:
`previous_X` is X of the month before (`opening_X` before the first), `series_X` the whole row of X once the months are
over (`(months, draws)`, also when X is the same in all draws), `each_X` the X of every strategy that has one, as a
tuple. `month` counts from 1. What depends on no month is computed once. Names are looked up in the strategy first,
then in the company.

The engine knows no quantity of ours; it raises `planner.errors.FigureError` for the user's misspelt names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from types import ModuleType
from typing import Any, Literal

import numpy as np

from planner.errors import FigureError, nearest

Function = Callable[..., Any]
Kind = Literal["now", "previous", "series", "each"]
Phase = Literal["once", "monthly", "after"]

MONTH = "month"
PREFIXES: Mapping[str, Kind] = {"previous_": "previous", "series_": "series", "each_": "each"}
BLOCK_DRAWS = 8192
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


def figures_of(module: ModuleType) -> dict[str, Function]:
    """Return the public functions that a module itself defines, by name."""
    return {
        name: value
        for name, value in vars(module).items()
        if inspect.isfunction(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }


class Graph:
    """All figures of the company and its strategies, and the names of the leaves; wired when they are asked for."""

    def __init__(
        self,
        company: Mapping[str, Function],
        strategies: Mapping[str, Mapping[str, Function]],
        leaves: Iterable[str],
        overrides: Iterable[str] = (),
    ) -> None:
        """Take the functions by name and the names of the leaves; an overridden figure becomes a leaf.

        Raises:
            FigureError: an override names no figure, or a figure that several strategies have.
        """
        self.strategies = tuple(strategies)
        self.functions: dict[str, Function] = dict(company)
        for strategy, functions in strategies.items():
            self.functions |= {f"{strategy}.{name}": function for name, function in functions.items()}
        self.leaves = frozenset(leaves) | {MONTH}
        self.overrides = frozenset(self.find(name) for name in overrides)

    def find(self, name: str) -> str:
        """Return the full name of a figure or leaf: as it stands, or of the one strategy that has it.

        Raises:
            FigureError: unknown (with the nearest spellings) or ambiguous (with the full names).
        """
        if name in self.functions or name in self.leaves:
            return name
        owners = [
            f"{strategy}.{name}" for strategy in self.strategies if f"{strategy}.{name}" in self.functions
        ]
        if len(owners) == 1:
            return owners[0]
        if owners:
            raise FigureError(f"'{name}' is a figure of several strategies; say which: {', '.join(owners)}")
        raise FigureError(f"there is no figure or input '{name}'{self._near(name)}")

    def resolve(self, asked: Iterable[str]) -> Program:
        """Wire everything that the asked figures need and return it as a program.

        Raises:
            FigureError: an undefined name, a stock without a start, a cycle, or an end figure used in a month.
        """
        wanted = tuple(dict.fromkeys(self.find(name) for name in asked))
        nodes: dict[str, Node] = {}
        waiting: list[tuple[str, tuple[str, ...]]] = [(name, ()) for name in wanted]
        while waiting:
            name, path = waiting.pop()
            if name in nodes:
                continue
            node = nodes[name] = self._node(name, path)
            waiting += [(target, (*path, name)) for target in needs(node)]
            for parameter in node.parameters:
                if parameter.kind == "previous":
                    waiting.append((self._opening(parameter.targets[0], name), (*path, name)))
        return Program(nodes, _ordered(nodes), wanted, self._opening, self.find)

    def _node(self, name: str, path: tuple[str, ...]) -> Node:
        if name in self.overrides or name not in self.functions:
            return Node(name, None)
        scope = name.rpartition(".")[0]
        function = self.functions[name]
        spellings = inspect.signature(function).parameters
        return Node(name, function, tuple(self._parameter(scope, word, (*path, name)) for word in spellings))

    def _parameter(self, scope: str, spelling: str, path: tuple[str, ...]) -> Parameter:
        prefix = next((prefix for prefix in PREFIXES if spelling.startswith(prefix)), "")
        kind, bare = PREFIXES.get(prefix, "now"), spelling.removeprefix(prefix)
        if kind == "each":
            owned = (f"{strategy}.{bare}" for strategy in self.strategies)
            return Parameter(spelling, kind, tuple(name for name in owned if name in self.functions))
        found = self._lookup(scope, bare)
        if found is None:
            chain = " <- ".join(reversed(path))
            raise FigureError(
                f"'{bare}' is no figure and no input, but is needed by {chain}{self._near(bare)}"
            )
        return Parameter(spelling, kind, (found,))

    def _lookup(self, scope: str, name: str) -> str | None:
        for candidate in (f"{scope}.{name}", name) if scope else (name,):
            if candidate in self.functions or candidate in self.leaves:
                return candidate
        return None

    def _opening(self, name: str, reader: str = "") -> str:
        scope, _, bare = name.rpartition(".")
        opening = self._lookup(scope, f"opening_{bare}")
        if opening is None:
            raise FigureError(
                f"{reader or 'a figure'} reads previous_{bare}, but nothing says how '{name}' starts: "
                f"define opening_{bare} or give it as an input"
            )
        return opening

    def _near(self, name: str) -> str:
        bare = {known.rpartition(".")[2] for known in self.functions} | self.leaves
        close = nearest(name.rpartition(".")[2], sorted(bare), 3)
        return f"; did you mean {' or '.join(repr(word) for word in close)}?" if close else ""


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
            return self._run_block(leaves, months, kept)
        ends = [*starts[1:], draws]
        parts = [
            self._run_block(_slice(leaves, self.leaves, draws, slice(start, end)), months, kept)
            for start, end in zip(starts, ends, strict=True)
        ]
        return {
            name: _joined([part[name] for part in parts], size, self.phases[name] == "monthly")
            for name in kept
        }

    def _run_block(self, leaves: Mapping[str, Any], months: int, kept: Sequence[str]) -> dict[str, Any]:
        rows_needed = {
            t for n in self.nodes.values() for p in n.parameters if p.kind == "series" for t in p.targets
        }
        rows: dict[str, list[Any]] = {
            name: [] for name in {*kept, *rows_needed} if self.phases[name] == "monthly"
        }
        values: dict[str, Any] = {name: leaves[name] for name in self.leaves}
        # What divides by zero must not pass for a value; formulas that choose between branches ignore it themselves.
        with np.errstate(divide="raise", invalid="raise", over="raise"):
            self._run_phases(values, rows, rows_needed, months)
        return {name: _stacked(rows[name]) if name in rows else values[name] for name in kept}

    def _run_phases(
        self, values: dict[str, Any], rows: Mapping[str, list[Any]], rows_needed: Iterable[str], months: int
    ) -> None:
        once, monthly = self._steps("once"), self._steps("monthly")
        before = dict(self.openings)
        _run_steps(once, values)
        previous = {f"previous {name}": values[start] for name, start in before.items()}
        for month in range(1, months + 1):
            values[MONTH] = float(month)
            values |= previous
            _run_steps(monthly, values)
            for name in previous:
                previous[name] = values[name.removeprefix("previous ")]
            for name, row in rows.items():
                row.append(values[name])
        for name in rows_needed:
            row = rows.get(name) or [values[name]] * months
            values[f"series {name}"] = _stacked([np.atleast_1d(value) for value in row])
        _run_steps(self._steps("after"), values)

    def _steps(self, phase: Phase) -> list[tuple[str, Function, list[str], list[tuple[str, ...]]]]:
        """List the calls of a phase: result, function, slots of its arguments, and tuples to pack."""
        steps = []
        for name in self.order:
            node = self.nodes[name]
            if node.function is not None and self.phases[name] == phase:
                steps.append((name, node.function, [_slot(p) for p in node.parameters], _packs(node)))
        return steps


def needs(node: Node) -> tuple[str, ...]:
    """Return the names of all nodes that a node reads, in the order of its parameters."""
    return tuple(target for parameter in node.parameters for target in parameter.targets)


def _slot(parameter: Parameter) -> str:
    if parameter.kind == "now":
        return parameter.targets[0]
    if parameter.kind == "each":
        return f"each {' '.join(parameter.targets)}"
    return f"{parameter.kind} {parameter.targets[0]}"


def _packs(node: Node) -> list[tuple[str, ...]]:
    return [parameter.targets for parameter in node.parameters if parameter.kind == "each"]


def _run_steps(
    steps: Iterable[tuple[str, Function, list[str], list[tuple[str, ...]]]], values: dict[str, Any]
) -> None:
    for name, function, slots, packs in steps:
        for targets in packs:
            values[f"each {' '.join(targets)}"] = tuple(values[target] for target in targets)
        try:
            values[name] = function(*[values[slot] for slot in slots])
        except (ZeroDivisionError, FloatingPointError, OverflowError):
            raise _impossible(name, function, [values[slot] for slot in slots]) from None


def _impossible(name: str, function: Function, arguments: Sequence[Any]) -> FigureError:
    """Say which inputs keep a figure from having a value: those that are zero, or else all."""
    given = {
        spelling: np.asarray(argument, dtype=float)
        for spelling, argument in zip(inspect.signature(function).parameters, arguments, strict=True)
    }
    zero = [f"{spelling} = 0" for spelling, array in given.items() if array.size and np.any(array == 0)]
    extremes = [f"{s} up to {np.max(np.abs(array)):g}" for s, array in given.items() if array.size]
    return FigureError(
        f"'{name}' cannot be worked out: it divides by zero or grows beyond all bounds with "
        f"{', '.join(zero or extremes)}"
    )


def _ordered(nodes: Mapping[str, Node]) -> list[str]:
    """Order the nodes so that each comes after what it reads in the same month; raises FigureError for a cycle."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name, node in nodes.items():
        sorter.add(name, *(t for p in node.parameters if p.kind != "previous" for t in p.targets))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        path = " <- ".join(error.args[1])
        raise FigureError(
            f"these figures need each other in the same month: {path}; read one as previous_"
        ) from None


def _phases(nodes: Mapping[str, Node], order: Sequence[str]) -> dict[str, Phase]:
    phases: dict[str, Phase] = {}
    for name in order:
        node = nodes[name]
        direct = [phases[t] for p in node.parameters if p.kind in ("now", "each") for t in p.targets]
        at_end = any(p.kind == "series" for p in node.parameters) or "after" in direct
        in_months = name == MONTH or any(p.kind == "previous" for p in node.parameters) or "monthly" in direct
        if at_end and in_months:
            late = [t for t in needs(node) if phases.get(t) == "after"] or ["a series_ row"]
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


def _stacked(row: Sequence[Any]) -> Any:  # noqa: ANN401 (scalars or arrays, as the figures give them)
    return (
        np.stack(np.broadcast_arrays(*row))
        if any(np.ndim(value) for value in row)
        else np.array(row, dtype=float)
    )


def _joined(parts: Sequence[Any], size: int, is_monthly: bool) -> Any:  # noqa: ANN401
    """Join the blocks along the draws; a row of months that is the same in all draws has no such axis."""
    first = parts[0]
    varies = np.ndim(first) > is_monthly and np.shape(first)[-1] == size
    return np.concatenate(parts, axis=-1) if varies else first
