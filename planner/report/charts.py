"""Our charts as SVG, each drawn for a wide page and for a phone: a fan over months, stacked columns, small lines."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from markupsafe import Markup
from numpy.typing import ArrayLike

from planner.report.formats import Formats
from planner.report.svg import Scale, band, columns, element, line, ticks

LEAST_LEFT, RIGHT, TOP, BOTTOM = 62.0, 10.0, 22.0, 26.0
LABEL_GAP = 8.0
LETTER_WIDTH, HAN_WIDTH, FIRST_HAN = 7.8, 12.5, "\u2e80"
"""Pixels of a letter or digit of a label at most, and of a Chinese character."""
YEAR_LABEL_WIDTH = 48.0
SPARK_WIDTH, SPARK_HEIGHT, SPARK_POINTS = 96.0, 20.0, 40


@dataclass(frozen=True)
class Size:
    """One of the two sizes in which a chart is drawn."""

    name: str
    width: float
    height: float


SIZES = (Size("wide", 760.0, 340.0), Size("narrow", 350.0, 290.0))


@dataclass(frozen=True)
class Frame:
    """The axes of a chart over the months of a plan, in one size."""

    size: Size
    months: int
    low: float
    high: float
    formats: Formats
    marks: Sequence[float] = field(init=False)
    left: float = field(init=False)
    """Where the axes begin: as far in as the longest label asks for."""
    x: Scale = field(init=False)
    y: Scale = field(init=False)

    def __post_init__(self) -> None:
        marks = ticks(min(self.low, 0.0), max(self.high, 0.0, self.low + 1.0), 5)
        object.__setattr__(self, "marks", marks)
        widest = max(text_width(self.formats.money(mark)) for mark in marks)
        object.__setattr__(self, "left", max(LEAST_LEFT, widest + LABEL_GAP + 2))
        right = self.size.width - RIGHT
        object.__setattr__(self, "x", Scale(0.0, float(self.months), self.left, right))
        object.__setattr__(self, "y", Scale(marks[0], marks[-1], self.size.height - BOTTOM, TOP))

    def middle(self, month: int) -> float:
        """Return where a month stands, which counts from 1."""
        return self.x(month - 0.5)

    def axes(self) -> list[Markup]:
        """Return grid, zero line and labels."""
        parts = []
        for mark in self.marks:
            at = self.y(mark)
            css = "zero" if mark == 0 else "grid"
            parts.append(
                element("path", d=f"M{self.left:.0f} {at:.1f}H{self.size.width - RIGHT:.0f}", class_=css)
            )
            label = self.formats.money(mark)
            parts.append(
                element("text", label, x=self.left - LABEL_GAP, y=at + 4, class_="label", text_anchor="end")
            )
        for month, year in self._years():
            at = self.x(month - 1)
            bottom = self.size.height - BOTTOM
            parts.append(element("path", d=f"M{at:.1f} {bottom:.0f}v5", class_="tick"))
            parts.append(element("text", year, x=at + 3, y=bottom + 17, class_="label"))
        return parts

    def _years(self) -> list[tuple[int, str]]:
        dates = [(month, self.formats.date_of(month)) for month in range(1, self.months + 1)]
        starts = [(month, str(day.year)) for month, day in dates if day.month == 1 or month == 1]
        # A year of a month or two at the start has no room for a label beside the next one.
        if len(starts) > 1 and self.x(starts[1][0]) - self.x(starts[0][0]) < YEAR_LABEL_WIDTH:
            starts = starts[1:]
        step = 1
        while len(starts) / step * YEAR_LABEL_WIDTH > self.size.width - self.left - RIGHT:
            step += 1
        return [
            start for start in starts[::step] if self.x(start[0] - 1) < self.size.width - YEAR_LABEL_WIDTH
        ]


def text_width(label: str) -> float:
    """Return about how many pixels a label is wide."""
    return sum(HAN_WIDTH if letter >= FIRST_HAN else LETTER_WIDTH for letter in label)


def fan(
    name: str,
    title: str,
    summary: str,
    rows: Mapping[str, Sequence[float]],
    rounds: Sequence[tuple[int, str]],
    formats: Formats,
) -> Markup:
    """Draw quantiles of a row over months as a fan, with the central path, and marks where money comes in.

    `rows` holds `central` and, when there are draws, `p5`, `p25`, `p50`, `p75` and `p95`.
    """
    everything = np.concatenate([np.asarray(row, dtype=float) for row in rows.values()])
    low, high = float(everything.min()), float(everything.max())
    drawings = []
    for size in SIZES:
        frame = Frame(size, len(rows["central"]), low, high, formats)
        xs = [frame.middle(month) for month in range(1, frame.months + 1)]
        ys = {key: [frame.y(float(value)) for value in row] for key, row in rows.items()}
        parts = []
        if "p50" in rows:
            parts.append(element("path", d=band(xs, ys["p95"], ys["p5"]), class_="band-outer"))
            parts.append(element("path", d=band(xs, ys["p75"], ys["p25"]), class_="band-inner"))
            parts.append(element("path", d=line(zip(xs, ys["p50"], strict=True)), class_="median"))
        parts.append(element("path", d=line(zip(xs, ys["central"], strict=True)), class_="central"))
        parts += [_round(frame, month, text) for month, text in rounds]
        drawings.append(drawing(f"{name}-{size.name}", title, summary, size, [*frame.axes(), *parts]))
    return Markup("").join(drawings)


def stacked(
    name: str,
    title: str,
    summary: str,
    kinds: Mapping[str, Sequence[float]],
    over: Sequence[float],
    formats: Formats,
) -> Markup:
    """Draw kinds of cost stacked for each month, and revenue as a line over them; the first kind stands lowest."""
    stack = np.cumsum(np.vstack([np.zeros(len(over)), *kinds.values()]), axis=0)
    high = float(max(stack.max(), np.max(over)))
    drawings = []
    for size in SIZES:
        frame = Frame(size, len(over), min(0.0, float(np.min(over))), high, formats)
        gap = 0.12
        step = frame.x(1) - frame.x(0)
        xs = [frame.x(month + gap) for month in range(frame.months)]
        parts = []
        for index, (below, above) in enumerate(itertools.pairwise(stack), start=1):
            shape = columns(
                xs, step * (1 - 2 * gap), [frame.y(v) for v in below], [frame.y(v) for v in above]
            )
            if shape:
                parts.append(element("path", d=shape, class_=f"kind-{index}"))
        points = [(frame.middle(month), frame.y(float(value))) for month, value in enumerate(over, start=1)]
        parts.append(element("path", d=line(points), class_="over-halo"))
        parts.append(element("path", d=line(points), class_="over"))
        drawings.append(drawing(f"{name}-{size.name}", title, summary, size, [*frame.axes(), *parts]))
    return Markup("").join(drawings)


def spans(
    segments: Sequence[tuple[float, float, str]], low: float, high: float, mark: float | None = None
) -> Markup:
    """Draw one bar of a table: pieces from a value to a value, each with a class, and a mark across it.

    It is decoration beside the numbers of its row, so it is hidden from screen readers.
    """
    scale = Scale(low, high, 0.0, 1000.0)
    parts = [
        element(
            "rect", x=scale(min(a, b)), y=0, width=max(abs(scale(b) - scale(a)), 0.0), height=10, class_=css
        )
        for a, b, css in segments
    ]
    if mark is not None:
        parts.append(element("rect", x=scale(mark) - 1.5, y=-2, width=3, height=14, class_="mark"))
    return element(
        "svg",
        *parts,
        viewBox="0 -2 1000 14",
        preserveAspectRatio="none",
        class_="bar",
        aria_hidden="true",
        focusable="false",
    )


def spark(row: ArrayLike) -> Markup:
    """Draw a row over the months as a small line without axes; nothing where it holds what is no number."""
    values = np.asarray(row, dtype=float)
    if len(values) < 2 or not np.all(np.isfinite(values)):
        return Markup("")
    picked = values[np.unique(np.linspace(0, len(values) - 1, SPARK_POINTS).round().astype(int))]
    x = Scale(0, len(picked) - 1, 1.0, SPARK_WIDTH - 1)
    y = Scale(min(float(picked.min()), 0.0), max(float(picked.max()), 0.0), SPARK_HEIGHT - 2, 2.0)
    points = [(float(round(x(i))), round(y(float(value)), 1)) for i, value in enumerate(picked)]
    shape = element("path", d=line(points))
    box = f"0 0 {SPARK_WIDTH:.0f} {SPARK_HEIGHT:.0f}"
    return element("svg", shape, viewBox=box, class_="spark", aria_hidden="true", focusable="false")


def _round(frame: Frame, month: int, text: str) -> Markup:
    at = frame.middle(month)
    anchor = "end" if at > frame.size.width * 0.7 else "start"
    bottom = frame.size.height - BOTTOM
    return element(
        "g",
        element("path", d=f"M{at:.1f} {bottom:.0f}V{TOP - 6:.0f}", class_="round"),
        element(
            "text",
            text,
            x=at + (4 if anchor == "start" else -4),
            y=TOP - 8,
            class_="label strong",
            text_anchor=anchor,
        ),
    )


def drawing(identity: str, title: str, summary: str, size: Size, parts: Sequence[Markup]) -> Markup:
    """Return a chart in one size, named and described for those who cannot see it."""
    return element(
        "svg",
        element("title", title, id=f"{identity}-title"),
        element("desc", summary, id=f"{identity}-desc"),
        *parts,
        viewBox=f"0 0 {size.width:.0f} {size.height:.0f}",
        class_=f"chart {size.name}",
        role="img",
        aria_labelledby=f"{identity}-title {identity}-desc",
    )
