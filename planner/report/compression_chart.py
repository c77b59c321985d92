"""The frontier of compression as a drawing: size against speed, each form numbered as in the table beside it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from planner.report.charts import LABEL_GAP, RIGHT, Size, drawing, text_width
from planner.report.compression_words import Loss
from planner.report.formats import Formats
from planner.report.svg import Scale, element, line

SIZES = (Size("wide", 760.0, 430.0), Size("narrow", 350.0, 430.0))
TOP, BOTTOM, LEAST_LEFT = 34.0, 48.0, 44.0
PADDING_SHARE = 0.06
"""Room beyond the outermost points, as a share of the axis."""
LEAST_SPAN = 4.0
"""An axis covers at least this ratio, so that noise does not fill the chart."""
MANY_DECADES = 2.2
"""From so many decades on only powers of ten are labelled."""
MARK_RADIUS = 5.0
LABEL_HEIGHT, DIGIT_WIDTH = 12.0, 7.4
RINGS = (13.0, 20.0, 29.0, 40.0, 53.0)
"""How far from its point a number may stand, in pixels; from the second ring on a line leads to it."""
ANGLES = (0, -45, -90, -135, 180, 135, 90, 45, -22, -67, -112, -157, 157, 112, 67, 22)

Box = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Point:
    """One form: its number in the table, where it lies, how much quality it loses, and whether nothing beats it."""

    number: int
    file_bytes: float
    speed_ratio: float
    low: float | None
    high: float | None
    loss: Loss
    is_on_frontier: bool


@dataclass(frozen=True)
class Texts:
    """What a chart is called, what it shows for those who cannot see it, and what its upright axis is."""

    title: str
    summary: str
    up: str


@dataclass(frozen=True)
class Axes:
    """Two axes with logarithmic scales, in one size."""

    size: Size
    formats: Formats
    x: Scale
    y: Scale
    x_marks: tuple[float, ...]
    y_marks: tuple[float, ...]

    @classmethod
    def around(cls, points: Sequence[Point], size: Size, formats: Formats) -> Axes:
        """Return axes in which all points, and fp32 itself, have room."""
        low_x, high_x = _range([p.file_bytes for p in points])
        low_y, high_y = _range([1.0, *(p.speed_ratio for p in points)])
        y_marks = log_ticks(low_y, high_y)
        left = max(LEAST_LEFT, max(text_width(_times(mark, formats)) for mark in y_marks) + LABEL_GAP)
        x = Scale(math.log(low_x), math.log(high_x), left, size.width - RIGHT)
        y = Scale(math.log(low_y), math.log(high_y), size.height - BOTTOM, TOP)
        return cls(size, formats, x, y, log_ticks(low_x, high_x), y_marks)

    def at(self, file_bytes: float, speed_ratio: float) -> tuple[float, float]:
        """Return the pixel of a size and a ratio."""
        return self.x(math.log(file_bytes)), self.y(math.log(speed_ratio))

    def parts(self, across: str, up: str) -> list[Markup]:
        """Return grid, labels and the two titles; the line of fp32's own speed is stronger."""
        left, right, bottom = self.x.start, self.x.end, self.y.start
        found = []
        for mark in self.y_marks:
            y = self.y(math.log(mark))
            css = "zero" if mark == 1 else "grid"
            found.append(element("path", d=f"M{left:.0f} {y:.1f}H{right:.0f}", class_=css))
            label = _times(mark, self.formats)
            found.append(
                element("text", label, x=left - LABEL_GAP, y=y + 4, class_="label", text_anchor="end")
            )
        free_from = 0.0
        for mark in self.x_marks:
            x = self.x(math.log(mark))
            found.append(element("path", d=f"M{x:.1f} {bottom:.0f}V{TOP:.0f}", class_="grid"))
            label = self.formats.quantity(mark, "file_bytes")
            half = text_width(label) / 2
            x = min(x, right + RIGHT - half)
            if x - half >= free_from:
                found.append(element("text", label, x=x, y=bottom + 17, class_="label", text_anchor="middle"))
                free_from = x + half
        found.append(element("text", up, x=2, y=14, class_="label strong"))
        found.append(
            element("text", across, x=right, y=self.size.height - 8, class_="label strong", text_anchor="end")
        )
        return found


def frontier(name: str, texts: Texts, points: Sequence[Point], formats: Formats) -> Markup:
    """Draw forms by size and speed, both on logarithmic axes; the outermost that keep their quality are joined."""
    _ = formats.messages.gettext
    across = _("Size of the file")
    drawings = []
    for size in SIZES:
        axes = Axes.around(points, size, formats)
        places = [axes.at(p.file_bytes, p.speed_ratio) for p in points]
        joined = [axes.at(p.file_bytes, p.speed_ratio) for p in outer(points)]
        parts = [*axes.parts(across, texts.up), *(_whisker(axes, point) for point in points)]
        if len(joined) > 1:
            parts.append(element("path", d=line(joined), class_="front"))
        parts += [
            mark(point.loss, at, point.is_on_frontier) for point, at in zip(points, places, strict=True)
        ]
        parts += _numbers(points, places, (axes.x.start, TOP, axes.x.end, axes.y.start))
        drawings.append(drawing(f"{name}-{size.name}", texts.title, texts.summary, size, parts))
    return Markup("").join(drawings)


