"""Variants are timed beside each other, in rounds of short blocks, and what was timed is kept."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

import pytest

from bench.measuring.interleaving import (
    ENOUGH_ROUNDS,
    Interleaved,
    Schedule,
    calibrate,
    time_interleaved,
    time_single_calls,
    warm_up,
)


def test_every_variant_runs_in_every_round_in_changing_order() -> None:
    calls: list[str] = []
    variants = {name: (lambda name=name: calls.append(name)) for name in ("a", "b", "c")}
    found = time_interleaved(variants, Schedule(rounds=20, blocks=2, block_seconds=0.0))
    assert {name: len(timing.seconds) for name, timing in found.items()} == {"a": 20, "b": 20, "c": 20}
    assert {name: len(timing.blocks) for name, timing in found.items()} == {"a": 40, "b": 40, "c": 40}
    assert all(sample > 0 for timing in found.values() for sample in timing.seconds)
    rounds = ["".join(calls[-120:][i : i + 6]) for i in range(0, 120, 6)]
    assert all(sorted(each[:3]) == ["a", "b", "c"] for each in rounds)
    assert all(each[3:] == each[2::-1] for each in rounds), "back in the opposite order"
    assert len(set(rounds)) > 1


def test_the_fastest_block_of_a_round_counts_and_all_are_kept() -> None:
    found = time_interleaved({"a": lambda: None}, Schedule(rounds=6, blocks=4, block_seconds=1e-5))["a"]
    rounds = [found.blocks[i : i + 4] for i in range(0, 24, 4)]
    assert found.seconds == tuple(min(each) for each in rounds)
    assert len(found.processor_seconds) == 6
    assert found.loops > 1


def test_sleeping_takes_wall_time_and_no_processor_time() -> None:
    found = time_interleaved({"a": lambda: time.sleep(0.002)}, Schedule(rounds=5, blocks=1))["a"]
    assert min(found.seconds) >= 0.002
    assert max(found.processor_seconds) < 0.5 * min(found.seconds)


def test_the_warm_up_goes_on_until_calls_no_longer_get_faster() -> None:
    calls = 0

    def slow_at_first() -> None:
        nonlocal calls
        calls += 1
        time.sleep(0.004 if calls < 30 else 0.001)

    assert warm_up(slow_at_first, 1, 5.0, lambda: None)
    first = calls
    time_interleaved({"a": slow_at_first}, Schedule(rounds=1, blocks=1))
    assert first >= 8, "two windows at least"

    calls = 0
    found = time_interleaved({"a": slow_at_first}, Schedule(rounds=5, blocks=1, max_warm_up_seconds=5.0))
    assert found["a"].warm


def test_a_warm_up_that_never_ends_is_bounded_and_told() -> None:
    spans = iter(0.001 * 1.5**number for number in range(1000))
    assert not warm_up(lambda: time.sleep(min(next(spans), 0.1)), 1, 0.02, lambda: None)


def test_single_calls_are_bounded_by_number_and_by_time() -> None:
    assert len(time_single_calls(lambda: None, 7, 10.0)) == 7
    assert 1 <= len(time_single_calls(lambda: time.sleep(0.01), 1000, 0.03)) <= 4


def test_a_slow_machine_gets_fewer_rounds_but_never_less_than_the_least() -> None:
    schedule = Schedule(rounds=20, blocks=1, block_seconds=0.0, max_seconds=0.0, min_rounds=4)
    found = time_interleaved({"a": lambda: None, "b": lambda: None}, schedule)
    assert {name: len(timing.seconds) for name, timing in found.items()} == {"a": 4, "b": 4}


def test_each_block_waits_for_the_device() -> None:
    steps: list[str] = []
    time_interleaved(
        {"a": lambda: steps.append("call")},
        Schedule(rounds=3, blocks=2, block_seconds=0.0),
        lambda: steps.append("wait"),
    )
    text = "".join(step[0] for step in steps)
    assert text.endswith("wcw" * 6)
    assert re.fullmatch("(wc+w)+", text)


def test_a_short_call_is_repeated_until_the_clock_can_see_it() -> None:
    found = calibrate(lambda: None, 1e-3, lambda: None)
    assert found.loops > 100
    assert found.block_seconds >= 1e-3


def test_being_set_aside_once_makes_no_block_of_a_few_short_calls() -> None:
    calls = 0

    def once_slow() -> None:
        nonlocal calls
        calls += 1
        if calls == 6:
            time.sleep(0.02)

    found = calibrate(once_slow, 1e-3, lambda: None)
    assert found.loops > 100
    assert found.block_seconds >= 1e-3


def test_of_long_calls_each_block_is_a_round() -> None:
    calls = {"short": lambda: time.sleep(0.0005), "long": lambda: time.sleep(0.02)}
    schedule = Schedule(rounds=2, blocks=3, block_seconds=0.0, max_warm_up_seconds=0.01)
    found = time_interleaved(calls, schedule)
    for timing in found.values():
        assert len(timing.blocks) == 2 * 3, "as many blocks as the schedule says"
        assert timing.seconds == timing.blocks


def test_rounds_may_be_spread_over_several_spans() -> None:
    interleaved = Interleaved({"a": lambda: None, "b": lambda: None}, Schedule(rounds=4, blocks=2))
    interleaved.run()
    first = interleaved.timings()
    interleaved.run()
    both = interleaved.timings()
    for name, timing in both.items():
        assert len(timing.seconds) == 8
        assert timing.seconds[:4] == first[name].seconds
        assert timing.loops == first[name].loops


def test_a_slow_variant_sits_out_after_three_rounds() -> None:
    calls = {"slow": lambda: time.sleep(0.03), "fast": lambda: time.sleep(0.001)}
    schedule = Schedule(
        rounds=6, blocks=1, block_seconds=0.0, slow_call_seconds=0.02, max_warm_up_seconds=0.01
    )
    found = time_interleaved(calls, schedule)
    assert len(found["slow"].seconds) == 3
    assert len(found["fast"].seconds) == 6


class Told:
    """A state of the machine as a test tells it: one look before each round and one after it."""

    limit_seconds = 1.0

    def __init__(self, looks: Callable[[], Iterator[float]], waits_seconds: float = 0.0) -> None:
        self._looks, self._waits_seconds, self.most_waited = looks(), waits_seconds, 0.0

    def look(self) -> float:
        return next(self._looks)

    def wait(self, max_seconds: float) -> float:
        self.most_waited = max(self.most_waited, max_seconds)
        time.sleep(self._waits_seconds)
        return self.look()


def good_and_bad(good: int) -> Callable[[], Iterator[float]]:
    """So many rounds begin and end in a good state; of the others one look is of a bad one."""

    def looks() -> Iterator[float]:
        for number in range(4 * good):
            yield from ((1.0, 1.0) if number < good else (1.0, 2.0) if number % 2 else (2.0, 1.0))

    return looks


@pytest.mark.parametrize("good", [ENOUGH_ROUNDS, 9])
def test_only_rounds_in_the_best_state_count_where_there_are_enough(good: int) -> None:
    schedule = Schedule(rounds=20, blocks=2, block_seconds=0.0)
    interleaved = Interleaved(
        {"a": lambda: None, "b": lambda: None}, schedule, condition=Told(good_and_bad(good))
    )
    interleaved.run()
    for timing in interleaved.timings().values():
        assert (len(timing.seconds), timing.left_out, timing.unfit) == (good, 20 - good, 0)
        assert len(timing.blocks) == 2 * good
        assert len(timing.processor_seconds) == good
        twice = timing.followed_by(timing)
        assert (twice.left_out, twice.unfit) == (2 * (20 - good), 0)


def test_all_rounds_count_where_too_few_were_in_the_best_state() -> None:
    few = ENOUGH_ROUNDS - 1
    schedule = Schedule(rounds=20, blocks=1, block_seconds=0.0)
    interleaved = Interleaved({"a": lambda: None}, schedule, condition=Told(good_and_bad(few)))
    interleaved.run()
    timing = interleaved.timings()["a"]
    assert (len(timing.seconds), timing.left_out, timing.unfit) == (20, 0, 20 - few)


def test_rounds_in_the_best_state_count_where_another_process_had_none() -> None:
    schedule = Schedule(rounds=20, blocks=1, block_seconds=0.0)
    found = []
    for good in (20, ENOUGH_ROUNDS - 1):
        interleaved = Interleaved({"a": lambda: None}, schedule, condition=Told(good_and_bad(good)))
        interleaved.run()
        found.append(interleaved.timings()["a"])
    for one, other in (found, reversed(found)):
        both = one.followed_by(other)
        assert both.seconds == found[0].seconds
        assert (both.left_out, both.unfit) == (20, 0)


def test_without_a_condition_every_round_counts() -> None:
    timing = time_interleaved({"a": lambda: None}, Schedule(rounds=3, blocks=1, block_seconds=0.0))["a"]
    assert (timing.left_out, timing.unfit) == (0, 0)


def test_waiting_takes_half_of_the_time_at_most_and_none_of_that_for_rounds() -> None:
    condition = Told(good_and_bad(100), waits_seconds=0.03)
    schedule = Schedule(rounds=1000, blocks=1, block_seconds=0.001, max_seconds=0.1, min_rounds=1)
    interleaved = Interleaved({"a": lambda: time.sleep(0.001)}, schedule, condition=condition)
    start = time.perf_counter()
    interleaved.run()
    assert time.perf_counter() - start >= 0.13
    assert condition.most_waited == pytest.approx(0.05)
    assert len(interleaved.timings()["a"].seconds) >= 5


def test_a_condition_leaves_rounds_out_for_all_variants_alike() -> None:
    schedule = Schedule(slow_call_seconds=1.0)
    with pytest.raises(ValueError, match="every variant takes part"):
        Interleaved({"a": lambda: None}, schedule, condition=Told(good_and_bad(1)))
