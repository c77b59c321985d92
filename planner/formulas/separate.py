"""What a strategy would cost as a company of its own: whole replicas, all that is now shared, taxes."""

from __future__ import annotations

from planner.formulas import serving, statements
from planner.units import Array


def separate_service_usd(
    served_tokens: Array,
    multimodal_overhead_ratio: Array,
    pool_price_usd_per_gpu_month: Array,
    pooled_other_service_usd_per_token: Array,
    api_share: Array,
    peak_load_ratio: Array,
    model_tokens_per_gpu_second: Array,
    target_utilisation_share: Array,
    gpus_per_replica: Array,
    minimum_replicas: Array,
) -> Array:
    """What serving and screening the strategy's tokens would cost on whole replicas of its own in the month.

    Source: definition; at the prices that the pool pays.
    """
    hosted_tokens = served_tokens * (1.0 + multimodal_overhead_ratio) * (1.0 - api_share)
    needed = serving.needed_serving_gpus(
        hosted_tokens, peak_load_ratio, model_tokens_per_gpu_second, target_utilisation_share
    )
    replicas = serving.serving_replicas(needed, gpus_per_replica, minimum_replicas)
    own_gpus = serving.serving_gpus(replicas, gpus_per_replica)
    return own_gpus * pool_price_usd_per_gpu_month + served_tokens * pooled_other_service_usd_per_token


def separate_ebitda_usd(
    contribution_usd: Array, service_usd: Array, separate_service_usd: Array, shared_cost_usd: Array
) -> Array:
    """Earnings of the month if the strategy were a company of its own, which carries alone what is now shared.

    Source: definition.
    """
    return contribution_usd + service_usd - separate_service_usd - shared_cost_usd


def opening_separate_tax_losses_usd() -> Array:
    """Losses of earlier years that the strategy as a company of its own could set against profits.

    Source: definition: none.
    """
    return 0.0


def separate_tax_losses_usd(previous_separate_tax_losses_usd: Array, separate_ebitda_usd: Array) -> Array:
    """Losses that the strategy as a company of its own has not yet set against profits.

    Source: definition of loss carry-forward without limit or expiry.
    """
    return statements.tax_losses_usd(previous_separate_tax_losses_usd, separate_ebitda_usd)


def separate_tax_usd(
    previous_separate_tax_losses_usd: Array, separate_ebitda_usd: Array, tax_rate_share: Array
) -> Array:
    """Income tax of the month that the strategy as a company of its own would pay.

    Source: definition; the rate is an input.
    """
    return statements.tax_usd(previous_separate_tax_losses_usd, separate_ebitda_usd, tax_rate_share)
