"""Prepares a scenario: reads it, joins it with its evidence and wires its figures, without running them."""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from planner import evidence, measurements, strategies, units
from planner.drawing import draws_of
from planner.engine import MONTH, Function, Graph, Program, figures_of
from planner.errors import FigureError, ScenarioError, nearest
from planner.evidence import Evidence, Leaf
from planner.formulas import (
    architecture,
    assets,
    balance,
    capacity,
    challenges,
    common,
    compression,
    customers,
    data,
    efficiency,
    exits,
    funding,
    investment,
    metrics,
    mix,
    multimodality,
    ownership,
    people,
    privacy,
    releases,
    separate,
    serving,
    statements,
    training,
)
from planner.scenario.loading import Loaded, read
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company

COMPANY = (
    architecture,
    assets,
    balance,
    capacity,
    challenges,
    compression,
    customers,
    data,
    efficiency,
    exits,
    funding,
    investment,
    metrics,
    mix,
    multimodality,
    ownership,
    people,
    privacy,
    releases,
    serving,
    statements,
    training,
)
"""The modules whose public functions are the company's figures."""
FIT = ("hosted_tokens", "model_scale_ratio", "weights_bytes")
"""The figures from which `check_memory` tells whether a model fits its accelerators."""
FEW_MONTHS = 2
"""Months after which every figure has the items that it will have."""


@dataclass(frozen=True)
class Prepared:
    """A scenario that is ready to run: read, joined with its evidence and wired."""

    loaded: Loaded[Company]
    measured: measurements.Measured
    leaves: Mapping[str, Leaf]
    graph: Graph
    program: Program

    @property
    def months(self) -> int:
        """Months of the horizon."""
        return self.loaded.scenario.horizon_months

    def central_leaves(self, program: Program) -> dict[str, Any]:
        """Return the leaves that a program needs, with every distribution at its median."""
        return {name: self.leaves[name].central() for name in program.leaves}

    def central(self, program: Program) -> dict[str, Any]:
        """Return the figures that a program was asked for on the central path, with every input at its median."""
        found = program.run(self.central_leaves(program), self.months)
        return {name: _single(value, program.phases[name] == "monthly") for name, value in found.items()}


class Source:
    """A scenario whose files are read once, to be prepared with any settings.

    Whatever is set goes through the same checks; only what it cannot change is not done again.
    """

    def __init__(self, path: str | Path, measurements_choice: str = "auto") -> None:
        """Read the files; what is wrong with them is raised by `prepare`, with what is wrong with the settings."""
        self._written = read(path)
        self._choice = measurements_choice
        self._wired: tuple[object, Graph, Program] | None = None

    def prepare(self, sets: Sequence[str] = ()) -> Prepared:
        """Lay settings over the scenario and wire its figures.

        Raises:
            ScenarioError, RecordError, FigureError: what the user gave is wrong; the text says where and what to do.
        """
        everywhere = {
            f"{strategy}.{name}" for strategy in strategies.names() for name in strategy_figures(strategy)
        }.union(company_figures())
        loaded = self._written.load(sets, model=strategies.scenario_model(), known_figures=everywhere)
        _check_strategies(loaded)
        _check_month(loaded)
        leaves = evidence.leaves(loaded, self._measured)
        _check_overrides(loaded, leaves)
        graph, program = self._wire(loaded, leaves)
        leaves |= {graph.find(name): _override(loaded, name, graph.find(name)) for name in loaded.overrides}
        evidence.require(leaves, program.leaves, loaded.scenario)
        draws_of(leaves, program.leaves, loaded, 1, 0)  # refuses what the section `uncertainty` gets wrong
        return Prepared(loaded, self._measured, leaves, graph, program)

    @cached_property
    def _measured(self) -> measurements.Measured:
        return measurements.find(self._choice)

    def _wire(self, loaded: Loaded[Company], leaves: Mapping[str, Leaf]) -> tuple[Graph, Program]:
        """Wire all figures, or return the wiring of the last settings where these name the same."""
        chosen = loaded.scenario.strategies
        names = chosen, frozenset(leaves), frozenset(loaded.overrides)
        if self._wired is None or self._wired[0] != names:
            graph = _graph(loaded, leaves, loaded.overrides)
            self._wired = names, graph, graph.resolve(graph.functions)
        return self._wired[1:]


def company_figures() -> dict[str, Function]:
    """Return the figures of the company by name."""
    return {name: function for module in COMPANY for name, function in figures_of(module).items()}


def strategy_figures(name: str) -> dict[str, Function]:
    """Return the figures of a strategy by name: those of the common model, and its own, which replace them."""
    return {**figures_of(common), **figures_of(separate), **figures_of(strategies.module(name))}


def prepare(path: str | Path, sets: Sequence[str] = (), measurements_choice: str = "auto") -> Prepared:
    """Read a scenario and wire its figures, without running them.

    Raises:
        ScenarioError, RecordError, FigureError: what the user gave is wrong; the text says where and what to do.
    """
    return Source(path, measurements_choice).prepare(sets)


