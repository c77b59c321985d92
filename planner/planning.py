"""Plans a scenario: reads it, joins it with its evidence, wires the figures and runs the months."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from planner import catalogue, evidence, measurements, strategies, units
from planner.drawing import Draws, draws_of
from planner.engine import BLOCK_DRAWS, Function, Graph, Program, figures_of
from planner.errors import InputError, ScenarioError, nearest
from planner.evidence import Evidence, Leaf
from planner.formulas import (
    architecture,
    challenges,
    common,
    data,
    metrics,
    mix,
    multimodality,
    people,
    privacy,
    serving,
    statements,
    training,
)
from planner.result import Figure, Result
from planner.scenario.loading import Loaded, load
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company

COMPANY = (
    architecture,
    challenges,
    data,
    metrics,
    mix,
    multimodality,
    people,
    privacy,
    serving,
    statements,
    training,
)
"""The modules whose public functions are the company's figures."""

HEADLINES = (
    "cash_usd", "cash_before_funding_usd", "revenue_usd", "total_cost_usd", "ebitda_usd", "people", "serving_usd",
    "cost_of_revenue_usd", "research_usd", "staff_usd", "marketing_usd", "overhead_usd", "gross_margin_share",
    "funding_need_usd", "startup_cost_usd", "startup_one_off_usd", "startup_running_usd", "runway_months",
    "break_even_month", "first_revenue_month", "net_present_value_usd", "total_revenue_usd", "final_cash_usd",
    "lowest_cash_before_funding_usd", "lowest_cash_usd", "total_compression_saving_usd",
    "compute_challenge_usd", "privacy_challenge_usd", "optimisation_challenge_usd", "inference_challenge_usd",
    "multimodality_challenge_usd", "total_breach_usd",
)  # fmt: skip
"""The figures that are kept for every draw."""

MAX_DRAWS = 100_000_000


@dataclass(frozen=True)
class Prepared:
    """A scenario that is ready to run: read, joined with its evidence and wired."""

    loaded: Loaded[Company]
    measured: measurements.Measured
    leaves: Mapping[str, Leaf]
    graph: Graph
    program: Program


def strategy_figures(name: str) -> dict[str, Function]:
    """Return the figures of a strategy by name: those of the common model, and its own, which replace them."""
    return {**figures_of(common), **figures_of(strategies.module(name))}


def prepare(path: str | Path, sets: Sequence[str] = (), measurements_choice: str = "auto") -> Prepared:
    """Read a scenario and wire its figures, without running them.

    Raises:
        ScenarioError, RecordError, FigureError: what the user gave is wrong; the text says where and what to do.
    """
    everywhere = {
        f"{strategy}.{name}" for strategy in strategies.names() for name in strategy_figures(strategy)
    }
    loaded = load(path, sets, model=strategies.scenario_model(), known_figures=everywhere)
    _check_strategies(loaded)
    measured = measurements.find(measurements_choice)
    leaves = evidence.leaves(loaded, measured)
    company = {name: function for module in COMPANY for name, function in figures_of(module).items()}
    owned = {name: strategy_figures(name) for name in loaded.scenario.strategies}
    graph = Graph(company, owned, leaves, loaded.overrides)
    leaves = {
        **leaves,
        **{graph.find(name): _override(loaded, name, graph.find(name)) for name in loaded.overrides},
    }
    program = graph.resolve(
        [*company, *(f"{s}.{name}" for s, functions in owned.items() for name in functions)]
    )
    evidence.require(leaves, program.leaves, loaded.scenario)
    draws_of(leaves, program.leaves, loaded, 1, 0)  # refuses what the section `uncertainty` gets wrong
    return Prepared(loaded, measured, leaves, graph, program)


