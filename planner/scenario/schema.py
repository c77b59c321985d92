"""What the user writes about the company; each strategy adds a section of its own inputs.

The text under a field is its documentation, its JSON-schema text and its help. The last word of every key is unique:
it is the name by which formulas read the value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from planner.scenario.base import Section, assumed, raise_at
from planner.scenario.data_and_privacy import Data, Privacy
from planner.scenario.finance import Finance
from planner.scenario.multimodality import Multimodality
from planner.scenario.quantities import AboveZero, Positive, Quantity
from planner.scenario.uncertainty import Uncertainty

Source = Literal["api", "open_weights", "fine_tuned", "pretrained"]
Term = Literal["on_demand", "spot", "reserved_1_year", "reserved_3_years"]


class Model(Section):
    """The model that the company serves, where it comes from, and when."""

    base: str = "llama-3.1-8b"
    """Open model whose shape is used, by its name in the catalogue; single numbers below replace its own."""
    source: Source = "open_weights"
    """Where the model comes from: a vendor's API, open weights as they are, fine-tuned open weights, or pretrained."""
    switch_source: Source | None = None
    """Where the model comes from after the switch; leave out for no switch."""
    switch_month: Annotated[int, Field(ge=2)] | None = None
    """Month from which the model of `switch_source` serves."""
    launch_month: Quantity = assumed(4, "three months to build before customers come")
    """First month in which customers are served; the first model is trained in the months before."""
    training_months: Quantity = assumed(3, "a fine-tuning project with its data, start to end")
    """Months over which a model's training is spread before it serves."""
    release_cadence_months: Annotated[Quantity, AboveZero("; a number beyond horizon_months means never")] = (
        assumed(6, "two refreshes a year")
    )
    """Months between two trainings of a model that the company trains itself; beyond the horizon means never."""
    sequence_length: Quantity = assumed(4096, "a common training context")
    """Length of a training sequence in tokens."""
    num_layers: Quantity | None = None
    """Layers of the model, if not those of `base`."""
    model_width: Quantity | None = None
    """Width of the model's hidden state, if not that of `base`."""
    num_attention_heads: Quantity | None = None
    """Query heads, if not those of `base`."""
    num_key_value_heads: Quantity | None = None
    """Key and value heads, if not those of `base`."""
    head_width: Quantity | None = None
    """Width of one attention head, if not that of `base`."""
    ffn_width: Quantity | None = None
    """Inner width of one gated feed-forward block, if not that of `base`."""
    vocabulary_size: Quantity | None = None
    """Entries of the vocabulary, if not those of `base`."""
    num_experts: Quantity | None = None
    """Experts of each layer (1 for a dense model), if not those of `base`."""
    num_active_experts: Quantity | None = None
    """Experts that one token uses, if not those of `base`."""
    tied_embeddings: Quantity | None = None
    """1 when input and output share one table, otherwise 0; if not as in `base`."""
    qkv_bias: Quantity | None = None
    """1 when query, key and value have biases, otherwise 0; if not as in `base`."""


class Training(Section):
    """How models are trained, and on what."""

    training_accelerator: str = "h100-sxm"
    """Accelerator that is rented for training, by its name in the catalogue."""
    training_term: Term = "on_demand"
    """Term on which it is rented."""
    training_usd_per_gpu_hour: Quantity | None = None
    """Price of an hour of one accelerator for training; left out, the catalogue's for accelerator and term."""
    training_peak_flops_per_gpu_second: Positive | None = None
    """Dense bf16 peak of one accelerator; left out, the catalogue's."""
    training_mfu_share: Positive | None = None
    """Share of the peak that training reaches (model FLOPs utilisation); left out, the published range."""
    training_goodput_share: Positive | None = None
    """Share of the paid time that counts (failures, restarts, waiting are the rest); left out, the published range."""
    finetuning_tokens: Quantity = assumed("5e7 to 1e9", "supervised and preference data of a domain model")
    """Tokens of one fine-tuning run, all epochs."""
    pretraining_tokens: Quantity | None = None
    """Tokens of the pretraining run; needed when the model is pretrained."""
    research_compute_ratio: Quantity = assumed(
        "1.5 to 6", "experiments and failed runs at a company that trains seldom"
    )
    """All training compute over that of the final runs."""


