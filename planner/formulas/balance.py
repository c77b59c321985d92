"""Working capital, cash flow and balance sheet of the company in one month, linked with the profit and loss.

Each stock moves by the flows of the month, cash flow is worked out from the profit by the indirect method, and
`balance_gap_usd` says whether assets are what is owed and what belongs to the owners. Where a figure is set from
outside the others follow, so the books still balance; only cash and equity themselves cannot be set so.

Interest paid is a flow of financing, as IAS 7 has it from 2027 with IFRS 18, so that operating and investing cash flow
are the same however the company is funded, tax apart.
"""

from __future__ import annotations

from planner.formulas.market import outstanding_usd
from planner.units import Array


def opening_receivables_usd() -> Array:
    """What customers owe a new company at its start.

    Source: definition: nothing.
    """
    return 0.0


def receivables_usd(each_receivables_usd: tuple[Array, ...]) -> Array:
    """What customers owe at the end of the month, of all strategies.

    Source: definition.
    """
    return sum(each_receivables_usd, 0.0)


def opening_deferred_revenue_usd() -> Array:
    """Work that a new company owes for money received before its start.

    Source: definition: none.
    """
    return 0.0


def deferred_revenue_usd(each_deferred_revenue_usd: tuple[Array, ...]) -> Array:
    """Money received for work not yet done at the end of the month, of all strategies.

    Source: definition.
    """
    return sum(each_deferred_revenue_usd, 0.0)


def purchases_usd(
    total_cost_usd: Array,
    capitalised_training_usd: Array,
    staff_usd: Array,
    delivery_staff_usd: Array,
    each_netted_usd: tuple[Array, ...],
) -> Array:
    """Bills of suppliers in the month: costs and capitalised training, but for pay and what others keep of sales.

    Source: definition.
    """
    at_once = staff_usd + delivery_staff_usd + sum(each_netted_usd, 0.0)
    return total_cost_usd + capitalised_training_usd - at_once


def opening_payables_usd() -> Array:
    """What a new company owes to suppliers at its start.

    Source: definition: nothing.
    """
    return 0.0


def payables_usd(previous_payables_usd: Array, purchases_usd: Array, supplier_payment_days: Array) -> Array:
    """What the company owes to suppliers at the end of the month.

    Source: definition of days payable outstanding, as a first-order delay.
    """
    return outstanding_usd(previous_payables_usd, purchases_usd, supplier_payment_days)


def working_capital_flow_usd(
    receivables_usd: Array,
    previous_receivables_usd: Array,
    payables_usd: Array,
    previous_payables_usd: Array,
    deferred_revenue_usd: Array,
    previous_deferred_revenue_usd: Array,
) -> Array:
    """Cash of the month from what is owed to others or paid ahead more, less what customers owe more.

    Source: definition.
    """
    owed_more = receivables_usd - previous_receivables_usd
    owing_more = payables_usd - previous_payables_usd
    paid_ahead = deferred_revenue_usd - previous_deferred_revenue_usd
    return owing_more + paid_ahead - owed_more


def operating_cash_flow_usd(
    net_income_usd: Array,
    interest_usd: Array,
    depreciation_usd: Array,
    amortisation_usd: Array,
    disposal_gain_usd: Array,
    working_capital_flow_usd: Array,
) -> Array:
    """Cash from operating in the month: the profit without what is no cash, or belongs to investing or financing.

    Source: IAS 7, indirect method; interest paid is financing as IFRS 18 has it from 2027.
    """
    not_paid = depreciation_usd + amortisation_usd - disposal_gain_usd
    return net_income_usd + interest_usd + not_paid + working_capital_flow_usd


def investing_cash_flow_usd(
    resale_usd: Array, gpu_purchases_usd: Array, capitalised_training_usd: Array
) -> Array:
    """Cash from investing in the month: accelerators sold, less those bought and training that is capitalised.

    Source: IAS 7, investing activities.
    """
    return resale_usd - gpu_purchases_usd - capitalised_training_usd


