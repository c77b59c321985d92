"""Learning-rate schedules: linear warm-up, then a cosine or a plateau with a cool-down (WSD)."""

from __future__ import annotations

import math
from collections.abc import Callable

FINAL_RATE_SHARE = 0.1
COOL_DOWN_SHARE = 0.2


def rate_share(name: str, step: int, num_steps: int, warmup_steps: int) -> float:
    """Share of the peak learning rate at a step, counted from zero."""
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return _AFTER_WARMUP[name](step - warmup_steps, max(1, num_steps - warmup_steps))


def _cosine(step: int, num_steps: int) -> float:
    """Half a cosine down to a tenth."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / num_steps))
    return FINAL_RATE_SHARE + (1 - FINAL_RATE_SHARE) * cosine


def _warmup_stable_decay(step: int, num_steps: int) -> float:
    """Plateau, then a cool-down to zero over the last fifth by 1 - sqrt.

    Source: Haegele et al. 2024, Scaling laws and compute-optimal training beyond fixed training durations.
    """
    cooling = max(1, round(COOL_DOWN_SHARE * num_steps))
    left = num_steps - step
    return 1.0 if left >= cooling else 1 - math.sqrt((cooling - left) / cooling)


_AFTER_WARMUP: dict[str, Callable[[int, int], float]] = {"cosine": _cosine, "wsd": _warmup_stable_decay}
