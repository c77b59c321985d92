"""Other work on the machine is seen by either of two signs."""

from __future__ import annotations

from pathlib import Path

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
