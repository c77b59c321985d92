"""Names what goes wrong in training, with what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch

from bench.errors import MeasurementError
from bench.training.recipes import Recipe

_NO_MEMORY = ("can't allocate memory", "not enough memory", "out of memory", "std::bad_alloc")


@contextmanager
def memory_named(recipe: Recipe) -> Iterator[None]:
    """Turn every way of running out of memory into a MeasurementError that says what to do."""
    try:
        yield
    except (MemoryError, RuntimeError) as err:
        text = str(err)
        known = isinstance(err, MemoryError | torch.OutOfMemoryError)
        if not known and not any(sign in text for sign in _NO_MEMORY):
            raise
        raise MeasurementError(
            f"training ran out of memory with {recipe.num_rows} rows a step in {recipe.accumulate} part(s): "
            f"raise --accumulate (fewer rows at a time, the same result), lower --rows, or take a smaller "
            f"model or --optimizer sgd, which keeps less state ({text.partition(chr(10))[0][:160]})"
        ) from err


def check_finite(
    losses: Sequence[float], norms: Sequence[float], first_step: int, recipe: Recipe, checkpoint: str
) -> None:
    """Raise MeasurementError that names the first step whose loss or gradient is no number."""
    for offset, (loss, norm) in enumerate(zip(losses, norms, strict=True)):
        if math.isfinite(loss) and math.isfinite(norm):
            continue
        what = f"loss is {loss}" if not math.isfinite(loss) else f"gradient's norm is {norm}"
        step = first_step + offset
        raise MeasurementError(
            f"training broke down: the {what} at step {step + 1} of {recipe.num_steps}, with learning rate "
            f"{recipe.rate(step):g}. Look whether the data holds NaN or infinite values; else lower "
            f"--learning-rate, or raise --warmup{checkpoint}"
        )
