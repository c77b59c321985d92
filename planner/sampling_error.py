"""Standard errors over draws, from the spread over the independent parts of the sample."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def share_error(holds: NDArray[np.bool_], scrambles: Sequence[slice]) -> float:
    """Return the standard error of the share of the draws in which something holds.

    With fewer than two scrambles the draws are taken as independent, which overstates the error of a Sobol sample.

    Source: L'Ecuyer and Lemieux 2002 (several scrambles); the variance of a binomial share (one).
    """
    if len(scrambles) < 2:
        share = float(np.mean(holds))
        return math.sqrt(share * (1 - share) / holds.size)
    shares = [float(np.mean(holds[part])) for part in scrambles]
    return float(np.std(shares, ddof=1)) / math.sqrt(len(shares))


def mean_error(values: NDArray[np.float64], scrambles: Sequence[slice]) -> float | None:
    """Return the standard error of the mean over draws; None for a single draw.

    Source: L'Ecuyer and Lemieux 2002 (several scrambles); the variance of a mean (one).
    """
    if len(values) < 2:
        return None
    if len(scrambles) < 2:
        return float(np.std(values, ddof=1)) / math.sqrt(len(values))
    means = [float(np.mean(values[part])) for part in scrambles]
    return float(np.std(means, ddof=1)) / math.sqrt(len(means))
