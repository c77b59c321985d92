"""What a row of timed samples shows beside its middle: percentiles, drift, outliers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PERCENTILES_MIN_SAMPLES = {95: 60, 99: 300}
"""A percentile needs at least three samples beyond it."""
MAX_CHANCE_SHARE = 0.01
MIN_DRIFT_SHARE = 0.01
MIN_SAMPLES_FOR_DRIFT = 8
FAR_OUT_RANGES = 3.0


@dataclass(frozen=True)
class Drift:
    """A trend over a run: the change of the median from its first third to its last, as a share."""

    share: float
    chance_share: float
    """How often samples without any trend would show one at least as clear."""

    def named(self, floor: float = MIN_DRIFT_SHARE) -> bool:
        """Tell whether the trend is beyond chance (1 %) and larger than the noise floor."""
        return self.chance_share < MAX_CHANCE_SHARE and abs(self.share) > max(floor, MIN_DRIFT_SHARE)


def percentile(samples: Sequence[float], percent: int) -> tuple[float | None, str]:
    """Return the 95th or 99th percentile, or None and why: so many samples are there and so many needed."""
    needed = PERCENTILES_MIN_SAMPLES[percent]
    if len(samples) < needed:
        return None, f"{len(samples)} samples; the {percent}th percentile needs {needed}"
    return float(np.quantile(samples, percent / 100)), f"{len(samples)} samples"


def drift(samples: Sequence[float]) -> Drift | None:
    """Look for a trend by Kendall's rank correlation with time; None for fewer than 8 samples.

    Source: Mann 1945, Nonparametric tests against trend.
    """
    if len(samples) < MIN_SAMPLES_FOR_DRIFT:
        return None
    values = np.asarray(samples, dtype=np.float64)
    if np.ptp(values) == 0:
        return Drift(0.0, 1.0)
    # scipy takes half a second to import.
    from scipy.stats import kendalltau

    chance = float(kendalltau(np.arange(values.size), values).pvalue)
    third = values.size // 3
    return Drift(float(np.median(values[-third:]) / np.median(values[:third]) - 1), chance)


def num_outliers(samples: Sequence[float]) -> int:
    """Count the samples more than three interquartile ranges above the upper quartile.

    Source: Tukey 1977, Exploratory Data Analysis, "far out".
    """
    lower, upper = np.quantile(samples, [0.25, 0.75])
    return int((np.asarray(samples) > upper + FAR_OUT_RANGES * (upper - lower)).sum())


def remarks(rounds: Sequence[float], blocks: Sequence[float], floor: float = MIN_DRIFT_SHARE) -> list[str]:
    """Say what is remarkable about the minima of rounds and all blocks of a timing; usually nothing."""
    said = []
    trend = drift(rounds)
    if trend is not None and trend.named(floor):
        said.append(f"drifted by {trend.share:+.0%} from the first third of the rounds to the last")
    outliers = num_outliers(blocks)
    if outliers:
        said.append(f"{outliers} of {len(blocks)} blocks were outliers")
    return said
