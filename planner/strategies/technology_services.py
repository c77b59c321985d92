"""Technology services: deals are won, people and training runs deliver them, maintenance follows."""

from __future__ import annotations

import numpy as np

from planner import units
from planner.formulas import market
from planner.formulas.totals import quotient
from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity
from planner.units import Array


class Inputs(Section):
    """Technology services: how deals come, what they are worth, who delivers them, how they are paid."""

    services_start_month: Quantity = assumed(1, "services can be sold before there is a product")
    """First month in which deals are pursued."""
    base_leads_deals_per_month: Quantity = assumed("1 to 4", "one seller and the founders")
    """Deals that enter the pipeline each month without any reference."""
    referral_deals_per_customer_month: Quantity = assumed(
        "0.01 to 0.05", "a client names another every few years"
    )
    """Deals that each earlier client brings by reference each month."""
    sales_cycle_months: Quantity = assumed("3 to 9", "from first talk to decision")
    """Months until a deal is decided, on average."""
    win_rate_share: Quantity = assumed("0.25 to 0.5", "range of services firms")
    """Share of the decided deals that are won."""
    new_customers_per_deal: Quantity = assumed("0.5 to 0.9", "some deals are repeats")
    """Clients not served before per deal won."""
    value_usd_per_deal: Quantity = assumed("5e4 to 1e6", "from a pilot to a roll-out")
    """Value of a deal."""
    delivery_months: Positive = assumed("4 to 9", "a project with integration")
    """Months in which a deal is to be delivered."""
    workable_hours_per_month: Quantity = assumed(160, "a full-time month")
    """Hours that a consultant works in a month."""
    billable_share: Quantity = assumed(
        "0.62 to 0.75", "around the published average of 0.689, up to the usual target"
    )
    """Share of the hours that can be billed."""
    billing_usd_per_person_hour: Quantity = assumed("120 to 250", "rates for applied machine learning")
    """Billing rate of a consultant."""
    opening_consultants_people: Quantity = assumed(2, "two founders deliver")
    """Consultants at the start."""
    hiring_months: Quantity = assumed("2 to 5", "from opening a post to the first day")
    """Months until a sought consultant starts, on average."""
    consultant_attrition_share_per_month: Quantity = assumed("0.008 to 0.02", "10 to 20 per cent a year")
    """Share of the consultants who leave each month."""
    consultant_salary_usd_per_person_year: Quantity = assumed(
        "9e4 to 1.6e5", "range around median wages of developers and data scientists"
    )
    """Yearly salary of a consultant."""
    maintenance_share_per_year: Quantity = assumed("0.12 to 0.2", "usual maintenance contracts")
    """Yearly maintenance fee over the value of the work delivered."""
    maintenance_loss_share_per_month: Quantity = assumed(
        "0.02 to 0.06", "most project revenue does not renew"
    )
    """Share of the maintained work that clients give up each month."""
    project_training_tokens_per_deal: Quantity = assumed("1e7 to 3e8", "fine-tuning on a client's documents")
    """Tokens on which a client's model is fine-tuned."""
    compute_markup_ratio: Quantity = assumed("0.1 to 0.3", "handling of passed-on compute")
    """Mark-up on training compute that is passed on."""
    deposit_share: Quantity = assumed("0.2 to 0.4", "paid when the contract is signed")
    """Share of a deal's value that is paid ahead."""
    client_collection_days: Quantity = assumed("45 to 120", "large clients pay late")
    """Days after which clients have paid on average."""
    pursuit_usd_per_deal: Quantity = assumed("2e3 to 1e4", "travel, proofs of concept, proposals")
    """Cost of pursuing one deal, won or not."""


def leads_deals(
    month: Array,
    shock_demand_share: Array,
    demand_swing_ratio: Array,
    services_start_month: Array,
    base_leads_deals_per_month: Array,
    referral_deals_per_customer_month: Array,
    previous_client_customers: Array,
) -> Array:
    """Deals that enter the pipeline in the month, on their own and by reference of earlier clients.

    Source: definition; both rates are inputs.
    """
    expected = base_leads_deals_per_month + referral_deals_per_customer_month * previous_client_customers
    leads = market.swing_ratio(shock_demand_share, demand_swing_ratio) * expected
    return np.where(month >= services_start_month, leads, 0.0 * leads)


