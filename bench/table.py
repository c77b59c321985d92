"""Records as aligned text for people; the units follow from the ends of the names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from bench.record import Measurement, Record

HEADLINE_NAMES = (
    "peak_flops_per_second", "memory_bandwidth_bytes_per_second", "params", "forward_flops",
    "training_flops_per_second", "training_mfu_share", "training_items_per_second",
    "training_bytes_per_second", "loss_nats_per_byte", "accuracy_share", "latency_seconds",
    "throughput_items_per_second",
    "throughput_bytes_per_second", "training_tokens_per_second", "throughput_tokens_per_second",
    "prefill_seconds", "decode_tokens_per_second", "peak_memory_bytes", "file_bytes", "latency_ratio",
    "throughput_ratio", "file_ratio",
)  # fmt: skip

UNITS = (
    ("flops_per_second", "FLOP/s"), ("bytes_per_second", "B/s"), ("items_per_second", "items/s"),
    ("tokens_per_second", "tokens/s"), ("images_per_second", "images/s"), ("rows_per_second", "rows/s"),
    ("nats_per_byte", "nats/byte"), ("nats_per_token", "nats/token"), ("nats_per_item", "nats/item"),
    ("bytes_per_token", "bytes/token"), ("seconds_per_token", "s/token"), ("joules_per_token", "J/token"),
    ("seconds", "s"), ("bytes", "B"),
    ("joules", "J"), ("watts", "W"), ("tokens", "tokens"),
    ("items", "items"), ("flops", "FLOP"), ("params", "params"), ("share", "%"), ("ratio", "x"),
)  # fmt: skip
"""Ends of names and how a person writes the unit; the first that fits counts."""

CALIBRATION = "calibration"
"""Subject of what single operations take, from which predictions are made."""

SCALED_UNITS = frozenset({"FLOP/s", "B/s", "s", "s/token", "B", "FLOP", "J", "J/token", "W"})
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "u"), (1e-9, "n"))


def headline(record: Record) -> str:
    """Show the measurements that matter most."""
    return table(m for m in record.measurements if m.name in HEADLINE_NAMES)


def whole(record: Record, path: Path) -> str:
    """Show everything of a record but its raw samples and its calibration, with the methods below."""
    shown = [m for m in record.measurements if m.subject != CALIBRATION]
    lines = [
        f"{path}",
        f"  suite {record.suite} on {record.device}, {record.created_at:%Y-%m-%d %H:%M} UTC, "
        f"{record.duration_seconds:.0f} s, Benchplan {record.benchplan_version}",
        f"  {record.machine.description} (fingerprint {record.machine.fingerprint})",
        *(f"  warning: {text}" for text in record.warnings),
        "",
        table(shown),
        *_calibrations(record.measurements),
        "",
        "Methods",
        *_methods(shown),
        "",
        "Notes",
        *(f"  {m.label}, {m.name}: {m.note}" for m in shown if m.note),
    ]
    return "\n".join(lines)


def table(measurements: Iterable[Measurement]) -> str:
    """Align subject, variant, conditions, quantity, value and interval in columns, one measurement a line.

    The column of conditions is left out where there are none.
    """
    found = list(measurements)
    rows: list[tuple[str, ...]] = [("subject", "variant", "under", "quantity", "value", "95 % interval")]
    for m in found:
        interval = (
            ""
            if m.low is None or m.high is None
            else f"{in_units(m.low, m.name)} to {in_units(m.high, m.name)}"
        )
        value = "unknown" if m.value is None else in_units(m.value, m.name)
        rows.append((m.subject, m.variant, under(m), m.name, value, interval))
    if not any(m.conditions for m in found):
        rows = [(*row[:2], *row[3:]) for row in rows]
    return "\n".join(aligned(rows, right=("value",)))


def under(m: Measurement) -> str:
    """Write the conditions of a measurement: `batch 4, context_tokens 128`."""
    return ", ".join(f"{name} {value}" for name, value in m.conditions.items())


def _calibrations(measurements: Sequence[Measurement]) -> list[str]:
    """Say in a line for how many threads the machine was calibrated: hundreds of rates tell a reader nothing."""
    counts = Counter(m.conditions.get("threads") for m in measurements if m.subject == CALIBRATION)
    return [
        f"  calibrated for predictions on {number} thread{'' if number == 1 else 's'}: {count} rates and steps "
        "(all with --json)"
        for number, count in counts.items()
    ]


def _methods(measurements: Sequence[Measurement]) -> list[str]:
    names: dict[str, list[str]] = {}
    for m in measurements:
        where = names.setdefault(m.method, [])
        if f"{m.subject} {m.name}" not in where:
            where.append(f"{m.subject} {m.name}")
    return [f"  {', '.join(where)}: {method}" for method, where in names.items()]


def in_units(value: float, name: str) -> str:
    """Write a value for people, in the unit that its name ends in: 0.0042 `latency_seconds` is `4.2 ms`."""
    unit = _unit(name)
    if unit == "%":
        return f"{100 * value:.3g} %"
    if unit in SCALED_UNITS and value:
        size, prefix = next((p for p in PREFIXES if abs(value) >= p[0]), PREFIXES[-1])
        return f"{_three_digits(value / size)} {prefix}{unit}"
    if unit == "x":
        return f"{value:.3g} x"
    number = f"{value:,.0f}" if abs(value) >= 1000 or float(value).is_integer() else f"{value:.4g}"
    return f"{number} {unit}".rstrip()


def _three_digits(number: float) -> str:
    return f"{number:.0f}" if abs(number) >= 100 else f"{number:.3g}"


def _unit(name: str) -> str:
    return next((unit for end, unit in UNITS if name == end or name.endswith(f"_{end}")), "")


def aligned(rows: Sequence[tuple[str, ...]], right: Sequence[str] = ()) -> list[str]:
    """Align the columns of a table whose first row is its head; those named in `right` to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    is_right = [title in right for title in rows[0]]
    return [
        "  ".join(
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, is_right, strict=True)
        ).rstrip()
        for row in rows
    ]
