"""What each of the five technical challenges of a large model costs over the plan; they overlap and do not add up."""

from __future__ import annotations

import numpy as np

from planner.formulas.totals import total
from planner.units import Array, Rows


def compute_challenge_usd(
    series_training_compute_usd: Rows, series_client_compute_usd: Rows, series_serving_usd: Rows
) -> Array:
    """Computing over the whole horizon: training, training for clients, serving.

    Source: definition.
    """
    return total(series_training_compute_usd + series_client_compute_usd + series_serving_usd)


def privacy_challenge_usd(series_privacy_usd: Rows, series_redaction_usd: Rows) -> Array:
    """Privacy and security over the whole horizon: redaction, audits, requests, insurance, breaches as they happened.

    Source: definition.
    """
    return total(series_privacy_usd + series_redaction_usd)


def experiment_usd(training_compute_usd: Array, research_compute_ratio: Array) -> Array:
    """Accelerators for the month's experiments and failed runs: all training less the final runs.

    Source: definition.
    """
    final_share = 1.0 / np.maximum(research_compute_ratio, 1.0)
    return training_compute_usd * (1.0 - final_share)


def optimisation_challenge_usd(series_experiment_usd: Rows) -> Array:
    """Finding what to train over the whole horizon: experiments and failed runs.

    Source: definition.
    """
    return total(series_experiment_usd)


def inference_challenge_usd(series_serving_usd: Rows) -> Array:
    """Serving over the whole horizon, which compression makes cheaper.

    Source: definition.
    """
    return total(series_serving_usd)


def multimodality_challenge_usd(series_multimodal_usd: Rows) -> Array:
    """Serving and screening the images of requests over the whole horizon.

    Source: definition.
    """
    return total(series_multimodal_usd)
