"""What it costs to serve the tokens that customers ask for: bought from a vendor, or computed on own accelerators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner import units
from planner.formulas.market import eroded
from planner.formulas.totals import quotient
from planner.units import Array

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "serving_usd_per_million_tokens": {"nan": _("undefined: nothing is served")},
    "serving_energy_kwh": {"nan": _("unknown: no power is measured or written")},
    "weights_memory_replicas": {"nan": _("unknown: how many accelerators a replica has")},
}
"""Why a figure has no value, by the value that stands for it."""


def text_tokens(each_served_tokens: tuple[Array, ...]) -> Array:
    """Tokens of text, read and written, that the strategies ask for in the month.

    Source: definition.
    """
    return sum(each_served_tokens, 0.0)


def served_tokens(text_tokens: Array, multimodal_overhead_ratio: Array) -> Array:
    """Tokens, read and written, that the service handles in the month, those of images included.

    Source: definition.
    """
    return text_tokens * (1.0 + multimodal_overhead_ratio)


def api_share(month: Array, successor_month: Array, first_api_share: Array, second_api_share: Array) -> Array:
    """Share of the tokens that is bought from a vendor's API in the month: all of them or none.

    Source: definition.
    """
    return np.where(month < successor_month, first_api_share, second_api_share)


def api_tokens(served_tokens: Array, api_share: Array) -> Array:
    """Tokens that are bought from a vendor's API in the month.

    Source: definition.
    """
    return served_tokens * api_share


def input_share(input_tokens_per_request: Array, output_tokens_per_request: Array) -> Array:
    """Share of the tokens that the model reads; the rest it writes.

    Source: definition.
    """
    return input_tokens_per_request / (input_tokens_per_request + output_tokens_per_request)


def vendor_price_usd_per_million_tokens(
    month: Array,
    input_share: Array,
    vendor_input_usd_per_million_tokens: Array,
    vendor_output_usd_per_million_tokens: Array,
    vendor_price_decline_share_per_month: Array,
) -> Array:
    """Vendor's price of a million tokens in the month, at the scenario's mix of tokens read and written.

    Source: definition; the prices and their decline are inputs.
    """
    written = (1.0 - input_share) * vendor_output_usd_per_million_tokens
    blended = input_share * vendor_input_usd_per_million_tokens + written
    return eroded(blended, vendor_price_decline_share_per_month, month)


def api_usd(api_tokens: Array, vendor_price_usd_per_million_tokens: Array) -> Array:
    """Payments to the API's vendor for the tokens of the month; none while none are bought.

    Source: definition.
    """
    paid = api_tokens / units.TOKENS_PER_MILLION_TOKENS * vendor_price_usd_per_million_tokens
    return np.where(api_tokens > 0, paid, 0.0)


def hosted_tokens(served_tokens: Array, api_tokens: Array) -> Array:
    """Tokens that the company computes itself in the month.

    Source: definition.
    """
    return served_tokens - api_tokens


def model_tokens_per_gpu_second(
    serving_tokens_per_gpu_second: Array, compression_speedup_ratio: Array, model_scale_ratio: Array
) -> Array:
    """Tokens, read and written, per second and accelerator at full load with the model as large as it is in the month.

    Its recipe, where it has one, makes it so many times as fast.

    Source: assumed form: the work for a token grows with the size of the model.
    """
    return serving_tokens_per_gpu_second * compression_speedup_ratio / model_scale_ratio


def needed_serving_gpus(
    hosted_tokens: Array,
    peak_load_ratio: Array,
    model_tokens_per_gpu_second: Array,
    target_utilisation_share: Array,
) -> Array:
    """Accelerators that carry the peak of the month at the utilisation that the latency target leaves.

    Source: definition; ratio of peak to mean load and target utilisation are inputs.
    """
    usable = model_tokens_per_gpu_second * target_utilisation_share * units.SECONDS_PER_MONTH
    return np.where(hosted_tokens > 0, hosted_tokens * peak_load_ratio / usable, 0.0)


def serving_replicas(needed_serving_gpus: Array, gpus_per_replica: Array, minimum_replicas: Array) -> Array:
    """Whole replicas of the model that run in the month; none while nothing is served.

    Source: definition.
    """
    needed = np.maximum(np.ceil(needed_serving_gpus / gpus_per_replica), minimum_replicas)
    return np.where(needed_serving_gpus > 0, needed, 0.0)


def serving_gpus(serving_replicas: Array, gpus_per_replica: Array) -> Array:
    """Accelerators that serve in the month, rented and owned.

    Source: definition.
    """
    return np.where(serving_replicas > 0, serving_replicas * gpus_per_replica, 0.0)


def weights_memory_replicas(
    weights_bytes: Array,
    model_scale_ratio: Array,
    gpus_per_replica: Array,
    serving_memory_bytes_per_gpu: Array,
) -> Array:
    """Memory that the weights take in the month, in replicas: below one they fit, and the rest is for keys and values.

    Source: definition.
    """
    return weights_bytes * model_scale_ratio / (gpus_per_replica * serving_memory_bytes_per_gpu)


def weights_reading_gpu_hours(
    weights_bytes: Array,
    active_params: Array,
    params: Array,
    model_scale_ratio: Array,
    serving_bandwidth_bytes_per_gpu_second: Array,
) -> Array:
    """Accelerator time in which the weights that a token uses are read once: the least for each step of writing.

    Source: Pope et al. 2022, Efficiently Scaling Transformer Inference (arXiv:2211.05102), section 2.
    """
    read_bytes = weights_bytes * model_scale_ratio * active_params / params
    return read_bytes / serving_bandwidth_bytes_per_gpu_second / units.SECONDS_PER_HOUR


def serving_energy_kwh(serving_gpus: Array, serving_watts_per_gpu: Array) -> Array:
    """Electricity that the accelerators that serve take in the month, which run all of it; cooling apart.

    Source: definition (time x power).
    """
    used = serving_gpus * units.HOURS_PER_MONTH * serving_watts_per_gpu / units.WATTS_HOURS_PER_KWH
    return np.where(serving_gpus > 0, used, 0.0)


def serving_price_usd_per_gpu_hour(
    month: Array, serving_usd_per_gpu_hour: Array, gpu_price_decline_share_per_month: Array
) -> Array:
    """Price of an accelerator-hour for serving in the month.

    Source: definition; the decline is an input.
    """
    return eroded(serving_usd_per_gpu_hour, gpu_price_decline_share_per_month, month)


def serving_compute_usd(committed_usd: Array, on_demand_usd: Array) -> Array:
    """Rent of the accelerators that serve: those under contract, used or not, and what the need exceeds them by.

    Source: definition.
    """
    return committed_usd + on_demand_usd


def serving_usd(api_usd: Array, serving_compute_usd: Array, owned_running_usd: Array) -> Array:
    """Cost of serving the tokens of the month, bought and computed; what own accelerators lose in worth apart.

    Source: definition.
    """
    return api_usd + serving_compute_usd + owned_running_usd


def serving_usd_per_million_tokens(serving_usd: Array, served_tokens: Array) -> Array:
    """Cost of a million tokens as they were really served in the month; undefined while none is.

    Source: definition.
    """
    return quotient(serving_usd, served_tokens / units.TOKENS_PER_MILLION_TOKENS)


def full_load_usd_per_million_tokens(
    serving_price_usd_per_gpu_hour: Array, model_tokens_per_gpu_second: Array
) -> Array:
    """Lowest possible cost of a million tokens on own accelerators: every one of them busy all the time.

    Source: definition (price of an hour over tokens in an hour).
    """
    tokens_per_gpu_hour = model_tokens_per_gpu_second * units.SECONDS_PER_HOUR
    return serving_price_usd_per_gpu_hour / tokens_per_gpu_hour * units.TOKENS_PER_MILLION_TOKENS
