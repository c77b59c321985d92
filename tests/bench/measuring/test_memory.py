"""Peak memory of tensors is exact and repeatable, and the profiler keeps its chatter to itself."""

from __future__ import annotations

import gc

import psutil
import pytest
import torch

from bench.errors import MeasurementError
from bench.measuring import memory
from bench.measuring.memory import (
    ProcessPeak,
    module_bytes,
    process_peak_bytes,
    tensor_bytes,
    tensor_peak_bytes,
)

KILO_FLOATS_BYTES = 4096


def two_at_a_time() -> torch.Tensor:
    for _ in range(5):
        first = torch.ones(1024)
        second = torch.ones(1024)
        del first, second
    return torch.ones(1024)


def test_the_peak_is_what_lived_at_one_time() -> None:
    assert tensor_peak_bytes(two_at_a_time, "cpu") == 2 * KILO_FLOATS_BYTES


def test_the_peak_is_the_same_each_time() -> None:
    model = torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.ReLU(), torch.nn.Linear(64, 8))

    def step() -> None:
        torch.autograd.backward(model(torch.ones(32, 64)).sum())
        model.zero_grad(set_to_none=True)

    step()
    assert len({tensor_peak_bytes(step, "cpu") for _ in range(3)}) == 1


def test_garbage_of_earlier_work_is_not_given_up_by_this_one() -> None:
    class Holder:
        def __init__(self) -> None:
            self.tensor, self.me = torch.ones(1024), self

    def work() -> torch.Tensor:
        first = torch.ones(1024)
        gc.collect()
        second = torch.ones(1024)
        return first + second

    gc.disable()
    try:
        # The profiler remembers what it once saw come, and tells when it goes.
        tensor_peak_bytes(lambda: [Holder() for _ in range(3)], "cpu")
        assert tensor_peak_bytes(work, "cpu") == 3 * KILO_FLOATS_BYTES
        assert not gc.isenabled(), "as it was before"
    finally:
        gc.enable()
    tensor_peak_bytes(lambda: torch.ones(1), "cpu")
    assert gc.isenabled()


def test_what_earlier_work_left_and_this_one_frees_counts_for_nothing() -> None:
    left: list[torch.Tensor] = []
    tensor_bytes(lambda: left.append(torch.ones(4096)), "cpu")

    def frees_and_takes() -> torch.Tensor:
        left.clear()
        return torch.ones(1024)

    assert tensor_bytes(frees_and_takes, "cpu") == (KILO_FLOATS_BYTES, KILO_FLOATS_BYTES)


def test_work_that_allocates_nothing_is_an_error() -> None:
    with pytest.raises(MeasurementError, match="no allocation"):
        tensor_peak_bytes(lambda: None, "cpu")


def test_nothing_is_said_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    tensor_peak_bytes(two_at_a_time, "cpu")
    assert capfd.readouterr().err == ""


def test_an_error_within_the_work_comes_out_and_standard_error_works_again(
    capfd: pytest.CaptureFixture[str],
) -> None:
    import os

    with pytest.raises(ZeroDivisionError):
        tensor_peak_bytes(lambda: 1 / 0, "cpu")
    os.write(2, b"still here")
    assert capfd.readouterr().err == "still here"


def test_module_bytes_follow_the_number_format() -> None:
    layer = torch.nn.Linear(10, 5)
    assert module_bytes(layer) == 4 * 55
    assert module_bytes(layer.to(torch.bfloat16)) == 2 * 55


def test_the_process_peak_is_at_least_what_is_resident_and_at_most_what_there_is() -> None:
    assert 0 < process_peak_bytes() <= psutil.virtual_memory().total
    assert process_peak_bytes() >= 0.5 * psutil.Process().memory_info().rss


def test_what_the_result_keeps_alive_is_told_apart_from_the_peak() -> None:
    found = tensor_bytes(two_at_a_time, "cpu")
    assert found.peak == 2 * KILO_FLOATS_BYTES
    assert found.kept == KILO_FLOATS_BYTES


def test_the_peak_of_the_process_counts_from_a_baseline() -> None:
    watch = ProcessPeak()
    held = bytearray(64 * 2**20)
    # The kernel's count lags by some pages.
    least = 0.95 * len(held)
    assert least <= watch.beyond_baseline_bytes() < 2 * len(held)
    del held
    assert watch.beyond_baseline_bytes() >= least, "a peak stays when the memory is given back"
    if watch.was_reset:
        assert ProcessPeak().beyond_baseline_bytes() < 16 * 2**20


def test_where_the_system_keeps_no_status_the_peak_comes_from_its_accounting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "_status_bytes", lambda key: None)
    watch = ProcessPeak()
    assert not watch.was_reset
    assert process_peak_bytes() > 2**20
