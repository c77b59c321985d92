"""Operations are priced by where their operands lie, and small ones by what a call of their kind takes."""

from __future__ import annotations

import pytest

from bench.prediction.convolutions import ConvolutionCosts
from bench.prediction.costs import MAX_STREAMED_ROWS, OPERATION, OPERATION_CALL, Costs, of_operations
from bench.prediction.microbenchmarks import WIDE
from bench.prediction.pace import Timed
from bench.prediction.surfaces import Surface
from bench.prediction.tracing import ATTENTION, Op, Trace

LARGE_BYTES = 2**20
CALL_SECONDS = 1e-5


def other(name: str, bytes_moved: int) -> Op:
    return Op(name, "other", (), "forward", 0, bytes_moved, bytes_moved // 2, 1)


def flat(value: float, *axes: str) -> Surface:
    return Surface.of("flat", axes, [(dict.fromkeys(axes, 1.0), value)])


def costs(calls: dict[str, float], wide_flops_per_second: float = 1e11) -> Costs:
    """Costs of which the products, the traffic, the attention of one query and the calls matter alone."""
    cached = [
        ({"keys": 64, "head_width": 64, "bytes": passed}, rate) for passed, rate in ((1e6, 4e10), (1e8, 1e10))
    ]
    traffic = {form: flat(1e10, "bytes") for form in ("fresh", "in_place", "adamw")}
    return Costs(
        matmul={"forward": flat(1e11, "rows", "inputs", "outputs")},
        wide_matmul={"forward": wide_flops_per_second},
        weight_stream=flat(1e10, "rows", "inputs", "bytes"), attention={},
        decode_attention=Surface.of("cached", ("keys", "head_width", "bytes"), cached),
        convolution=ConvolutionCosts({}, traffic["in_place"]), traffic=traffic, page_fault_seconds_per_byte=0.0,
        operation_seconds_per_byte={}, operation_seconds_per_call=calls,
    )  # fmt: skip


def attention(heads: int, keys_heads: int) -> Op:
    keys, width = 64, 64
    kept = 2 * 4 * keys_heads * keys * width
    return Op(ATTENTION, "attention", (heads, 1, keys, width), "forward", 0, kept, 0, 1)


def test_keys_and_values_take_longer_after_the_weights_of_a_large_model() -> None:
    read = 2 * 4 * 32 * 64 * 64
    found = costs({})
    assert found.seconds(attention(32, 32), 10**6) == pytest.approx(read / 4e10)
    assert found.seconds(attention(32, 32), 10**8) == pytest.approx(read / 1e10)


def test_heads_that_share_keys_fetch_them_once() -> None:
    read = 2 * 4 * 32 * 64 * 64
    shared = costs({}).seconds(attention(32, 8), 10**8)
    assert shared == pytest.approx(read / 4e10 + read / 4 * (1 / 1e10 - 1 / 4e10))


@pytest.mark.parametrize(("wide_flops_per_second", "expected"), [(5e10, 5e10), (1e11, 1e11), (1.5e11, 1e11)])
def test_wide_products_lose_what_they_lost_and_are_never_faster(
    wide_flops_per_second: float, expected: float
) -> None:
    width, rows = WIDE, 2 * MAX_STREAMED_ROWS
    product = Op("aten::mm", "matmul", (1, rows, width, width), "forward", 2 * rows * width**2, 0, 0, 1)
    found = costs({}, wide_flops_per_second).seconds(product, 4 * width**2)
    assert found == pytest.approx(product.flops / expected)


def test_a_small_operation_takes_what_a_call_of_its_kind_takes_beyond_others() -> None:
    found = costs({"aten::mean": 3e-5})
    assert found.seconds(other("aten::mean", 100), 0) == 3e-5
    assert found.seconds(other("aten::mul", 100), 0) == 0.0
    assert found.seconds(other("aten::mean", LARGE_BYTES), 0) == pytest.approx(3e-5 + LARGE_BYTES / 1e10)


def test_what_calls_and_bytes_take_is_found_inside_steps() -> None:
    seconds = {
        other("aten::mul", 100): CALL_SECONDS,
        other("aten::add", 100): CALL_SECONDS,
        other("aten::mean", 100): CALL_SECONDS + 3e-5,
        other("aten::mean", LARGE_BYTES): CALL_SECONDS + 3e-5 + LARGE_BYTES * 2e-10,
        other("aten::mul", LARGE_BYTES): CALL_SECONDS + LARGE_BYTES * 1e-10,
    }
    trace = Trace(dict.fromkeys(seconds, 2), 0)
    cell = Timed(1e-3, 1e-3, 1e-3, trace, seconds)
    points = of_operations([cell, cell], 1e-3)
    calls, rates = (
        {p.variant: p.value for p in points if p.name == name} for name in (OPERATION_CALL, OPERATION)
    )
    assert calls == {"aten::add": 0.0, "aten::mean": pytest.approx(3e-5), "aten::mul": 0.0}
    assert rates == {"aten::mean": pytest.approx(2e-10), "aten::mul": pytest.approx(1e-10)}
