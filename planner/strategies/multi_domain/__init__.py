"""Multi-domain applications: one model and one team sell yearly contracts in several trades, entered one by one.

A figure of each domain is `(domains, draws)`; what other figures of the company read is summed. The demand of a domain
swings with what is common to all (the company's demand shock) and with shocks of its own.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity

MOST_DOMAINS = 8
"""Each domain has a surprise of its own in every month, and so many are drawn."""

SHOCKS = {
    f"shock_domain_{number}_share": f"The same for the demand of domain {number} of several, without what is "
    "common to all."
    for number in range(1, MOST_DOMAINS + 1)
}
"""What chance decides in every month, beside what it decides for the company."""

KEY_FIGURES = (
    "domain_concentration_share",
    "diversification_ratio",
    "domain_customers",
    "domain_value_usd",
)
"""What the report tells of the strategy first."""


class Domain(Section):
    """One domain: when it is entered and at what cost, who could buy, what they pay and need."""

    domain: str
    """What the domain is called."""
    domain_entry_month: Quantity = assumed(1, "sold from the launch")
    """First month in which it is sold; never before the launch."""
    addressable_domain_customers: Positive
    """Organisations that could buy, in a normal month."""
    domain_innovation_share_per_month: Quantity = assumed(
        "0.002 to 0.006",
        "monthly range around the published yearly mean of 0.03, faster for a tool that saves labour",
    )
    """Rate at which organisations look for such a product on their own (Bass p)."""
    domain_imitation_share_per_month: Quantity = assumed(
        "0.02 to 0.05", "monthly range around the published yearly mean of 0.38"
    )
    """Rate at which customers make others look (Bass q)."""
    domain_volatility_ratio: Quantity = assumed(0.2, "budgets of a trade swing by a fifth")
    """Standard deviation of the logarithm of the domain's demand, in the long run."""
    domain_loading_share: Quantity = assumed(0.6, "two domains then correlate by 0.36")
    """Correlation of the domain's demand with what is common to all; two domains correlate by the product of theirs."""
    domain_fee_usd_per_customer_month: Quantity
    """Fee of a customer of average size; stays the same over the plan."""
    domain_tokens_per_customer_month: Quantity = assumed(
        "5e7 to 5e8", "thirty people who read long documents with it every working day"
    )
    """Tokens that a customer uses at the reference price."""
    domain_renewal_churn_share: Quantity = assumed(
        "0.08 to 0.25", "from enterprise (0.7 per cent a month) to mid-market (2.4 per cent a month)"
    )
    """Share of the yearly contracts that are not renewed when they come up."""
    domain_integration_usd: Quantity = assumed(
        "1e5 to 5e5", "two to six people for half a year, mostly bought in"
    )
    """Entry cost of connecting to the trade's systems and of its formats and forms."""
    domain_label_items: Quantity = assumed(5000, "a few thousand judgements decide preferences of a trade")
    """Answers that experts of the trade judge before the entry."""
    domain_evaluation_usd: Quantity = assumed(6e4, "a few hundred cases written and checked by experts")
    """Cost of the evaluation set."""
    domain_certification_usd: Quantity = assumed(8e4, "security audit extended to the trade's rules")
    """Cost of the certificates that buyers of the trade ask for."""
    domain_training_tokens: Quantity = assumed(2e8, "supervised and preference data of one trade")
    """Tokens on which the model is fine-tuned for the domain before the entry."""
    domain_acquisition_usd_per_customer: Quantity = assumed(
        "1e4 to 3e4", "events, trials and security reviews, sellers apart"
    )
    """Marketing for one new customer, sellers apart."""
    domain_support_people_per_customer: Quantity = assumed(0.02, "two people for a hundred customers")
    """People in support for each customer."""
    domain_personal_records_per_customer: Quantity = assumed(
        500, "staff and the clients named in their documents"
    )
    """People whose personal data are held for a customer."""


DOMAINS = (
    Domain(
        domain="legal drafting",
        addressable_domain_customers=assumed(
            "2e3 to 6e3", "law firms and legal departments of one large market"
        ),
        domain_fee_usd_per_customer_month=assumed("2e3 to 6e3", "thirty seats at 70 to 200 USD"),
    ),
    Domain(
        domain="medical documentation",
        domain_entry_month=assumed(15, "a year after the first"),
        addressable_domain_customers=assumed(
            "3e3 to 9e3", "hospitals and group practices of one large market"
        ),
        domain_fee_usd_per_customer_month=assumed("1500 to 5000", "thirty seats at 50 to 170 USD"),
        domain_volatility_ratio=assumed(0.1, "health care hardly swings"),
        domain_loading_share=assumed(0.3, "paid by insurance whatever the economy does"),
        domain_label_items=assumed(10000, "errors cost more, so more is judged"),
        domain_certification_usd=assumed(2.5e5, "quality system and file of a medical device of a low class"),
        domain_personal_records_per_customer=assumed(2e4, "patients"),
    ),
    Domain(
        domain="financial analysis",
        domain_entry_month=assumed(27, "a year after the second"),
        addressable_domain_customers=assumed("800 to 2500", "banks, insurers and asset managers"),
        domain_fee_usd_per_customer_month=assumed("5e3 to 1.5e4", "fifty seats at 100 to 300 USD"),
        domain_volatility_ratio=assumed(0.3, "budgets follow the markets"),
        domain_loading_share=assumed(0.8, "budgets follow the markets"),
    ),
)


