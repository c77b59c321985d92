"""What the user writes about money: cash, rounds, loans, bought accelerators, and how the books are kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import AboveZero, Positive, Quantity


class Round(Section):
    """New equity that is planned to come in: a priced round, or a SAFE that becomes shares in the next one."""

    round_month: Quantity
    """Month in which the money arrives."""
    round_usd: Quantity
    """Amount that arrives."""
    round_kind: Literal["priced", "safe"] = "priced"
    """`priced` for shares at a valuation, `safe` for a post-money SAFE."""
    round_pre_money_usd: Quantity = assumed(0, "not agreed yet")
    """Value of a priced round before the money (median seed 16e6, series A 48e6 in 2025); 0 leaves shares undefined."""
    safe_cap_usd: Quantity = assumed(0, "without a cap it converts at the price of the next round")
    """Valuation cap of a SAFE after its money (median 10e6 to 18e6 in 2024); 0 for none."""
    round_pool_share: Quantity = assumed(0, "no new options")
    """Share of the company after a priced round that is newly set aside for staff, before the money comes."""
    round_success_share: Quantity = assumed(1, "it is closed; `chance(0.7)` where it may fail")
    """Share of the amount that really comes; `chance(0.7)` for a round that succeeds seven times in ten."""
    round_delay_months: Quantity = assumed(0, "it closes in the planned month")
    """Months by which the money comes later than planned."""


class Loan(Section):
    """A loan: paid out at once, repaid in equal parts each month, interest on what is owed."""

    loan_month: Quantity
    """Month in which it is paid out."""
    loan_usd: Quantity
    """Amount that is paid out."""
    loan_rate_share_per_year: Quantity
    """Interest for a year; each month a twelfth of it is paid on what was owed at the end of the month before."""
    loan_term_months: Positive = assumed(36, "three years, as venture loans often run")
    """Months in which it is repaid, beginning with the month after it was paid out."""


class Purchase(Section):
    """Accelerators that are bought for serving, instead of renting as many."""

    purchase_month: Quantity
    """Month in which they are paid for and begin to serve."""
    purchase_gpus: Quantity
    """How many."""
    purchase_usd_per_gpu: Quantity
    """Price of one, with its share of server and network."""
    purchase_running_usd_per_gpu_hour: Quantity = assumed(
        "0.25 to 0.5", "about 1.2 kW at the wall, with space, network and repair"
    )
    """Power, hosting and repair for an hour of one of them."""
    purchase_life_months: Positive = assumed("36 to 60", "published lives of servers are three to five years")
    """Months over which the price is written off in equal parts."""
    resale_month: Quantity = assumed(1000, "kept beyond the end of the plan")
    """Month at whose start they are sold; beyond the horizon means never."""
    resale_decline_share_per_month: Quantity = assumed(
        "0.02 to 0.045", "used accelerators lose half their price in one and a half to three years"
    )
    """Share by which the price that they would fetch falls each month."""


class Reporting(Section):
    """The currency in which statements are put out; inside, everything is in US dollars."""

    reporting_currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    """Currency of the statements that are put out, by its three letters."""
    units_per_usd: Annotated[float, Field(gt=0)] = 1.0
    """Units of that currency for one US dollar, one rate for the whole plan."""
    rate_source: str = ""
    """Where the rate comes from."""
    rate_as_of: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    """Day of the rate."""


class Finance(Section):
    """Money at hand, planned and taken, and how the books are kept."""

    opening_cash_usd: Quantity = assumed(0, "nothing at hand")
    """Cash at the start, paid in by the founders."""
    rounds: tuple[Round, ...] = ()
    """Funding that is planned; the funding need is reported without it."""
    loans: tuple[Loan, ...] = ()
    """Loans that are planned; the funding need is reported without them."""
    purchases: tuple[Purchase, ...] = ()
    """Accelerators that are bought for serving."""
    funding_buffer_usd: Quantity = assumed(0, "no reserve")
    """Reserve that is to be left at the lowest point when the funding need is worked out."""
    setup_cost_usd: Quantity = assumed(
        "2e4 to 8e4", "incorporation, contracts, equipment, a first security audit"
    )
    """One-off cost of setting the company up."""
    supplier_payment_days: Quantity = assumed(
        "10 to 30", "clouds and vendors bill monthly and are paid soon after"
    )
    """Days after which suppliers are paid on average; pay, tax and bought accelerators are paid at once."""
    tax_rate_share: Quantity = assumed(0.25, "a common corporate rate")
    """Income tax on profits."""
    discount_rate_share_per_year: Quantity | None = None
    """Yearly rate at which later money counts less; left out, the published cost of capital of technology firms."""
    terminal_revenue_multiple_ratio: Quantity = assumed(0, "nothing after the plan is counted")
    """Worth of the company at the end of the plan over its revenue of the last year; it is shown apart."""
    free_tier_policy: Literal["cost_of_revenue", "marketing"] = "cost_of_revenue"
    """Where the cost of serving free users stands: in the cost of revenue, or in marketing."""
    training_policy: Literal["expensed", "capitalised"] = "expensed"
    """Whether training of own models is a cost at once, or an asset that is written off."""
    training_life_months: Annotated[Quantity, AboveZero("; write 1 to write it off at once")] = assumed(
        12, "a model is replaced after about a year"
    )
    """Life of capitalised training: each month one part in so many of what is left is written off."""
    opening_pool_share: Quantity = assumed(0.1, "options for the first employees")
    """Share of the company that is set aside for staff at the start; the founders hold the rest."""
    exit_revenue_multiple_ratio: Quantity = assumed(
        "2 to 8", "software companies have mostly been worth so many times their yearly revenue"
    )
    """Worth of the company at the end over the revenue of its last year; cash is added, debt taken off."""
    fiscal_year_start_month: Annotated[int, Field(ge=1, le=12)] = 1
    """Month of the calendar in which the company's year begins, 1 for January."""
    reporting: Reporting = Reporting()
    """Currency of the statements that are put out."""
