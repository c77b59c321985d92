"""The yardstick through Benchplan: its figures on the engine, its inputs from the sampler."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import figures
import inputs

from planner.engine import Graph, figures_of
from planner.scenario.dimensions import dimensions
from planner.scenario.sampling import Method, Sampler
from planner.scenario.spelling import parse
from planner.simulation import Task, simulate

OUTCOMES = ("final_cash_usd", "final_lowest_usd", "final_value_usd")
PROGRAM = Graph(figures_of(figures), {}, inputs.INTERVALS).resolve(OUTCOMES)
STANDINS = dict(zip(inputs.INTERVALS, dimensions(), strict=False))
"""Each input draws from the Sobol dimension of an input of the planner, as a scenario's own inputs do."""
DISTRIBUTIONS = {
    standin: parse(f"{inputs.INTERVALS[name][0]:g} to {inputs.INTERVALS[name][1]:g}", "amount_usd")
    for name, standin in STANDINS.items()
}


@dataclass(frozen=True)
class Draws:
    """The draws of the yardstick's inputs."""

    count: int
    seed: int = 0
    method: Method = "sobol"

    @cached_property
    def sampler(self) -> Sampler:
        """The sampler over the stand-in names."""
        return Sampler(DISTRIBUTIONS, self.count, self.seed, self.method)

    @property
    def scrambles(self) -> tuple[slice, ...]:
        """The independent parts of the draws."""
        return self.sampler.scrambles

    def block(self, start: int, stop: int) -> dict[str, Any]:
        """Return the inputs in some of the draws."""
        values = self.sampler.block(start, stop)
        return {name: values[standin] for name, standin in STANDINS.items()}


def run(draws: int, seed: int = 0, method: Method = "sobol") -> Mapping[str, Any]:
    """Draw the inputs and run the months; returns the outcomes for every draw."""
    return outcomes(Draws(draws, seed, method))


def outcomes(draws: Any) -> Mapping[str, Any]:
    """Run the months on given draws; returns the outcomes for every draw."""
    (found,) = simulate([Task(PROGRAM, draws, inputs.MONTHS, OUTCOMES)])
    return found
