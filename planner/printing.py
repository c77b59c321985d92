"""What the command line prints for people: the headline figures, and the tree of a trace."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from planner.analysis.comparing import COMPARED, Comparison, ruin_share
from planner.analysis.solving import Solution
from planner.evidence import Leaf
from planner.result import Figure, Result, documentation, formula, status
from planner.tracing import Trace
from planner.units import unit_text

HEADLINES = (
    "startup_cost_usd", "startup_one_off_usd", "startup_running_usd", "funding_need_usd", "runway_months",
    "first_revenue_month", "break_even_month", "net_present_value_usd", "total_revenue_usd", "params",
    "training_flops_per_token", "total_compression_saving_usd",
)  # fmt: skip

DOMINANCE = {
    "every draw": "in every draw",
    "distribution": "at every quantile (first-order stochastic dominance)",
}


def number(value: Any) -> str:  # noqa: ANN401
    """Write a number as a person reads it, or in words why it is not there."""
    if np.ndim(value):
        row = np.ravel(value)
        return f"{number(row[0])} .. {number(row[-1])} ({len(row)} values)"
    value = float(value)
    if status(value):
        return status(value)
    if value == 0 or 1e-3 <= abs(value) < 1e12:
        return f"{value:,.0f}" if value == round(value) or abs(value) >= 1000 else f"{value:,.4g}"
    return f"{value:.4g}"


def summary(result: Result) -> str:
    """Return the headline figures of a plan as an aligned table."""
    rows = [_row(result[name], result.num_draws) for name in HEADLINES if name in result]
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
    unit = f" {unit_text(node.name)}" if unit_text(node.name) else ""
    yield f"{name} = {number(node.value) if np.size(node.value) else 'none'}{unit}{month}"
    function = node.node.function
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


def _row(figure: Figure, num_draws: int) -> list[str]:
    quantiles = [number(figure.quantile(q)) if figure.draws is not None else "" for q in (0.1, 0.5, 0.9)]
    return [figure.name, number(figure.central), *(quantiles if num_draws > 1 else []), figure.unit]


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
    for figure in COMPARED:
        values = [number(result[figure].quantile(0.5)) for result in found.results]
        rows.append([figure, *values, unit_text(figure)])
    rows.append(["P(cash_usd < 0)", *(number(ruin_share(result)) for result in found.results), "share"])
    rows.append(["mean regret", *(number(regret.mean) for regret in found.regrets), "usd"])
    lines += ["", "medians over the same draws", *_table(rows)]
    for i, differences in enumerate(found.differences, start=1):
        lines += ["", f"{label(i)} less {label(0)}, draw by draw"]
        head = ["figure", "p5", "p50", "p95", f"P({label(i)} > {label(0)})", "unit"]
        body = [
            [d.figure, number(d.p5), number(d.median), number(d.p95), f"{d.larger_share:.3f}", d.unit]
            for d in differences
        ]
        lines += _table([head, *body])
        steps = ", ".join(
            f"{step.name} {step.usd:+,.0f}" for step in found.waterfalls[i - 1] if abs(step.usd) >= 0.5
        )
        lines.append(
            f"cash at the horizon, {label(0)} to {label(i)}, central path: {steps or 'no difference'}"
        )
    for (better, worse), kind in found.dominance.items():
        lines += ["", f"{label(better)} beats {label(worse)} in net present value {DOMINANCE[kind]}"]
    lines += [
        "",
        f"inputs that differ: {len(found.inputs)}",
        *(f"  {k}: {' | '.join(v)}" for k, v in found.inputs),
    ]
    return "\n".join(lines)


def solution(found: Solution, vary: str, target: str, wanted: float) -> str:
    """Return the answer of a goal seek in sentences."""
    unit = unit_text(vary.rpartition(".")[2])
    told = f"{number(found.value)} {unit}".strip()
    searched = f"searched {number(found.attempts[0].value)} to {number(found.attempts[-1].value)}"
    if not found.is_found:
        return (
            f"no value of {vary} meets {target} with probability {wanted:g} ({searched}); "
            f"the best is {told}, with probability {found.probability:.3f}"
        )
    low = number(found.low) if found.low is not None else "open"
    high = number(found.high) if found.high is not None else "open"
    lines = [f"{vary} = {told}: {target} holds with probability {found.probability:.3f} (wanted {wanted:g})"]
    if found.crossings:
        lines.append(f"95 % interval of the value from the sampling error: {low} to {high}; {searched}")
    else:
        lines.append(f"every value that was {searched} meets it; this one is nearest to the scenario's")
    if not found.is_monotone:
        lines.append(
            f"the probability does not rise or fall with {vary} throughout; over the range it crosses {wanted:g} at "
            f"{found.crossings} {'place' if found.crossings == 1 else 'places, of which the nearest is told'}"
        )
    return "\n".join(lines)


def label(index: int) -> str:
    """Return the letter by which a compared plan is called."""
    return chr(ord("A") + index)


def _table(rows: list[list[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [_aligned(row, widths) for row in rows]