def opening_pipeline_deals() -> Array:
    """Deals under negotiation when the company starts.

    Source: definition: none.
    """
    return 0.0


def decided_deals(previous_pipeline_deals: Array, sales_cycle_months: Array) -> Array:
    """Deals that are decided in the month, won or lost.

    Source: definition of a first-order delay with the sales cycle as its mean.
    """
    return previous_pipeline_deals / np.maximum(sales_cycle_months, 1.0)


def pipeline_deals(previous_pipeline_deals: Array, decided_deals: Array, leads_deals: Array) -> Array:
    """Deals under negotiation at the end of the month.

    Source: definition.
    """
    return previous_pipeline_deals - decided_deals + leads_deals


def opening_expected_deals() -> Array:
    """Deals that could be expected to be won before the company starts.

    Source: definition: none.
    """
    return 0.0


def expected_deals(previous_expected_deals: Array, decided_deals: Array, win_rate_share: Array) -> Array:
    """Deals that could be expected to be won since the start, fractions included.

    Source: definition; the win rate is an input.
    """
    return previous_expected_deals + decided_deals * win_rate_share


def won_deals(expected_deals: Array, previous_expected_deals: Array) -> Array:
    """Deals won in the month: whole ones, each in the month in which the expectation completes it.

    Source: definition; fractions of deals would bring revenue before the first client signs.
    """
    return np.floor(expected_deals) - np.floor(previous_expected_deals)


def opening_client_customers() -> Array:
    """Clients served before the company starts.

    Source: definition: none.
    """
    return 0.0


def client_customers(
    previous_client_customers: Array, won_deals: Array, new_customers_per_deal: Array
) -> Array:
    """Clients ever won, who can be named as a reference.

    Source: definition.
    """
    return previous_client_customers + won_deals * new_customers_per_deal


def won_usd(won_deals: Array, value_usd_per_deal: Array) -> Array:
    """Value of the deals won in the month.

    Source: definition.
    """
    return won_deals * value_usd_per_deal


def opening_backlog_usd() -> Array:
    """Work that is sold and not done when the company starts.

    Source: definition: none.
    """
    return 0.0


def backlog_usd(previous_backlog_usd: Array, won_usd: Array, work_usd: Array) -> Array:
    """Work that is sold and not done at the end of the month.

    Source: definition.
    """
    return previous_backlog_usd + won_usd - work_usd


def billing_usd_per_person_month(
    workable_hours_per_month: Array, billable_share: Array, billing_usd_per_person_hour: Array
) -> Array:
    """Work that one consultant can bill in a month at full occupation.

    Source: definition.
    """
    return workable_hours_per_month * billable_share * billing_usd_per_person_hour


def opening_recruiting_people() -> Array:
    """Consultants who are being hired when the company starts.

    Source: definition: none.
    """
    return 0.0


def arriving_people(previous_recruiting_people: Array, hiring_months: Array) -> Array:
    """Consultants who start work in the month.

    Source: definition of a first-order delay with the time to hire as its mean.
    """
    return previous_recruiting_people / np.maximum(hiring_months, 1.0)


def sought_people(
    previous_backlog_usd: Array,
    delivery_months: Array,
    billing_usd_per_person_month: Array,
    previous_people: Array,
    previous_recruiting_people: Array,
) -> Array:
    """Consultants whom the company starts to look for in the month, so that the backlog is done in time.

    Source: assumed policy: staff for the backlog over the time in which it is to be delivered.
    """
    wanted = previous_backlog_usd / np.maximum(delivery_months, 1.0) / billing_usd_per_person_month
    return np.maximum(wanted - previous_people - previous_recruiting_people, 0.0)


def recruiting_people(
    previous_recruiting_people: Array, arriving_people: Array, sought_people: Array
) -> Array:
    """Consultants who are being hired at the end of the month.

    Source: definition.
    """
    return previous_recruiting_people - arriving_people + sought_people


def opening_people(opening_consultants_people: Array) -> Array:
    """Consultants whom the company has at its start.

    Source: definition.
    """
    return opening_consultants_people


