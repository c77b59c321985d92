"""Rates measured at some shapes, read at any shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bench.prediction.refusals import unusable


@dataclass(frozen=True)
class Surface:
    """A positive quantity on a whole grid of shapes, linear between them in logarithms and level beyond its edges."""

    axes: tuple[tuple[float, ...], ...]
    values: NDArray[np.float64]

    @classmethod
    def of(
        cls, name: str, axes: tuple[str, ...], points: Iterable[tuple[Mapping[str, object], float]]
    ) -> Surface:
        """Gather points whose conditions name the axes.

        Raises RecordError where the points are no whole grid, or one does not say where it lies.
        """
        try:
            found = {tuple(float(str(where[axis])) for axis in axes): value for where, value in points}
        except KeyError as err:
            raise unusable(f"the calibration does not say at which {err.args[0]} it measured {name}") from err
        ticks = tuple(tuple(sorted({place[i] for place in found})) for i in range(len(axes)))
        values = np.full([len(each) for each in ticks], np.nan)
        for place, value in found.items():
            values[tuple(each.index(x) for each, x in zip(ticks, place, strict=True))] = value
        if not values.size or not np.all(values > 0):
            raise unusable(f"the calibration has no whole grid of {name}")
        return cls(ticks, values)

    @cached_property
    def _logs(self) -> tuple[list[NDArray[np.float64]], NDArray[np.float64]]:
        return [np.log(np.asarray(each)) for each in self.axes], np.log(self.values)

    def at(self, *place: float) -> float:
        """Return the value at a shape."""
        ticks, values = self._logs
        for each, x in zip(ticks, place, strict=True):
            # One axis after the other: what is left has one dimension fewer.
            spot = float(np.clip(np.log(max(x, 1e-12)), each[0], each[-1]))
            above = int(np.clip(np.searchsorted(each, spot), 1, max(len(each) - 1, 1)))
            if len(each) == 1:
                values = values[0]
                continue
            share = (spot - each[above - 1]) / (each[above] - each[above - 1])
            values = (1 - share) * values[above - 1] + share * values[above]
        return float(np.exp(np.asarray(values).item()))
