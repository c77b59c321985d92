"""A compression record as a table for people: one line for each recipe."""

from __future__ import annotations

from collections.abc import Sequence

from bench.record import Measurement, Record
from bench.table import aligned, in_units

SINGLE, MANY = 1, 32


def overview(record: Record) -> str:
    """Show size, speed, quality and verdict of each recipe, the model itself first, and below why some gain nothing."""
    subject = next(m.subject for m in record.measurements if m.subject != "machine")
    found = [m for m in record.measurements if m.subject == subject]
    quality = next((m.name for m in found if m.name.startswith("loss_nats_per_")), "")
    writes = _cell(found)
    head: tuple[str, ...] = ("recipe", "file", "smaller", "faster, batch 1", "batch 32")
    if writes is not None:
        head += (f"writing, batch {writes['batch']}",)
    rows: list[tuple[str, ...]] = [(*head, "accuracy", "loss", "recipe took", "verdict at batch 1")]
    reasons: dict[str, list[str]] = {}
    variants = [m.variant for m in found if m.name == "file_bytes"]
    for variant in variants:
        own = [m for m in found if m.variant == variant]
        line: tuple[str, ...] = (
            variant,
            _text(own, "file_bytes"),
            _inverse(own),
            _ratio(own, "latency_ratio", {"batch": SINGLE}),
            _ratio(own, "latency_ratio", {"batch": MANY}),
        )
        if writes is not None:
            line += (_ratio(own, "decode_ratio", writes),)
        note = next(
            (m.note for m in own if m.name == "latency_ratio" and m.conditions == {"batch": SINGLE}), ""
        )
        verdict, _, reason = note.partition(";")[0].partition(", because ")
        if reason:
            reasons.setdefault(reason, []).append(variant)
        told = (
            _text(own, "accuracy_share"),
            _text(own, quality),
            _text(own, "recipe_seconds"),
            _short(verdict),
        )
        rows.append((*line, *told))
    right = tuple(title for title in rows[0] if title not in ("recipe", "verdict at batch 1"))
    lines = aligned(rows, right=right)
    if reasons:
        lines += ["", "No speed-up here at batch 1, because"]
        lines += [f"  {reason}: {', '.join(names)}" for reason, names in reasons.items()]
    return "\n".join(lines)


def _short(verdict: str) -> str:
    """Return the verdict without what stands below the table."""
    if verdict.startswith("no difference"):
        return "no difference"
    return "slower" if "slower" in verdict else verdict


def _cell(found: Sequence[Measurement]) -> dict[str, int | float | str] | None:
    """Return the conditions of one sequence at the longest context at which writing was timed."""
    cells = [m.conditions for m in found if m.name == "decode_ratio" and m.conditions.get("batch") == SINGLE]
    return max(cells, key=lambda cell: float(cell["context_tokens"]), default=None)


def _one(
    own: Sequence[Measurement], name: str, conditions: dict[str, int | float | str]
) -> Measurement | None:
    return next((m for m in own if m.name == name and m.conditions == conditions), None)


def _text(own: Sequence[Measurement], name: str) -> str:
    found = _one(own, name, {})
    return "" if found is None or found.value is None else in_units(found.value, name)


def _inverse(own: Sequence[Measurement]) -> str:
    found = _one(own, "file_ratio", {})
    return "" if found is None or not found.value else f"{1 / found.value:.1f} x"


def _ratio(own: Sequence[Measurement], name: str, conditions: dict[str, int | float | str]) -> str:
    found = _one(own, name, conditions)
    if found is None or found.value is None:
        return ""
    interval = "" if found.low is None or found.high is None else f" ({found.low:.2f}-{found.high:.2f})"
    return f"{found.value:.2f} x{interval}"
