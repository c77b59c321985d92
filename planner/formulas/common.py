"""The common model: what every strategy has unless its own file says otherwise, so that a company can add it up.

The first part is hooks: nothing, until a strategy defines a figure of the same name. The second part is what follows
from them: what a strategy contributes. What it would cost as a company of its own stands in `separate`.
"""

from __future__ import annotations

import numpy as np

from planner.formulas import data
from planner.formulas.totals import total
from planner.units import Array, Rows


def recurring_revenue_usd() -> Array:
    """Part of the month's revenue that comes by subscription or standing contract.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def usage_revenue_usd() -> Array:
    """Part of the month's revenue that is billed by what customers use.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def served_tokens() -> Array:
    """Tokens that the strategy has to serve in the month, free ones included.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def free_tokens() -> Array:
    """Tokens that the strategy has to serve in the month and nobody pays for.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def people() -> Array:
    """People whom the strategy needs in the month beside the roles that the scenario lists.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def staff_usd() -> Array:
    """Cost of the people who deliver to the strategy's customers or support them in the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def marketing_usd() -> Array:
    """Cost of winning the strategy's customers in the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def delivery_usd() -> Array:
    """Cost of the strategy's revenue in the month beside computing and people.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def netted_usd() -> Array:
    """Part of the strategy's delivery cost that others keep before they pay or get at once, so that it is never owed.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def development_usd() -> Array:
    """Research and development of the strategy in the month beside computing and the listed staff.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def training_tokens() -> Array:
    """Tokens on which models are trained for the strategy's clients in the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def extra_training_tokens() -> Array:
    """Tokens of own training that the strategy asks for in the month beyond the company's plan.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def receivables_usd() -> Array:
    """What the strategy's customers owe at the end of the month.

    Source: definition: nothing, unless the strategy has some.
    """
    return 0.0


def deferred_revenue_usd() -> Array:
    """Money received by the strategy for work not yet done at the end of the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def paying_customers() -> Array:
    """Accounts that pay the strategy at the end of the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def new_customers() -> Array:
    """Accounts that began to pay the strategy in the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def lost_customers() -> Array:
    """Accounts that ceased to pay the strategy in the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def lost_recurring_usd() -> Array:
    """Recurring revenue of a month that went with the customers who left in the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def expansion_recurring_usd() -> Array:
    """Recurring revenue of a month by which customers who stayed pay more.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def contraction_recurring_usd() -> Array:
    """Recurring revenue of a month by which customers who stayed pay less.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def largest_customers_revenue_usd() -> Array:
    """Revenue of the month from the strategy's five largest customers.

    Source: definition: too little to count, unless the strategy says more.
    """
    return 0.0


def personal_records() -> Array:
    """People of whom the strategy holds personal data at the end of the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def stored_bytes() -> Array:
    """Data that the strategy keeps at the end of the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def usage_data_tokens() -> Array:
    """Tokens of use in the month that another strategy could learn from.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def reference_customers() -> Array:
    """Clients whom another strategy can name as references at the end of the month.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def reach_share() -> Array:
    """Share by which the strategy's partners widen the market that the other strategies reach.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def self_service_share() -> Array:
    """Share of its market that the strategy serves without a project.

    Source: definition: none, unless the strategy has some.
    """
    return 0.0


def quality_ratio() -> Array:
    """Quality of the model over that of rivals, as far as the strategy moves it.

    Source: definition: one, unless the strategy moves it.
    """
    return 1.0


def launched_share(month: Array, service_month: Array) -> Array:
    """One from the month in which a model serves customers, zero before.

    Source: definition.
    """
    return np.where(month >= service_month, 1.0, 0.0)


def client_work_usd(
    training_tokens: Array,
    training_compute_usd_per_token: Array,
    text_bytes_per_token: Array,
    corpus_kept_share: Array,
    filter_usd_per_byte: Array,
) -> Array:
    """Cost of computing for the training that the strategy does for its clients in the month, with their text.

    Source: definition.
    """
    cleaned_bytes = data.client_cleaned_bytes(training_tokens, text_bytes_per_token, corpus_kept_share)
    cost = training_tokens * training_compute_usd_per_token + cleaned_bytes * filter_usd_per_byte
    return np.where(training_tokens > 0, cost, 0.0)


def service_usd(served_tokens: Array, pooled_service_usd_per_token: Array) -> Array:
    """Share of the month's pooled serving and screening that the strategy's tokens cause.

    Source: definition; by tokens, which cause the cost, and not by revenue.
    """
    return served_tokens * pooled_service_usd_per_token


def contribution_usd(
    revenue_usd: Array,
    service_usd: Array,
    delivery_usd: Array,
    staff_usd: Array,
    client_work_usd: Array,
    marketing_usd: Array,
    development_usd: Array,
) -> Array:
    """What the strategy adds to the month's earnings before all that the strategies share.

    Source: definition of the contribution margin.
    """
    delivered = service_usd + delivery_usd + staff_usd + client_work_usd
    return revenue_usd - delivered - marketing_usd - development_usd


def total_strategy_revenue_usd(series_revenue_usd: Rows) -> Array:
    """Revenue of the strategy over the whole horizon.

    Source: definition.
    """
    return total(series_revenue_usd)


def total_contribution_usd(series_contribution_usd: Rows) -> Array:
    """What the strategy adds to earnings over the whole horizon before all that the strategies share.

    Source: definition.
    """
    return total(series_contribution_usd)
