"""How far apart the cores lie is measured between rounds, and waited for within bounds."""

from __future__ import annotations

import time

from bench.measuring.core_placement import APART_RATIO, CorePlacement
from bench.measuring.num_threads import threads


def test_looks_take_less_than_a_round_and_the_fastest_sets_the_limit() -> None:
    with threads(2):
        placement = CorePlacement(2)
        hoped = placement.limit_seconds
        looks = [placement.look() for _ in range(20)]
    assert 0 < min(looks) < 0.01
    assert placement.fastest_seconds == min(looks)
    assert placement.limit_seconds == min(hoped, APART_RATIO * min(looks))


def test_looking_needs_no_certain_number_of_threads() -> None:
    with threads(3):
        assert CorePlacement(3).look() > 0


class Slow(CorePlacement):
    """Cores that hand over data in times that a test says; one second is what is hoped for."""

    script: tuple[float, ...] = (1.0,)

    def _exchange_seconds(self) -> float:
        first, *rest = self.script
        if rest:
            self.script = tuple(rest)
        return first


def test_waiting_ends_as_soon_as_the_cores_lie_together() -> None:
    placement = Slow(2)
    placement.script = (3.0, 3.1, 1.2, 9.0)
    assert placement.wait(60.0) == 1.2
    assert placement.limit_seconds == APART_RATIO
    placement.script = (0.5,)
    assert placement.look() == 0.5
    assert placement.limit_seconds == APART_RATIO * 0.5


def test_cores_that_never_come_as_close_as_hoped_are_waited_for_once_and_remain_apart() -> None:
    placement = Slow(2)
    placement.script = (3.0,)
    start = time.perf_counter()
    assert placement.wait(0.1) == 3.0
    assert 0.1 <= time.perf_counter() - start < 5
    start = time.perf_counter()
    assert placement.wait(60.0) == 3.0
    assert time.perf_counter() - start < 5
    assert placement.limit_seconds < 3.0


def test_once_they_were_seen_together_cores_apart_are_waited_for_again() -> None:
    placement = Slow(2)
    placement.script = (3.0,)
    placement.wait(0.05)
    placement.script = (1.0, 3.0, 3.0, 1.1)
    assert placement.wait(60.0) == 1.0
    assert placement.wait(60.0) == 1.1
