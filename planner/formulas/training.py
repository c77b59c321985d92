"""What is trained in a month, and what the hardware for it costs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from planner import units
from planner.formulas.market import eroded
from planner.units import Array

_ = str  # marks a text for the catalogues of messages

STATUS: Mapping[str, Mapping[str, str]] = {
    "training_energy_kwh": {"nan": _("unknown: no power is measured or written")},
    "training_memory_bytes": {"nan": _("unknown: no memory in training is measured or written")},
    "least_training_gpus": {"nan": _("unknown: no memory in training is measured or written")},
}
"""Why a figure has no value, by the value that stands for it."""


def first_training_share(
    month: Array, service_month: Array, training_months: Array, launch_delay_months: Array
) -> Array:
    """Share of the first model's training that falls in the month: spread evenly over the months before the launch.

    A launch that comes late stretches the work, which begins as planned.

    Source: definition.
    """
    return _window_share(month, service_month, training_months + launch_delay_months)


def second_training_share(
    month: Array, successor_month: Array, training_months: Array, release_delay_months: Array
) -> Array:
    """Share of the second model's training that falls in the month: spread evenly over the months before the switch.

    A switch that comes late stretches the work, which begins as planned.

    Source: definition.
    """
    return _window_share(month, successor_month, training_months + release_delay_months)


def first_training_tokens(
    first_fine_tuned_share: Array,
    first_pretrained_share: Array,
    finetuning_tokens: Array,
    pretraining_tokens: Array,
) -> Array:
    """Tokens that the first model is trained on; none for a bought or a ready one, both stages for a pretrained one.

    Source: definition.
    """
    return _run_tokens(first_fine_tuned_share, first_pretrained_share, finetuning_tokens, pretraining_tokens)


def second_training_tokens(
    second_fine_tuned_share: Array,
    second_pretrained_share: Array,
    finetuning_tokens: Array,
    pretraining_tokens: Array,
) -> Array:
    """Tokens that the model after the switch is trained on; none for a bought or a ready one.

    Source: definition.
    """
    return _run_tokens(
        second_fine_tuned_share, second_pretrained_share, finetuning_tokens, pretraining_tokens
    )


def model_training_tokens(
    first_training_share: Array,
    first_training_tokens: Array,
    second_training_share: Array,
    second_training_tokens: Array,
    refresh_share: Array,
    trained_share: Array,
    finetuning_tokens: Array,
    each_extra_training_tokens: tuple[Array, ...],
) -> Array:
    """Tokens that own models are trained on in the month: first model, successor, refreshes, what strategies ask for.

    Source: definition.
    """
    first = first_training_share * first_training_tokens
    second = second_training_share * second_training_tokens
    refreshed = refresh_share * trained_share * finetuning_tokens
    return first + second + refreshed + sum(each_extra_training_tokens, 0.0)


def training_tokens(
    model_training_tokens: Array, research_compute_ratio: Array, repeated_run_share: Array
) -> Array:
    """Tokens that are paid for in training the company's own models: experiments, final runs, and those done again.

    Source: definition.
    """
    return model_training_tokens * (research_compute_ratio + repeated_run_share)


def client_training_tokens(each_training_tokens: tuple[Array, ...]) -> Array:
    """Tokens on which models are trained for clients in the month, of all strategies.

    Source: definition.
    """
    return sum(each_training_tokens, 0.0)


def training_gpu_hours_per_token(
    training_flops_per_token: Array,
    training_peak_flops_per_gpu_second: Array,
    training_mfu_share: Array,
    training_goodput_share: Array,
    model_scale_ratio: Array,
    privacy_overhead_ratio: Array,
) -> Array:
    """Accelerator time to train on one token in the month: restarts and what privacy adds included.

    Source: Chowdhery et al. 2022, PaLM (arXiv:2204.02311), appendix B (model FLOPs utilisation), times goodput.
    """
    achieved = training_peak_flops_per_gpu_second * training_mfu_share * training_goodput_share
    flops_per_token = training_flops_per_token * model_scale_ratio * privacy_overhead_ratio
    return flops_per_token / achieved / units.SECONDS_PER_HOUR


def training_gpu_hours(
    training_tokens: Array, client_training_tokens: Array, training_gpu_hours_per_token: Array
) -> Array:
    """Accelerator time that is paid for in training in the month, for own models and for clients.

    Source: definition.
    """
    trained = training_tokens + client_training_tokens
    return np.where(trained > 0, trained * training_gpu_hours_per_token, 0.0)


def training_price_usd_per_gpu_hour(
    month: Array, training_usd_per_gpu_hour: Array, gpu_price_decline_share_per_month: Array
) -> Array:
    """Price of an accelerator-hour for training in the month.

    Source: definition; the decline is an input.
    """
    return eroded(training_usd_per_gpu_hour, gpu_price_decline_share_per_month, month)


def training_compute_usd_per_token(
    training_gpu_hours_per_token: Array, training_price_usd_per_gpu_hour: Array
) -> Array:
    """Cost of the accelerators for training on one token in the month.

    Source: definition.
    """
    return training_gpu_hours_per_token * training_price_usd_per_gpu_hour


def training_compute_usd(training_tokens: Array, training_compute_usd_per_token: Array) -> Array:
    """Cost of the accelerators for training the company's own models in the month.

    Source: definition.
    """
    return np.where(training_tokens > 0, training_tokens * training_compute_usd_per_token, 0.0)


def client_compute_usd(client_training_tokens: Array, training_compute_usd_per_token: Array) -> Array:
    """Cost of the accelerators for training that is done for clients in the month.

    Source: definition.
    """
    return np.where(client_training_tokens > 0, client_training_tokens * training_compute_usd_per_token, 0.0)


def training_energy_kwh(training_gpu_hours: Array, training_watts_per_gpu: Array) -> Array:
    """Electricity that the accelerators take for training in the month, cooling apart.

    Source: definition (time x power).
    """
    used = training_gpu_hours * training_watts_per_gpu / units.WATTS_HOURS_PER_KWH
    return np.where(training_gpu_hours > 0, used, 0.0)


def training_memory_bytes(
    params: Array, model_scale_ratio: Array, training_memory_bytes_per_param: Array
) -> Array:
    """Memory that training the model takes in the month, over all accelerators that share it.

    Source: definition; Rajbhandari et al. 2020, ZeRO (arXiv:1910.02054), section 3.1, where nothing is measured.
    """
    return params * model_scale_ratio * training_memory_bytes_per_param


def least_training_gpus(training_memory_bytes: Array, training_memory_bytes_per_gpu: Array) -> Array:
    """Accelerators whose memory holds the training of the model in the month; fewer cannot train it.

    Source: definition.
    """
    return np.ceil(training_memory_bytes / training_memory_bytes_per_gpu)


def _run_tokens(
    fine_tuned_share: Array, pretrained_share: Array, finetuning_tokens: Array, pretraining_tokens: Array
) -> Array:
    pretrained = np.where(pretrained_share > 0, pretraining_tokens + finetuning_tokens, 0.0)
    return fine_tuned_share * finetuning_tokens + pretrained


def _window_share(month: Array, use_month: Array, window_months: Array) -> Array:
    last_month = np.maximum(np.ceil(use_month) - 1, 1)
    first_month = np.minimum(np.maximum(np.ceil(use_month - window_months), 1), last_month)
    within = (month >= first_month) & (month <= last_month)
    with np.errstate(invalid="ignore"):  # a switch that never comes lies at infinity, where nothing is within
        return np.where(within, 1.0 / (last_month - first_month + 1), 0.0)
