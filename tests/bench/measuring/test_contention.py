"""Other work on the machine is seen by either of two signs."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bench.measuring import contention
from bench.measuring.contention import QuietWatch, pressure_seconds


def watched(*, one_thread: bool = True, wall: float, processor: float, stalled: float | None) -> QuietWatch:
    return QuietWatch(one_thread, wall, processor, stalled)


def test_a_quiet_span_is_quiet() -> None:
    assert not watched(wall=10.0, processor=9.9, stalled=0.1).contended
    assert not watched(wall=10.0, processor=9.9, stalled=None).contended
    assert not QuietWatch().contended


def test_waiting_tasks_and_lost_time_are_each_a_sign() -> None:
    assert watched(wall=10.0, processor=9.9, stalled=2.0).contended
    assert watched(wall=10.0, processor=7.0, stalled=None).contended


def test_lost_time_is_no_sign_where_threads_wait_for_each_other() -> None:
    assert not watched(one_thread=False, wall=10.0, processor=2.0, stalled=0.1).contended
    assert watched(one_thread=False, wall=10.0, processor=19.0, stalled=2.0).contended


def test_the_signs_are_told_as_numbers() -> None:
    assert watched(wall=10.0, processor=8.0, stalled=2.0).in_words() == (
        "tasks waited for a core 20% of the time, wall time was 1.25 x processor time"
    )
    assert "no pressure" in watched(one_thread=False, wall=1.0, processor=1.0, stalled=None).in_words()


def test_spans_add_up() -> None:
    watch = QuietWatch()
    for _ in range(2):
        before = watch.wall_seconds
        with watch:
            sum(range(1000))
        assert watch.wall_seconds > before


def test_pressure_is_read_from_the_total_of_some(tmp_path: Path) -> None:
    file = tmp_path / "cpu"
    file.write_text(
        "some avg10=1.00 avg60=2.00 avg300=3.00 total=2500000\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"
    )
    assert pressure_seconds(file) == 2.5
    assert pressure_seconds(tmp_path / "missing") is None
    file.write_text("")
    assert pressure_seconds(file) is None


def test_others_that_keep_a_core_busy_are_a_sign_although_nobody_waits() -> None:
    beside = QuietWatch(
        wall_seconds=10.0, processor_seconds=9.9, stalled_seconds=0.0, others_busy_seconds=10.0, num_cores=2
    )
    assert beside.contended
    assert beside.others_busy_share == 0.5
    assert "others kept 50% of the cores busy" in beside.in_words()
    beside.num_cores = 128
    assert not beside.contended, "one busy core of many takes nothing from us"


def test_too_short_a_span_says_nothing_of_others() -> None:
    brief = QuietWatch(
        wall_seconds=0.01, processor_seconds=0.01, stalled_seconds=0.0, others_busy_seconds=0.01, num_cores=1
    )
    assert brief.others_busy_share is None
    assert not brief.contended


def test_the_slowdown_is_what_was_lost_and_nothing_on_a_quiet_machine() -> None:
    assert watched(wall=10.0, processor=9.5, stalled=0.0).slowdown_ratio == 1.0
    assert watched(wall=10.0, processor=5.0, stalled=0.0).slowdown_ratio == 2.0
    assert watched(one_thread=False, wall=10.0, processor=2.0, stalled=5.0).slowdown_ratio == 2.0
    assert watched(one_thread=False, wall=10.0, processor=2.0, stalled=30.0).slowdown_ratio == pytest.approx(
        10
    )


def test_watches_add_up() -> None:
    total = watched(wall=1.0, processor=1.0, stalled=None)
    total.add(QuietWatch(True, 3.0, 2.0, 1.0, 4.0, 2))
    assert (total.wall_seconds, total.processor_seconds) == (4.0, 3.0)
    assert (total.stalled_seconds, total.others_busy_seconds, total.num_cores) == (1.0, 4.0, 2)


def test_a_watch_goes_to_another_process_and_back() -> None:
    with QuietWatch() as watch:
        sum(range(1000))
    assert pickle.loads(pickle.dumps(watch)) == watch


def test_own_work_is_not_that_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(contention, "system_busy_seconds", time.process_time)
    with QuietWatch() as alone:
        burn(0.3)
    assert alone.others_busy_seconds == pytest.approx(0.0, abs=0.02)


def test_a_busy_loop_of_another_process_is_seen() -> None:
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        with QuietWatch() as beside:
            burn(0.5)
    finally:
        other.kill()
        other.wait()
    assert beside.others_busy_seconds is not None
    assert beside.others_busy_seconds > 0.25 * beside.wall_seconds


def burn(seconds: float) -> None:
    until = time.perf_counter() + seconds
    while time.perf_counter() < until:
        sum(range(1000))


def test_a_call_that_takes_longer_in_one_spell_than_in_another_tells_of_the_host() -> None:
    watch = watched(wall=10.0, processor=9.9, stalled=0.0)
    steady = [1.0, 1.04] * 60
    watch.compare_spells(steady)
    assert watch.pace_ratio == 1.0
    assert not watch.contended
    # A few slow rounds are no spell.
    watch.compare_spells([*steady[:50], *[3.0] * 4, *steady[50:]])
    assert not watch.contended
    watch.compare_spells([*steady, *(1.5 * each for each in steady)])
    assert watch.pace_ratio == pytest.approx(1.5)
    assert watch.contended
    assert watch.slowdown_ratio == pytest.approx(10.0 / 9.9)
    assert "the same call took 1.50 x as long in one spell as in another" in watch.in_words()
    both = QuietWatch()
    both.add(watch)
    assert both.pace_ratio == watch.pace_ratio


@pytest.mark.parametrize("seconds", [[], [1.0, *[9.0] * 14], [0.0] * 40])
def test_too_few_rounds_or_none_that_took_time_tell_of_no_spell(seconds: list[float]) -> None:
    watch = QuietWatch()
    watch.compare_spells(seconds)
    assert watch.pace_ratio == 1.0
