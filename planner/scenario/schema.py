"""What the user writes about the company; each strategy adds a section of its own inputs.

The text under a field is its documentation, its JSON-schema text and its help. The last word of every key is unique:
it is the name by which formulas read the value.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from planner.scenario.base import Section, assumed, raise_at
from planner.scenario.compute import Model, Serving, Training
from planner.scenario.data_and_privacy import Data, Privacy
from planner.scenario.finance import Finance
from planner.scenario.multimodality import Multimodality
from planner.scenario.people import People
from planner.scenario.quantities import Positive, Quantity
from planner.scenario.uncertainty import Uncertainty


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


FIRST_YEAR, LAST_YEAR = 1000, 2999
"""Years in which a plan may start."""


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

    @field_validator("start_month")
    @classmethod
    def _start_is_a_date(cls, start_month: str) -> str:
        """Refuse a start from which no calendar reaches the end of the plan."""
        if not FIRST_YEAR <= int(start_month[:4]) <= LAST_YEAR:
            raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR} (was {start_month[:4]})")
        return start_month

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
        late_launch = launch + (model.launch_slip_months.value // 1 if launch > 1 else 0)
        if horizon is not None and launch <= horizon < late_launch:
            problems["launch_slip_months",] = (
                f"launch_slip_months is {model.launch_slip_months.value:g}, so that customers come in month "
                f"{late_launch:g}, after the last month that is planned (horizon_months: {horizon}); launch earlier "
                "or plan more months"
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
