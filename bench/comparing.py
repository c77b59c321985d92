"""Two records held against each other, quantity by quantity: B over A, with an interval and what it shows.

Every step is symmetric in logarithms: with A and B exchanged each ratio and each end of its interval is inverted.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.errors import InputError
from bench.record import Measurement, Record

How = Literal["paired", "unpaired", "intervals", "values", ""]
Verdict = Literal[
    "same", "B higher", "B lower", "no difference", "differs", "no interval", "two machines", "unknown"
]  # fmt: skip

BOOTSTRAP_RESAMPLES = 2000
TAIL_SHARE = 0.025
TIMED = ("latency", "throughput")
MIN_SAMPLES = 3
"""Fewer samples say nothing of their spread."""
ROUNDING = 1e-9
CONTROL = re.compile(r"against itself gave ([\d.]+) \(([\d.]+) to ([\d.]+)\)")
"""How the note of a ratio tells its A/A control."""

Samples = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One quantity that both records have."""

    subject: str
    variant: str
    conditions: dict[str, int | float | str]
    name: str
    a: float | None
    b: float | None
    ratio: float | None
    """B over A; None where one of them is unknown, zero or below, or where the two must not be compared."""
    low: float | None
    """Ends of the 95 % interval of the ratio, where there is one."""
    high: float | None
    how: How
    """Where the interval comes from: rounds paired by number, samples unpaired, or the records' own intervals."""
    floor: float | None
    """Largest deviation of the same code from itself in either record, as a share; None where none was measured."""
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """Everything that two records have in common."""

    same_machine: bool
    lines: tuple[Line, ...]
    only_a: int
    only_b: int
    """Quantities that the other record does not have."""


def compare(a: Record, b: Record, *, unlike_machines: bool = False) -> Comparison:
    """Compare every quantity that two records have in common.

    Records of unlike machines are refused unless it is allowed; then only what holds on any machine is compared
    (ratios within a record, counts, file sizes, quality), and times of both stand side by side.

    Raises InputError when the machines differ and that was not allowed, or when nothing is in common.
    """
    same = a.machine.fingerprint == b.machine.fingerprint
    if not (same or unlike_machines):
        raise InputError(
            f"A is of {a.machine.description} [{a.machine.fingerprint}], B of {b.machine.description} "
            f"[{b.machine.fingerprint}]: times of two machines say nothing of what was measured on them. Compare "
            "records of one machine, or give --unlike-machines to compare the ratios within each record alone."
        )
    theirs = {_key(m): m for m in b.measurements}
    both = [(m, theirs[_key(m)]) for m in a.measurements if _key(m) in theirs]
    if not both:
        raise InputError(
            f"the two records (suites {a.suite} and {b.suite}) have no quantity in common, so there is nothing to "
            "compare; give two records of one suite"
        )
    lines = tuple(_line(one, other, same, _floor(one, a, b)) for one, other in both)
    return Comparison(same, lines, len(a.measurements) - len(both), len(b.measurements) - len(both))


def _key(m: Measurement) -> tuple[object, ...]:
    return m.subject, m.variant, m.name, *sorted(m.conditions.items())


def _floor(of: Measurement, *records: Record) -> float | None:
    """Return the largest deviation from 1 of the A/A controls that a quantity can be held against, the same both ways.

    Latency and throughput have controls of their own; what else depends on speed has the worst of its subject.
    """
    if of.is_portable and not of.name.startswith(TIMED):
        return None
    own = [kind for kind in TIMED if of.name.startswith(kind)] or list(TIMED)
    ends = [
        float(end)
        for record in records
        for m in record.measurements
        if m.subject == of.subject and m.name.startswith(tuple(own))
        for found in CONTROL.finditer(m.note)
        for end in found.groups()
    ]
    deviations = [max(end, 1 / end) - 1 for end in ends if end > 0]
    return max(deviations) if deviations else None


def _line(a: Measurement, b: Measurement, same_machine: bool, floor: float | None) -> Line:
    found = Interval()
    verdict: Verdict = "unknown"
    if a.value is not None and b.value is not None:
        verdict = "two machines"
        if same_machine or a.is_portable:
            found = _ratio(a, b, a.value, b.value, same_machine)
            verdict = _verdict(a, b, found, floor)
    return Line(
        a.subject, a.variant, dict(a.conditions), a.name, a.value, b.value,
        found.ratio, found.low, found.high, found.how, floor, verdict,
    )  # fmt: skip


@dataclass(frozen=True)
class Interval:
    """A ratio with its interval, as far as they are known, and where the interval comes from."""

    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    how: How = ""

    @classmethod
    def of_logs(cls, centre: float, low: float, high: float, how: How) -> Interval:
        """Turn logarithms into a ratio and its ends."""
        return cls(math.exp(centre), math.exp(low), math.exp(high), how)


def _ratio(a: Measurement, b: Measurement, value_a: float, value_b: float, same_machine: bool) -> Interval:
    if not (value_a > 0 and value_b > 0):
        return Interval()
    centre = math.log(value_b / value_a)
    one, other = _logs(a), _logs(b)
    if one is not None and other is not None:
        is_paired = same_machine and len(one) == len(other)
        seeds = (_seed(one) ^ _seed(other),) * 2 if is_paired else (_seed(one), _seed(other))
        spread = _medians(other, seeds[1]) - _medians(one, seeds[0])
        low, high = np.quantile(spread, [TAIL_SHARE, 1 - TAIL_SHARE])
        return Interval.of_logs(centre, float(low), float(high), "paired" if is_paired else "unpaired")
    if a.low is None or a.high is None or b.low is None or b.high is None or min(a.low, b.low) <= 0:
        return Interval(value_b / value_a, how="values")
    below = math.hypot(math.log(value_b / b.low), math.log(a.high / value_a))
    above = math.hypot(math.log(b.high / value_b), math.log(value_a / a.low))
    return Interval.of_logs(centre, centre - below, centre + above, "intervals")


