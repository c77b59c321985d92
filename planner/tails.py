"""Guards the mean against heavy tails: a mean that one draw can carry is not reported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.sampling_error import mean_error

MIN_DRAWS = 2_500
"""With fewer draws the shape of a tail cannot be told from chance."""
MIN_TAIL_DRAWS = 20
"""A tail of fewer draws beyond its threshold, as whole numbers and events have, is left to the share of one draw."""
LARGEST_K_WITH_VARIANCE = 0.5
LARGEST_K_WITH_MEAN = 1.0
LARGEST_SHARE = 0.1
"""A mean of which a single draw makes up more than this of all deviations is not reported."""


@dataclass(frozen=True)
class Mean:
    """The mean of a figure over draws, or why there is none."""

    value: float | None
    error: float | None
    """Standard error; None where it cannot be told."""
    pareto_k: float | None
    """Shape of the heavier tail; from 0.5 on the variance does not exist, from 1 on the mean does not."""
    largest_share: float | None
    """Share of the sum of absolute deviations that the single most extreme draw makes up."""
    refusal: str = ""


def guarded_mean(values: NDArray[np.float64], scrambles: Sequence[slice]) -> Mean:
    """Return the mean over draws, `(draws,)`, unless the tail is too heavy for one.

    Source: Vehtari et al. 2024 (arXiv:1507.02646), which takes the 3 sqrt(draws) outermost draws as the tail and their
    Pareto k as a warning of estimates that do not settle.
    """
    if not np.all(np.isfinite(values)):
        return Mean(None, None, None, None, refusal="in some draws it never happens or is undefined")
    if len(values) < MIN_DRAWS:
        return Mean(float(values.mean()), mean_error(values, scrambles), None, None)
    deviations = np.abs(values - np.median(values))
    share = float(deviations.max() / max(deviations.sum(), 1e-300))
    tails = [k for k in (_tail_shape(values), _tail_shape(-values)) if k is not None]
    k = max(tails, default=None)
    if k is not None and k >= LARGEST_K_WITH_VARIANCE:
        what = "no mean" if k >= LARGEST_K_WITH_MEAN else "no reliable mean"
        refusal = f"its tail is so heavy that there is {what} (Pareto k {k:.2f}); use quantiles"
        return Mean(None, None, k, share, refusal)
    if share > LARGEST_SHARE:
        refusal = f"one draw alone makes up {share:.0%} of its spread; use quantiles"
        return Mean(None, None, k, share, refusal)
    return Mean(float(values.mean()), mean_error(values, scrambles), k, share)


def _tail_shape(values: NDArray[np.float64]) -> float | None:
    """Return the Pareto k of the upper tail; None where too few values lie beyond its threshold."""
    count = math.ceil(3 * math.sqrt(len(values)))
    outermost = np.sort(np.partition(values, -count - 1)[-count - 1 :])
    beyond = outermost[1:] - outermost[0]
    beyond = beyond[beyond > 0]
    return None if len(beyond) < MIN_TAIL_DRAWS else _pareto_k(beyond)


def _pareto_k(beyond: NDArray[np.float64]) -> float:
    """Return the shape of the generalised Pareto distribution of sorted positive values.

    Source: Zhang and Stephens 2009, Technometrics 51(3): the mean of a posterior on a grid of the other parameter.
    """
    count, quartile = len(beyond), beyond[int(len(beyond) / 4 + 0.5) - 1]
    points = 20 + math.isqrt(count)
    grid = 1 / beyond[-1] + (1 - np.sqrt(points / (np.arange(points) + 0.5))) / (3 * quartile)
    shapes = np.log1p(-grid[:, None] * beyond).mean(axis=1)
    log_likelihood = count * (np.log(-grid / shapes) - shapes - 1)
    weights = np.exp(log_likelihood - log_likelihood.max())
    mean = np.sum(grid * weights) / np.sum(weights)
    return float(np.log1p(-mean * beyond).mean())
