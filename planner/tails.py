"""Guards the mean against heavy tails: a mean that one draw can carry is not reported."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from planner.sampling_error import mean_error

TAIL_SHARE = 0.01
MIN_TAIL_DRAWS = 25
LARGEST_K_WITH_VARIANCE = 0.5
LARGEST_K_WITH_MEAN = 1.0


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

    Source: Hill 1975, Annals of Statistics 3(5), on the top 1 % of the deviations from the median; Vehtari et al. 2024
    (arXiv:1507.02646), on k as a warning of estimates that do not settle.
    """
    if not np.all(np.isfinite(values)):
        return Mean(None, None, None, None, refusal="in some draws it never happens or is undefined")
    if len(values) < MIN_TAIL_DRAWS / TAIL_SHARE:
        return Mean(float(values.mean()), mean_error(values, scrambles), None, None)
    deviations = np.sort(np.abs(values - np.median(values)))
    k, share = _hill(deviations), float(deviations[-1] / max(deviations.sum(), 1e-300))
    if k >= LARGEST_K_WITH_VARIANCE:
        what = "no mean" if k >= LARGEST_K_WITH_MEAN else "no reliable mean"
        return Mean(
            None,
            None,
            k,
            share,
            f"its tail is so heavy that there is {what} (Pareto k {k:.2f}); use quantiles",
        )
    return Mean(float(values.mean()), mean_error(values, scrambles), k, share)


def _hill(deviations: NDArray[np.float64]) -> float:
    count = math.ceil(TAIL_SHARE * len(deviations))
    threshold, tail = deviations[-count - 1], deviations[-count:]
    if threshold <= 0:
        return 0.0
    return float(np.mean(np.log(tail / threshold)))
