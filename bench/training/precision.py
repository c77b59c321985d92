"""Is bf16 autocast faster here? A few steps of both, side by side on copies, decide."""

from __future__ import annotations

import time

import torch
from torch import nn

from bench.data.splits import DataSet
from bench.training.distributed import copy_of
from bench.training.optimizers import make
from bench.training.recipes import Recipe
from bench.training.steps import take_step

ROUNDS = 4
MIN_GAIN_RATIO = 1.05
HOPELESS_RATIO = 0.5
MAX_SECONDS = 20.0


def bf16_speedup(model: nn.Module, data: DataSet, recipe: Recipe) -> float:
    """Seconds of an fp32 step over those of a bf16 step, the fastest of a few rounds in turn.

    Model, data and random state stay as they are. Where bf16 is emulated, one step shows it.
    """
    device = data.training.inputs.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        sides = {bf16: _Side(copy_of(model).train(), data, recipe, bf16) for bf16 in (False, True)}
        first = {bf16: side.step_seconds() for bf16, side in sides.items()}
        if first[False] < HOPELESS_RATIO * first[True] and first[True] > 1.0:
            return first[False] / first[True]
        rounds = min(ROUNDS, max(1, int(MAX_SECONDS / sum(first.values()))))
        best = {bf16: min(side.step_seconds() for _ in range(rounds)) for bf16, side in sides.items()}
    return best[False] / best[True]


class _Side:
    def __init__(self, model: nn.Module, data: DataSet, recipe: Recipe, bf16: bool) -> None:
        self._model, self._recipe, self._bf16 = model, recipe, bf16
        self._batch = data.sample(recipe.num_rows, torch.Generator().manual_seed(recipe.seed))
        # The rate is tiny: only the time of the steps counts.
        self._optimizer = make(recipe.optimizer, model, 1e-9, recipe.weight_decay)

    def step_seconds(self) -> float:
        started = time.perf_counter()
        step = take_step(
            self._model,
            self._optimizer,
            self._batch,
            self._recipe.max_gradient_norm,
            parts=self._recipe.accumulate,
            bf16=self._bf16,
        )
        # Reading the loss waits for the device.
        float(step.loss_nats)
        return time.perf_counter() - started
