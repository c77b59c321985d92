"""What a training run has been through so far, and how it is told while it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter

SECONDS_BETWEEN_WORDS = 2.0


@dataclass
class History:
    """All that a run knows of its own past; it is kept in checkpoints and goes on from there."""

    step: int = 0
    step_seconds: list[float] = field(default_factory=list)
    training_losses_nats: list[float] = field(default_factory=list)
    """Loss of every step, over all processes."""
    validated_steps: list[int] = field(default_factory=list)
    validation_losses_nats: list[float] = field(default_factory=list)
    best_loss_nats: float = math.inf
    best_step: int = 0
    seconds: float = 0.0
    bf16: bool = False
    bf16_speedup_ratio: float | None = None
    ended: bool = False
    """No step is left to take: all are done, patience has run out, or the time is up."""

    def validated(self, loss_nats: float) -> bool:
        """Note a validation; tells whether it is the best so far."""
        self.validated_steps.append(self.step)
        self.validation_losses_nats.append(loss_nats)
        if loss_nats >= self.best_loss_nats:
            return False
        self.best_loss_nats, self.best_step = loss_nats, self.step
        return True

    @property
    def validations_since_best(self) -> int:
        """Count the validations that were no better."""
        return sum(step > self.best_step for step in self.validated_steps)

    def to_facts(self) -> dict[str, Any]:
        """Return what JSON can hold; floats come back to the bit."""
        return asdict(self)

    @staticmethod
    def from_facts(facts: dict[str, Any]) -> History:
        """Read what `to_facts` gave; raises pydantic's ValidationError for anything else."""
        return TypeAdapter(History).validate_python(facts)


@dataclass(frozen=True)
class Pace:
    """What turns the time of a step into throughput and MFU."""

    item: str
    items_per_step: int
    step_flops: int | None = None
    peaks_flops_per_second: Mapping[str, float] = field(default_factory=dict)
    """By number format; none where no MFU is wanted."""

    def peak(self, *, bf16: bool) -> float | None:
        """Return the peak in the format in which matrices are multiplied."""
        return self.peaks_flops_per_second.get("bf16" if bf16 else "fp32")

    def mfu_share(self, step_seconds: float, *, bf16: bool) -> float | None:
        """Model FLOPs utilisation: FLOPs of a step over its time and the peak (Chowdhery et al. 2022, PaLM)."""
        peak = self.peak(bf16=bf16)
        if self.step_flops is None or peak is None:
            return None
        return self.step_flops / step_seconds / peak


def in_words(history: History, num_steps: int, pace: Pace | None) -> str:
    """Say where the run stands: losses, speed of the last steps and the time that is left at this speed."""
    words = [f"step {history.step} of {num_steps}"]
    if history.validated_steps and history.validated_steps[-1] == history.step:
        words.append(f"validation loss {history.validation_losses_nats[-1]:.3f}")
    if history.training_losses_nats:
        words.append(f"training loss {history.training_losses_nats[-1]:.3f}")
    if history.step_seconds:
        seconds = history.step_seconds[-1]
        if pace is not None:
            words.append(f"{pace.items_per_step / seconds:,.0f} {pace.item}/s")
            mfu = pace.mfu_share(seconds, bf16=history.bf16)
            words += [] if mfu is None else [f"MFU {mfu:.0%}"]
        words.append(f"{(num_steps - history.step) * seconds:,.0f} s left")
    return ", ".join(words)
