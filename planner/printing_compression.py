"""What the command line prints of a comparison with a compression recipe: money, quality, pay-back, and on what."""

from __future__ import annotations

import math
import textwrap

from planner.analysis.comparing import Comparison
from planner.analysis.compressing import Compression, Spread
from planner.printing import label, number

WIDTH = 120
SHOWN_BESIDE = 3


def compression(found: Comparison) -> str:
    """Return a paragraph for each recipe in which the plans differ; nothing where they do not."""
    draws = found.results[0].num_draws
    months = found.results[0].months
    return "\n\n".join("\n".join(_lines(one, draws, months)) for one in found.compressions)


def _lines(one: Compression, draws: int, months: int) -> list[str]:
    pair = f"{label(one.with_index)} less {label(one.without_index)}"
    other = f"in place of {one.other_recipe}" if one.other_recipe else "against none"
    how = (
        f"medians and 90 % intervals over the same {draws:,} draws"
        if draws > 1
        else "every input at its median"
    )
    demand = _spread(one.demand_ratio, draws)
    lines = [
        f"compression in {label(one.with_index)}: {one.recipe}, {other}; {how}",
        f"  saves on serving the same tokens  {_spread(one.saved_usd_per_month, draws)} USD per month, "
        f"{_spread(one.saved_usd, draws)} USD over the plan",
        f"  making it costs                   {_spread(one.making_usd, draws)} USD, paid back by serving "
        f"{_month(one.payback_month, draws, months, 'in month')}",
        f"  quality                           conversion times, and churn over, {demand} in the last month; "
        f"customers {_spread(one.customers, draws)}, revenue {_spread(one.revenue_usd, draws)} USD ({pair})",
        f"  all in all                        serving {_spread(one.serving_usd, draws)} USD, net present value "
        f"{_spread(one.net_present_value_usd, draws)} USD ({pair}); cash ahead "
        f"{_month(one.ahead_month, draws, months, 'from month')}",
        "  rests on",
    ]
    wrapped = [
        part
        for line in lines
        for part in textwrap.wrap(line, WIDTH, subsequent_indent=" " * 36, drop_whitespace=True)
    ]
    return [*wrapped, *_evidence(one)]


def _evidence(one: Compression) -> list[str]:
    """Return the inputs that a recipe rests on, each with its kind of evidence and what is to be known about it."""
    lines = []
    for name, about in one.rests_on.items():
        value = about["value"]
        told = number(value) if isinstance(value, float) else "unknown"
        text = f"{name} {told} [{about['kind']}] {about['reference']}"
        text += f"; {about['note']}" if about["note"] else ""
        lines += textwrap.wrap(text, WIDTH, initial_indent="    ", subsequent_indent="      ")
    for text in one.beside[:SHOWN_BESIDE]:
        lines += textwrap.wrap(f"beside it: {text}", WIDTH, initial_indent="    ", subsequent_indent="      ")
    return lines


def _spread(spread: Spread, draws: int) -> str:
    if spread.known_share == 0:
        return "unknown"
    if draws == 1 or spread.p5 == spread.p95:
        return number(spread.median)
    known = f", known in {spread.known_share:.3f}" if spread.known_share < 1 else ""
    return f"{number(spread.median)} ({number(spread.p5)} to {number(spread.p95)}{known})"


def _month(spread: Spread, draws: int, months: int, before: str) -> str:
    """Write a month that may never come within the plan."""
    if spread.known_share == 0:
        return "never: nothing is saved or spent"
    never = f"not by month {months}"
    p5, median, p95 = (
        never if math.isinf(value) else number(value) for value in (spread.p5, spread.median, spread.p95)
    )
    told = never if math.isinf(spread.median) else f"{before} {median}"
    return told if draws == 1 or p5 == p95 else f"{told} ({p5} to {p95})"
