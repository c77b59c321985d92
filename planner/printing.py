"""What the command line prints for people: the headline figures, and the tree of a trace."""

from __future__ import annotations

import math
import shutil
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from planner.analysis.comparing import COMPARED, Comparison, ruin_share
from planner.analysis.gating import Verdict
from planner.analysis.solving import Solution
from planner.analysis.validation import Check
from planner.engine import Function
from planner.evidence import Leaf
from planner.figure import Figure, documentation, formula
from planner.result import Result
from planner.statuses import reason, status
from planner.tracing import Trace
from planner.units import unit_text

HEADLINES = (
    "startup_cost_usd", "startup_one_off_usd", "startup_running_usd", "funding_need_usd", "runway_months",
    "first_revenue_month", "break_even_month", "payback_months", "net_present_value_usd",
    "internal_rate_share_per_year", "total_revenue_usd", "average_gross_margin_share", "lifetime_value_ratio",
    "top_five_revenue_share", "params", "training_flops_per_token", "total_compression_saving_usd",
)  # fmt: skip

DOMINANCE = {
    "every draw": "in every draw",
    "distribution": "at every quantile (first-order stochastic dominance)",
}


def number(value: Any, function: Function | None = None) -> str:  # noqa: ANN401
    """Write a number as a person reads it, or in words why it is not there, if need be those of its figure."""
    if np.ndim(value):
        row = np.ravel(value)
        if not len(row):
            return "none"
        if len(row) == 1:
            return number(row[0], function)
        return f"{number(row[0], function)} .. {number(row[-1], function)} ({len(row)} values)"
    value = float(value)
    if status(value):
        return reason(function, value)
    if value == 0 or 1e-3 <= abs(value) < 1e12:
        return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:,.4g}"
    return f"{value:.4g}"


def summary(result: Result) -> str:
    """Return the headline figures of a plan as an aligned table."""
    rows = [_row(result[name], result) for name in HEADLINES if name in result]
    header = ["figure", "central", *(["p10", "p50", "p90"] if result.num_draws > 1 else []), "unit"]
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = [_aligned(row, widths) for row in [header, *rows]]
    draws = (
        f"{result.num_draws:,} draws, seed {result.seed}"
        if result.num_draws > 1
        else "one draw: every input at its median"
    )
    return "\n".join(
        [
            f"{result.scenario.name}: {result.months} months, {draws}",
            f"{result.measured.headline}",
            "",
            *lines,
        ]
    )


def tree(root: Trace, leaves: Mapping[str, Leaf]) -> str:
    """Return a trace as an indented tree: value, unit, formula, sentence and source, down to the evidence of leaves."""
    width = max(60, min(shutil.get_terminal_size((120, 24)).columns, 140))
    lines: list[str] = []
    for depth, node in root.walk():
        for line in _lines(node, leaves):
            prefix = "  " * depth
            lines += textwrap.wrap(line, width, initial_indent=prefix, subsequent_indent=prefix + "    ") or [
                ""
            ]
    return "\n".join(lines)


def trace_json(root: Trace, leaves: Mapping[str, Leaf]) -> dict[str, Any]:
    """Return a trace as nested JSON."""
    sentence, source = documentation(root.node.function)
    values = [None if status(float(v)) else float(v) for v in np.ravel(root.value)]
    entry: dict[str, Any] = {
        "name": root.name,
        "read_as": root.read_as,
        "month": root.month,
        "value": values if np.ndim(root.value) and np.size(root.value) > 1 else values[0] if values else None,
        "unit": unit_text(root.name),
    }
    if root.node.function is not None:
        entry |= {"sentence": sentence, "source": source, "formula": formula(root.node.function)}
        entry["inputs"] = [trace_json(child, leaves) for child in root.children]
        return entry | ({"is_repeated": True} if root.is_repeated else {})
    leaf = leaves.get(root.name)
    if leaf is not None:
        evidence = leaf.evidence
        entry["evidence"] = {
            "kind": evidence.kind, "reference": evidence.reference, "as_of": evidence.as_of, "note": evidence.note,
        }  # fmt: skip
    return entry


def _lines(node: Trace, leaves: Mapping[str, Leaf]) -> Iterator[str]:
    name = node.name if node.name.endswith(node.read_as) else f"{node.read_as}: {node.name}"
    month = f", month {node.month}" if node.month is not None else ""
    is_missing = np.size(node.value) == 1 and status(float(np.ravel(node.value)[0]))
    unit = f" {unit_text(node.name)}" if unit_text(node.name) and not is_missing else ""
    function = node.node.function
    yield f"{name} = {number(node.value, function) if np.size(node.value) else 'none'}{unit}{month}"
    if function is None:
        yield from _leaf_lines(leaves.get(node.name))
    elif node.is_repeated:
        yield "  (opened above)"
    else:
        sentence, source = documentation(function)
        yield f"  {sentence}"
        yield f"  formula: {'; '.join(formula(function).splitlines())}"
        yield f"  source: {source}"


