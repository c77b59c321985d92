"""The values of a figure over the months, written into one array as they come."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Row:
    """Takes the value of each month and gives them all: `(months,)`, or `(months, ...)` where one is an array.

    A month's value is copied at once, while it is in the processor's cache, and its memory serves the next figure.
    """

    def __init__(self, months: int) -> None:
        """Take the number of months to come."""
        self._values: NDArray[np.float64] = np.empty(months)
        self._filled = 0

    def add(self, value: Any) -> None:  # noqa: ANN401 (a scalar or an array, as the figure gives it)
        """Take the next month's value."""
        shape = getattr(value, "shape", ())
        if shape != self._values.shape[1:]:
            self._widen(shape)
        self._values[self._filled] = value
        self._filled += 1

    def values(self) -> NDArray[np.float64]:
        """Return what was taken; each month is as long as the longest of them."""
        return self._values

    def _widen(self, shape: tuple[int, ...]) -> None:
        """Make room for a month of another shape: the shorter of them and the months before repeats itself."""
        old = self._values
        wide = np.broadcast_shapes(old.shape[1:], shape)
        if wide != old.shape[1:]:
            self._values = np.empty((len(old), *wide))
            padded = old.reshape(len(old), *(1,) * (len(wide) + 1 - old.ndim), *old.shape[1:])
            self._values[: self._filled] = padded[: self._filled]