def plan(
    path: str | Path,
    *,
    sets: Sequence[str] = (),
    measurements: str = "auto",
    draws: int = 1,
    seed: int = 0,
    figures: Iterable[str] = HEADLINES,
    workers: int = 1,
    block_draws: int = BLOCK_DRAWS,
) -> Result:
    """Plan a scenario file, with `key=value` settings, on measurements, in one central path and some draws.

    The central path has every input at its median and keeps every figure; with more than one draw the `figures`
    are kept for each of them as well. Neither the number of worker processes nor the size of the blocks of draws
    changes the result.

    Raises:
        InputError: what the user gave is wrong; the text says where, what is allowed and what to do.
    """
    if not 1 <= draws <= MAX_DRAWS:
        raise InputError(f"--draws {draws}: give a number from 1 (the central path alone) to {MAX_DRAWS:,}")
    ready = prepare(path, sets, measurements)
    program, leaves, months = ready.program, ready.leaves, ready.loaded.scenario.horizon_months
    central_leaves = {name: leaves[name].central() for name in program.leaves}
    central = program.run(central_leaves, months)
    _check_memory(ready, central)
    drawing = draws_of(leaves, program.leaves, ready.loaded, draws, seed)
    kept = _simulated(ready, drawing, tuple(figures), block_draws, workers) if draws > 1 else {}
    found = {
        name: Figure(
            name,
            program.phases[name],
            program.nodes[name].function,
            _single(value, program.phases[name] == "monthly"),
            kept.get(name),
            drawing.scrambles,
        )
        for name, value in central.items()
    }
    return Result(ready.loaded, program, leaves, ready.measured, found, draws, seed, central_leaves, drawing)


def _simulated(
    ready: Prepared, drawing: Draws, figures: Sequence[str], block_draws: int, workers: int
) -> dict[str, Any]:
    """Run the draws through what the figures need and nothing else."""
    from planner.simulation import simulate

    needed = ready.graph.resolve(figures)
    only = drawing.only(needed.leaves)
    months = ready.loaded.scenario.horizon_months
    return dict(simulate(needed, only, months, needed.asked, block_draws=block_draws, workers=workers))


def _check_memory(ready: Prepared, central: Mapping[str, Any]) -> None:
    """Refuse to serve a model whose weights alone exceed the memory of one replica's accelerators."""
    import numpy as np

    replica = ready.leaves["gpus_per_replica"]
    if replica.problem or not np.any(central["hosted_tokens"] > 0):
        return
    accelerator = ready.loaded.scenario.serving.serving_accelerator
    gpu_bytes = catalogue.accelerator(accelerator).fact("memory_bytes").value
    weights_bytes, gpus = float(np.max(central["weights_bytes"])), float(replica.central())
    if weights_bytes <= gpus * gpu_bytes:
        return
    place = ready.loaded.positions.get("serving.gpus_per_replica", ready.loaded.path)
    with_memory = f"{accelerator} with {gpu_bytes / units.BYTES_PER_GB:g} GB"
    problem = (
        f"{place}: serving.gpus_per_replica: {weights_bytes / units.BYTES_PER_GB:.3g} GB of weights do not fit "
        f"{gpus:g} {with_memory}{' each' if gpus > 1 else ''}; write serving.gpus_per_replica: "
        f"{math.ceil(weights_bytes / gpu_bytes)} or more, or another weight_precision"
    )
    raise ScenarioError([problem])


def _override(loaded: Loaded[Company], name: str, figure: str) -> Leaf:
    quantity: Quantity = loaded.overrides[name]
    place = loaded.positions.get(f"figures.{name}")
    kind: evidence.Kind = "quoted" if quantity.source else "assumed"
    reference = quantity.source or (str(place) if place else f"--set {name}")
    as_of = quantity.as_of.isoformat() if quantity.as_of else ""
    about = Evidence(kind, reference, as_of, quantity.note or "set from outside in place of its formula")
    return Leaf(figure, (quantity,), about)


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
    import numpy as np

    return value[..., 0] if np.ndim(value) > is_monthly else value