def check_memory(ready: Prepared, central: Mapping[str, Any]) -> None:
    """Refuse to serve a model whose weights alone exceed the memory of one replica's accelerators.

    Raises:
        ScenarioError: they do; the text says how many accelerators it takes.
    """
    replica = ready.leaves["gpus_per_replica"]
    if replica.problem or not np.any(central["hosted_tokens"] > 0):
        return
    accelerator = ready.loaded.scenario.serving.serving_accelerator
    gpu_bytes = float(ready.leaves["serving_memory_bytes_per_gpu"].central())
    largest_bytes = np.max(central["weights_bytes"]) * np.max(central["model_scale_ratio"])
    weights_bytes, gpus = float(largest_bytes), float(replica.central())
    if weights_bytes <= gpus * gpu_bytes:
        return
    place = ready.loaded.positions.get("serving.gpus_per_replica", ready.loaded.path)
    with_memory = f"{accelerator} with {gpu_bytes / units.BYTES_PER_GB:.3g} GB"
    problem = (
        f"{place}: serving.gpus_per_replica: {weights_bytes / units.BYTES_PER_GB:.3g} GB of weights do not fit "
        f"{gpus:g} {with_memory}{' each' if gpus > 1 else ''}; write serving.gpus_per_replica: "
        f"{math.ceil(weights_bytes / gpu_bytes)} or more, or another weight_precision"
    )
    raise ScenarioError([problem])


def _graph(loaded: Loaded[Company], leaves: Iterable[str], overrides: Iterable[str] = ()) -> Graph:
    owned = {name: strategy_figures(name) for name in loaded.scenario.strategies}
    return Graph(company_figures(), owned, leaves, overrides)


def _check_overrides(loaded: Loaded[Company], leaves: Mapping[str, Leaf]) -> None:
    """Refuse to set a figure, or the start of one, that has a value for each item, over which others sum."""
    if not loaded.overrides:
        return
    graph = _graph(loaded, leaves)
    stocks = {name: _stock(graph.find(name), graph.functions) for name in loaded.overrides}
    program = graph.resolve(stocks.values())
    try:
        found = program.run({name: leaves[name].central() for name in program.leaves}, FEW_MONTHS)
    except FigureError:  # which is why it is set
        return
    dimensions = {name: np.ndim(value) - (program.phases[name] == "monthly") for name, value in found.items()}
    problems = [
        f"{loaded.positions.get(f'figures.{name}', loaded.path)}: {name} has a value for each of several items "
        "(domains, roles, kinds of customers), for which one number cannot stand; set the items' own keys, or a "
        "figure that sums over them (`benchplan trace` shows which does)"
        for name, stock in stocks.items()
        if dimensions[stock] > 1
    ]
    if problems:
        raise ScenarioError(problems)


def _stock(figure: str, figures: Container[str]) -> str:
    """Return the figure that another is the start of, or the other itself."""
    scope, dot, bare = figure.rpartition(".")
    stock = f"{scope}{dot}{bare.removeprefix('opening_')}"
    return stock if stock in figures else figure


def _override(loaded: Loaded[Company], name: str, figure: str) -> Leaf:
    quantity: Quantity = loaded.overrides[name]
    place = loaded.positions.get(f"figures.{name}")
    kind: evidence.Kind = "quoted" if quantity.source else "assumed"
    reference = quantity.source or (str(place) if place else f"--set {name}")
    as_of = quantity.as_of.isoformat() if quantity.as_of else ""
    about = Evidence(kind, reference, as_of, quantity.note or "set from outside in place of its formula")
    return Leaf(figure, (quantity,), about)


def _check_month(loaded: Loaded[Company]) -> None:
    if MONTH in loaded.overrides:
        place = loaded.positions.get(f"figures.{MONTH}", loaded.path)
        raise ScenarioError(
            [
                f"{place}: {MONTH}: counts the months of a plan and cannot be set; set start_month or horizon_months"
            ]
        )


def _check_strategies(loaded: Loaded[Company]) -> None:
    known = strategies.names()
    place = loaded.positions.get("strategies", loaded.path)
    problems = []
    for index, name in enumerate(loaded.scenario.strategies):
        if name not in known:
            close = nearest(name, known)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            problems.append(
                f"{place}: strategies: '{name}' is no strategy; there are {', '.join(known)}{hint}"
            )
        elif name in loaded.scenario.strategies[:index]:
            problems.append(f"{place}: strategies: '{name}' stands twice; name each strategy once")
    if problems:
        raise ScenarioError(problems)


def _single(value: Any, is_monthly: bool) -> Any:  # noqa: ANN401
    """Drop the axis of draws from a figure of the central path, where list leaves brought it in."""
    return value[..., 0] if np.ndim(value) > is_monthly else value
