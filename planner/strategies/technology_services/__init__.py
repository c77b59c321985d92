"""Technology services: deals are won, people and training runs deliver them, maintenance follows."""

from __future__ import annotations

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity

SHOCKS = {
    "shock_wins_share": "Where the deals won in the month stand among all numbers that there could be, from 0 to 1.",
    "shock_deal_value_share": "Where the value of the month's deals stands among all that it could be, from 0 to 1.",
}
"""What chance decides in every month, beside what it decides for the company."""

KEY_FIGURES = (
    "utilisation_share",
    "project_margin_share",
    "backlog_usd",
    "active_customers",
)
"""What the report tells of the strategy first."""


class Inputs(Section):
    """Technology services: how deals come, what they are worth, who delivers them, how they are paid."""

    services_start_month: Quantity = assumed(1, "services can be sold before there is a product")
    """First month in which deals are pursued."""
    services_effort_share: Quantity = assumed(1, "the services as they are described here")
    """Effort put into selling services over that of the other keys: scales the leads that are not references."""
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
    value_usd_per_deal: Quantity = assumed("1e5 to 5e5", "some firms sell pilots, some sell roll-outs")
    """Value of a deal, on average, at the rates of the first month."""
    deal_spread_ratio: Quantity = assumed("0.6 to 1.2", "pilots of 5e4 and roll-outs of 1e6 side by side")
    """How far the values of deals differ: the standard deviation of their logarithms."""
    delivery_months: Positive = assumed("4 to 9", "a project with integration")
    """Months in which a deal is to be delivered."""
    overload_ratio: Quantity = assumed("1.5 to 2.5", "clients accept some delay")
    """Backlog over what the consultants can do in `delivery_months`, above which deals are lost."""
    overload_loss_share: Quantity = assumed("0.2 to 0.5", "clients who can wait are the minority")
    """Share of the deals that are lost while the backlog is above that."""
    subcontracted_share: Quantity = assumed("0.1 to 0.5", "partners and freelancers help out")
    """Share of the work beyond the own people that subcontractors do."""
    subcontractor_cost_ratio: Quantity = assumed("0.7 to 0.95", "rates of freelancers over one's own")
    """What subcontractors cost over what their work is billed at."""
    workable_hours_per_month: Quantity = assumed(160, "a full-time month")
    """Hours that a consultant works in a month."""
    billable_share: Quantity = assumed(
        "0.74 to 0.84", "what leave and training allow; the published average of 0.689 has idle time in it"
    )
    """Share of the hours that can be billed when there is work enough."""
    billing_usd_per_person_hour: Quantity = assumed("120 to 250", "rates for applied machine learning")
    """Billing rate of a consultant in the first month."""
    rate_raise_share_per_year: Quantity = assumed(
        "0.01 to 0.05", "rates follow the salaries of those who work"
    )
    """Yearly rise of billing rates, and with them of what the same project costs its client."""
    opening_consultants_people: Quantity = assumed(2, "two founders deliver")
    """Consultants at the start."""
    hiring_months: Quantity = assumed("2 to 5", "from opening a post to the first day")
    """Months until a sought consultant starts, on average."""
    staffing_months: Quantity = assumed("4 to 9", "for what lasts, not for a single deal")
    """Months over which the demand for work is averaged before consultants are hired for it."""
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
    milestone_months: Quantity = assumed("1 to 3", "bills follow what was handed over")
    """Months between two bills of a project."""
    retention_share: Quantity = assumed("0.05 to 0.1", "usual in public and industrial contracts")
    """Share of each such bill that clients keep back until the work has proved itself."""
    retention_months: Quantity = assumed(12, "the usual warranty")
    """Months for which they keep it back."""
    client_collection_days: Quantity = assumed("45 to 120", "large clients pay late")
    """Days after which clients have paid on average."""
    pull_through_share: Quantity = assumed("0.05 to 0.3", "most clients host what was built for them")
    """Share of the clients under maintenance whose systems use the company's API."""
    project_tokens_per_customer_month: Quantity = assumed("5e7 to 1e9", "an internal assistant or a pipeline")
    """Tokens that the system of such a client uses."""
    client_price_usd_per_million_tokens: Quantity = assumed(
        "0.5 to 3", "contract prices of hosted open models"
    )
    """Price of a million tokens to such clients in the first month."""
    client_records_per_customer: Quantity = assumed(
        "100 to 1e4", "personal data in the documents of a client"
    )
    """People whose data are held for each client with work in hand or under maintenance."""
    pursuit_usd_per_deal: Quantity = assumed("2e3 to 1e4", "travel, proofs of concept, proposals")
    """Cost of pursuing one deal, won or not."""