def people(
    previous_people: Array, consultant_attrition_share_per_month: Array, arriving_people: Array
) -> Array:
    """Consultants who deliver projects in the month.

    Source: definition.
    """
    return previous_people * (1.0 - consultant_attrition_share_per_month) + arriving_people


def work_usd(
    previous_backlog_usd: Array, delivery_months: Array, people: Array, billing_usd_per_person_month: Array
) -> Array:
    """Work done in the month: what the backlog asks for, as far as the people can.

    Source: definition.
    """
    asked_usd = previous_backlog_usd / np.maximum(delivery_months, 1.0)  # no more than there is
    return np.minimum(asked_usd, people * billing_usd_per_person_month)


def utilisation_share(
    work_usd: Array,
    people: Array,
    workable_hours_per_month: Array,
    billing_usd_per_person_hour: Array,
) -> Array:
    """Share of the consultants' working hours that is billed in the month; undefined without consultants.

    Source: definition.
    """
    return quotient(work_usd, people * workable_hours_per_month * billing_usd_per_person_hour)


def opening_delivered_usd() -> Array:
    """Work done before the company starts.

    Source: definition: none.
    """
    return 0.0


def delivered_usd(
    previous_delivered_usd: Array, work_usd: Array, maintenance_loss_share_per_month: Array
) -> Array:
    """Work ever done whose maintenance the clients still pay.

    Source: definition.
    """
    return previous_delivered_usd * (1.0 - maintenance_loss_share_per_month) + work_usd


def maintenance_revenue_usd(previous_delivered_usd: Array, maintenance_share_per_year: Array) -> Array:
    """Maintenance fees of the month, a yearly share of the work delivered before.

    Source: definition.
    """
    return previous_delivered_usd * maintenance_share_per_year / units.MONTHS_PER_YEAR


def training_tokens(won_deals: Array, project_training_tokens_per_deal: Array) -> Array:
    """Tokens on which models are fine-tuned for the deals won in the month.

    Source: definition.
    """
    return won_deals * project_training_tokens_per_deal


def compute_revenue_usd(
    training_tokens: Array, training_compute_usd_per_token: Array, compute_markup_ratio: Array
) -> Array:
    """Training compute passed on to the clients in the month, with a mark-up.

    Source: definition.
    """
    return training_tokens * training_compute_usd_per_token * (1.0 + compute_markup_ratio)


def revenue_usd(work_usd: Array, maintenance_revenue_usd: Array, compute_revenue_usd: Array) -> Array:
    """Revenue of the services in the month: work done, maintenance, compute passed on.

    Source: definition.
    """
    return work_usd + maintenance_revenue_usd + compute_revenue_usd


def deferred_revenue_usd(
    previous_deferred_revenue_usd: Array, won_usd: Array, work_usd: Array, deposit_share: Array
) -> Array:
    """Deposits received for work not yet done at the end of the month.

    Source: definition.
    """
    return previous_deferred_revenue_usd + deposit_share * (won_usd - work_usd)


def billings_usd(revenue_usd: Array, won_usd: Array, work_usd: Array, deposit_share: Array) -> Array:
    """Bills sent in the month: deposits on deals won, the rest as the work is done.

    Source: definition.
    """
    return revenue_usd + deposit_share * (won_usd - work_usd)


def receivables_usd(
    previous_receivables_usd: Array, billings_usd: Array, client_collection_days: Array
) -> Array:
    """What clients owe at the end of the month.

    Source: definition of days sales outstanding, as a first-order delay.
    """
    return market.outstanding_usd(previous_receivables_usd, billings_usd, client_collection_days)


def marketing_usd(leads_deals: Array, pursuit_usd_per_deal: Array) -> Array:
    """Cost of pursuing the month's new deals.

    Source: definition.
    """
    return leads_deals * pursuit_usd_per_deal


def staff_usd(people: Array, consultant_salary_usd_per_person_year: Array, pay_ratio: Array) -> Array:
    """Cost of the consultants in the month.

    Source: definition.
    """
    return people * consultant_salary_usd_per_person_year / units.MONTHS_PER_YEAR * pay_ratio