def interest_paid_usd(interest_usd: Array) -> Array:
    """Interest paid on loans in the month, as it falls due.

    Source: definition.
    """
    return interest_usd


def financing_cash_flow_usd(
    new_funding_usd: Array, new_debt_usd: Array, loan_repayments_usd: Array, interest_paid_usd: Array
) -> Array:
    """Cash from financing in the month: new equity and loans, less repayments and interest.

    Source: IAS 7, interest as IFRS 18 has it from 2027.
    """
    return new_funding_usd + new_debt_usd - loan_repayments_usd - interest_paid_usd


def net_cash_flow_usd(operating_cash_flow_usd: Array, investing_cash_flow_usd: Array) -> Array:
    """Cash from operating and investing in the month, before new equity, loans and what is paid on them.

    What is below zero is the net burn of the month.

    Source: definition.
    """
    return operating_cash_flow_usd + investing_cash_flow_usd


def cash_usd(previous_cash_usd: Array, net_cash_flow_usd: Array, financing_cash_flow_usd: Array) -> Array:
    """Cash at the end of the month with the funding rounds and loans that the scenario lists.

    Source: definition.
    """
    return previous_cash_usd + net_cash_flow_usd + financing_cash_flow_usd


def opening_cash_before_funding_usd(opening_cash_usd: Array) -> Array:
    """Cash at hand at the start, which is there before any new funding.

    Source: definition.
    """
    return opening_cash_usd


def cash_before_funding_usd(previous_cash_before_funding_usd: Array, net_cash_flow_usd: Array) -> Array:
    """Cash at the end of the month if no new money came in: opening cash and all flows since.

    Source: definition.
    """
    return previous_cash_before_funding_usd + net_cash_flow_usd


def total_assets_usd(
    cash_usd: Array, receivables_usd: Array, fixed_assets_usd: Array, trained_models_usd: Array
) -> Array:
    """All that the company has at the end of the month: cash, bills to customers, accelerators, trained models.

    Source: definition.
    """
    return cash_usd + receivables_usd + fixed_assets_usd + trained_models_usd


def total_liabilities_usd(payables_usd: Array, deferred_revenue_usd: Array, debt_usd: Array) -> Array:
    """All that the company owes at the end of the month: to suppliers, work paid ahead, loans.

    Source: definition.
    """
    return payables_usd + deferred_revenue_usd + debt_usd


def opening_paid_in_capital_usd(opening_cash_usd: Array) -> Array:
    """Money that the owners have put in before the start: the cash at hand.

    Source: definition.
    """
    return opening_cash_usd


def paid_in_capital_usd(previous_paid_in_capital_usd: Array, new_funding_usd: Array) -> Array:
    """Money that the owners have ever put in, by the end of the month; SAFEs count as equity.

    Source: definition.
    """
    return previous_paid_in_capital_usd + new_funding_usd


def opening_retained_earnings_usd() -> Array:
    """Profits that a new company has kept at its start.

    Source: definition: none.
    """
    return 0.0


def retained_earnings_usd(previous_retained_earnings_usd: Array, net_income_usd: Array) -> Array:
    """Profits less losses since the start, at the end of the month; nothing is paid out to owners.

    Source: definition.
    """
    return previous_retained_earnings_usd + net_income_usd


def equity_usd(paid_in_capital_usd: Array, retained_earnings_usd: Array) -> Array:
    """What belongs to the owners at the end of the month, in the books.

    Source: definition.
    """
    return paid_in_capital_usd + retained_earnings_usd


def balance_gap_usd(total_assets_usd: Array, total_liabilities_usd: Array, equity_usd: Array) -> Array:
    """What the balance sheet misses to balance at the end of the month: nothing, rounding apart.

    Source: definition: assets = liabilities + equity.
    """
    return total_assets_usd - total_liabilities_usd - equity_usd