class Inputs(Section):
    """Multi-domain applications: the domains, what brings and keeps their customers, who sells and supports."""

    domains: Annotated[tuple[Domain, ...], Field(max_length=MOST_DOMAINS)] = DOMAINS
    """Domains in which applications are sold, at most eight; list those that the company plans."""
    domains_effort_share: Quantity = assumed(1, "the whole effort that the plan describes")
    """Share of the effort to win new customers that is made; a lever of the mix of strategies."""
    demand_persistence_share: Quantity = assumed(
        "0.8 to 0.97", "a swing lasts from five months to three years"
    )
    """Share of a swing in demand that is still there a month later."""
    domain_preparation_months: Quantity = assumed("2 to 5", "labels, evaluation, fine-tuning, certificates")
    """Months before the entry over which its cost is spread."""
    domain_ramp_months: Positive = assumed("3 to 9", "until the trade's press, events and partners know it")
    """Months after the entry until the domain is sold at full strength; losses before count as the price of entry."""
    domain_patience_months: Positive = assumed(24, "two years of losses after the ramp")
    """Months of losses in a row after which a domain is stopped; beyond the horizon means never."""
    base_domain_win_share: Quantity = assumed("0.15 to 0.35", "range of business software")
    """Share of the interested organisations that a seller pursues and wins, without any reference."""
    reference_gain_ratio: Quantity = assumed(
        "0.02 to 0.1", "a hundred references then win a tenth to a half more"
    )
    """How much references help: wins grow by this times the logarithm of one plus the references."""
    one_reference_customers: Positive = assumed(1, "each customer can be named")
    """Customers who count as one reference."""
    cross_sell_share_per_month: Quantity = assumed("0.001 to 0.005", "one in ten in two to eight years")
    """Share of the customers of other domains that buy a domain as well each month."""
    first_sellers_people: Quantity = assumed(2, "a seller and a solution engineer")
    """People who sell once the first domain is prepared."""
    most_sellers_people: Quantity = assumed(20, "more can hardly be led by one head of sales")
    """People to whom the team that sells all domains grows when demand asks for it."""
    seller_hiring_months: Quantity = assumed("3 to 6", "search and training on the job")
    """Months until the team has the size that demand asks for, on average."""
    pursued_customers_per_person_month: Positive = assumed("3 to 6", "a sale takes weeks of demonstrations")
    """Interested organisations that one person of the team can pursue in a month."""
    domain_seller_salary_usd_per_person_year: Quantity = assumed("1.1e5 to 1.8e5", "base and commission")
    """Yearly pay of a person who sells."""
    domain_support_salary_usd_per_person_year: Quantity = assumed(
        "5e4 to 8e4", "support with knowledge of the trade"
    )
    """Yearly salary of a person in support."""
    domain_label_usd_per_item: Quantity = assumed(
        "5 to 20",
        "offers for preferences judged by medical, legal and coding experts",
        source="https://www.pccvdi.com/insights/ai-training-data-cost-benchmarks-2026",
    )
    """Price of one judgement of an expert."""
    domain_label_rework_ratio: Quantity = assumed("1.3 to 2", "second opinions, rejected work and management")
    """All that is paid for labels over their bare price."""
    domain_upkeep_share_per_year: Quantity = assumed("0.3 to 0.6", "surveillance audits and fresh test cases")
    """Yearly upkeep of evaluation sets and certificates over what they cost first."""
    domain_prepaid_share: Quantity = assumed("0.3 to 0.7", "a discount makes about half pay ahead")
    """Share of the fees that is paid for the year when a contract begins or is renewed."""
    domain_billed_share: Quantity = assumed("0.2 to 0.5", "the fee includes a fair use")
    """Share of the tokens that is billed on top of the fee, at the market's price."""
    domain_delivery_share: Quantity = assumed(
        "0.03 to 0.08", "experts who check answers, insurance, transfers"
    )
    """Cost of revenue besides computing and people, over the revenue."""
    domain_collection_days: Quantity = assumed("30 to 75", "terms of business customers")
    """Days after which customers have paid their bills on average."""
    domain_stored_bytes_per_customer: Quantity = assumed("5e9 to 1e11", "documents and their index")
    """Data held for a customer."""
    customer_spread_share: Positive = assumed(
        "0.2 to 0.5", "from a flat to a steep distribution of firm sizes"
    )
    """Inequality of customers within a domain: near 0 all pay the same, at 1 the largest pay nearly everything."""
    domain_largest_customers: Quantity = assumed(5, "annual reports name five")
    """Largest customers whose revenue is told."""
