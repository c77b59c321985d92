"""Text that is filtered on the measured machine (training corpora, screened prompts), and licences for data."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.units import Array


def cleaned_bytes(
    model_training_tokens: Array, text_bytes_per_token: Array, corpus_kept_share: Array
) -> Array:
    """Raw text that the filter reads in the month so that enough is kept for training the company's own models.

    Source: definition.
    """
    return model_training_tokens * text_bytes_per_token / corpus_kept_share


def client_cleaned_bytes(
    client_training_tokens: Array, text_bytes_per_token: Array, corpus_kept_share: Array
) -> Array:
    """Raw text of clients that the filter reads in the month so that enough is kept for their training runs.

    Source: definition.
    """
    return client_training_tokens * text_bytes_per_token / corpus_kept_share


def screened_bytes(served_tokens: Array, screened_share: Array, text_bytes_per_token: Array) -> Array:
    """Text of the service that the filter screens for abuse in the month.

    Source: definition.
    """
    return served_tokens * screened_share * text_bytes_per_token


def filter_usd_per_byte(filter_bytes_per_machine_second: Array, filter_usd_per_machine_hour: Array) -> Array:
    """Cost of reading one byte of text with the filter model on the measured machine.

    Source: definition.
    """
    return filter_usd_per_machine_hour / (filter_bytes_per_machine_second * units.SECONDS_PER_HOUR)


def cleaning_usd(cleaned_bytes: Array, filter_usd_per_byte: Array) -> Array:
    """Cost of the machines that clean the text for the company's own models in the month.

    Source: definition.
    """
    return cleaned_bytes * filter_usd_per_byte


def client_cleaning_usd(client_cleaned_bytes: Array, filter_usd_per_byte: Array) -> Array:
    """Cost of the machines that clean the text of clients in the month.

    Source: definition.
    """
    return client_cleaned_bytes * filter_usd_per_byte


def screening_usd(screened_bytes: Array, filter_usd_per_byte: Array) -> Array:
    """Cost of the machines that screen the service's text in the month.

    Source: definition.
    """
    return screened_bytes * filter_usd_per_byte


def compression_saving_usd(
    cleaned_bytes: Array,
    client_cleaned_bytes: Array,
    screened_bytes: Array,
    plain_filter_bytes_per_machine_second: Array,
    compressed_filter_bytes_per_machine_second: Array,
    filter_usd_per_machine_hour: Array,
) -> Array:
    """What the month's filtering costs less with the compressed model than with the plain one (below zero: more).

    Source: definition; both speeds are measured side by side on one machine.
    """
    plain = filter_usd_per_byte(plain_filter_bytes_per_machine_second, filter_usd_per_machine_hour)
    compressed = filter_usd_per_byte(compressed_filter_bytes_per_machine_second, filter_usd_per_machine_hour)
    return (cleaned_bytes + client_cleaned_bytes + screened_bytes) * (plain - compressed)


def data_licence_usd(
    month: Array, data_licence_usd_per_month: Array, launch_month: Array, training_months: Array
) -> Array:
    """Licence fees for training data, paid from the month in which training begins.

    Source: definition.
    """
    return np.where(month >= np.maximum(launch_month - training_months, 1), data_licence_usd_per_month, 0.0)
