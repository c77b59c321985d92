"""Collects the measurements of one subject as they come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bench.measuring.latency import Estimate
from bench.record import Measurement


class Sheet:
    """Collects the measurements of one subject."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.measurements: list[Measurement] = []

    def add(
        self,
        name: str,
        value: float | Estimate | None,
        method: str,
        *,
        variant: str = "fp32",
        conditions: Mapping[str, int | float | str] | None = None,
        note: str = "",
        samples: Sequence[float] = (),
    ) -> None:
        """Add one measurement; an estimate brings its interval and, where it times, its samples.

        None stands for what could not be measured; then the note says why.
        """
        interval = (value.low, value.high) if isinstance(value, Estimate) else (None, None)
        number = value.value if isinstance(value, Estimate) else value
        self.measurements.append(
            Measurement(
                subject=self.subject,
                variant=variant,
                conditions=dict(conditions or {}),
                name=name,
                value=None if number is None else float(number),
                low=interval[0],
                high=interval[1],
                method=method,
                samples=tuple(samples),
                note=note,
            )
        )
