"""Collects a figure over blocks of draws: every value while there is room, otherwise counts in fixed bins."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

EXACT_VALUES = 1 << 22
"""A figure keeps every value up to this many (32 MiB): at the end of a plan 4 million draws, over 60 months 69,905."""
PILOT_DRAWS = 16_384
"""The bins are laid over the values of these first draws, whatever the blocks, and reach beyond them."""
BINS = 2_048
REACH = 0.5
"""How far the bins reach beyond the pilot's range on either side, over that range."""


@dataclass(frozen=True)
class Histogram:
    """The draws of a figure as counts: rows (months, or one), scrambles, bins with one below and one above."""

    edges: Array
    """`(rows, bins + 1)`, evenly spaced in the inverse hyperbolic sine of the value over `scale`."""
    counts: NDArray[np.int64]
    """`(scrambles, rows, bins + 2)`; merging two of them is adding, in any order."""
    num_undefined: NDArray[np.int64]
    """`(rows,)`: draws in which the figure is undefined."""

    def quantile(self, probability: float) -> Array:
        """Return the quantile of each row, to within the width of its bin; NaN where some draws are undefined."""
        return self._quantiles(self.counts.sum(axis=0), probability)

    def quantile_error(self, probability: float) -> Array | None:
        """Return the standard error of the quantile of each row, from its spread over the scrambles."""
        found = [self._quantiles(counts, probability) for counts in self.counts if counts.any()]
        if len(found) < 2:
            return None
        with np.errstate(invalid="ignore"):  # a quantile that never comes has no error
            return np.asarray(np.std(found, axis=0, ddof=1) / np.sqrt(len(found)))

    def where_defined(self) -> Histogram:
        """Return the same counts without the draws in which the figure is undefined, for rows that have others."""
        is_known = self.counts.sum(axis=(0, 2)) > 0
        return replace(self, num_undefined=np.where(is_known, 0, self.num_undefined))

    def probability(self, holds: Callable[[Any], Any]) -> Array:
        """Return the share of the draws of each row for which a condition holds, judged at the middle of each bin."""
        ends = np.full((len(self.edges), 1), np.inf)
        middles = np.hstack([-ends, (self.edges[:, 1:] + self.edges[:, :-1]) / 2, ends])
        counts = self.counts.sum(axis=0)
        draws = np.maximum(counts.sum(axis=1) + self.num_undefined, 1)
        return np.asarray((np.asarray(holds(middles)) * counts).sum(axis=1) / draws)

    def _quantiles(self, counts: NDArray[np.int64], probability: float) -> Array:
        reached = np.cumsum(counts, axis=1)
        wanted = np.maximum(np.ceil(probability * reached[:, -1:]), 1)
        bins = np.argmax(reached >= wanted, axis=1)
        rows = np.arange(len(bins))
        inside = np.clip(bins - 1, 0, self.edges.shape[1] - 2)
        low, high = self.edges[rows, inside], self.edges[rows, inside + 1]
        before = reached[rows, bins] - counts[rows, bins]
        share = (wanted[:, 0] - before) / np.maximum(counts[rows, bins], 1)
        values = np.where(bins == 0, -np.inf, np.where(bins > inside + 1, np.inf, low + share * (high - low)))
        return np.where(self.num_undefined > 0, np.nan, values)


class Tally:
    """Takes the values of a figure block by block and gives them all, or their histogram, at the end."""

    def __init__(self, rows: int, draws: int, scrambles: Sequence[slice]) -> None:
        """Take the rows of the figure (months, or one), the number of draws to come and the rows of each scramble."""
        self.rows, self.draws, self.scrambles = rows, draws, scrambles
        self.is_exact = rows * draws <= EXACT_VALUES
        self.values = np.empty((rows, draws if self.is_exact else min(draws, PILOT_DRAWS)))
        self.histogram: Histogram | None = None
        self.scales = np.ones(rows)

    def add(self, start: int, block: Any) -> None:  # noqa: ANN401
        """Take draws `start` and following: `(rows, n)`; blocks come in order."""
        held = self.values.shape[1]
        inside = block[:, : max(held - start, 0)]
        self.values[:, start : start + inside.shape[1]] = inside
        if self.is_exact:
            return
        if self.histogram is None and start + block.shape[1] >= held:
            self.histogram = self._bins()
            self._count(0, self.values)
        if start + block.shape[1] > held:
            self._count(max(start, held), block[:, inside.shape[1] :])

    def result(self) -> Array | Histogram:
        """Return `(rows, draws)`, or the histogram where there was no room for all."""
        return self.values if self.histogram is None else self.histogram

    def _bins(self) -> Histogram:
        finite = np.where(np.isfinite(self.values), self.values, np.nan)
        known = ~np.isnan(finite).all(axis=1)
        finite[~known] = 0.0
        self.scales = np.maximum(np.nanmedian(np.abs(finite), axis=1), 1e-9)
        bent = np.arcsinh(finite / self.scales[:, None])
        low, high = np.nanmin(bent, axis=1), np.nanmax(bent, axis=1)
        reach = REACH * np.maximum(high - low, 1e-6)
        steps = np.linspace(low - reach, high + reach, BINS + 1, axis=1)
        counts = np.zeros((len(self.scrambles), self.rows, BINS + 2), dtype=np.int64)
        return Histogram(np.sinh(steps) * self.scales[:, None], counts, np.zeros(self.rows, dtype=np.int64))

    def _count(self, start: int, block: Array) -> None:
        assert self.histogram is not None
        for number, one in enumerate(self.scrambles):
            # What is left over behind the last whole scramble is counted with it.
            stop = one.stop if number < len(self.scrambles) - 1 else self.draws
            part = block[:, max(one.start - start, 0) : max(stop - start, 0)]
            for row in range(self.rows if part.size else 0):
                values = part[row]
                defined = values[~np.isnan(values)]
                self.histogram.num_undefined[row] += len(values) - len(defined)
                places = np.searchsorted(self.histogram.edges[row], defined, side="right")
                self.histogram.counts[number, row] += np.bincount(places, minlength=BINS + 2)
