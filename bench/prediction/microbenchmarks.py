"""Single operations over a range of shapes: matrix products, attention, convolutions, memory traffic."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD
from bench.prediction.clock import fastest
from bench.prediction.tasks import BYTES_PER_FP32
from bench.prediction.tracing import Layout

ROWS = (1, 4, 16, 64, 256, 512)
WIDTHS = (16, 128, 512, 2048)
LAYOUTS: tuple[Layout, ...] = ("forward", "input_gradient", "weight_gradient")
SECONDS_PER_MATMUL, MIN_MATMUL_BLOCKS = 0.007, 5

STREAM_ROWS = (1, 4, 16)
STREAM_WIDTHS = (512, 1024)
STREAM_BYTES = (2**22, 2**24, 2**26, 2**27)

QUERIES = (16, 64, 256, 1024)
HEAD_WIDTHS = (32, 64, 128)
CACHED_KEYS = (64, 256, 1024)
ATTENTION_FLOPS = 1e8

CHANNELS = (16, 64, 256, 768)
SIDES = (2, 4, 8, 16, 32)
CONVOLUTION_FLOPS = 1.5e8
MANY_CHANNELS, LARGEST_WIDE_SIDE = 512, 4
"""So many channels are timed on small images alone, where their weights decide; on larger ones arithmetic does, and the
rate of fewer channels holds. Images smaller than the kernel go ways of their own in oneDNN."""

TRAFFIC_BYTES = tuple(2**power for power in range(12, 29, 2))
SECONDS_PER_POINT = 0.01
PAGED_BYTES = 2**26

LAYOUT_CHANNELS, LAYOUT_SIDE = 768, 4
LAYOUT_FLOPS_PER_SECOND = 1e11
"""A rate that arithmetic hardly passes on one core: what a wide convolution takes beyond it is put down to layouts."""
PASSES = 2
"""A slow spell of the host then spoils one of two measurements of a point, and the better one counts."""


class Point(NamedTuple):
    """What was timed: the quantity, its form, its shape, and the value found."""

    name: str
    variant: str
    conditions: dict[str, int | float | str]
    value: float


def better(one: Point, other: Point) -> Point:
    """Return the faster of two measurements of a point."""
    is_rate = one.name.endswith("_per_second")
    return max(one, other, key=lambda point: point.value if is_rate else -point.value)


def matmuls() -> Iterator[Point]:
    """FLOP/s of the three products of a linear layer: its output, the gradients of its input and of its weights."""
    for rows, inputs, outputs in product(ROWS, WIDTHS, WIDTHS):
        x, weight, gradient = (
            torch.randn(rows, inputs),
            torch.randn(outputs, inputs),
            torch.randn(rows, outputs),
        )
        calls: dict[Layout, Callable[[], object]] = {
            "forward": partial(torch.mm, x, weight.t()),
            "input_gradient": partial(torch.mm, gradient, weight),
            "weight_gradient": partial(torch.mm, gradient.t(), x),
        }
        flops = FLOPS_PER_MULTIPLY_ADD * rows * inputs * outputs
        for layout, call in calls.items():
            seconds = fastest(call, SECONDS_PER_MATMUL, MIN_MATMUL_BLOCKS)
            shape = {"rows": rows, "inputs": inputs, "outputs": outputs}
            yield Point("matmul_flops_per_second", layout, {**shape}, flops / seconds)


def weight_streams() -> Iterator[Point]:
    """Bytes of weights per second in products of few rows, when so many bytes of weights pass before they recur."""
    for rows, width, total in product(STREAM_ROWS, STREAM_WIDTHS, STREAM_BYTES):
        count = total // (BYTES_PER_FP32 * width**2)
        weights = [torch.full((width, width), 0.5) for _ in range(count)]
        seconds = fastest(partial(_in_turn, torch.randn(rows, width), weights), SECONDS_PER_POINT)
        shape = {"rows": rows, "width": width, "bytes": total}
        yield Point("weight_stream_bytes_per_second", "forward", {**shape}, total / seconds)


def attentions() -> Iterator[Point]:
    """FLOP/s of causal attention forward and backward, and bytes of keys and values per second in decoding."""
    for queries, width in product(QUERIES, HEAD_WIDTHS):
        per_head = 2 * FLOPS_PER_MULTIPLY_ADD * queries**2 * width
        heads = max(1, math.ceil(ATTENTION_FLOPS / per_head / 4))
        tensors = [torch.randn(1, heads, queries, width, requires_grad=True) for _ in range(3)]
        shape = {"queries": queries, "head_width": width}
        forward = fastest(partial(_attend, tensors), SECONDS_PER_POINT)
        yield Point("attention_flops_per_second", "forward", {**shape}, heads * per_head / forward)
        out = _attend(tensors, gradients=True)
        gradient = torch.randn_like(out)
        backward = fastest(
            partial(torch.autograd.grad, out, tensors, gradient, retain_graph=True),
            SECONDS_PER_POINT,
        )
        yield Point("attention_flops_per_second", "backward", {**shape}, 2.5 * heads * per_head / backward)
    for keys, width in product(CACHED_KEYS, HEAD_WIDTHS):
        heads = 32
        query, key, value = (torch.randn(1, heads, n, width) for n in (1, keys, keys))
        seconds = fastest(partial(F.scaled_dot_product_attention, query, key, value), SECONDS_PER_POINT)
        read = 2 * 4 * heads * keys * width
        yield Point(
            "attention_bytes_per_second", "decode", {"keys": keys, "head_width": width}, read / seconds
        )


def convolutions() -> Iterator[Point]:
    """FLOP/s of 3 x 3 and 1 x 1 convolutions forward and backward, and what bringing weights into layout takes.

    oneDNN brings weights into a layout of its own at each call; with many channels and few pixels that is most of it.
    """
    wide = _convolution(LAYOUT_CHANNELS, LAYOUT_SIDE, 3, 1)
    per_byte = {}
    for direction, (seconds, flops) in wide.items():
        weight_bytes = BYTES_PER_FP32 * LAYOUT_CHANNELS**2 * 3**2
        per_byte[direction] = max(seconds - flops / LAYOUT_FLOPS_PER_SECOND, 0.0) / weight_bytes
        yield Point("layout_seconds_per_byte", direction, {}, per_byte[direction])
    known: dict[tuple[int, int, str], float] = {}
    for channels, side, kernel in product(CHANNELS, SIDES, (3, 1)):
        layout_bytes = BYTES_PER_FP32 * channels**2 * kernel**2 if kernel > 1 else 0
        shape = {"channels": channels, "pixels": side**2, "taps": kernel**2}
        is_wide = channels > MANY_CHANNELS
        if not is_wide or side <= LARGEST_WIDE_SIDE:
            for direction, (seconds, flops) in _convolution(
                channels, side, kernel, _rows(channels, side, kernel)
            ).items():
                computing = max(seconds - layout_bytes * per_byte[direction], seconds / 2)
                known[side, kernel, direction] = flops / computing
        for direction in ("forward", "backward"):
            yield Point("convolution_flops_per_second", direction, {**shape}, known[side, kernel, direction])


def _rows(channels: int, side: int, kernel: int) -> int:
    """Return how many images are convolved at once, so that it takes long enough and not too long."""
    per_row = FLOPS_PER_MULTIPLY_ADD * channels**2 * side**2 * kernel**2
    return min(64, max(4, math.ceil(CONVOLUTION_FLOPS / per_row)))


def _convolution(channels: int, side: int, kernel: int, rows: int) -> dict[str, tuple[float, float]]:
    """Return seconds and FLOPs of a convolution forward and backward."""
    flops = FLOPS_PER_MULTIPLY_ADD * rows * channels**2 * side**2 * kernel**2
    x = torch.randn(rows, channels, side, side, requires_grad=True)
    weight = torch.randn(channels, channels, kernel, kernel, requires_grad=True)
    with torch.no_grad():
        forward = fastest(partial(F.conv2d, x, weight, padding="same"), SECONDS_PER_POINT)
    out = F.conv2d(x, weight, padding="same")
    call = partial(torch.autograd.grad, out, (x, weight), torch.randn_like(out), retain_graph=True)
    return {"forward": (forward, flops), "backward": (fastest(call, SECONDS_PER_POINT), 2 * flops)}


def traffic() -> Iterator[Point]:
    """Bytes per second that an element-wise operation reads and writes: into new memory, and in place.

    And what the system takes to hand out new memory, which a result too large for the allocator's store always needs.
    """
    for size in TRAFFIC_BYTES:
        length = max(1, size // 12)
        a, b = torch.randn(length), torch.randn(length)
        moved = 12 * length
        for form, call in (("fresh", partial(torch.add, a, b)), ("in_place", partial(a.add_, b, alpha=1e-3))):
            seconds = fastest(call, SECONDS_PER_POINT)
            yield Point("traffic_bytes_per_second", form, {"bytes": moved}, moved / seconds)
    kept = torch.empty(PAGED_BYTES // BYTES_PER_FP32)
    fresh = fastest(lambda: torch.empty(PAGED_BYTES // BYTES_PER_FP32).fill_(1.0), SECONDS_PER_POINT)
    again = fastest(lambda: kept.fill_(1.0), SECONDS_PER_POINT)
    yield Point("page_fault_seconds_per_byte", "fp32", {}, max(fresh - again, 0.0) / PAGED_BYTES)


def _attend(tensors: Sequence[Tensor], *, gradients: bool = False) -> Tensor:
    query, key, value = tensors
    with torch.set_grad_enabled(gradients):
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def _in_turn(x: Tensor, weights: Sequence[Tensor]) -> None:
    for weight in weights:
        torch.mm(x, weight.t())
