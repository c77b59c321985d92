"""What serving a compressed model saves against the same model without its recipe, at the same load.

Only tokens that the company computes itself are compressed, not those that it buys. Without a recipe every ratio is
one and the cost of making it nothing, so that all that is saved is nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner import units
from planner.formulas import architecture, assets, capacity, serving
from planner.formulas.calendar import whole_month
from planner.formulas.totals import first_month, quotient, total
from planner.units import Array, Rows

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "saving_usd_per_million_tokens": {"nan": _("undefined: nothing is computed on own accelerators")},
    "saving_usd_per_million_requests": {"nan": _("undefined: nothing is computed on own accelerators")},
    "compression_saving_usd_per_month": {"nan": _("undefined: nothing is computed on own accelerators")},
    "compression_payback_month": {"nan": _("undefined: nothing is compressed"), "inf": _("never")},
    "first_hosting_month": {"inf": _("never")},
}
"""Why a figure has no value, by the value that stands for it."""


def uncompressed_weights_bytes(params: Array, weight_bits_per_param: Array) -> Array:
    """Memory that the weights would take without the recipe.

    Source: definition.
    """
    return architecture.weights_bytes(params, weight_bits_per_param, 1.0)


def saved_weights_bytes(
    uncompressed_weights_bytes: Array, compression_weights_ratio: Array, model_scale_ratio: Array
) -> Array:
    """Memory that the recipe saves in each replica in the month; below zero where it takes more.

    Source: definition.
    """
    return uncompressed_weights_bytes * model_scale_ratio * (1.0 - compression_weights_ratio)


def weights_read_bytes_per_request(
    weights_bytes: Array,
    active_params: Array,
    params: Array,
    model_scale_ratio: Array,
    compression_batch_requests: Array,
) -> Array:
    """Bytes of weights that each step of writing reads for each of the requests that a replica works on at once.

    The fewer they are, the less it helps that the weights are smaller.

    Source: Pope et al. 2022, Efficiently Scaling Transformer Inference (arXiv:2211.05102), section 2.
    """
    read_bytes = weights_bytes * model_scale_ratio * active_params / params
    return read_bytes / compression_batch_requests


def uncompressed_tokens_per_gpu_second(
    serving_tokens_per_gpu_second: Array, model_scale_ratio: Array
) -> Array:
    """Tokens, read and written, per second and accelerator at full load without the recipe.

    Source: definition.
    """
    return serving.model_tokens_per_gpu_second(serving_tokens_per_gpu_second, 1.0, model_scale_ratio)


def uncompressed_full_load_usd_per_million_tokens(
    serving_price_usd_per_gpu_hour: Array, uncompressed_tokens_per_gpu_second: Array
) -> Array:
    """Lowest possible cost of a million tokens on own accelerators without the recipe: every one busy all the time.

    Source: definition (price of an hour over tokens in an hour).
    """
    return serving.full_load_usd_per_million_tokens(
        serving_price_usd_per_gpu_hour, uncompressed_tokens_per_gpu_second
    )


def uncompressed_serving_gpus(
    hosted_tokens: Array,
    peak_load_ratio: Array,
    uncompressed_tokens_per_gpu_second: Array,
    target_utilisation_share: Array,
    gpus_per_replica: Array,
    minimum_replicas: Array,
) -> Array:
    """Accelerators that would serve the same tokens in the month without the recipe, in replicas as large.

    Source: definition.
    """
    needed = serving.needed_serving_gpus(
        hosted_tokens, peak_load_ratio, uncompressed_tokens_per_gpu_second, target_utilisation_share
    )
    replicas = serving.serving_replicas(needed, gpus_per_replica, minimum_replicas)
    return serving.serving_gpus(replicas, gpus_per_replica)


def saved_serving_gpus(uncompressed_serving_gpus: Array, serving_gpus: Array) -> Array:
    """Accelerators that the recipe saves in the month; below zero where it is slower.

    Source: definition.
    """
    return uncompressed_serving_gpus - serving_gpus


def uncompressed_serving_usd(
    uncompressed_serving_gpus: Array,
    owned_gpus: Array,
    committed_gpus: Array,
    committed_usd: Array,
    serving_price_usd_per_gpu_hour: Array,
    overflow_price_ratio: Array,
    api_usd: Array,
    owned_running_usd: Array,
) -> Array:
    """Cost of serving the same tokens of the month without the recipe, on contracts and own accelerators as they are.

    What the need would exceed them by is rented on demand.

    Source: definition.
    """
    rented = assets.rented_gpus(uncompressed_serving_gpus, owned_gpus)
    beyond = capacity.on_demand_gpus(rented, committed_gpus)
    on_demand_usd = capacity.on_demand_usd(beyond, serving_price_usd_per_gpu_hour, overflow_price_ratio)
    compute_usd = serving.serving_compute_usd(committed_usd, on_demand_usd)
    return serving.serving_usd(api_usd, compute_usd, owned_running_usd)


def serving_compression_saving_usd(uncompressed_serving_usd: Array, serving_usd: Array) -> Array:
    """What the recipe saves on serving the tokens of the month; below zero where it is slower.

    Source: definition.
    """
    return uncompressed_serving_usd - serving_usd


def saving_usd_per_million_tokens(serving_compression_saving_usd: Array, hosted_tokens: Array) -> Array:
    """What the recipe saves on a million tokens that the company computes itself in the month.

    Source: definition.
    """
    return quotient(serving_compression_saving_usd, hosted_tokens / units.TOKENS_PER_MILLION_TOKENS)


def saving_usd_per_million_requests(
    saving_usd_per_million_tokens: Array, input_tokens_per_request: Array, output_tokens_per_request: Array
) -> Array:
    """What the recipe saves on a million requests of the scenario's length in the month.

    Source: definition.
    """
    return saving_usd_per_million_tokens * (input_tokens_per_request + output_tokens_per_request)


def first_hosting_month(
    service_month: Array, successor_month: Array, first_api_share: Array, second_api_share: Array
) -> Array:
    """First month in which a model that the company serves itself is in service; never where all is bought.

    Source: definition.
    """
    after_the_switch = np.where(second_api_share > 0, np.inf, successor_month)
    return np.where(first_api_share > 0, after_the_switch, service_month)


def compression_making_usd(
    month: Array,
    first_hosting_month: Array,
    trained_share: Array,
    refresh_share: Array,
    compression_usd: Array,
) -> Array:
    """Cost of making the recipe, paid in the month before the first own model serves, and anew for each refreshed one.

    Source: definition; open weights as they are, which are never trained anew, are compressed once.
    """
    first = np.maximum(whole_month(first_hosting_month) - 1.0, 1.0)
    again = np.where(month > whole_month(first_hosting_month), trained_share * refresh_share, 0.0)
    made = np.where(month == first, 1.0, again)
    return np.where(made > 0, made * compression_usd, 0.0)


def compressed_quality_ratio(api_share: Array, compression_quality_ratio: Array) -> Array:
    """Quality that customers get in the month over that without the recipe; bought tokens lose none.

    Source: definition.
    """
    return np.where(api_share < 1, compression_quality_ratio, 1.0)


def compression_demand_ratio(
    compressed_quality_ratio: Array, shared_quality_elasticity_ratio: Array
) -> Array:
    """Factor on conversion, and under churn, that the recipe's quality makes in the month.

    Source: definition of constant elasticity; the elasticity is an input.
    """
    return compressed_quality_ratio**shared_quality_elasticity_ratio


def total_serving_compression_saving_usd(series_serving_compression_saving_usd: Rows) -> Array:
    """What the recipe saves on serving over the whole horizon, its own cost apart.

    Source: definition.
    """
    return total(series_serving_compression_saving_usd)


def total_compression_making_usd(series_compression_making_usd: Rows) -> Array:
    """What making the recipe costs over the whole horizon.

    Source: definition.
    """
    return total(series_compression_making_usd)


def compression_saving_usd_per_month(
    series_serving_compression_saving_usd: Rows, series_hosted_tokens: Rows
) -> Array:
    """What the recipe saves on serving in a month, on average over those in which the company serves tokens itself.

    Source: definition; its own cost apart.
    """
    months = total(np.where(series_hosted_tokens > 0, 1.0, 0.0))
    return quotient(total(series_serving_compression_saving_usd), months)


def compression_payback_month(
    series_serving_compression_saving_usd: Rows, series_compression_making_usd: Rows
) -> Array:
    """First month by which the recipe has saved on serving what it cost until then; never within the plan where none.

    Customers lost or won by its quality do not count here: they are in the comparison of plans.

    Source: definition.
    """
    saved_usd = np.cumsum(series_serving_compression_saving_usd, axis=0)
    spent_usd = np.cumsum(series_compression_making_usd, axis=0)
    has_begun = np.logical_and(saved_usd > 0, saved_usd >= spent_usd)
    is_idle = np.logical_and(
        total(np.abs(series_serving_compression_saving_usd)) == 0, total(series_compression_making_usd) == 0
    )
    return np.where(is_idle, np.nan, first_month(has_begun))
