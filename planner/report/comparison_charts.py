"""Charts of compared plans: the paths of all in one drawing, and what leads from one to another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from markupsafe import Markup

from planner.report.charts import BOTTOM, RIGHT, SIZES, Frame, drawing
from planner.report.formats import Formats
from planner.report.svg import band, element, line

LABEL_HEIGHT = 13.0
MAX_BANDS = 3
"""With more plans than this their bands would hide each other, so only the middle paths are drawn."""


def paths(
    name: str, title: str, summary: str, plans: Sequence[Mapping[str, Sequence[float]]], letters: Sequence[str],
    formats: Formats,
) -> Markup:  # fmt: skip
    """Draw a row over the months for each plan, with its letter at the end.

    Each plan holds `p50`, and `p10` and `p90` where there are draws.
    """
    shown = [row for plan in plans for key, row in plan.items() if key == "p50" or len(plans) <= MAX_BANDS]
    everything = np.concatenate([np.asarray(row, dtype=float) for row in shown])
    low, high = float(everything.min()), float(everything.max())
    drawings = []
    for size in SIZES:
        frame = Frame(size, len(plans[0]["p50"]), low, high, formats)
        xs = [frame.middle(month) for month in range(1, frame.months + 1)]
        bands, lines = [], []
        for number, plan in enumerate(plans, start=1):
            ys = {key: [frame.y(float(value)) for value in row] for key, row in plan.items()}
            if "p10" in ys and len(plans) <= MAX_BANDS:
                bands.append(element("path", d=band(xs, ys["p90"], ys["p10"]), class_=f"band plan-{number}"))
            lines.append(
                element("path", d=line(zip(xs, ys["p50"], strict=True)), class_=f"path plan-{number}")
            )
        ends = apart([frame.y(float(plan["p50"][-1])) for plan in plans], LABEL_HEIGHT, size.height - BOTTOM)
        for number, (letter, y) in enumerate(zip(letters, ends, strict=True), start=1):
            at = size.width - RIGHT + 2
            lines.append(element("text", letter, x=at, y=y + 4, class_=f"label letter plan-{number}"))
        drawings.append(drawing(f"{name}-{size.name}", title, summary, size, [*frame.axes(), *bands, *lines]))
    return Markup("").join(drawings)


def apart(places: Sequence[float], gap: float, most: float) -> list[float]:
    """Move places as little as needed to stand that far from each other, in the same order and none beyond `most`."""
    moved = list(places)
    order = sorted(range(len(places)), key=lambda index: places[index])
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + gap)
    moved[order[-1]] = min(moved[order[-1]], most)
    for after, before in pairwise(reversed(order)):
        moved[before] = min(moved[before], moved[after] - gap)
    return moved
