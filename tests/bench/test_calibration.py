"""Peaks are measured: every size is in the samples, and the value is the best of them."""

from __future__ import annotations

import pytest

from bench import calibration


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "SECONDS_PER_SIZE", 0.01)
    monkeypatch.setitem(calibration.MATRIX_SIZES, "cpu", (16, 64))
    monkeypatch.setitem(calibration.BUFFER_BYTES, "cpu", 2**22)


@pytest.mark.parametrize("number_format", ["fp32", "bf16"])
def test_the_peak_is_the_best_of_all_sizes(number_format: str) -> None:
    found = calibration.peak_flops("cpu", number_format)
    assert found.variant == number_format
    assert len(found.samples) == 2
    assert found.value == max(found.samples) > 0
    assert "sizes 16, 64" in found.method


def test_a_format_that_is_emulated_does_not_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "MAX_CALL_SECONDS", 0.0)
    assert len(calibration.peak_flops("cpu", "bf16").samples) == 1


def test_bandwidth_counts_three_arrays() -> None:
    found = calibration.memory_bandwidth("cpu")
    assert found.value == max(found.samples) > 0
    assert "two arrays read and one written" in found.method


def test_the_machine_gets_both_formats_and_the_bandwidth() -> None:
    found = [(m.name, m.variant) for m in calibration.measure_machine("cpu")]
    assert found == [
        ("peak_flops_per_second", "fp32"),
        ("peak_flops_per_second", "bf16"),
        ("memory_bandwidth_bytes_per_second", "fp32"),
    ]
