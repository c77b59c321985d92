"""From data to a better model: what data are worth, the model released, quality against rivals, the loop gain."""

from __future__ import annotations

import numpy as np

from planner.formulas import quality
from planner.formulas.totals import quotient
from planner.units import Array


def opening_effective_tokens(
    foundation_tokens: Array, opening_stock_tokens: Array, domain_text_share: Array
) -> Array:
    """General text that would teach as much of the domain as the base model and the data at the start together.

    Source: assumed form: a token of the domain is worth as much general text as holds one token about it.
    """
    return foundation_tokens + opening_stock_tokens / domain_text_share


def effective_tokens(
    foundation_tokens: Array, trained_share: Array, previous_stock_tokens: Array, domain_text_share: Array
) -> Array:
    """General text that would teach as much of the domain as a model released in the month; own data need training.

    Source: assumed form: a token of the domain is worth as much general text as holds one token about it.
    """
    return foundation_tokens + trained_share * previous_stock_tokens / domain_text_share


def size_limited_ratio(
    params: Array, fitted_params: Array, fitted_data_limited_share: Array, model_exponent_ratio: Array
) -> Array:
    """Part of the reducible loss that only a larger model would take away, over all of it in the fit.

    Source: Hoffmann et al. 2022 (arXiv:2203.15556), approach 3.
    """
    return quality.size_limited_ratio(params / fitted_params, fitted_data_limited_share, model_exponent_ratio)


def opening_data_limited_ratio(
    opening_effective_tokens: Array,
    fitted_tokens: Array,
    fitted_data_limited_share: Array,
    data_exponent_ratio: Array,
) -> Array:
    """Part of the reducible loss at the start that more data would take away, over all of it in the fit.

    Source: Hoffmann et al. 2022 (arXiv:2203.15556), approach 3.
    """
    tokens_ratio = opening_effective_tokens / fitted_tokens
    return quality.data_limited_ratio(tokens_ratio, fitted_data_limited_share, data_exponent_ratio)


def data_limited_ratio(
    effective_tokens: Array,
    fitted_tokens: Array,
    fitted_data_limited_share: Array,
    data_exponent_ratio: Array,
) -> Array:
    """Part of the reducible loss that more data would take away from a model of the month, over all of it in the fit.

    Source: Hoffmann et al. 2022 (arXiv:2203.15556), approach 3.
    """
    tokens_ratio = effective_tokens / fitted_tokens
    return quality.data_limited_ratio(tokens_ratio, fitted_data_limited_share, data_exponent_ratio)


def opening_released_quality_ratio() -> Array:
    """Quality of the company's model at the start, by which all others are measured.

    Source: definition.
    """
    return 1.0


def rival_quality_ratio(month: Array, rival_gain_share_per_month: Array) -> Array:
    """Quality of rivals in the month over what it was at the start.

    Source: assumed form: steady exponential progress.
    """
    return quality.rival_ratio(month, rival_gain_share_per_month)


def progress_ratio(month: Array, rival_gain_share_per_month: Array, followed_progress_share: Array) -> Array:
    """Quality that a release in the month gains from the base model of its day, without any data of the company.

    Source: assumed form: base models that anyone may use follow the rivals' progress by a share of it.
    """
    return quality.rival_ratio(month, followed_progress_share * rival_gain_share_per_month)


def released_quality_ratio(
    released_share: Array,
    previous_released_quality_ratio: Array,
    progress_ratio: Array,
    size_limited_ratio: Array,
    opening_data_limited_ratio: Array,
    data_limited_ratio: Array,
) -> Array:
    """Quality of the model in service over that at the start: it changes when a model is released, also for the worse.

    Source: definition as the ratio of reducible losses, times the progress of base models.
    """
    loss_ratio = (size_limited_ratio + opening_data_limited_ratio) / (size_limited_ratio + data_limited_ratio)
    return np.where(released_share > 0, progress_ratio * loss_ratio, previous_released_quality_ratio)


def effective_exponent_ratio(
    data_exponent_ratio: Array, size_limited_ratio: Array, data_limited_ratio: Array
) -> Array:
    """Per cent by which quality rises when data grow by one per cent: what the learning curve gives at this size.

    Source: definition: the exponent of data times the share of the reducible loss that data limit.
    """
    return data_exponent_ratio * data_limited_ratio / (size_limited_ratio + data_limited_ratio)


def demand_elasticity_ratio(conversion_elasticity_ratio: Array, churn_elasticity_ratio: Array) -> Array:
    """Per cent by which more customers pay when quality against rivals is one per cent better, small shares assumed.

    Source: definition: more subscribe and fewer leave.
    """
    return conversion_elasticity_ratio + churn_elasticity_ratio


def loop_gain_ratio(demand_elasticity_ratio: Array, effective_exponent_ratio: Array) -> Array:
    """Growth with the loop over growth without it, which the learning curve supports; a loop that explodes is refused.

    Source: definition of the gain of a feedback loop, 1 / (1 - elasticity x exponent), in steady growth.
    """
    return quality.loop_gain_ratio(demand_elasticity_ratio, effective_exponent_ratio)


def needed_exponent_ratio(counted_gain_ratio: Array, demand_elasticity_ratio: Array) -> Array:
    """Effective exponent that data would need for the gain that the plan counts on, beside the one that they have.

    A gain of 1.5 at an elasticity of one needs an exponent of 1/3, which general text does not show: it would have to
    be measured on data of the domain.

    Source: definition: the loop gain solved for the exponent; undefined where quality moves nobody.
    """
    needed = np.maximum(1.0 - 1.0 / counted_gain_ratio, 0.0)
    return quotient(needed, demand_elasticity_ratio)


def quality_ratio(released_quality_ratio: Array, rival_quality_ratio: Array, loop_gain_ratio: Array) -> Array:
    """Quality of the model in service over that of rivals; there is none where the loop explodes.

    Source: definition.
    """
    return np.where(np.isfinite(loop_gain_ratio), released_quality_ratio / rival_quality_ratio, np.nan)


def felt_quality_ratio(quality_ratio: Array, compressed_quality_ratio: Array) -> Array:
    """Quality that customers get over that of rivals in the month, after what compressing the model takes from it.

    Source: definition.
    """
    return quality_ratio * compressed_quality_ratio


def extra_training_tokens(
    release_due_share: Array, trained_share: Array, previous_stock_tokens: Array, finetuning_tokens: Array
) -> Array:
    """Tokens of the stock that a model is trained on beyond the company's plan for every training, released or not.

    Source: definition: the whole stock, once.
    """
    beyond = np.maximum(previous_stock_tokens - finetuning_tokens, 0.0)
    return release_due_share * trained_share * beyond
