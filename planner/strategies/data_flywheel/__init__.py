"""Data flywheel: use brings data, data a better model at the next release, and a better model customers who use it."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from planner.scenario.base import Section, assumed, raise_at
from planner.scenario.quantities import Positive, Quantity

LAW = "computed from the fits of Hoffmann et al. 2022 (arXiv:2203.15556) and Besiroglu et al. 2024 (arXiv:2404.10102)"
LABELLING = "https://www.pccvdi.com/insights/ai-training-data-cost-benchmarks-2026"
LOOP = (
    "conversion_elasticity_ratio", "churn_elasticity_ratio", "fitted_data_limited_share", "data_exponent_ratio",
)  # fmt: skip
"""The keys that make the loop gain."""


KEY_FIGURES = (
    "stock_tokens",
    "quality_ratio",
    "loop_gain_ratio",
    "effective_exponent_ratio",
    "needed_exponent_ratio",
    "counted_gain_ratio",
)
"""What the report tells of the strategy first."""
STATEMENT = (
    "The learning curve supports a loop gain of %(loop_gain_ratio)s: growth from outside is multiplied by it. The plan "
    "counts on %(counted_gain_ratio)s, for which the data would need an exponent of %(needed_exponent_ratio)s; they "
    "have %(effective_exponent_ratio)s. A larger one has to be measured on data of the domain."
)
"""What the report says about the loop."""


class Inputs(Section):
    """Data flywheel: who comes and stays, what they use and pay, what data that brings, what data are worth."""

    flywheel_effort_share: Quantity = assumed(1, "the whole effort of the plan")
    """Share of the effort to win customers that is made."""
    flywheel_addressable_customers: Positive = assumed("2e6 to 8e6", "a profession in several countries")
    """People who could use the service."""
    opening_free_customers: Quantity = assumed(0, "a new service")
    """People who use it at the start without paying."""
    starting_paying_customers: Quantity = assumed(0, "a new service")
    """Subscribers at the start."""
    flywheel_innovation_share_per_month: Quantity = assumed(
        "0.0015 to 0.0042", "monthly range around the published yearly mean of 0.03"
    )
    """Rate at which people come on their own (Bass p)."""
    flywheel_imitation_share_per_month: Quantity = assumed(
        "0.02 to 0.05", "monthly range around the published yearly mean of 0.38"
    )
    """Rate at which customers bring customers (Bass q)."""
    first_use_conversion_share: Quantity = assumed(
        "0.02 to 0.12", "freemium AI products have a median of 0.05, from which the range reaches up and down"
    )
    """Share of the new customers who subscribe at once, at the reference fee and at the quality of rivals."""
    base_late_conversion_share_per_month: Quantity = assumed("0.001 to 0.004", "few who wait ever pay")
    """Share of the free customers who subscribe later, each month, at the quality of rivals."""
    first_month_churn_share: Quantity = assumed(
        "0.08 to 0.13", "above the yearly mean: the doubtful go first"
    )
    """Share of the new subscribers who leave after one month, at the quality of rivals."""
    first_year_survival_share: Quantity = assumed(
        "0.3 to 0.5", "around the published yearly gross retention of 0.40 of AI-native software"
    )
    """Share of the new subscribers who are still there after twelve months, at the quality of rivals."""
    base_free_churn_share_per_month: Quantity = assumed(
        "0.05 to 0.12", "more than subscribers in the long run"
    )
    """Share of the free customers who leave each month, at the quality of rivals."""
    conversion_elasticity_ratio: Quantity = assumed(
        "0.3 to 1.5", "judgement; no study of assistants is known"
    )
    """Per cent by which the odds to subscribe rise when quality against rivals is one per cent better."""
    churn_elasticity_ratio: Quantity = assumed(
        "0.3 to 1.5 within 0.15..2.5", "judgement; no study of assistants is known"
    )
    """Per cent by which the odds to leave fall when quality against rivals is one per cent better."""
    fitted_data_limited_share: Quantity = assumed("0.154 to 0.325", "the refit and the fit as printed", LAW)
    """Share of the reducible loss that more data would take away, at `fitted_params` and `fitted_tokens`."""
    fitted_params: Positive = assumed(8e9, "a size at which the two fits are compared")
    """Parameters of the model for which `fitted_data_limited_share` is meant."""
    fitted_tokens: Positive = assumed(1.5e13, "training tokens at which the two fits are compared")
    """Training tokens for which `fitted_data_limited_share` is meant."""
    model_exponent_ratio: Quantity = assumed("0.34 to 0.3478", "the fit as printed and the refit", LAW)
    """Exponent with which the loss that size limits falls with parameters."""
    data_exponent_ratio: Quantity = assumed("0.28 to 0.3658", "the fit as printed and the refit", LAW)
    """Exponent with which the loss that data limit falls with data: the learning curve."""
    foundation_tokens: Positive = assumed(
        1.5e13, "Llama 3.1, as its card says", "meta-llama/llama-models, models/llama3_1/MODEL_CARD.md"
    )
    """Tokens of general text on which the base model was trained."""
    domain_text_share: Positive = assumed("5e-5 to 1e-3", "a field that the web covers thinly")
    """Share of general text that is about the domain: a token of the domain is worth one over this many."""
    rival_gain_share_per_month: Quantity = assumed("0.01 to 0.04", "judgement: rivals keep releasing")
    """Growth of the quality of rivals each month."""
    followed_progress_share: Quantity = assumed("0.75 to 0.97", "open base models follow the frontier")
    """Share of the rivals' progress that a release takes up with the base model of its day."""
    counted_gain_ratio: Positive = assumed(1.5, "what a flywheel that carries a plan would have to give")
    """Growth with the loop over growth without, which the plan counts on; the exponent that it needs is reported."""
    data_consent_share: Quantity = assumed("0.05 to 0.5", "from opting in to opting out")
    """Share of the use from which customers let the company learn."""
    no_retention_share: Quantity = assumed("0.02 to 0.3", "business customers ask for it")
    """Share of the use under contracts that forbid to keep it, whatever customers allow."""
    usable_data_share: Quantity = assumed("0.005 to 0.05", "most use teaches nothing")
    """Share of the allowed use that is worth keeping."""
    duplicate_scale_tokens: Positive = assumed("3e9 to 3e10", "customers of one domain ask alike")
    """Stock at which all but one in 2.7 tokens of use repeat what is there."""
    staleness_share_per_month: Quantity = assumed("0.003 to 0.03", "questions and facts change")
    """Share of the stock of data that loses its worth each month."""
    opening_stock_tokens: Quantity = assumed(0, "no data of its own")
    """Tokens of data of the domain at the start, as if they came from use."""
    expert_label_budget_usd_per_month: Quantity = assumed("5e3 to 3e4", "one or a few experts")
    """Money for labels each month from the start of the first training on."""
    expert_label_usd_per_item: Positive | None = None
    """Price of one judgement of an expert; left out, the published range."""
    expert_label_overlap_ratio: Positive = assumed("1 to 3", "one to three judgements agree on an item")
    """Judgements of one item."""
    expert_label_rework_ratio: Quantity = assumed(
        "0.3 to 1", "management and rework, 1.3 to 2 times the bare price"
    )
    """Cost of rework and management over the bare price of the judgements."""
    expert_label_worth_tokens_per_item: Quantity = assumed(
        "2e3 to 5e4", "an expert's example against kept use"
    )
    """Tokens of kept use that one labelled item is worth."""
    licensed_usd_per_month: Quantity = assumed("2e3 to 1e4", "an archive or two of the field")
    """Money for licensed data each month from the start of the first training on."""
    licensed_usd_per_million_tokens: Positive = assumed("100 to 1500", "up to a tenth of a cent per word")
    """Price of a million licensed tokens."""
    synthetic_usd_per_month: Quantity = assumed("1e3 to 5e3", "generated and filtered for rare cases")
    """Money for synthetic data each month from the start of the first training on."""
    synthetic_usd_per_item: Positive = assumed("0.02 to 0.2", "generated and filtered", LABELLING)
    """Price of one synthetic example."""
    synthetic_worth_tokens_per_item: Quantity = assumed("100 to 500", "an example at a weight of 0.2 to 0.8")
    """Tokens of kept use that one synthetic example is worth."""
    tokens_per_paying_customer_month: Quantity = assumed("1e6 to 6e6", "daily use with long contexts")
    """Tokens that a subscriber uses, at the reference price as far as they are metered."""
    tokens_per_free_customer_month: Quantity = assumed("2e4 to 2e5", "a capped free tier")
    """Tokens that a free customer uses."""
    metered_share: Quantity = assumed("0.05 to 0.3", "heavy use beyond what the fee includes")
    """Share of a subscriber's tokens that is billed on top of the fee."""
    flywheel_fee_usd_per_customer_month: Quantity = assumed("15 to 30", "the usual monthly fee of assistants")
    """Fee of a subscriber in the first month."""
    flywheel_reference_fee_usd_per_customer_month: Positive = assumed(20, "the usual fee of assistants")
    """Fee at which `first_use_conversion_share` is meant."""
    flywheel_fee_elasticity_ratio: Quantity = assumed("0.5 to 1.5", "range of estimates for subscriptions")
    """Per cent by which fewer subscribe when the fee is one per cent higher."""
    flywheel_fee_rise_share_per_year: Quantity = assumed("0.005 to 0.04", "fees follow prices slowly")
    """Yearly rise of the fee, for all subscribers."""
    flywheel_collection_days: Quantity = assumed("2 to 10", "cards are settled within days")
    """Days after which customers have paid on average."""
    flywheel_payment_fee_share: Quantity = assumed(0.03, "card fees")
    """Share of the revenue that payment providers keep."""
    flywheel_acquisition_usd_per_customer: Quantity = assumed("40 to 160", "two to six months of the fee")
    """Marketing for one new subscriber."""
    customers_per_flywheel_support_person: Positive = assumed("2000 to 6000", "mostly self-service")
    """Subscribers whom one person in support looks after."""
    flywheel_support_salary_usd_per_person_year: Quantity = assumed("4.5e4 to 7e4", "support staff")
    """Yearly salary of a person in support."""
    records_per_flywheel_customer: Quantity = assumed(1, "one account for each person")
    """Personal records that are held of a customer."""

    @model_validator(mode="after")
    def _no_loop_without_end(self) -> Self:
        """Refuse more customers than there are, and a loop that explodes by what is known before a run."""
        started = self.opening_free_customers.value + self.starting_paying_customers.value
        if started > self.flywheel_addressable_customers.value:
            words = (
                f"{started:g} customers at the start are more than there are (flywheel_addressable_customers)"
            )
            raise_at({("starting_paying_customers",): words})
        factors = [getattr(self, name) for name in LOOP]
        upper = [q.distribution.summary()["p95"] if q.distribution else q.value for q in factors]
        for where, (eta_c, eta_r, limited, exponent) in {
            "at the medians": [q.value for q in factors],
            "where all four are at their upper ends (p95)": upper,
        }.items():
            if (eta_c + eta_r) * limited * exponent >= 1:
                words = (
                    f"the flywheel explodes {where}: ({eta_c:.3g} + {eta_r:.3g}) x {limited:.3g} x {exponent:.3g} = "
                    f"{(eta_c + eta_r) * limited * exponent:.3g}, of which the loop gain 1 / (1 - that) has no value; "
                    f"bring ({LOOP[0]} + {LOOP[1]}) x {LOOP[2]} x {LOOP[3]} below 1"
                )
                raise_at({(name,): words for name in LOOP if name in self.model_fields_set})
                raise ValueError(words)
        return self
