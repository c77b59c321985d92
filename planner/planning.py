"""Plans scenarios: prepares them, runs the months on the central path and in the draws, and returns what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from planner.drawing import draws_of
from planner.errors import InputError
from planner.figure import Figure
from planner.preparing import Prepared, check_memory, prepare
from planner.result import Result

HEADLINES = (
    "cash_usd", "cash_before_funding_usd", "revenue_usd", "total_cost_usd", "ebitda_usd", "people", "serving_usd",
    "cost_of_revenue_usd", "research_usd", "staff_usd", "marketing_usd", "overhead_usd", "gross_margin_share",
    "funding_need_usd", "startup_cost_usd", "startup_one_off_usd", "startup_running_usd", "runway_months",
    "break_even_month", "first_revenue_month", "net_present_value_usd", "total_revenue_usd", "final_cash_usd",
    "lowest_cash_before_funding_usd", "lowest_cash_usd", "total_compression_saving_usd",
    "compute_challenge_usd", "privacy_challenge_usd", "optimisation_challenge_usd", "inference_challenge_usd",
    "multimodality_challenge_usd", "total_breach_usd",
    "internal_rate_share_per_year", "payback_months", "average_gross_margin_share", "lifetime_value_ratio",
    "top_five_revenue_share", "annual_recurring_revenue_usd",
)  # fmt: skip
"""The figures that are kept for every draw."""

MAX_DRAWS = 100_000_000
PLAN_BLOCK_DRAWS = 8_192
"""Draws that go through a plan together: it holds hundreds of figures, and whole rows of some, for each of them."""


def plan(
    path: str | Path,
    *,
    sets: Sequence[str] = (),
    measurements: str = "auto",
    draws: int = 1,
    seed: int = 0,
    figures: Iterable[str] = HEADLINES,
    workers: int | None = 1,
    block_draws: int = PLAN_BLOCK_DRAWS,
) -> Result:
    """Plan a scenario file, with `key=value` settings, on measurements, in one central path and some draws.

    The central path has every input at its median and keeps every figure; with more than one draw the `figures`
    are kept for each of them as well. Neither the number of worker processes (None for as many as save time) nor the
    size of the blocks of draws changes the result.

    Raises:
        InputError: what the user gave is wrong; the text says where, what is allowed and what to do.
    """
    (result,) = plan_all(
        [path], sets=sets, measurements=measurements, draws=draws, seed=seed, figures=figures, workers=workers,
        block_draws=block_draws,
    )  # fmt: skip
    return result


def plan_all(
    paths: Iterable[str | Path],
    *,
    sets: Sequence[str] = (),
    measurements: str = "auto",
    draws: int = 1,
    seed: int = 0,
    figures: Iterable[str] = HEADLINES,
    workers: int | None = 1,
    block_draws: int = PLAN_BLOCK_DRAWS,
) -> list[Result]:
    """Plan several scenario files as `plan` would each of them, in one pool of worker processes.

    Raises:
        InputError: what the user gave is wrong; the text says where, what is allowed and what to do.
    """
    check_draws(draws)
    ready = [prepare(path, sets, measurements) for path in paths]
    return plan_prepared(
        ready, draws=draws, seed=seed, figures=figures, workers=workers, block_draws=block_draws
    )


def plan_prepared(
    ready: Sequence[Prepared],
    *,
    draws: int = 1,
    seed: int = 0,
    figures: Iterable[str] = HEADLINES,
    workers: int | None = 1,
    block_draws: int = PLAN_BLOCK_DRAWS,
) -> list[Result]:
    """Plan scenarios that were prepared, as `plan_all` does."""
    check_draws(draws)
    planned = [_central(one, draws, seed) for one in ready]
    if draws == 1:
        return planned
    from planner.simulation import Task, simulate

    tasks, asked = [], tuple(figures)
    for one, result in zip(ready, planned, strict=True):
        needed = one.graph.resolve(asked)
        tasks.append(Task(needed, result.drawing.only(needed.leaves), one.months, needed.asked))
    drawn = simulate(tasks, block_draws=block_draws, workers=workers)
    return [_with_draws(result, kept) for result, kept in zip(planned, drawn, strict=True)]


def check_draws(draws: int) -> None:
    """Refuse a number of draws that no plan can have.

    Raises:
        InputError: it is below 1 or too large.
    """
    if not 1 <= draws <= MAX_DRAWS:
        raise InputError(f"--draws {draws}: give a number from 1 (the central path alone) to {MAX_DRAWS:,}")


def _central(ready: Prepared, draws: int, seed: int) -> Result:
    """Return the plan on its central path, and how it is drawn."""
    program, leaves = ready.program, ready.leaves
    central = ready.central(program)
    check_memory(ready, central)
    drawing = draws_of(leaves, program.leaves, ready.loaded, draws, seed)
    found = {
        name: Figure(
            name,
            program.phases[name],
            program.nodes[name].function,
            value,
            scrambles=drawing.scrambles,
        )
        for name, value in central.items()
    }
    at_median = ready.central_leaves(program)
    return Result(ready.loaded, program, leaves, ready.measured, found, draws, seed, at_median, drawing)


def _with_draws(result: Result, drawn: Mapping[str, Any]) -> Result:
    figures = {name: replace(figure, draws=drawn.get(name)) for name, figure in result.figures.items()}
    return replace(result, figures=figures)
