"""Plans with other strategies, and plans again with some of their figures held fixed as they were found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import Phase, settings

from planner import strategies
from planner.drawing import draws_of
from planner.engine import Function, Graph, Program
from planner.preparing import Prepared, company_figures, strategy_figures
from planner.scenario.schema import Mix
from planner.units import unit_of
from tests.planner.random_scenarios import prepared, run

DRAWS = 6
NAMES = tuple(strategies.names())
INTERACTIONS = tuple(f"mix.{key}=1" for key in Mix.model_fields if key.endswith("_share"))
Rows = dict[str, np.ndarray]
Leaves = dict[str, Any]
few = settings(max_examples=8, phases=(Phase.explicit, Phase.generate), deadline=None)


def wired(ready: Prepared, functions: Mapping[str, Function]) -> Program:
    """Wire a plan with some of its figures, by their full names, worked out by other functions."""
    company = company_figures()
    owned = {name: strategy_figures(name) for name in ready.loaded.scenario.strategies}
    for name, function in functions.items():
        scope, _, bare = name.rpartition(".")
        (owned[scope] if scope else company)[bare] = function
    graph = Graph(company, owned, ready.leaves, ready.loaded.overrides)
    return graph.resolve(graph.functions)


def drawn(ready: Prepared, draws: int = DRAWS) -> Leaves:
    """The leaves of a plan in some draws."""
    return draws_of(ready.leaves, ready.program.leaves, ready.loaded, draws, 0).block(0, draws)


def with_strategies(sets: tuple[str, ...], chosen: Iterable[str]) -> tuple[str, ...]:
    """The settings with other strategies; the rest stays, also what only the first ones read."""
    others = (one for one in sets if not one.startswith("strategies="))
    return f"strategies=[{', '.join(chosen)}]", *others


@dataclass(frozen=True)
class Held:
    """A plan, and the same plan again with some of its figures held fixed as they were found."""

    first: Rows
    leaves: Leaves
    horizon: int
    program: Program

    def again(self, **changed: Any) -> Rows:  # noqa: ANN401
        """Run the plan with some leaves changed and the held figures as they were."""
        leaves = self.leaves | changed
        return run(self.program, {name: leaves[name] for name in self.program.leaves}, self.horizon)


def held(sets: tuple[str, ...], fixed: Iterable[str]) -> Held:
    """Plan, and prepare the same plan with the figures of the strategies it has that are to be held fixed."""
    ready = prepared(sets)
    horizon, leaves = ready.months, drawn(ready)
    names = [name for name in fixed if name in ready.program.phases]
    first = run(ready.program, leaves, horizon)
    rows = ready.program.run(leaves, horizon, names)
    functions = {name: recorded(rows[name], ready.program.phases[name] == "monthly") for name in names}
    return Held(first, leaves, horizon, wired(ready, functions))


def recorded(row: np.ndarray, is_monthly: bool) -> Function:
    """A figure that is, in each month, what it was."""
    if is_monthly:
        return lambda month: row[int(month) - 1]
    return lambda: row


def is_counted(name: str) -> bool:
    """Tell whether a figure counts things: no money, no part of a whole, no span of time."""
    unit = unit_of(name)
    return "usd" not in (*unit.numerator, *unit.denominator) and not {
        "shares",
        "share",
        "ratios",
        "ratio",
        "months",
    } & set(unit.numerator)
