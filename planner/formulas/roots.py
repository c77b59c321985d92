"""All rates at which dated amounts are worth nothing, for many draws at once.

The worth at a log rate x, which is ln(1 + rate), is the sum of amount times exp(-x time). It is looked at on a grid;
between neighbouring points of different sign lies a zero. Where the worth dips towards zero between two points of one
sign, the bottom of the dip tells whether two zeros hide there, or one at which it only touches. Three zeros between two
neighbouring points, rates such as 125, 138 and 150 % of one row of flows, pass for one.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]

LARGEST_LOG_RATE = 36.0
"""Beyond it a rate lies closer to -100 % than a number can tell, or above 4e17 %."""
GRID_POINTS = 48
"""Points on each side of zero; they lie dense near zero, where rates lie."""
SPLIT = 0.0137
"""Where the two sides meet, over the whole span of time: no rate that anybody writes down lies there."""
MOST_STEPS = 100
STEP_TOLERANCE = 1e-12
TOUCHING = 1e-14
"""A worth that comes this close to zero, over the sum of its parts, without crossing it counts as zero."""


class Brackets(NamedTuple):
    """Spans of log rates at whose ends the worth of a draw has different signs."""

    draws: Places
    low: Numbers
    high: Numbers
    is_positive: NDArray[np.bool_]
    """Whether the worth is above zero at the low end."""


def log_rates(rows: Numbers, times: Numbers) -> Numbers:
    """Return all log rates at which amounts, `(times, draws)`, are worth nothing.

    Ascending along the first axis, NaN in a draw that has fewer than others.
    """
    order = np.argsort(times, kind="stable")
    rows, times = rows[order], times[order] - times[order][0]
    span, draws = float(times[-1]), rows.shape[1]
    if span == 0:
        return np.full((1, draws), np.nan)
    start = SPLIT / span
    columns, upper = _from(rows, times, -start)
    # Backwards in time the same amounts are worth nothing at the opposite log rate.
    others, lower = _from(rows[::-1], span - times[::-1], start)
    return _table(np.concatenate([columns, others]), np.concatenate([upper, -lower]), draws)


def _table(columns: Places, rates: Numbers, draws: int) -> Numbers:
    order = np.lexsort((rates, columns))
    columns, rates = columns[order], rates[order]
    counts = np.bincount(columns, minlength=draws)
    rank = np.arange(len(columns)) - (np.cumsum(counts) - counts)[columns]
    table = np.full((max(int(counts.max(initial=0)), 1), draws), np.nan)
    table[rank, columns] = rates
    return table


def _from(rows: Numbers, times: Numbers, start: float) -> tuple[Places, Numbers]:
    """Return draws and their log rates from `start` upwards."""
    span = times[-1]
    ends = np.arcsinh(start * span), np.arcsinh(LARGEST_LOG_RATE * span)
    grid = np.sinh(np.linspace(*ends, GRID_POINTS)) / span
    powers = np.exp(-grid[:, None] * times)
    # Not as a matrix product, whose last digits depend on how many draws run together.
    worth, slope = (np.einsum("gt,td->gd", each, rows) for each in (powers, -powers * times))
    first = np.take_along_axis(rows, np.argmax(rows != 0, axis=0)[None], axis=0)
    # At a very high rate only the first amount counts, even where its worth is too small for a number.
    is_positive = np.where(worth == 0, first > 0, worth > 0)
    points, draws = np.nonzero(is_positive[1:] != is_positive[:-1])
    crossing = Brackets(draws, grid[points], grid[points + 1], is_positive[points, draws])
    pairs, draws_touching, touched = _hidden(rows, times, grid, worth, slope)
    brackets = Brackets(*(np.concatenate(parts) for parts in zip(crossing, pairs, strict=True)))
    found = _refined(rows, times, brackets)
    return np.concatenate([brackets.draws, draws_touching]), np.concatenate([found, touched])


def _hidden(
    rows: Numbers, times: Numbers, grid: Numbers, worth: Numbers, slope: Numbers
) -> tuple[Brackets, Places, Numbers]:
    """Return what signs at the points of the grid do not show: pairs of zeros, and zeros without a crossing."""
    size, growth = np.abs(worth), slope * np.sign(worth)
    points, draws = np.nonzero((worth[1:] * worth[:-1] > 0) & (growth[:-1] < 0) & (growth[1:] > 0))
    # Where the size bends upwards it lies above both tangents; if these meet above zero it comes nowhere near.
    before, after, width = size[points, draws], size[points + 1, draws], grid[points + 1] - grid[points]
    fall, rise = -growth[points, draws], growth[points + 1, draws]
    lowest = before - fall * (before - after + rise * width) / (fall + rise)
    points, draws = points[lowest <= TOUCHING * before], draws[lowest <= TOUCHING * before]
    low, high, is_above = grid[points], grid[points + 1], worth[points, draws] > 0
    # The slope is a sum of the same kind, with the amounts times minus the time; its zero is the bottom of the dip.
    bottom = _refined(-times[:, None] * rows, times, Brackets(draws, low, high, slope[points, draws] > 0))
    value = _worth(rows[:, draws], times, bottom)[0]
    is_touched = np.abs(value) <= TOUCHING * _worth(np.abs(rows[:, draws]), times, bottom)[0]
    deep = ~is_touched & ((value > 0) != is_above)
    pairs = Brackets(
        np.tile(draws[deep], 2),
        np.concatenate([low[deep], bottom[deep]]),
        np.concatenate([bottom[deep], high[deep]]),
        np.concatenate([is_above[deep], ~is_above[deep]]),
    )
    return pairs, draws[is_touched], bottom[is_touched]


def _refined(rows: Numbers, times: Numbers, brackets: Brackets) -> Numbers:
    """Return the zero within each bracket: Newton's steps, halving where they would leave it."""
    low, high = brackets.low.copy(), brackets.high.copy()
    rates = (low + high) / 2.0
    columns, waiting = rows[:, brackets.draws], np.arange(len(rates))
    for _ in range(MOST_STEPS):
        if not len(waiting):
            break
        rate = rates[waiting]
        value, slope = _worth(columns, times, rate)
        is_low_side = (value > 0) == brackets.is_positive[waiting]
        low[waiting] = np.where(is_low_side, rate, low[waiting])
        high[waiting] = np.where(is_low_side, high[waiting], rate)
        with np.errstate(
            divide="ignore", invalid="ignore", over="ignore"
        ):  # a flat place sends the step anywhere
            step = rate - value / slope
        is_inside = (step >= low[waiting]) & (step <= high[waiting])
        step = np.where(is_inside, step, (low[waiting] + high[waiting]) / 2.0)
        rates[waiting] = step
        is_moving = np.abs(step - rate) > STEP_TOLERANCE * np.abs(step) + 1e-15 / times[-1]
        columns, waiting = columns[:, is_moving] if not is_moving.all() else columns, waiting[is_moving]
    return rates


def _worth(rows: Numbers, times: Numbers, rates: Numbers) -> tuple[Numbers, Numbers]:
    """Return the worth of each column at a log rate of its own, and the slope there: Horner's scheme with gaps."""
    value, slope = rows[-1].copy(), np.zeros(rows.shape[1])
    last_gap, step = 0.0, np.ones(len(rates))
    for row in range(len(rows) - 2, -1, -1):
        gap = float(times[row + 1] - times[row])
        if gap != last_gap:
            last_gap, step = gap, np.exp(-gap * rates)
        slope -= gap * value
        slope *= step
        value *= step
        value += rows[row]
    return value, slope