def _logs(m: Measurement) -> Samples | None:
    """Return the logarithms of the samples where the value is their median; None where it is something else.

    A peak is the best of its samples, a loss the last of them: their spread is not that of the value. The value
    may lie anywhere between the two middle samples, as the median of rates is not the rate of median times.
    """
    samples = np.sort(np.array(m.samples, dtype=np.float64))
    if m.value is None or len(samples) < MIN_SAMPLES or samples[0] <= 0:
        return None
    middle = samples[(len(samples) - 1) // 2], samples[len(samples) // 2]
    if not middle[0] * (1 - ROUNDING) <= m.value <= middle[1] * (1 + ROUNDING):
        return None
    return np.log(np.array(m.samples, dtype=np.float64))


def _medians(samples: Samples, seed: int) -> Samples:
    shape = BOOTSTRAP_RESAMPLES, len(samples)
    medians: Samples = np.median(
        samples[np.random.default_rng(seed).integers(0, len(samples), shape)], axis=1
    )
    return medians


def _seed(samples: Samples) -> int:
    # By what is resampled, so that a record has the same draws as A and as B.
    return zlib.crc32(samples.tobytes())


def _verdict(a: Measurement, b: Measurement, found: Interval, floor: float | None) -> Verdict:
    if a.value == b.value:
        return "same"
    if "_difference_" in a.name:
        return _of_differences(a, b)
    if found.low is None or found.high is None:
        return "differs" if a.is_portable else "no interval"
    least = 1 + (floor or 0.0)
    if found.low > least:
        return "B higher"
    return "B lower" if found.high < 1 / least else "no difference"


def _of_differences(a: Measurement, b: Measurement) -> Verdict:
    """Judge what may lie on either side of zero by the difference of the two, from their own intervals."""
    ends = (a.value, a.low, a.high, b.value, b.low, b.high)
    if any(end is None for end in ends):
        return "no interval"
    value_a, low_a, high_a, value_b, low_b, high_b = (float(end or 0.0) for end in ends)
    centre = value_b - value_a
    if centre - math.hypot(value_b - low_b, high_a - value_a) > 0:
        return "B higher"
    return "B lower" if centre + math.hypot(high_b - value_b, value_a - low_a) < 0 else "no difference"


def in_words(found: Comparison, a: Record, b: Record, names: Sequence[str]) -> str:
    """Return the comparison as a table with what must be known to read it; `names` are the two files."""
    from bench.table import aligned

    head = ("quantity", "A", "B", "B / A", "95 % interval", "from", "what it shows")
    table = aligned([head, *map(_row, found.lines)], right=("A", "B", "B / A"))
    return "\n".join([*_head(found, a, b, names), "", *table, "", *_foot(found)])


def _head(found: Comparison, a: Record, b: Record, names: Sequence[str]) -> Iterator[str]:
    for letter, record, name in (("A", a, names[0]), ("B", b, names[1])):
        yield f"{letter}  {name}: suite {record.suite} on {record.device}, {record.created_at:%Y-%m-%d %H:%M} UTC"
        yield f"   {record.machine.description} (fingerprint {record.machine.fingerprint})"
        if record.contended:
            yield "   warning: other work ran meanwhile, on the machine or its host: times may be too long"
    if not found.same_machine:
        yield (
            "Two machines: their times stand side by side and are not compared; compared are ratios within each "
            "record, counts, file sizes and quality."
        )


def _row(line: Line) -> tuple[str, ...]:
    from bench.table import in_units

    under = ", ".join([line.subject, line.variant, *(f"{n} {v}" for n, v in line.conditions.items())])
    values = ["unknown" if v is None else in_units(v, line.name) for v in (line.a, line.b)]
    ratio = "" if line.ratio is None else f"{line.ratio:.3f}"
    interval = "" if line.low is None or line.high is None else f"{line.low:.3f} to {line.high:.3f}"
    shows: str = line.verdict
    if line.verdict == "no interval":
        shows = "no interval to judge by"
    if line.verdict == "no difference":
        floor = f" beyond the A/A floor of {line.floor:.1%}" if line.floor else " that can be told from noise"
        shows += floor
    how = {"values": "values alone"}.get(line.how, line.how)
    return f"{under}: {line.name}", *values, ratio, interval, how if line.ratio is not None else "", shows


def _foot(found: Comparison) -> Iterator[str]:
    hows = {line.how for line in found.lines}
    if "paired" in hows:
        yield "paired: bootstrap of the rounds of both records at once (one machine, as many rounds)."
    if "unpaired" in hows:
        yield "unpaired: bootstrap of each record's samples by themselves."
    if "intervals" in hows:
        yield "intervals: from the records' own 95 % intervals (Zou and Donner 2008, in logarithms)."
    if any(line.floor is not None for line in found.lines):
        yield (
            "The A/A floor is what a model differs from itself within a run; two runs may differ by more, so repeat "
            "before you believe a small difference."
        )
    else:
        yield "Neither record holds an A/A control, so there is no floor below which differences mean nothing."
    if found.only_a or found.only_b:
        yield f"In one record alone: {found.only_a} quantities of A, {found.only_b} of B."