def outer(points: Iterable[Point]) -> list[Point]:
    """Return the forms that keep their quality and that no other such form beats in size and speed, small to large."""
    found: list[Point] = []
    usable = [point for point in points if point.is_on_frontier and point.loss == "kept"]
    for point in sorted(usable, key=lambda p: (p.file_bytes, -p.speed_ratio)):
        if not found or point.speed_ratio > found[-1].speed_ratio:
            found.append(point)
    return found


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Return round numbers within a range: powers of ten, with 2 and 5 between them where there are few."""
    steps = (1.0,) if math.log10(high / low) > MANY_DECADES else (1.0, 2.0, 5.0)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    return tuple(
        step * 10.0**power for power in powers for step in steps if low <= step * 10.0**power <= high
    )


def mark(loss: Loss, at: tuple[float, float], is_on_frontier: bool) -> Markup:
    """Return the mark of a form: its shape tells the loss of quality, filled if it is on the frontier."""
    (x, y), r = at, MARK_RADIUS
    css = f"mark {loss}{' on' if is_on_frontier else ''}"
    shapes = {
        "kept": f"M{x - r:.1f} {y:.1f}a{r} {r} 0 1 0 {2 * r} 0a{r} {r} 0 1 0 {-2 * r} 0z",
        "some": f"M{x:.1f} {y - r - 1:.1f}l{r + 1} {r + 1}l{-r - 1} {r + 1}l{-r - 1} {-r - 1}z",
        "much": f"M{x - r:.1f} {y - r + 1:.1f}h{2 * r}l{-r} {2 * r - 1}z",
        "unknown": f"M{x - r + 1:.1f} {y - r + 1:.1f}h{2 * r - 2}v{2 * r - 2}h{2 - 2 * r}z",
    }
    return element("path", d=shapes[loss], class_=css)


def legend_mark(loss: Loss) -> Markup:
    """Return a mark for the legend."""
    shape = mark(loss, (8.0, 8.0), True)
    return element(
        "svg", shape, viewBox="0 0 16 16", class_="chart key-mark", aria_hidden="true", focusable="false"
    )


def _whisker(axes: Axes, point: Point) -> Markup:
    if not point.low or not point.high:
        return Markup("")
    (x, low), (_, high) = (axes.at(point.file_bytes, end) for end in (point.low, point.high))
    top, bottom = (min(max(end, TOP), axes.y.start) for end in (high, low))
    return element("path", d=f"M{x:.1f} {bottom:.1f}V{top:.1f}", class_=f"whisker {point.loss}")


def _numbers(points: Sequence[Point], places: Sequence[tuple[float, float]], within: Box) -> list[Markup]:
    """Return the numbers of all points, each beside its own and on no other; a line leads to one that is far."""
    taken: list[Box] = [_box(at, 2 * MARK_RADIUS, 2 * MARK_RADIUS) for at in places]
    found: list[Markup] = []
    order = sorted(range(len(points)), key=lambda i: not points[i].is_on_frontier)
    for index in order:
        text = str(points[index].number)
        width = len(text) * DIGIT_WIDTH + 2
        x, y, ring = _free(places[index], width, taken, within)
        taken.append(_box((x, y), width, LABEL_HEIGHT))
        if ring > RINGS[0]:
            found.append(element("path", d=line([places[index], (x, y)]), class_="leader"))
        css = "label number-of" + (" strong" if points[index].is_on_frontier else "")
        found.append(element("text", text, x=x, y=y + 4, class_=css, text_anchor="middle"))
    return found


def _free(
    at: tuple[float, float], width: float, taken: Sequence[Box], within: Box
) -> tuple[float, float, float]:
    """Return the nearest place for a number where it covers least, and how far it is from its point."""
    best, least = (at[0], at[1], RINGS[0]), math.inf
    for ring in RINGS:
        for angle in ANGLES:
            x = at[0] + (ring + width / 2 - DIGIT_WIDTH / 2) * math.cos(math.radians(angle))
            y = at[1] + ring * math.sin(math.radians(angle))
            box = _box((x, y), width, LABEL_HEIGHT)
            if not _inside(box, within):
                continue
            covered = sum(_overlap(box, other) for other in taken)
            if covered == 0:
                return x, y, ring
            if covered < least:
                best, least = (x, y, ring), covered
    return best


def _box(at: tuple[float, float], width: float, height: float) -> Box:
    return at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2


def _overlap(a: Box, b: Box) -> float:
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(across, 0.0) * max(down, 0.0)


def _inside(box: Box, within: Box) -> bool:
    return box[0] >= within[0] and box[1] >= within[1] and box[2] <= within[2] and box[3] <= within[3]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    if high / low < LEAST_SPAN:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(LEAST_SPAN), middle * math.sqrt(LEAST_SPAN)
    room = (high / low) ** PADDING_SHARE
    return low / room, high * room


def _times(value: float, formats: Formats) -> str:
    return formats.quantity(value, "latency_ratio")