def _leaf_lines(leaf: Leaf | None) -> Iterator[str]:
    if leaf is None:
        yield "  the month itself"
        return
    spread = ", ".join(str(q) for q in leaf.uncertain.values())
    as_of = f", as of {leaf.evidence.as_of}" if leaf.evidence.as_of else ""
    yield f"  [{leaf.evidence.kind}] {leaf.evidence.reference}{as_of}{f'; drawn from {spread}' if spread else ''}"
    if leaf.evidence.note:
        yield f"  {leaf.evidence.note}"


def _row(figure: Figure, result: Result) -> list[str]:
    values = [figure.central]
    if result.num_draws > 1:
        values += [figure.quantile(q) if figure.draws is not None else None for q in (0.1, 0.5, 0.9)]
    return [figure.name, *(_told(value, figure, result.months) for value in values), figure.unit]


def _told(value: Any, figure: Figure, months: int) -> str:  # noqa: ANN401
    """Write a headline value; a runway without end is good news, a month that never comes is not."""
    if value is None:
        return ""
    words = number(value, figure.function)
    return {"never": f"never by month {months}", "beyond the plan": f"beyond month {months}"}.get(
        words, words
    )


def _aligned(row: list[str], widths: list[int]) -> str:
    first, *middle, last = row
    numbers = "  ".join(text.rjust(width) for text, width in zip(middle, widths[1:-1], strict=True))
    return f"{first.ljust(widths[0])}  {numbers}  {last}".rstrip()


def comparison(found: Comparison) -> str:
    """Return a comparison as tables: the plans side by side, then the differences to the first, draw by draw."""
    lines = [
        f"{label(i)}  {name}: {r.scenario.name}"
        for i, (name, r) in enumerate(zip(found.names, found.results, strict=True))
    ]
    rows = [["figure", *(label(i) for i in range(len(found.names))), "unit"]]
    rows += [
        [name, *(_median(result[name]) for result in found.results), unit_text(name)] for name in COMPARED
    ]
    rows.append(["P(cash_usd < 0)", *(f"{ruin_share(result):.3f}" for result in found.results), "share"])
    draws, seed = found.results[0].num_draws, found.results[0].seed
    if draws > 1:
        rows.append(["P(highest NPV)", *(f"{regret.best_share:.3f}" for regret in found.regrets), "share"])
        means = ["tail too heavy" if math.isnan(r.mean) else number(r.mean) for r in found.regrets]
        rows += [["mean regret in NPV", *means, "usd"]]
        rows += [["p90 of regret in NPV", *(number(regret.p90) for regret in found.regrets), "usd"]]
        lines += ["", f"medians over the same {draws:,} draws, seed {seed}", *_table(rows)]
        if any(0 < result[figure].known_share < 1 for result in found.results for figure in COMPARED):
            lines.append(
                "'in' is the share of the draws in which the figure is defined, over which its median is"
            )
    else:
        lines += ["", "every input at its median", *_table(rows)]
    for i in range(1, len(found.names)):
        lines += ["", *_difference_lines(found, i)]
    for (better, worse), kind in found.dominance.items():
        lines += ["", f"{label(better)} beats {label(worse)} in net present value {DOMINANCE[kind]}"]
    letters = " | ".join(label(i) for i in range(len(found.names)))
    lines += ["", f"inputs that differ ({letters}): {len(found.inputs) or 'none'}"]
    return "\n".join([*lines, *(f"  {key}: {' | '.join(values)}" for key, values in found.inputs)])


def _median(figure: Figure) -> str:
    """Write the median of a figure over the draws in which it is defined, and how many these are where some are not."""
    known = f" in {figure.known_share:.3f}" if 0 < figure.known_share < 1 else ""
    return number(np.ravel(figure.quantile(0.5))[0], figure.function) + known


def _difference_lines(found: Comparison, i: int) -> list[str]:
    """Return the differences of a plan to the first draw by draw, and the steps from one cash to the other."""
    pair = f"{label(i)} less {label(0)}"
    body = []
    for d in found.differences[i - 1]:
        quantiles = ["-" if math.isnan(value) else number(value) for value in (d.p5, d.median, d.p95)]
        body.append([d.figure, *quantiles, f"{d.larger_share:.3f}", f"{1 - d.unknown_share:.3f}", d.unit])
    head = ["figure", "p5", "p50", "p95", f"P({label(i)} > {label(0)})", "known in", "unit"]
    lines = [f"{pair}, draw by draw", *_table([head, *body])]
    if any(d.unknown_share for d in found.differences[i - 1]):
        lines.append("quantiles are over the share of the draws, 'known in', in which both have the figure")
    steps = [
        [step.name, f"{step.usd:+,.0f}", "usd"] for step in found.waterfalls[i - 1] if abs(step.usd) >= 0.5
    ]
    whole = f"{sum(step.usd for step in found.waterfalls[i - 1]):+,.0f}"
    what = f"cash at the horizon, {pair}, every input at its median"
    return [*lines, "", what, *_table([["all", whole, "usd"], *steps])]


