"""The few pieces that our charts are made of: scales, ticks and escaped elements."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape

NICE_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True)
class Scale:
    """A straight line from values to pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value."""
        span = self.high - self.low
        return self.start + (value - self.low) / span * (self.end - self.start) if span else self.start


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return about so many round numbers that cover a range, zero among them where it lies within."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(nice * power for nice in NICE_STEPS if nice * power >= raw * (1 - 1e-9))
    return [index * step for index in range(math.floor(low / step), math.ceil(high / step) + 1)]


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Return one SVG element; text and attributes are escaped, `class_` stands for `class`."""
    written = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escape(_plain(value))}"'
        for name, value in attributes.items()
        if value is not None
    )
    inner = "".join(str(escape(child)) for child in children)
    return Markup(f"<{tag}{written}>{inner}</{tag}>" if inner else f"<{tag}{written}/>")


def line(points: Iterable[tuple[float, float]]) -> str:
    """Return the path through points, in short form."""
    return "M" + "L".join(f"{_plain(x)} {_plain(y)}" for x, y in points)


def band(xs: Sequence[float], upper: Sequence[float], lower: Sequence[float]) -> str:
    """Return the closed path between two lines over the same x."""
    there = list(zip(xs, upper, strict=True))
    back = list(zip(xs, lower, strict=True))[::-1]
    return f"{line(there + back)}Z"


def columns(xs: Sequence[float], width: float, lower: Sequence[float], upper: Sequence[float]) -> str:
    """Return one path with a rectangle for each x; empty ones are left out."""
    return "".join(
        f"M{_plain(x)} {_plain(low)}h{_plain(width)}V{_plain(high)}h-{_plain(width)}z"
        for x, low, high in zip(xs, lower, upper, strict=True)
        if abs(low - high) > 0.05
    )


def _plain(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)
