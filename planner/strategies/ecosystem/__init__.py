"""Ecosystem: partners sell and build along, each takes a share of the price, suppliers are bound by commitments."""

from __future__ import annotations

from datetime import date

from pydantic import ValidationInfo, field_validator

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Positive, Quantity

LISTING_FEES = "https://docs.aws.amazon.com/it_it/marketplace/latest/userguide/listing-fees.html"

CHAIN = ("resale_margin_share", "paid_referral_share", "marketplace_fee_share")
"""Keys of the shares of the end price that others keep before the last one."""
ROUNDING = 1e-9
"""By which shares that sum to one may lie above it in floating point."""


KEY_FIGURES = (
    "active_partners",
    "own_chain_share",
    "partner_chain_share",
    "sourced_customers",
    "direct_customers",
)
"""What the report tells of the strategy first."""


class Inputs(Section):
    """Ecosystem: how partners come and grow, what they and the company sell, who keeps which share, what it costs."""

    ecosystem_effort_share: Quantity = assumed(1, "full effort")
    """How much of the planned effort goes into winning partners and customers; 0 stops it."""
    partner_programme_month: Quantity = assumed(2, "two months to write the contracts")
    """First month in which partners are recruited; they begin to sell from the launch on."""
    recruited_partners_per_month: Quantity = assumed("3 to 9", "two people who recruit")
    """Partners who sign in a month."""
    onboarding_months: Quantity = assumed("2 to 5", "training, contracts, a first joint customer")
    """Months from signing until it shows whether a partner sells, on average."""
    partner_activation_share: Quantity = assumed("0.2 to 0.5", "most signed partners never sell")
    """Share of the signed partners who come to sell."""
    partner_churn_share_per_month: Quantity = assumed("0.01 to 0.04", "a tenth to a third in a year")
    """Share of the active partners who stop each month; what they sold goes with them."""
    partner_ramp_months: Positive = assumed("6 to 13", "around three quarters of a year")
    """Months after which an active partner sells 63 per cent of what a mature one does."""
    opening_onboarding_partners: Quantity = assumed(0, "a new programme")
    """Signed partners at the start of whom it is not yet known whether they sell."""
    opening_learning_partners: Quantity = assumed(0, "a new programme")
    """Active partners at the start who sell nothing yet."""
    opening_productive_partners: Quantity = assumed(0, "a new programme")
    """Active partners at the start who sell as much as a mature one."""
    customers_per_partner: Quantity = assumed("5 to 15", "the book of an integrator or a consultancy")
    """Customers whom a mature partner has in service, net of those who leave."""
    half_coverage_partners: Positive = assumed("30 to 120", "a partner in each trade and region")
    """Active partners at which half of their effect on the company's own sales is reached."""
    largest_reach_share: Quantity = assumed("0.05 to 0.3", "markets that only a partner opens")
    """Share by which very many partners widen the market of the company's other strategies."""
    largest_sourced_share: Quantity = assumed("0.1 to 0.35", "a few partners bring most of what is sourced")
    """Share of the sourced customers whom the largest partner brings."""
    largest_partner_loss_share_per_year: Quantity = assumed("0.02 to 0.06", "mergers, changes of sides")
    """Probability in a year that the largest partner leaves, with all that it brings."""
    largest_partner_chance_share: Quantity = assumed(
        "uniform(0, 1)", "chance: even; 0 loses the partner at once, 1 never"
    )
    """Where chance stands about the largest partner, from 0 (leaves at once) to 1 (never)."""
    opening_direct_customers: Quantity = assumed(0, "a new product")
    """Customers of the company's own sales at the start."""
    direct_leads_customers_per_month: Quantity = assumed("20 to 60", "one or two people who sell")
    """Customers with whom the company's own sales get into talks each month."""
    direct_win_share: Quantity = assumed("0.1 to 0.25", "software for companies")
    """Share of those talks that are won without a partner."""
    cosell_uplift_ratio: Quantity = assumed("0.05 to 0.4", "a partner whom the customer trusts helps")
    """By how much more the company's own sales win where partners are everywhere."""
    direct_base_churn_share_per_month: Quantity = assumed(
        "0.015 to 0.025", "range of compilations for mid-sized customers"
    )
    """Share of the company's own customers who leave each month without integrations."""
    integration_retention_share: Quantity = assumed("0.1 to 0.4", "what is tied in is seldom torn out")
    """Share of the churn of its own customers that integrations prevent where partners are everywhere."""
    sourced_cannibalisation_share: Quantity = assumed("0.1 to 0.4", "customers whom both would have found")
    """Share of the customers whom partners bring that the company would have won itself."""
    account_subscription_usd_per_customer_month: Quantity = assumed(
        "600 to 1800", "software for mid-sized firms"
    )
    """Fee that an end customer pays, whoever sells."""
    account_tokens_per_customer_month: Quantity = assumed("2e7 to 1.5e8", "daily use by a department")
    """Tokens that a customer uses at the reference price, billed on top of the fee."""
    resold_share: Quantity = assumed("0.3 to 0.7", "some partners resell, others only refer")
    """Share of the sourced customers whom the partner bills and supports itself; it refers the others."""
    resale_margin_share: Quantity = assumed("0.15 to 0.35", "usual discount to resellers")
    """Share of the end price that a partner who resells keeps."""
    paid_referral_share: Quantity = assumed("0.05 to 0.2", "usual fee for a referral")
    """Share of the end price that a partner who refers gets."""
    marketplace_listed_share: Quantity = assumed(
        "0.1 to 0.4", "companies spend what they committed to a cloud"
    )
    """Share of the sourced sales that goes through a marketplace."""
    marketplace_fee_share: Quantity = assumed(
        0.03, "public listing of software", source=LISTING_FEES, as_of=date(2024, 1, 5)
    )
    """Share of the end price that a marketplace keeps of what goes through it."""
    upstream_royalty_share: Quantity = assumed(
        "0.02 to 0.08", "licences of connectors and data in the product"
    )
    """Share of the end price of sourced sales that goes to suppliers whose product is part of it."""
    principal_share: Quantity = assumed(1, "the company answers to the end customer for what partners sell")
    """Share of the sourced sales recognised gross: 1 as principal, 0 as agent (the own share alone); same cash."""
    sales_collection_days: Quantity = assumed("30 to 60", "companies and resellers pay by invoice")
    """Days after which customers and partners have paid on average."""
    certification_usd_per_partner_year: Quantity = assumed("500 to 2500", "courses and an exam")
    """Yearly fee of an active partner for its certification."""
    referred_project_usd_per_customer: Quantity = assumed("3e3 to 2e4", "a project to introduce the product")
    """What a customer of the company's own sales spends on a partner's project, where there is a partner."""
    earned_referral_share: Quantity = assumed("0.05 to 0.15", "usual fee for a referral")
    """Share of such a project that the partner pays the company for passing it on."""
    upstream_usd_per_customer_month: Quantity = assumed("20 to 80", "search, data, hosted integrations")
    """List price of what is bought in for a customer beside serving the model."""
    upstream_commitment_usd_per_month: Quantity = assumed("2e3 to 8e3", "the least that earns a discount")
    """List price of what is paid for in any case from the launch on (take or pay)."""
    upstream_discount_share: Quantity = assumed("0.1 to 0.3", "usual for a commitment of a year")
    """Discount on list prices for the commitment."""
    opening_upstream_credits_usd: Quantity = assumed("2.5e4 to 1e5", "programmes for young companies")
    """Credits that suppliers have granted and that pay their bills until they are used up."""
    supplier_loss_share_per_year: Quantity = assumed("0.02 to 0.08", "ends of life, new terms, sanctions")
    """Probability in a year that the main supplier is lost."""
    supplier_chance_share: Quantity = assumed(
        "uniform(0, 1)", "chance: even; 0 loses the supplier at once, 1 never"
    )
    """Where chance stands about the main supplier, from 0 (lost at once) to 1 (never)."""
    supplier_switching_usd: Quantity = assumed("5e4 to 2e5", "a team of engineers for a quarter")
    """One-off development when the main supplier is lost."""
    second_supplier_price_ratio: Quantity = assumed("1.05 to 1.4", "the second best offer")
    """List price of the supplier who then takes over, over that of the first."""
    partners_per_manager_person: Positive = assumed("15 to 40", "range of partner programmes")
    """Active partners whom one partner manager looks after."""
    manager_salary_usd_per_person_year: Quantity = assumed("8e4 to 1.3e5", "people in sales")
    """Yearly salary of a partner manager."""
    supported_customers_per_person: Positive = assumed("60 to 200", "support of companies")
    """Customers whom one person in support looks after; resellers support their own."""
    desk_salary_usd_per_person_year: Quantity = assumed("4.5e4 to 7e4", "support staff")
    """Yearly salary of a person in support."""
    market_development_share: Quantity = assumed("0.01 to 0.05", "usual funds for partners' marketing")
    """Share of the sourced sales that goes into partners' marketing."""
    programme_usd_per_month: Quantity = assumed("4e3 to 1.5e4", "portal, courses, events")
    """Fixed cost of the partner programme at full effort."""
    recruitment_usd_per_partner: Quantity = assumed("2e3 to 8e3", "travel, contracts, first training")
    """Cost of signing a partner."""
    direct_acquisition_usd_per_customer: Quantity = assumed(
        "6e3 to 1.5e4", "half a year to a year of the fee"
    )
    """Marketing for one customer of the company's own sales."""
    security_review_usd_per_partner: Quantity = assumed("2e3 to 1e4", "a few days of an engineer")
    """Cost of checking a partner's integration before it goes live."""
    joint_development_usd_per_partner_month: Quantity = assumed("100 to 500", "interfaces and joint features")
    """Research and development together with an active partner."""
    account_records_per_customer: Quantity = assumed("20 to 200", "the people who use it at a customer")
    """People at a customer of whom personal data are held."""

    @field_validator("marketplace_fee_share", "upstream_royalty_share")
    @classmethod
    def _something_is_left(cls, share: Quantity, info: ValidationInfo) -> Quantity:
        """Refuse a chain that takes more than the end price, at the key with which it does."""
        known = {name: info.data[name].value for name in info.data if name in CHAIN}
        partner = max(known.get("resale_margin_share", 0.0), known.get("paid_referral_share", 0.0))
        taken = partner + known.get("marketplace_fee_share", 0.0)
        if taken + share.value > 1.0 + ROUNDING:
            raise ValueError(
                f"{info.field_name} is {share.value:g}, but partner and marketplace keep {taken:g} of the end price "
                f"before it; the shares along the chain are parts of one price and must not exceed 1 together"
            )
        return share
