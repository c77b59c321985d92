"""The hyper-parameters of a training run, and the learning rate they give each step."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from bench.training.names import OPTIMIZERS, SCHEDULES
from bench.training.schedules import rate_share

Autocast = Literal["auto", "on", "off"]


@dataclass(frozen=True)
class Recipe:
    """The hyper-parameters of one training run."""

    num_steps: int
    num_rows: int
    """Rows of a step over all processes and accumulated parts."""
    learning_rate: float
    warmup_steps: int
    weight_decay: float = 0.1
    max_gradient_norm: float = 1.0
    evaluate_every: int = 100
    max_seconds: float = math.inf
    """After so long the run ends early, and says so: a slow machine trains less instead of for an hour."""
    seed: int = 0
    optimizer: str = "adamw"
    schedule: str = "cosine"
    accumulate: int = 1
    """In how many parts the rows of a step go through the model one after another."""
    autocast: Autocast = "off"
    """bf16 for matrix products: always, never, or where a few steps show that it is faster here."""
    patience: int = 0
    """End after so many validations without a better one and take the best weights; zero trains to the end."""

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from zero."""
        share = rate_share(self.schedule, step, self.num_steps, self.warmup_steps)
        return self.learning_rate * share

    def in_words(self) -> str:
        """Say the recipe in a few words."""
        words = (
            f"{self.num_steps} steps of {self.num_rows} rows, {OPTIMIZERS[self.optimizer]}, "
            f"learning rate {self.learning_rate:g}, {self.warmup_steps} steps of warm-up, "
            f"{SCHEDULES[self.schedule]}, weight decay {self.weight_decay:g}, seed {self.seed}"
        )
        if self.accumulate > 1:
            words += f", gradients accumulated over {self.accumulate} parts"
        if self.patience:
            words += f", ended after {self.patience} validations without a better one"
        return words
