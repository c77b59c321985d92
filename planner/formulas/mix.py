"""What several strategies in one company give each other, and what it saves or costs that they share."""

from __future__ import annotations

import math

import numpy as np

from planner.formulas.totals import part_of, total
from planner.units import Array, Rows


def opening_shared_usage_tokens() -> Array:
    """Tokens of use that strategies share before the company starts.

    Source: definition: none.
    """
    return 0.0


def shared_usage_tokens(each_usage_data_tokens: tuple[Array, ...], usage_data_sharing_share: Array) -> Array:
    """Tokens of use in the month from which the data flywheel may learn beside its own.

    Source: definition; the share is an input and zero unless the scenario switches it on.
    """
    return usage_data_sharing_share * sum(each_usage_data_tokens, 0.0)


def opening_shared_reference_customers() -> Array:
    """Clients who serve as references across strategies before the company starts.

    Source: definition: none.
    """
    return 0.0


def shared_reference_customers(
    each_reference_customers: tuple[Array, ...], reference_sharing_share: Array
) -> Array:
    """Clients of the services whom the domains can name as references at the end of the month.

    Source: definition; the share is an input and zero unless the scenario switches it on.
    """
    return reference_sharing_share * sum(each_reference_customers, 0.0)


def opening_partner_reach_share() -> Array:
    """Share by which partners widen the market before the company starts.

    Source: definition: none.
    """
    return 0.0


def partner_reach_share(each_reach_share: tuple[Array, ...], reach_sharing_share: Array) -> Array:
    """Share by which partners widen the markets that the platform and the domains reach in the month.

    Source: definition; the switch is an input and zero unless the scenario switches it on.
    """
    return np.minimum(reach_sharing_share * sum(each_reach_share, 0.0), 1.0)


def opening_shared_quality_ratio() -> Array:
    """Quality over that of rivals that strategies share before the company starts.

    Source: definition: no better, no worse.
    """
    return 1.0


def shared_quality_ratio(
    each_quality_ratio: tuple[Array, ...],
    quality_sharing_share: Array,
    shared_quality_elasticity_ratio: Array,
    compression_demand_ratio: Array,
) -> Array:
    """Factor on conversion, and under churn: of the flywheel's better model for others, and of compression for all.

    Source: definition of constant elasticity; the switch is an input and zero unless the scenario switches it on.
    """
    shared = math.prod(each_quality_ratio, start=1.0) ** (
        quality_sharing_share * shared_quality_elasticity_ratio
    )
    return shared * compression_demand_ratio


def opening_cannibalised_share() -> Array:
    """Share of the services' leads that go to self-service before the company starts.

    Source: definition: none.
    """
    return 0.0


def cannibalised_share(
    each_self_service_share: tuple[Array, ...], self_service_cannibalisation_share: Array
) -> Array:
    """Share of the services' leads that go to the platform's self-service instead.

    Source: definition; the switch is an input and zero unless the scenario switches it on.
    """
    return self_service_cannibalisation_share * np.minimum(sum(each_self_service_share, 0.0), 1.0)


def pool_price_usd_per_gpu_month(
    serving_compute_usd: Array, owned_running_usd: Array, serving_gpus: Array
) -> Array:
    """What one accelerator of the serving pool, rented or owned, costs in the month; nothing while there is none.

    Source: definition.
    """
    return part_of(serving_compute_usd + owned_running_usd, serving_gpus)


def pooled_other_service_usd_per_token(api_usd: Array, screening_usd: Array, text_tokens: Array) -> Array:
    """Cost of serving and screening one token of text in the month, its images included, beside the accelerators.

    Source: definition.
    """
    return part_of(api_usd + screening_usd, text_tokens)


def pooled_service_usd_per_token(serving_usd: Array, screening_usd: Array, text_tokens: Array) -> Array:
    """Cost of serving and screening one token of text in the month, its images included, on what all share.

    Source: definition.
    """
    return part_of(serving_usd + screening_usd, text_tokens)


def shared_cost_usd(ebitda_usd: Array, each_contribution_usd: tuple[Array, ...]) -> Array:
    """Cost of the month that no strategy causes alone: listed staff, own models, overhead, setting up.

    Source: definition; the contributions less the shared cost are the earnings, to the cent.
    """
    return sum(each_contribution_usd, 0.0) - ebitda_usd


def pooling_saving_usd(
    ebitda_usd: Array,
    tax_usd: Array,
    each_separate_ebitda_usd: tuple[Array, ...],
    each_separate_tax_usd: tuple[Array, ...],
) -> Array:
    """What the month costs less because the strategies share one company: staff, models, whole accelerators, tax.

    Source: definition; below zero where sharing costs more, and zero with one strategy and no debt.
    """
    separate_usd = sum(each_separate_ebitda_usd, 0.0) - sum(each_separate_tax_usd, 0.0)
    return ebitda_usd - tax_usd - separate_usd


def total_shared_cost_usd(series_shared_cost_usd: Rows) -> Array:
    """Cost that no strategy causes alone over the whole horizon.

    Source: definition.
    """
    return total(series_shared_cost_usd)


def total_pooling_saving_usd(series_pooling_saving_usd: Rows) -> Array:
    """What it saves over the whole horizon that the strategies share one company; below zero where it costs more.

    Source: definition.
    """
    return total(series_pooling_saving_usd)
