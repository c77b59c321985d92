"""What was timed is written up as it is, and no difference is claimed that the control does not allow."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.measuring.contention import QuietWatch
from bench.measuring.generation import Cell, GenerationTiming
from bench.measuring.interleaving import Timing
from bench.measuring.speed import CONTROL, SpeedTimes
from bench.record import Measurement
from bench.sheet import Sheet
from bench.speed_notes import SpeedNotes

ROUNDS = 20
QUIET = QuietWatch(True, 10.0, 9.9, 0.0)
BUSY = QuietWatch(True, 10.0, 5.0, 5.0)
QUIET_TEAM = QuietWatch(False, 10.0, 19.0, 0.0)
BUSY_TEAM = QuietWatch(False, 10.0, 10.0, 5.0)


def timing(seconds: float, processor_seconds: float | None = None) -> Timing:
    per_round = tuple(seconds * (1 + 0.001 * (number % 3)) for number in range(ROUNDS))
    processor = tuple(processor_seconds or s for s in per_round)
    return Timing(per_round, processor, per_round * 2, loops=4, warm=True)


def times(one_thread: QuietWatch = QUIET, all_threads: QuietWatch = QUIET_TEAM) -> SpeedTimes:
    cell = GenerationTiming(Cell(4, 64), prefill=timing(0.02), decode=timing(0.002))
    return SpeedTimes(
        latencies={"fp32": timing(0.004), CONTROL: timing(0.004), "int8": timing(0.002)},
        all_threads={name: timing(0.003) for name in ("fp32", CONTROL, "int8")},
        throughputs={"fp32": timing(0.1), CONTROL: timing(0.11), "int8": timing(0.095)},
        one_thread_throughputs={"fp32": timing(0.18), CONTROL: timing(0.18), "int8": timing(0.12)},
        single_calls={"fp32": tuple(0.001 * n for n in range(1, 102)), "int8": (0.002,) * 20},
        generation={"fp32": [cell]},
        one_thread_watch=one_thread,
        all_threads_watch=all_threads,
    )


def notes(found: SpeedTimes) -> dict[tuple[str, str, int], Measurement]:
    sheet = Sheet("gpt")
    writer = SpeedNotes(sheet, found, "cpu", 2, rows=16, items=2048, item="bytes", row_in_words="128 bytes")
    for variant in ("fp32", "int8"):
        writer.speed(variant)
        writer.generation(variant)
    writer.ratios("int8")
    return {(m.name, m.variant, len(m.conditions)): m for m in sheet.measurements}


def test_times_on_one_thread_and_on_all_stand_side_by_side() -> None:
    found = notes(times())
    one, both = found["latency_seconds", "fp32", 0], found["latency_seconds", "fp32", 1]
    assert one.value == pytest.approx(0.004, rel=0.01)
    assert both.value == pytest.approx(0.003, rel=0.01)
    assert both.conditions == {"threads": 2}
    assert "1 thread" in one.method
    assert "2 threads" in both.method
    assert len(one.samples) == ROUNDS
    assert found["latency_processor_seconds", "int8", 0].value == pytest.approx(0.002, rel=0.01)
    assert found["throughput_bytes_per_second", "fp32", 0].value == pytest.approx(20_480, rel=0.01)


def test_percentiles_are_given_only_with_enough_samples() -> None:
    found = notes(times())
    p95 = found["latency_p95_seconds", "fp32", 0]
    assert p95.value == pytest.approx(0.096)
    assert len(p95.samples) == 101
    assert found["latency_p99_seconds", "fp32", 0].value is None
    assert found["latency_p99_seconds", "fp32", 0].note == "101 samples; the 99th percentile needs 300"
    assert found["latency_p95_seconds", "int8", 0].value is None


def test_a_difference_below_the_floor_of_the_control_is_not_called_one() -> None:
    found = notes(times())
    latency, throughput = found["latency_ratio", "int8", 0], found["throughput_ratio", "int8", 1]
    assert latency.value == pytest.approx(2.0)
    assert latency.note.startswith("faster; fp32 against itself gave 1.000")
    # The copy was 9 % slower than its original, so 5 % faster says nothing.
    assert throughput.value == pytest.approx(0.1 / 0.095)
    assert throughput.note.startswith(
        "no difference that can be told from noise; fp32 against itself gave 0.909"
    )


def test_the_ratio_of_throughputs_is_taken_on_one_thread_and_on_all_as_a_second_figure() -> None:
    found = notes(times())
    steady, second = found["throughput_ratio", "int8", 0], found["throughput_ratio", "int8", 1]
    assert steady.value == pytest.approx(1.5)
    assert "1 thread" in steady.method
    assert second.conditions == {"threads": 2}
    assert "2 threads" in second.method
    alone = notes(replace(times(), one_thread_throughputs={}))
    assert ("throughput_ratio", "int8", 1) not in alone
    assert alone["throughput_ratio", "int8", 0].value == second.value


def test_generation_is_told_for_each_cell() -> None:
    found = notes(times())
    assert found["prefill_seconds", "fp32", 2].conditions == {"batch": 4, "context_tokens": 64}
    assert found["prefill_seconds", "fp32", 2].value == pytest.approx(0.02, rel=0.01)
    assert found["decode_seconds_per_token", "fp32", 2].value == pytest.approx(0.002, rel=0.01)
    assert found["decode_tokens_per_second", "fp32", 2].value == pytest.approx(2000, rel=0.01)


def test_beside_other_work_absolute_times_reach_down_and_say_why() -> None:
    quiet, busy = notes(times()), notes(times(BUSY, BUSY_TEAM))
    before, after = (found["latency_seconds", "fp32", 0] for found in (quiet, busy))
    assert (after.value, after.high) == (before.value, before.high)
    assert after.low == pytest.approx(0.004 / 2), "half of the wall time was spent waiting"
    assert "contended" in after.note
    assert "contended" not in before.note
    throughput = busy["throughput_bytes_per_second", "fp32", 0]
    assert throughput.high == pytest.approx(2048 / 0.1 * 2), "tasks waited half of the time"


def test_beside_other_work_a_ratio_holds_what_both_clocks_say() -> None:
    found = times(BUSY)
    found.latencies["int8"] = timing(0.002, processor_seconds=0.001)
    ratio = notes(found)["latency_ratio", "int8", 0]
    assert ratio.low is not None
    assert ratio.high is not None
    assert ratio.low <= 2.0
    assert ratio.high == pytest.approx(4.0, rel=0.01)
    quiet = notes(replace(found, one_thread_watch=QUIET))["latency_ratio", "int8", 0]
    assert quiet.high == pytest.approx(2.0)


def test_a_drift_and_a_cold_start_are_named() -> None:
    found = times()
    rising = tuple(0.004 * (1 + number / ROUNDS) for number in range(ROUNDS))
    found.latencies["fp32"] = Timing(rising, rising, (*rising, 0.5), loops=1, warm=False)
    found.latencies[CONTROL] = found.latencies["fp32"]
    note = notes(found)["latency_seconds", "fp32", 0].note
    assert "drifted by +" in note
    assert "1 of 21 blocks were outliers" in note
    assert "not become stable" in note


def test_rounds_in_which_the_cores_lay_apart_are_told() -> None:
    found = times()
    for name, one in found.throughputs.items():
        found.throughputs[name] = replace(one, left_out=7)
    for name, one in found.all_threads.items():
        found.all_threads[name] = replace(one, unfit=5)
    told = notes(found)
    for name, conditions in (("throughput_bytes_per_second", 0), ("throughput_ratio", 1)):
        assert "7 further rounds do not count: the cores lay apart" in told[name, "int8", conditions].note
    assert "in 5 of 20 rounds the cores lay apart" in told["latency_seconds", "int8", 1].note
    for name in ("latency_seconds", "latency_ratio", "throughput_ratio"):
        assert "apart" not in told[name, "int8", 0].note


def test_one_round_that_does_not_count_is_one() -> None:
    found = times()
    for name, one in found.throughputs.items():
        found.throughputs[name] = replace(one, left_out=1)
    assert "1 further round does not count" in notes(found)["throughput_ratio", "int8", 1].note
