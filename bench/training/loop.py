"""Training with AdamW, warm-up and cosine decay, and scoring of a trained model."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn

from bench.data.splits import Batch, DataSet
from bench.errors import MeasurementError
from bench.training.optimizers import make
from bench.training.steps import cross_entropy, training_loss, training_step

__all__ = ["Recipe", "Say", "Scores", "TrainingRun", "cross_entropy", "score", "train", "training_loss"]

FINAL_RATE_SHARE = 0.1
STEPS_PER_BLOCK = 10

Say = Callable[[str], None]


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of one training run."""

    num_steps: int
    num_rows: int
    learning_rate: float
    warmup_steps: int
    weight_decay: float = 0.1
    max_gradient_norm: float = 1.0
    evaluate_every: int = 100
    max_seconds: float = math.inf
    """After so long the run ends early, and says so: a slow machine trains less instead of for an hour."""
    seed: int = 0

    def rate(self, step: int) -> float:
        """Learning rate of a step: linear warm-up, then a cosine down to a tenth."""
        if step < self.warmup_steps:
            return self.learning_rate * (step + 1) / self.warmup_steps
        done = (step - self.warmup_steps) / max(1, self.num_steps - self.warmup_steps)
        cosine = 0.5 * (1 + math.cos(math.pi * done))
        return self.learning_rate * (FINAL_RATE_SHARE + (1 - FINAL_RATE_SHARE) * cosine)

    def in_words(self) -> str:
        """Say the recipe in a few words."""
        return (
            f"{self.num_steps} steps of {self.num_rows} rows, AdamW, learning rate {self.learning_rate:g}, "
            f"{self.warmup_steps} steps of warm-up, cosine decay, weight decay {self.weight_decay:g}, "
            f"seed {self.seed}"
        )


@dataclass(frozen=True)
class Scores:
    """Loss and share of right answers of each row of a part of the data."""

    losses_nats: tuple[float, ...]
    accuracies_share: tuple[float, ...]

    @property
    def loss_nats(self) -> float:
        """Mean loss per image or byte."""
        return math.fsum(self.losses_nats) / len(self.losses_nats)


@dataclass(frozen=True)
class TrainingRun:
    """What a training run showed: its speed in blocks of steps and the validation losses on its way."""

    step_seconds: tuple[float, ...]
    validation_losses_nats: tuple[float, ...]
    validation: Scores
    num_steps: int
    seconds: float


def train(model: nn.Module, data: DataSet, recipe: Recipe, say: Say = lambda text: None) -> TrainingRun:
    """Train a model in place; model and data lie on one device.

    Steps are timed in blocks, with validation outside of the clock.
    Raises MeasurementError when the loss is no longer a number.
    """
    started = time.perf_counter()
    optimizer = make("adamw", model, recipe.learning_rate, recipe.weight_decay)
    generator = torch.Generator().manual_seed(recipe.seed)
    step_seconds: list[float] = []
    validation: list[float] = []
    scores = None
    for first in range(0, recipe.num_steps, STEPS_PER_BLOCK):
        steps = range(first, min(first + STEPS_PER_BLOCK, recipe.num_steps))
        model.train()
        block_started = time.perf_counter()
        for step in steps:
            for group in optimizer.param_groups:
                group["lr"] = recipe.rate(step)
            batch = data.sample(recipe.num_rows, generator)
            loss = training_step(model, optimizer, batch, recipe.max_gradient_norm)
        # Reading the loss waits for the device.
        last_loss = float(loss)
        step_seconds.append((time.perf_counter() - block_started) / len(steps))
        if not math.isfinite(last_loss):
            raise MeasurementError(f"training broke down: the loss is {last_loss} after {steps.stop} steps")
        late = time.perf_counter() - started > recipe.max_seconds
        if late or steps.stop == recipe.num_steps or steps.stop % recipe.evaluate_every < len(steps):
            scores = score(model, data.validation)
            validation.append(scores.loss_nats)
            say(f"step {steps.stop} of {recipe.num_steps}, validation loss {scores.loss_nats:.3f}")
        if late:
            break
    if scores is None:
        raise MeasurementError("training needs at least one step")
    seconds = time.perf_counter() - started
    return TrainingRun(tuple(step_seconds), tuple(validation), scores, steps.stop, seconds)


def score(model: nn.Module, batch: Batch, rows_per_call: int = 64) -> Scores:
    """Score a model on a part of the data, row by row."""
    model.eval()
    losses: list[float] = []
    accuracies: list[float] = []
    with torch.inference_mode():
        for first in range(0, len(batch.inputs), rows_per_call):
            targets = batch.targets[first : first + rows_per_call]
            logits = model(batch.inputs[first : first + rows_per_call]).float()
            each = cross_entropy(logits, targets, reduction="none").view(len(targets), -1)
            right = (logits.argmax(-1) == targets).float().view(len(targets), -1)
            losses += each.mean(1).tolist()
            accuracies += right.mean(1).tolist()
    return Scores(tuple(losses), tuple(accuracies))
