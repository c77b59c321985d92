"""How much faster several processes are than one, measured in turn within one call."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from bench.data.splits import DataSet
from bench.measuring.latency import Estimate, estimate
from bench.training.distributed import Team
from bench.training.optimizers import make
from bench.training.recipes import Recipe
from bench.training.steps import take_step

ROUNDS = 7
SECONDS_PER_ROUND = 0.4
MAX_STEPS_PER_ROUND = 50


@dataclass(frozen=True)
class Scaling:
    """Seconds of a step of the same rows in one process and in all, and the efficiency from both."""

    one_seconds: Estimate
    team_seconds: Estimate
    efficiency: Estimate
    num_steps: int


def measure_scaling(
    build: Callable[[], nn.Module], data: DataSet, recipe: Recipe, team: Team, bf16: bool
) -> Scaling:
    """Throughput of N processes over N times that of one, at the same rows a step.

    In each round rank 0 takes steps alone while the others wait, then all take as many together. One process
    has as many threads alone as in the team. Every process of the team must call it.
    """
    alone = _Side(build().train(), data, recipe, Team(device=team.device) if team.leads else None, bf16)
    together = _Side(build().train(), data, recipe, team, bf16)
    first = _timed(alone, 1, team)
    _timed(together, 1, team)
    steps = _agreed_steps(first, team)
    pairs = [(_timed(alone, steps, team), _timed(together, steps, team)) for _ in range(ROUNDS)]
    return Scaling(
        one_seconds=estimate([one / steps for one, _ in pairs]),
        team_seconds=estimate([all_ / steps for _, all_ in pairs]),
        efficiency=estimate([one / (team.size * all_) for one, all_ in pairs]),
        num_steps=steps,
    )


class _Side:
    """One way to train, or to wait where this process has no part in it."""

    def __init__(
        self, model: nn.Module, data: DataSet, recipe: Recipe, team: Team | None, bf16: bool
    ) -> None:
        self._data, self._recipe, self._team, self._bf16 = data, recipe, team, bf16
        if team is None:
            return
        self._worker = team.wrap(model)
        self._optimizer = make(recipe.optimizer, model, recipe.learning_rate, recipe.weight_decay)
        self._generator = torch.Generator().manual_seed(recipe.seed)

    def run(self, num_steps: int) -> None:
        """Take steps as the training loop does."""
        team, recipe = self._team, self._recipe
        if team is None:
            return
        for _ in range(num_steps):
            batch = team.share(self._data.sample(recipe.num_rows, self._generator))
            step = take_step(
                self._worker,
                self._optimizer,
                batch,
                recipe.max_gradient_norm,
                parts=recipe.accumulate,
                bf16=self._bf16,
                weight=team.weight(len(batch.targets), recipe.num_rows),
                without_exchange=lambda: team.without_exchange(self._worker),
            )
        # Reading the loss waits for the device.
        float(step.loss_nats)


def _timed(side: _Side, num_steps: int, team: Team) -> float:
    team.barrier()
    started = time.perf_counter()
    side.run(num_steps)
    team.barrier()
    return time.perf_counter() - started


def _agreed_steps(step_seconds: float, team: Team) -> int:
    wanted = min(MAX_STEPS_PER_ROUND, max(1, math.ceil(SECONDS_PER_ROUND / step_seconds)))
    own = torch.tensor([float(wanted)], device=team.device)
    return round(float(team.average(own)[0]))