class Serving(Section):
    """How the model is served: on rented accelerators, or by a vendor's API."""

    serving_accelerator: str = "h100-sxm"
    """Accelerator that serves, by its name in the catalogue."""
    serving_term: Term = "on_demand"
    """Term on which it is rented."""
    serving_usd_per_gpu_hour: Quantity | None = None
    """Price of an hour of one accelerator for serving; left out, the catalogue's for the accelerator and the term."""
    weight_precision: Literal["fp16", "bf16", "fp8", "int8", "int4", "fp4"] = "fp8"
    """Precision in which the weights are served."""
    serving_tokens_per_gpu_second: Positive | None = None
    """Tokens, read and written, per second and accelerator at full load; left out, the nearest published one."""
    gpus_per_replica: Positive | None = None
    """Accelerators of one replica of the model; left out, those of the published measurement."""
    peak_load_ratio: Quantity = assumed("1.5 to 4", "peak over mean load of public traces lies in this range")
    """Load at the busiest time over the mean load."""
    target_utilisation_share: Positive = assumed(
        "0.35 to 0.7", "what an acceptable latency leaves of full load"
    )
    """Share of full load that may be used at the peak."""
    minimum_replicas: Quantity = assumed(1, "one replica serves as long as anybody is served")
    """Replicas that run however little is asked."""
    input_tokens_per_request: Quantity = assumed(1000, "chat with its history")
    """Tokens that the model reads for one request."""
    output_tokens_per_request: Quantity = assumed(1000, "an answer of a page or two")
    """Tokens that the model writes for one request."""
    gpu_price_decline_share_per_month: Quantity = assumed(
        "0.005 to 0.03", "rental prices keep falling as chips improve"
    )
    """Share by which the price of an accelerator-hour falls each month."""
    vendor_model: str | None = None
    """Model that is bought by API, by its name in the catalogue; left out, the open model that is `base`."""
    vendor_input_usd_per_million_tokens: Quantity | None = None
    """Vendor's price of a million tokens read; left out, the list price of `vendor_model`."""
    vendor_output_usd_per_million_tokens: Quantity | None = None
    """Vendor's price of a million tokens written; left out, the list price of `vendor_model`."""
    vendor_price_decline_share_per_month: Quantity = assumed(
        "0.005 to 0.05", "a given model's list price falls slowly, its successor's faster"
    )
    """Share by which the vendor's price falls each month."""


class Role(Section):
    """People of one kind whom the plan hires."""

    role: str
    """What they are called."""
    role_people: Quantity
    """How many."""
    role_hire_month: Quantity = assumed(1, "there from the start")
    """Month in which they start."""
    role_salary_usd_per_person_year: Quantity
    """Yearly salary of one of them, before the employer's costs."""


class People(Section):
    """Staff and what comes with it."""

    roles: tuple[Role, ...] = ()
    """The people who are hired whatever the demand; strategies add those whom the demand asks for."""
    loaded_cost_ratio: Quantity = assumed(
        "1.25 to 1.45", "payroll tax, insurance and benefits on top of a salary"
    )
    """Employer's cost of a person over the salary."""
    raise_share_per_year: Quantity = assumed("0.02 to 0.06", "salaries of engineers")
    """Yearly raise of all salaries."""
    overhead_usd_per_person_month: Quantity = assumed("500 to 1500", "desk, tools and travel")
    """Overhead for each person."""
    fixed_overhead_usd_per_month: Quantity = assumed("5e3 to 15e3", "accounting, legal advice, insurance")
    """Overhead that does not depend on the number of people."""


class Market(Section):
    """Prices on the market for tokens."""

    price_usd_per_million_tokens: Positive | None = None
    """List price of a million tokens, read or written, in the first month."""
    reference_price_usd_per_million_tokens: Positive | None = None
    """Price at which the tokens per user and developer that the scenario gives are meant."""
    price_elasticity_ratio: Quantity = assumed(
        "0.3 to 1.3", "range over which estimates for usage pricing lie"
    )
    """Per cent by which usage falls when the price is one per cent higher."""
    price_decline_share_per_month: Quantity = assumed(
        "0.01 to 0.07", "mix-adjusted erosion for a vendor who keeps releasing"
    )
    """Share by which the list price falls each month."""
    demand_swing_ratio: Quantity = assumed("0.03 to 0.15", "months differ by chance around their trend")
    """How far single months swing by chance; half of them lie within 1.1 times this of the trend."""
    acquisition_lag_months: Quantity = assumed(0, "strategies book what wins a customer when he comes")
    """Months from the marketing of a month to the customers whom it wins, where the cost of one is worked out."""


