"""Text that is filtered on the measured machine (training corpora, screened prompts), and licences for data."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas.totals import part_of
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


def opening_corpus_bytes() -> Array:
    """Raw text that the company keeps when it starts.

    Source: definition: none.
    """
    return 0.0


def corpus_bytes(previous_corpus_bytes: Array, cleaned_bytes: Array) -> Array:
    """Raw text for training that the company has collected and keeps at the end of the month.

    Source: definition; nothing is thrown away.
    """
    return previous_corpus_bytes + cleaned_bytes


def acquisition_usd(
    model_training_tokens: Array,
    bought_data_share: Array,
    bought_data_usd_per_million_tokens: Array,
    cleaned_bytes: Array,
    scraping_usd_per_byte: Array,
) -> Array:
    """Cost of getting the month's training text: a share is bought by the token, the rest is collected by the byte.

    Source: definition; share and prices are inputs.
    """
    bought_tokens = model_training_tokens * bought_data_share
    bought_usd = bought_tokens / units.TOKENS_PER_MILLION_TOKENS * bought_data_usd_per_million_tokens
    return bought_usd + cleaned_bytes * (1.0 - bought_data_share) * scraping_usd_per_byte


def labelled_items(
    model_training_tokens: Array, finetuning_tokens: Array, labelled_items_per_run: Array
) -> Array:
    """Items that people label for the own models trained in the month, in proportion to the fine-tuning done.

    Source: definition; the number for one fine-tuning run is an input.
    """
    return np.minimum(part_of(model_training_tokens, finetuning_tokens), 1.0) * labelled_items_per_run


def labelling_usd(
    labelled_items: Array,
    label_usd_per_item: Array,
    label_overlap_ratio: Array,
    label_rework_share: Array,
    label_management_share: Array,
) -> Array:
    """Cost of the month's labels: each by several people, some done again, all of it managed.

    Source: definition (items x price x overlap x (1 + rework) x (1 + management)).
    """
    overhead = (1.0 + label_rework_share) * (1.0 + label_management_share)
    return labelled_items * label_usd_per_item * label_overlap_ratio * overhead


def kept_bytes(
    corpus_bytes: Array, each_stored_bytes: tuple[Array, ...], storage_copies_ratio: Array
) -> Array:
    """Data in storage at the end of the month, all copies counted.

    Source: definition.
    """
    return (corpus_bytes + sum(each_stored_bytes, 0.0)) * storage_copies_ratio


def storage_usd(
    kept_bytes: Array,
    storage_usd_per_byte_month: Array,
    egress_share_per_month: Array,
    egress_usd_per_byte: Array,
) -> Array:
    """Cost of the month's storage, and of the share of it that is moved out of the cloud.

    Source: definition; the prices are inputs.
    """
    return kept_bytes * (storage_usd_per_byte_month + egress_share_per_month * egress_usd_per_byte)


def data_usd(acquisition_usd: Array, labelling_usd: Array, redaction_usd: Array, storage_usd: Array) -> Array:
    """Training data in the month beside its cleaning and licences: getting, labelling, redacting and keeping it.

    Source: definition.
    """
    return acquisition_usd + labelling_usd + redaction_usd + storage_usd
