"""The utilisation of a run is held against the peak of the format in which its matrices were multiplied."""

from __future__ import annotations

import pytest

from bench.training.progress import History, Pace, in_words


def test_the_peak_is_that_of_the_format_in_use() -> None:
    pace = Pace("bytes", 64, step_flops=10**9, peaks_flops_per_second={"fp32": 1e10, "bf16": 4e10})
    assert pace.mfu_share(0.5, bf16=False) == pytest.approx(0.2)
    assert pace.mfu_share(0.5, bf16=True) == pytest.approx(0.05)
    past = History(step=1, step_seconds=[0.5], training_losses_nats=[1.0], bf16=True)
    assert "MFU 5%" in in_words(past, 10, pace)


def test_without_a_peak_or_a_count_there_is_no_utilisation() -> None:
    assert Pace("bytes", 64, step_flops=10**9).mfu_share(0.5, bf16=False) is None
    assert Pace("bytes", 64, None, {"fp32": 1e10}).mfu_share(0.5, bf16=False) is None
    only_fp32 = Pace("bytes", 64, 10**9, {"fp32": 1e10})
    assert only_fp32.mfu_share(0.5, bf16=True) is None
    assert "MFU" not in in_words(History(step=1, step_seconds=[0.5], bf16=True), 10, only_fp32)