class Mix(Section):
    """What several strategies in one company give each other; nothing, unless it is switched on here."""

    usage_data_sharing_share: Quantity = assumed(0, "switched off")
    """Share of the platform's usage that its users let the data flywheel learn from."""
    reference_sharing_share: Quantity = assumed(0, "switched off")
    """Share of the services' clients who serve the domains as references."""
    reach_sharing_share: Quantity = assumed(0, "switched off")
    """Share of the reach of the ecosystem's partners that the platform and the domains profit from."""
    quality_sharing_share: Quantity = assumed(0, "switched off")
    """How far the flywheel's better model counts for the other strategies: 0 not at all, 1 fully."""
    shared_quality_elasticity_ratio: Quantity = assumed("0.3 to 1.5", "as for the flywheel's own customers")
    """Per cent by which more customers come, and fewer leave, when quality is one per cent better."""
    self_service_cannibalisation_share: Quantity = assumed(0, "switched off")
    """Share of the services' leads that go to self-service where the platform serves the whole market."""


class Reported(Section):
    """A figure that was reported for the company, to hold the plan against; it is never an input."""

    figure: str
    """Figure of the plan that it is to be compared with."""
    amount: float
    """What was reported, in the unit of the figure."""
    first_month: Annotated[int, Field(ge=1)] | None = None
    """Month of the figure, or the first of several whose sum was reported; left out for what the end alone knows."""
    last_month: Annotated[int, Field(ge=1)] | None = None
    """Last of the months whose sum was reported; left out for a single month."""
    reported_source: str
    """Where it was reported."""
    reported_as_of: str = ""
    """When it was reported, or the period that it is about."""
    explanation: str = ""
    """What the plan cannot know about it, in case it lies outside the planned interval."""


class Company(Section):
    """The company, the horizon and the strategies; each strategy's own section stands beside these."""

    schema_version: Annotated[Literal["benchplan.scenario/1"], Field(alias="schema")] = "benchplan.scenario/1"
    """Version of this format."""
    name: str
    """Name of the plan, as it stands on the report."""
    description: str = ""
    """What the plan is about, in a sentence or two."""
    start_month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] = "2027-01"
    """First month of the plan, as year-month."""
    horizon_months: Annotated[int, Field(ge=1, le=240)] = 48
    """Months that are planned."""
    strategies: Annotated[tuple[str, ...], Field(min_length=1)]
    """How the company earns; several at once share one cash, one compute pool and one team."""
    model: Model = Model()
    training: Training = Training()
    serving: Serving = Serving()
    multimodality: Multimodality = Multimodality()
    data: Data = Data()
    privacy: Privacy = Privacy()
    people: People = People()
    market: Market = Market()
    mix: Mix = Mix()
    finance: Finance = Finance()
    reported: tuple[Reported, ...] = ()
    """What was reported of the company, to hold the plan against."""
    uncertainty: Uncertainty = Uncertainty()

    @field_validator("model")
    @classmethod
    def _model_serves_within_the_plan(cls, model: Model, info: ValidationInfo) -> Model:
        """Refuse a launch or a switch that the plan does not reach, or a switch before the launch."""
        horizon, launch, switch = (
            info.data.get("horizon_months"),
            model.launch_month.value,
            model.switch_month,
        )
        problems: dict[tuple[str | int, ...], str] = {}
        if horizon is not None and launch > horizon:
            problems["launch_month",] = (
                f"launch_month is {launch:g}, after the last month that is planned (horizon_months: {horizon}); "
                "launch earlier or plan more months"
            )
        if horizon is not None and switch is not None and switch > horizon:
            problems["switch_month",] = (
                f"switch_month is {switch}, after the last month that is planned (horizon_months: {horizon}); "
                "switch earlier, plan more months, or leave out switch_month and switch_source"
            )
        elif switch is not None and switch <= launch:
            problems["switch_month",] = (
                f"switch_month is {switch}, not after launch_month ({launch:g}), so the first model never serves; "
                "switch later, or write the second source as `source`"
            )
        raise_at(problems)
        return model

    @field_validator("finance")
    @classmethod
    def _money_arrives_within_the_plan(cls, finance: Finance, info: ValidationInfo) -> Finance:
        horizon = info.data.get("horizon_months")
        late: dict[tuple[str | int, ...], str] = {
            (
                "rounds",
                number,
                "round_month",
            ): f"round_month is {each.round_month.value:g}, but the plan ends with "
            f"month {horizon}: the money never arrives within it; plan more months or leave the round out"
            for number, each in enumerate(finance.rounds)
            if horizon is not None and each.round_month.value > horizon
        }
        raise_at(late)
        return finance
