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

ROUNDS = 6
MIN_GAIN_RATIO = 1.05
HOPELESS_RATIO = 0.5
SECONDS_PER_ROUND = 0.02
MAX_STEPS_PER_ROUND = 50
MAX_SECONDS = 20.0


def bf16_speedup(model: nn.Module, data: DataSet, recipe: Recipe) -> float:
    """Seconds of an fp32 step over those of a bf16 step, as far as nearly all rounds in turn agree on it.

    The second lowest of the ratios of the rounds, so that a slow spell of the machine does not decide. Model,
    data and random state stay as they are. Where bf16 is emulated, one step shows it.
    """
    device = data.training.inputs.device
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        fp32, bf16 = (_Side(copy_of(model).train(), data, recipe, on) for on in (False, True))
        for side in (fp32, bf16):
            side.step_seconds(1)
        first, other = fp32.step_seconds(1), bf16.step_seconds(1)
        if other > 1.0 and first < HOPELESS_RATIO * other:
            return first / other
        steps = min(MAX_STEPS_PER_ROUND, max(1, int(SECONDS_PER_ROUND / first)))
        rounds = min(ROUNDS, max(1, int(MAX_SECONDS / (steps * (first + other)))))
        ratios = sorted(fp32.step_seconds(steps) / bf16.step_seconds(steps) for _ in range(rounds))
    return ratios[min(1, len(ratios) - 1)]


class _Side:
    def __init__(self, model: nn.Module, data: DataSet, recipe: Recipe, bf16: bool) -> None:
        self._model, self._recipe, self._bf16 = model, recipe, bf16
        self._batch = data.sample(recipe.num_rows, torch.Generator().manual_seed(recipe.seed))
        # The rate is tiny: only the time of the steps counts.
        self._optimizer = make(recipe.optimizer, model, 1e-9, recipe.weight_decay)

    def step_seconds(self, num_steps: int) -> float:
        started = time.perf_counter()
        for _ in range(num_steps):
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
        return (time.perf_counter() - started) / num_steps
