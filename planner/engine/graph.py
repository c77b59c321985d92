"""Wires plain functions into a graph by the names of their parameters."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from types import ModuleType

from planner.engine.program import MONTH, Function, Kind, Node, Parameter, Program, needs
from planner.errors import FigureError, nearest

PREFIXES: Mapping[str, Kind] = {
    "previous_": "previous",
    "closing_": "closing",
    "series_": "series",
    "each_": "each",
}


def figures_of(module: ModuleType) -> dict[str, Function]:
    """Return the public functions that a module itself defines, by name; of a package, those of its modules as well."""
    parts = pkgutil.iter_modules(getattr(module, "__path__", ()), f"{module.__name__}.")
    return {
        name: value
        for part in (module, *(importlib.import_module(found.name) for found in parts))
        for name, value in vars(part).items()
        if inspect.isfunction(value) and value.__module__ == part.__name__ and not name.startswith("_")
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
