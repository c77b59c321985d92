"""What a model is worth against others: its loss from size and data, and how customers answer to better or worse.

The loss is the scaling law L(N, D) = E + A / N^a + B / D^b. What training can still take away is L - E. Only ratios of
it count here, so the law is written as the part that data limit, at the size and the tokens for which it is given, and
two exponents. The fit of Hoffmann et al. 2022 (406.4, 0.34; 410.7, 0.28) has a part of 0.325 at 8 billion
parameters and 15 trillion tokens, the refit of Besiroglu et al. 2024 (482.01, 0.3478; 2085.43, 0.3658) one of 0.154.
"""

from __future__ import annotations

import numpy as np

from planner.units import Array

MOST_LOG_ODDS = 500.0
"""No change in quality moves log-odds further than this, which is all or nothing anyway."""


def size_limited_ratio(params_ratio: Array, data_limited_share: Array, model_exponent_ratio: Array) -> Array:
    """Return the part of the reducible loss that a larger model would take away, over all of it at the reference.

    Source: Hoffmann et al. 2022 (arXiv:2203.15556), approach 3, divided by its value at the reference.
    """
    return (1.0 - data_limited_share) * params_ratio**-model_exponent_ratio


def data_limited_ratio(tokens_ratio: Array, data_limited_share: Array, data_exponent_ratio: Array) -> Array:
    """Return the part of the reducible loss that more data would take away, over all of it at the reference.

    Source: Hoffmann et al. 2022 (arXiv:2203.15556), approach 3, divided by its value at the reference.
    """
    return data_limited_share * tokens_ratio**-data_exponent_ratio


def rival_ratio(month: Array, gain_share_per_month: Array) -> Array:
    """Return the quality of rivals over that of the first month, when it grows by the same share all the time.

    Source: assumed form: steady exponential progress.
    """
    return np.exp(gain_share_per_month * (month - 1.0))


def moved_share(share: Array, quality_ratio: Array, elasticity_ratio: Array) -> Array:
    """Return what becomes of a share of people when its odds move with quality to a power; none and all stay so.

    Source: assumed form: a logit shift of `elasticity_ratio` times the logarithm of relative quality.
    """
    log_odds = np.clip(elasticity_ratio * np.log(quality_ratio), -MOST_LOG_ODDS, MOST_LOG_ODDS)
    odds_ratio = np.exp(log_odds)
    return share * odds_ratio / (1.0 - share + share * odds_ratio)


def loop_gain_ratio(elasticity_ratio: Array, exponent_ratio: Array) -> Array:
    """Return by how much a loop multiplies growth from outside; one that explodes has no such number and stops a plan.

    With ln quality = b ln data and ln usage = eta ln quality + growth from outside, steady growth is that from outside
    over 1 - eta b.

    Source: definition of the gain of a feedback loop.
    """
    return 1.0 / np.maximum(1.0 - elasticity_ratio * exponent_ratio, 0.0)
