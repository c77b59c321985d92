"""A row holds what the months gave as numpy would stack it, whatever shapes came in which order."""

from __future__ import annotations

import numpy as np
import pytest

from planner.engine.rows import Row

DRAWS = np.array([1.0, 2.0, 3.0])
ITEMS = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "months",
    [
        [1.0, 2, np.float64(3.0)],
        [DRAWS, 2 * DRAWS, -DRAWS],
        [0.0, DRAWS, 5.0],
        [DRAWS, 0.0, np.array([7.0])],
        [np.array([7.0]), 1.0, DRAWS],
        [0.5, DRAWS, ITEMS, np.array([[1.0], [2.0]])],
        [ITEMS[:, :1], 3.0, DRAWS],
        [True, DRAWS > 1.5],
    ],
)
def test_a_row_is_what_numpy_stacks(months: list[object]) -> None:
    row = Row(len(months))
    for value in months:
        row.add(value)
    expected = np.stack(np.broadcast_arrays(*[np.asarray(value, dtype=float) for value in months]))
    assert row.values().shape == expected.shape
    assert row.values().tolist() == expected.tolist()


def test_a_row_keeps_its_own_copy() -> None:
    row, value = Row(2), DRAWS.copy()
    row.add(value)
    value[:] = 0.0
    row.add(value)
    assert row.values().tolist() == [DRAWS.tolist(), [0.0, 0.0, 0.0]]


def test_shapes_that_do_not_fit_are_refused() -> None:
    row = Row(2)
    row.add(DRAWS)
    with pytest.raises(ValueError):
        row.add(np.zeros(2))