def verdicts(found: Sequence[Verdict]) -> str:
    """Return the verdicts on requirements, a line each."""
    rows = [
        ["met" if one.is_met else "not met", one.requirement, f"{number(one.found)}{_about(one)}"]
        for one in found
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(2)]
    return "\n".join(f"{a.ljust(widths[0])}  {b.ljust(widths[1])}  {c}" for a, b, c in rows)


def _about(one: Verdict) -> str:
    """Say how sure a probability is, or in which month a quantile was found."""
    if one.error is not None:
        return f", standard error {one.error:.2g}" if one.error else ""
    month = f", in month {one.month}" if one.month else ""
    if not one.unknown_months:
        return month
    count = "one month" if one.unknown_months == 1 else f"{one.unknown_months} months"
    return f"{month}; not looked at: {count} in which it is undefined in some draws"


def solution(found: Solution, vary: str, target: str, wanted: float) -> str:
    """Return the answer of a goal seek in sentences."""
    unit = unit_text(vary.rpartition(".")[2])
    told = f"{number(found.value)} {unit}".strip()
    first, *_, last = found.attempts
    searched = f"{number(first.value)} to {number(last.value)}"
    is_drawn = last.error is not None
    how_sure = f" with probability {wanted:g}" if is_drawn else " with every other input at its median"
    if len({attempt.probability for attempt in found.attempts}) == 1:
        meets = f"{found.probability:.3f} of the draws meet" if is_drawn else "the plan meets"
        if not (is_drawn or found.is_found):
            meets = "the plan does not meet"
        return f"{vary} from {searched} changes nothing: throughout {meets} {target}"
    if not found.is_found:
        best = f"; the best is {told}, with probability {found.probability:.3f}" if is_drawn else ""
        return f"no value of {vary} from {searched} meets {target}{how_sure}{best}"
    got = f"with probability {found.probability:.3f} (wanted {wanted:g})" if is_drawn else how_sure.strip()
    lines = [f"{vary} = {told}: {target} holds {got}"]
    if not found.crossings:
        lines.append(f"so do all values tried from {searched}; this one is nearest to the scenario's own")
    elif is_drawn:
        low, high = (
            "open" if end is None else number(float(f"{end:.3e}")) for end in (found.low, found.high)
        )
        lines.append(f"95 % interval of the value from the sampling error: {low} to {high}")
    if found.crossings:
        lines.append(f"tried from {searched}{_shape(found, vary, wanted if is_drawn else None)}")
    return "\n".join(lines)


def _shape(found: Solution, vary: str, wanted: float | None) -> str:
    """Say what else there is to know where the probability neither rises nor falls throughout."""
    if found.is_monotone:
        return ""
    where = "is met and missed in turn, changing" if wanted is None else f"crosses {wanted:g}"
    told = " once" if found.crossings == 1 else f" {found.crossings} times, of which the nearest is told"
    return f"; the probability neither rises nor falls with {vary} throughout, and {where}{told}"


def label(index: int) -> str:
    """Return the letters by which a compared plan is called: A to Z, then AA, AB."""
    before, letter = divmod(index, 26)
    return (label(before - 1) if before else "") + chr(ord("A") + letter)


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [_aligned(row, widths) for row in rows]


def checks(found: Sequence[Check]) -> str:
    """Return plans held against what was reported: one paragraph for each figure."""
    return "\n".join(line for check in found for line in _check_lines(check))


def _check_lines(check: Check) -> Iterator[str]:
    unit = f" {check.unit}" if check.unit else ""
    verdict = "inside" if check.is_inside else "OUTSIDE"
    yield f"{check.company} ({check.scenario})"
    yield f"  {check.figure}: reported {number(check.reported)}{unit}, {verdict} the planned interval"
    wide = "" if check.is_narrow else ": too wide to tell much"
    yield (
        f"  {number(check.p5)} to {number(check.p95)} (median {number(check.p50)}; "
        f"p95 is {number(check.width_ratio)} times p5{wide})"
    )
    yield f"  {check.source}"
    if check.explanation:
        yield f"  {check.explanation}"
