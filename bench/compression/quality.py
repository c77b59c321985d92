"""How good a form is on held-out rows, over several seeds, and how it differs from another on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.measuring.latency import BOOTSTRAP_RESAMPLES, CONFIDENCE_SHARE, Estimate
from bench.training.scoring import Scores

COLLAPSED_ACCURACY_SHARE = 0.1
COLLAPSED_LOSS_RATIO = 1.5


@dataclass(frozen=True)
class Quality:
    """Loss and right answers, `(seeds, rows)`: one training run from the start for each seed, the same rows for all."""

    losses_nats: NDArray[np.float64]
    accuracies_share: NDArray[np.float64]

    @staticmethod
    def of(scores: Sequence[Scores]) -> Quality:
        """Gather the scores of all seeds."""
        return Quality(
            np.array([each.losses_nats for each in scores]),
            np.array([each.accuracies_share for each in scores]),
        )


def mean(values: NDArray[np.float64], seed: int = 0) -> Estimate:
    """Return the mean of `(seeds, rows)` with a 95 % interval for other seeds and other rows; samples are seeds' means.

    Seeds and rows are drawn again independently of each other.
    Source: Owen 2007, The pigeonhole bootstrap, Annals of Applied Statistics 1(2).
    """
    num_seeds, num_rows = values.shape
    random = np.random.default_rng(seed)
    means = np.empty(BOOTSTRAP_RESAMPLES)
    for index in range(BOOTSTRAP_RESAMPLES):
        rows = random.integers(0, num_rows, num_rows)
        seeds = random.integers(0, num_seeds, num_seeds)
        means[index] = values[np.ix_(seeds, rows)].mean()
    tail = (1 - CONFIDENCE_SHARE) / 2
    low, high = np.quantile(means, [tail, 1 - tail])
    return Estimate(float(values.mean()), float(low), float(high), tuple(values.mean(axis=1).tolist()))


def collapsed(quality: Quality, before: Quality) -> str:
    """Say how far the quality fell where it fell so far that the form is of no use; empty otherwise."""
    fell = float(before.accuracies_share.mean() - quality.accuracies_share.mean())
    loss_ratio = float(quality.losses_nats.mean() / max(before.losses_nats.mean(), 1e-12))
    if fell > COLLAPSED_ACCURACY_SHARE:
        return f"collapsed: accuracy fell by {100 * fell:.1f} points"
    if loss_ratio > COLLAPSED_LOSS_RATIO and fell > 0.5 * COLLAPSED_ACCURACY_SHARE:
        return f"collapsed: the loss is {loss_ratio:.2f} times that of before"
    if not np.isfinite(quality.losses_nats).all():
        return "collapsed: the loss is no longer a number"
    return ""
