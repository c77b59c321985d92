"""A function in a fresh interpreter gives its result back, and every way of failing is told."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from bench.errors import InputError, MeasurementError
from bench.measuring.processes import in_fresh_process

ROOT = Path(__file__).resolve().parents[3]


def double(values: list[int]) -> list[int]:
    print("this does not stand in the answer")
    return [2 * value for value in values]


def which_process() -> tuple[int, bool, str | None]:
    return os.getpid(), "torch" in sys.modules, os.environ.get("OMP_NUM_THREADS")


def a_large_answer(num_bytes: int) -> bytes:
    return bytes(num_bytes)


def fail() -> None:
    raise ZeroDivisionError("nothing goes\ninto nothing")


def refuse() -> None:
    raise InputError("--rows 0: must be 1 or more")


def be_killed(number: int) -> None:
    os.kill(os.getpid(), number)


def take_more_memory_than_there_is() -> int:
    return len(bytearray(2**62))


def wait() -> None:
    time.sleep(60)


def test_the_result_comes_back() -> None:
    assert in_fresh_process(double, [1, 2]) == [2, 4]
    assert len(in_fresh_process(a_large_answer, 3_000_000)) == 3_000_000


def test_it_is_another_process_with_nothing_imported_and_the_threads_that_were_asked_for() -> None:
    process, has_torch, num_threads = in_fresh_process(which_process, num_threads=3)
    assert process != os.getpid()
    assert not has_torch
    assert num_threads == "3"


def test_an_error_of_ours_comes_back_as_it_is() -> None:
    with pytest.raises(InputError, match=r"^--rows 0: must be 1 or more$"):
        in_fresh_process(refuse)


def test_another_error_is_told_by_its_last_line() -> None:
    with pytest.raises(MeasurementError, match=r"^fail: failed in a process of its own: into nothing$"):
        in_fresh_process(fail)


def test_out_of_memory_is_named() -> None:
    with pytest.raises(MeasurementError, match=r"out of memory: the system killed"):
        in_fresh_process(be_killed, int(signal.SIGKILL))
    with pytest.raises(MeasurementError, match=r"out of memory.*MemoryError"):
        in_fresh_process(take_more_memory_than_there_is)


def test_another_signal_is_named() -> None:
    with pytest.raises(MeasurementError, match=r"ended by SIGTERM"):
        in_fresh_process(be_killed, int(signal.SIGTERM))


def test_what_takes_too_long_is_ended() -> None:
    before = set(psutil.Process().children())
    with pytest.raises(MeasurementError, match=r"stopped after 0.5 s"):
        in_fresh_process(wait, timeout_seconds=0.5)
    assert set(psutil.Process().children()) == before


def test_a_function_that_cannot_be_found_again_is_refused() -> None:
    with pytest.raises(ValueError, match=r"must be a function of a module"):
        in_fresh_process(lambda: 1)


def test_what_cannot_be_handed_over_is_told() -> None:
    with pytest.raises(MeasurementError, match=r"double: cannot be handed to a process of its own: "):
        in_fresh_process(double, lambda: 1)


def test_ctrl_c_ends_both_processes() -> None:
    code = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from bench.measuring.processes import in_fresh_process; import time; in_fresh_process(time.sleep, 60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE)
    try:
        watched = psutil.Process(parent.pid)
        until = time.monotonic() + 20
        while not (children := watched.children()) and time.monotonic() < until:
            time.sleep(0.05)
        assert children, "the fresh process never started"
        # Only the parent is told, as when a program and not a terminal ends it.
        parent.send_signal(signal.SIGINT)
        assert parent.wait(20) != 0
        gone, alive = psutil.wait_procs(children, timeout=10)
        assert gone
        assert not alive
    finally:
        if parent.poll() is None:
            parent.kill()
        parent.communicate()
