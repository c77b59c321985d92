"""How clients of projects pay: a deposit, bills at milestones, a part kept back, and late."""

from __future__ import annotations

from planner import units
from planner.formulas import market
from planner.units import Array


def deferred_revenue_usd(
    previous_deferred_revenue_usd: Array, won_usd: Array, work_usd: Array, deposit_share: Array
) -> Array:
    """Deposits received for work not yet done at the end of the month.

    Source: definition.
    """
    return previous_deferred_revenue_usd + deposit_share * (won_usd - work_usd)


def opening_unbilled_usd() -> Array:
    """Work done and not yet billed when the company starts.

    Source: definition: none.
    """
    return 0.0


def unbilled_usd(
    previous_unbilled_usd: Array, work_usd: Array, deposit_share: Array, milestone_months: Array
) -> Array:
    """Work done and not yet billed at the end of the month: on average it waits half the time between two milestones.

    Source: definition, as a first-order delay.
    """
    wait_days = milestone_months / 2.0 * units.DAYS_PER_MONTH
    return market.outstanding_usd(previous_unbilled_usd, (1.0 - deposit_share) * work_usd, wait_days)


def milestone_billings_usd(
    previous_unbilled_usd: Array, unbilled_usd: Array, work_usd: Array, deposit_share: Array
) -> Array:
    """Bills for work sent in the month, deposits deducted.

    Source: definition.
    """
    return previous_unbilled_usd + (1.0 - deposit_share) * work_usd - unbilled_usd


def billings_usd(
    milestone_billings_usd: Array,
    deposit_share: Array,
    won_usd: Array,
    maintenance_revenue_usd: Array,
    compute_revenue_usd: Array,
    usage_revenue_usd: Array,
) -> Array:
    """Bills sent in the month: deposits on deals won, work at milestones, and the rest as it is used.

    Source: definition.
    """
    used = maintenance_revenue_usd + compute_revenue_usd + usage_revenue_usd
    return milestone_billings_usd + deposit_share * won_usd + used


def opening_retained_usd() -> Array:
    """What clients keep back when the company starts.

    Source: definition: nothing.
    """
    return 0.0


def retained_usd(
    previous_retained_usd: Array,
    milestone_billings_usd: Array,
    retention_share: Array,
    retention_months: Array,
) -> Array:
    """What clients keep back at the end of the month until the work has proved itself.

    Source: definition, as a first-order delay.
    """
    held_days = retention_months * units.DAYS_PER_MONTH
    return market.outstanding_usd(previous_retained_usd, retention_share * milestone_billings_usd, held_days)


def opening_due_usd() -> Array:
    """Bills that are due and unpaid when the company starts.

    Source: definition: none.
    """
    return 0.0


def due_usd(
    previous_due_usd: Array,
    billings_usd: Array,
    milestone_billings_usd: Array,
    retention_share: Array,
    client_collection_days: Array,
) -> Array:
    """Bills, without what clients may keep back, that are unpaid at the end of the month.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    payable_usd = billings_usd - retention_share * milestone_billings_usd
    return market.outstanding_usd(previous_due_usd, payable_usd, client_collection_days)


def receivables_usd(unbilled_usd: Array, retained_usd: Array, due_usd: Array) -> Array:
    """What clients owe at the end of the month: bills due, what they keep back, and work not yet billed.

    Source: definition.
    """
    return unbilled_usd + retained_usd + due_usd
