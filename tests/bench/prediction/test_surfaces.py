"""A surface gives back what was measured, lies between its neighbours elsewhere, and is level beyond its edges."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.errors import RecordError
from bench.prediction.surfaces import Surface

POINTS = [
    ({"rows": rows, "width": width}, 3.0 * rows**0.5 * width**0.25)
    for rows in (1, 4, 64)
    for width in (16, 128, 2048)
]
SURFACE = Surface.of("a rate", ("rows", "width"), POINTS)


@pytest.mark.parametrize(("where", "value"), POINTS, ids=str)
def test_what_was_measured_comes_back(where: dict[str, int], value: float) -> None:
    assert SURFACE.at(where["rows"], where["width"]) == pytest.approx(value)


@given(st.floats(1, 64), st.floats(16, 2048))
def test_a_power_law_is_met_everywhere_between(rows: float, width: float) -> None:
    assert SURFACE.at(rows, width) == pytest.approx(3.0 * rows**0.5 * width**0.25)


@given(st.floats(1e-3, 1e6), st.floats(1e-3, 1e9))
def test_beyond_its_edges_it_is_level(rows: float, width: float) -> None:
    assert SURFACE.at(rows, width) == SURFACE.at(min(max(rows, 1), 64), min(max(width, 16), 2048))


def test_one_point_is_a_surface_too() -> None:
    one = Surface.of("a rate", ("bytes",), [({"bytes": 8}, 5.0)])
    assert one.at(1) == pytest.approx(5.0)
    assert one.at(1e12) == pytest.approx(5.0)


@pytest.mark.parametrize("points", [[], POINTS[:-1], [*POINTS[:-1], ({"rows": 64, "width": 2048}, 0.0)]])
def test_a_grid_with_a_hole_is_refused(points: list[tuple[dict[str, int], float]]) -> None:
    with pytest.raises(RecordError, match="no whole grid of a rate"):
        Surface.of("a rate", ("rows", "width"), points)


def test_points_of_an_older_kind_are_refused_by_what_they_do_not_say() -> None:
    with pytest.raises(RecordError, match="does not say at which bytes it measured speed: make a new one"):
        Surface.of("speed", ("rows", "bytes"), [({"rows": 1}, 2.0)])
