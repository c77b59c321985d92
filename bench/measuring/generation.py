"""Time to first token and time per further token of a language model, over batch sizes and context lengths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeGuard

import torch
from torch import Tensor

from bench.errors import InputError
from bench.measuring.interleaving import Schedule, Timing, time_interleaved
from bench.models.generation import Generator

GENERATION = Schedule(rounds=10, blocks=2, max_seconds=4.0)


@dataclass(frozen=True)
class Cell:
    """So many sequences at once, each of so many tokens."""

    batch: int
    context_tokens: int

    @property
    def conditions(self) -> dict[str, int]:
        """The cell as conditions of a measurement."""
        return {"batch": self.batch, "context_tokens": self.context_tokens}


@dataclass(frozen=True)
class GenerationTiming:
    """What generation takes in one cell."""

    cell: Cell
    prefill: Timing
    """Seconds until each sequence has its first new token, after a prompt of the whole context."""
    decode: Timing
    """Seconds of one step, in which each sequence gets one more token and sees the whole context."""

    def followed_by(self, other: GenerationTiming) -> GenerationTiming:
        """Return the rounds of both, for the same cell."""
        return GenerationTiming(
            self.cell, self.prefill.followed_by(other.prefill), self.decode.followed_by(other.decode)
        )


def cells(batches: Sequence[int], contexts: Sequence[int], longest: int) -> list[Cell]:
    """Combine batch sizes and context lengths.

    Raises InputError for sizes below 1, a context of fewer than 2 tokens or one beyond the model's longest.
    """
    if min(batches, default=0) < 1:
        raise InputError(f"batch sizes {list(batches)}: each must be 1 or more")
    if min(contexts, default=0) < 2 or max(contexts) > longest:
        raise InputError(
            f"context lengths {list(contexts)}: each must be from 2 to {longest} tokens, the model's context"
        )
    return [Cell(batch, context) for batch in batches for context in contexts]


def time_generation(
    model: Generator,
    over: Sequence[Cell],
    schedule: Schedule = GENERATION,
    synchronize: Callable[[], None] = lambda: None,
) -> list[GenerationTiming]:
    """Time prefill and decoding of all cells, interleaved; the model lies on its device.

    The memory of the cache is taken before, as servers do, and random tokens stand for text. The likeliest
    token is chosen within the time. The logits of the whole prompt are computed, not of its last token alone.
    """
    model.eval()
    with torch.inference_mode():
        timed: dict[str, Callable[[], object]] = {}
        for cell in over:
            prefill, decode = calls(model, cell)
            timed |= {f"prefill {cell}": prefill, f"decode {cell}": decode}
        found = time_interleaved(timed, schedule, synchronize)
    return [GenerationTiming(cell, found[f"prefill {cell}"], found[f"decode {cell}"]) for cell in over]


def can_generate(model: object) -> TypeGuard[Generator]:
    """Tell whether a model writes text token by token and keeps keys and values."""
    return isinstance(model, Generator)


def calls(model: Generator, cell: Cell) -> tuple[Callable[[], Tensor], Callable[[], Tensor]]:
    """Return what to call for a prompt of the whole context, and for one more token of each sequence."""
    # Each has its own cache, so that none finds the other's still warm.
    at_prefill, at_decode = (model.new_cache(cell.batch, cell.context_tokens) for _ in range(2))
    prompt = torch.randint(
        model.config.vocabulary,
        (cell.batch, cell.context_tokens),
        generator=torch.Generator().manual_seed(0),
    ).to(at_decode.device)
    model(prompt[:, :-1], at_decode)

    def prefill() -> Tensor:
        at_prefill.length = 0
        return model(prompt, at_prefill)[:, -1].argmax(-1)

    def decode() -> Tensor:
        at_decode.length = cell.context_tokens - 1
        return model(prompt[:, -1:], at_decode)[:, -1].argmax(-1)

    return prefill, decode
