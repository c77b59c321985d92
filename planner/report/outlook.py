"""The few numbers that the verdict is about, taken from a result."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from planner.analysis.swings import Swing, swings
from planner.engine import is_shock
from planner.evidence import CHOICE, Kind, Leaf, not_needed
from planner.figure import Figure
from planner.result import Result
from planner.sampling_error import share_error

KINDS: tuple[Kind, ...] = ("measured", "quoted", "published", "assumed")


@dataclass(frozen=True)
class Spread:
    """One figure: on the central path, and its quantiles over the draws (equal to it when nothing was drawn)."""

    central: float
    p10: float
    p50: float
    p90: float

    @classmethod
    def of(cls, figure: Figure) -> Spread:
        """Read the spread of a figure that is known at the end."""
        return cls(float(figure.central), *(float(figure.quantile(q)) for q in (0.1, 0.5, 0.9)))


@dataclass(frozen=True)
class Errors:
    """Standard errors from sampling of what the verdict says; None where there are too few draws to tell."""

    need_p50_usd: float | None = None
    need_p90_usd: float | None = None
    covered_share: float | None = None
    runs_out_share: float | None = None
    breaks_even_share: float | None = None


@dataclass(frozen=True)
class Outlook:
    """What the verdict says, in numbers; a month that never comes is infinite."""

    months: int
    num_draws: int
    need_usd: Spread
    buffer_usd: float
    rounds_usd: float
    """New money that the scenario plans within the horizon."""
    covered_share: float
    """Share of the draws in which the cash, with the planned rounds, never falls below the reserve."""
    startup_usd: Spread
    one_off_usd: float
    running_usd: float
    first_revenue_month: float
    runway_months: Spread
    runs_out_share: float
    break_even_month: Spread
    breaks_even_share: float
    last_net_cash_flow_usd: float
    kinds: dict[Kind, int]
    """How many inputs there are of each kind of evidence."""
    swings: tuple[Swing, ...]
    """What the uncertain inputs do to the funding need, the strongest first."""

    first_round_month: float = math.inf
    """Month in which the first money of a round comes, on the central path."""
    short_before_share: float = 0.0
    """Share of the draws in which the cash is below the reserve at the end of a month before that."""
    late_revenue_share: float = 0.0
    """Share of the draws in which the first revenue comes later than on the central path."""
    errors: Errors = field(default_factory=lambda: Errors())

    def shown_swings(self, most: int) -> list[Swing]:
        """Return the strongest inputs that move the funding need at all."""
        return [swing for swing in self.swings[:most] if swing.size > 0]

    @property
    def average(self) -> str:
        """Whether the averages over draws are `mean` or `median`; empty where there are none."""
        return next((swing.in_draws.average for swing in self.swings if swing.in_draws), "")


def outlook(result: Result) -> Outlook:
    """Gather what the verdict is about."""
    need, runway, break_even = (
        result[name] for name in ("funding_need_usd", "runway_months", "break_even_month")
    )
    buffer_usd, lowest = float(result.central_leaves["funding_buffer_usd"]), result["lowest_cash_usd"]

    def is_kept(usd: Any) -> Any:  # noqa: ANN401
        return usd >= buffer_usd

    first_round = min((month for month, _ in rounds(result)), default=math.inf)
    first_revenue = result["first_revenue_month"]
    revenue_month = float(first_revenue.central)
    return Outlook(
        months=result.months,
        num_draws=result.num_draws,
        need_usd=Spread.of(need),
        buffer_usd=buffer_usd,
        rounds_usd=planned_rounds_usd(result),
        covered_share=float(lowest.probability(is_kept)),
        startup_usd=Spread.of(result["startup_cost_usd"]),
        one_off_usd=float(result["startup_one_off_usd"].central),
        running_usd=float(result["startup_running_usd"].central),
        first_revenue_month=revenue_month,
        runway_months=Spread.of(runway),
        runs_out_share=float(runway.probability(np.isfinite)),
        break_even_month=Spread.of(break_even),
        breaks_even_share=float(break_even.probability(np.isfinite)),
        last_net_cash_flow_usd=float(np.ravel(result["net_cash_flow_usd"].central)[-1]),
        kinds=kinds(evident(result).values()),
        swings=tuple(swings(result, "funding_need_usd")),
        first_round_month=first_round,
        short_before_share=_short_before(result, first_round, buffer_usd),
        late_revenue_share=float(first_revenue.probability(lambda month: month > revenue_month)),
        errors=Errors(
            need.quantile_error(0.5),
            need.quantile_error(0.9),
            probability_error(lowest, is_kept),
            probability_error(runway, np.isfinite),
            probability_error(break_even, np.isfinite),
        ),
    )


def _short_before(result: Result, month: float, usd: float) -> float:
    """Return the share of the draws with less cash at the end of a month before the given one: of the worst month."""
    if not 1 < month < math.inf:
        return 0.0
    shares = np.broadcast_to(result["cash_usd"].probability(lambda cash: cash < usd), (result.months,))
    return float(np.max(shares[: int(month) - 1]))


def probability_error(figure: Figure, holds: Callable[[Any], Any]) -> float | None:
    """Return the standard error of a probability over the draws; None where there are too few to tell."""
    if not isinstance(figure.draws, np.ndarray) or len(figure.scrambles) < 2:
        return None
    return share_error(holds(figure.draws), figure.scrambles)


def rounds(result: Result) -> list[tuple[int, float]]:
    """Return the month and the amount of every funding round within the horizon, on the central path."""
    new_usd = np.broadcast_to(result["new_funding_usd"].central, (result.months,))
    return [(month, float(usd)) for month, usd in enumerate(new_usd, start=1) if usd > 0]


def planned_rounds_usd(result: Result) -> float:
    """Return what all rounds within the horizon bring, on the central path."""
    return sum(usd for _, usd in rounds(result))


def is_choice(leaf: Leaf) -> bool:
    """Tell whether a leaf states a choice that the scenario makes, which is neither right nor wrong."""
    return leaf.evidence.reference == CHOICE


def is_known(leaf: Leaf) -> bool:
    """Tell whether a leaf has a value; what is wired but multiplied by nothing may have none."""
    return bool(leaf.quantities) and not leaf.problem


def unused(result: Result) -> set[str]:
    """Return the inputs that are wired but change nothing: multiplied by nothing in this plan, or without a value."""
    idle = not_needed(result.scenario)
    return {
        name
        for name, leaf in result.used_leaves().items()
        if name in idle or not (is_known(leaf) or leaf.is_list)
    }


def evident(result: Result) -> dict[str, Leaf]:
    """Return the inputs whose evidence counts: choices and the chance of each month are none."""
    idle = unused(result)
    return {
        name: leaf
        for name, leaf in result.used_leaves().items()
        if name not in idle and is_known(leaf) and not is_choice(leaf) and not is_shock(name)
    }


def kinds(leaves: Iterable[Leaf]) -> dict[Kind, int]:
    """Count inputs by the kind of their evidence, all kinds named."""
    counted = Counter(leaf.evidence.kind for leaf in leaves)
    return {kind: counted[kind] for kind in KINDS}
