"""Values are written as people read them, in the unit that the name carries."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.record import Measurement, Record
from bench.table import UNITS, headline, in_units, table, whole


@pytest.mark.parametrize(
    ("value", "name", "text"),
    [
        (0.0042, "latency_seconds", "4.2 ms"),
        (2.5e-5, "latency_seconds", "25 us"),
        (12.0, "training_seconds", "12 s"),
        (0.0, "latency_seconds", "0 s"),
        (2.7e11, "peak_flops_per_second", "270 GFLOP/s"),
        (24.1e9, "memory_bandwidth_bytes_per_second", "24.1 GB/s"),
        (550702.4, "throughput_items_per_second", "550,702 items/s"),
        (6_810_000, "file_bytes", "6.81 MB"),
        (1_701_120, "params", "1,701,120 params"),
        (0.989, "accuracy_share", "98.9 %"),
        (-0.000732, "accuracy_difference_share", "-0.0732 %"),
        (1.2345, "latency_ratio", "1.23 x"),
        (2.0651, "loss_nats_per_byte", "2.065 nats/byte"),
        (0, "reload_differing_outputs", "0"),
        (608, "files", "608"),
    ],
)
def test_a_value_is_written_in_the_unit_of_its_name(value: float, name: str, text: str) -> None:
    assert in_units(value, name) == text


@given(st.floats(-1e300, 1e300), st.sampled_from([end for end, _ in UNITS]))
def test_any_number_in_any_unit_can_be_written(value: float, end: str) -> None:
    assert in_units(value, f"x_{end}").split()[0].strip("-")[0].isdigit()


def test_columns_are_aligned_and_the_unknown_is_called_so() -> None:
    rows = [
        Measurement(subject="gpt", name="latency_seconds", value=0.004, low=0.003, high=0.005, method="m"),
        Measurement(subject="machine", variant="bf16", name="peak_flops_per_second", value=None, method="m"),
    ]
    header, first, second = table(rows).splitlines()
    end = header.index("value") + len("value")
    assert first[:end].endswith("4 ms")
    assert second[:end].endswith("unknown")
    assert first.endswith("3 ms to 5 ms")


def test_the_whole_record_tells_machine_warnings_and_methods(make_record: Callable[..., Record]) -> None:
    record = make_record(warnings=("the machine was not quiet",))
    text = whole(record, Path("somewhere.json"))
    for part in ("somewhere.json", "0123456789abcdef", "not quiet", "4 ms", "gpt latency_seconds: timed"):
        assert part in text


def test_the_headline_leaves_out_the_lesser_numbers(make_record: Callable[..., Record]) -> None:
    lesser = Measurement(subject="gpt", name="training_step_flops", value=1.0, method="m")
    text = headline(make_record(measurements=(*make_record().measurements, lesser)))
    assert "latency_seconds" in text
    assert "training_step_flops" not in text
