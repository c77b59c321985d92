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
from bench.prediction.convolutions import Convolved, Direction, products_inside
from bench.prediction.tasks import BYTES_PER_FP32
from bench.prediction.tracing import Layout

ROWS = (1, 2, 4, 8, 16, 64, 256)
WIDTHS = (16, 128, 512, 2048)
NUM_LARGE = 2
"""So many of the largest rows and widths are timed twice in each pass: they decide the steps of large models."""
LAYOUTS: tuple[Layout, ...] = ("forward", "input_gradient", "weight_gradient")
WIDE, WIDE_ROWS = 4096, 64
"""Matrices of this width are timed at so many rows alone, against those of half the width: larger ones would take long,
and what they lose, above all by their many pages of memory, depends little on the rows."""

STREAM_ROWS = (1, 2, 4, 8, 16)
STREAM_INPUTS, STREAM_OUTPUTS = (256, 512, 1024, 4096), 512
"""Weights lie input by input, and the longer these rows, the faster they are read; how many outputs there are makes no
difference."""
STREAM_BYTES = (2**22, 2**24, 2**26)

QUERIES = (16, 64, 256, 1024)
HEAD_WIDTHS = (32, 64, 128)
CACHED_KEYS = (64, 256, 1024)
CACHED_BYTES, CACHED_HEADS = (2**22, 2**26), 32
"""Keys and values of so many bytes pass in turn: of one layer again and again, or after the weights of many others."""
ATTENTION_FLOPS = 1e8

ROTATED_BYTES = 2**24
"""Two smaller weights of a convolution take turns: in a step they come from beyond the caches."""


class Kernel(NamedTuple):
    """A convolution to time, on square images."""

    rows: int
    channels_in: int
    channels_out: int
    side: int
    width: int
    stride: int = 1
    gradients: int = 2

    @property
    def padding(self) -> int:
        """Pixels around an image, so that it keeps its size."""
        return self.width // 2

    @property
    def shape(self) -> Convolved:
        """Its shape as an operation."""
        sides = ((each, each) for each in (self.side, self.width, self.stride, self.padding, 1))
        pixels = self.side**2
        return Convolved(
            self.rows, self.channels_in, self.channels_out, pixels, pixels // self.stride**2, self.width**2,
            products_inside(*sides), gradients=self.gradients,
        )  # fmt: skip


KERNELS = (
    Kernel(2, 3, 64, 32, 3, gradients=1), Kernel(8, 3, 128, 16, 3, gradients=1), Kernel(16, 1, 64, 8, 3, gradients=1),
    Kernel(8, 16, 16, 32, 3), Kernel(8, 32, 32, 16, 3), Kernel(16, 32, 64, 16, 3, 2),
    Kernel(2, 64, 64, 32, 3), Kernel(4, 64, 128, 16, 3, 2), Kernel(4, 128, 128, 8, 3), Kernel(1, 128, 256, 32, 3, 2),
    Kernel(1, 256, 256, 16, 3), Kernel(8, 256, 256, 4, 3), Kernel(16, 256, 256, 2, 3),
    Kernel(2, 256, 512, 8, 3, 2), Kernel(8, 256, 512, 8, 3, 2), Kernel(1, 512, 512, 8, 3), Kernel(8, 512, 512, 4, 3),
    Kernel(2, 768, 768, 4, 3), Kernel(8, 768, 768, 4, 3), Kernel(4, 1024, 1024, 2, 3),
    Kernel(2, 64, 128, 32, 1, 2), Kernel(8, 32, 64, 16, 1, 2), Kernel(8, 128, 256, 16, 1, 2),
    Kernel(2, 256, 512, 8, 1, 2), Kernel(8, 256, 256, 8, 1), Kernel(2, 512, 1024, 8, 1, 2),
    Kernel(16, 512, 1024, 4, 1, 2),
)  # fmt: skip
"""Of a first layer, of few and of many channels, with steps of two pixels, on images smaller than the kernel."""

TRAFFIC_BYTES = tuple(2**power for power in range(12, 29, 2))
SECONDS_PER_POINT, MIN_BLOCKS = 0.0015, 1
TRAFFIC_FORMS = ("fresh", "in_place", "adamw")
ADAMW_TENSORS = 8
"""Weight, gradient and two moments, each read and written."""
PAGED_BYTES = 2**26

PASSES = 3
"""A slow spell of the host then spoils some of the measurements of a point, and the best one counts. More moments tell
more than longer ones: what spoils a measurement lasts for seconds."""


class Point(NamedTuple):
    """What was timed: the quantity, its form, its shape, and the value found."""

    name: str
    variant: str
    conditions: dict[str, int | float | str]
    value: float


def at_pace(point: Point, pace_ratio: float) -> Point:
    """Return what a point would be on a machine that is so many times faster."""
    is_rate = point.name.endswith("_per_second")
    return point._replace(value=point.value * pace_ratio if is_rate else point.value / pace_ratio)


def better(one: Point, other: Point) -> Point:
    """Return the faster of two measurements of a point."""
    is_rate = one.name.endswith("_per_second")
    return max(one, other, key=lambda point: point.value if is_rate else -point.value)


def matmuls() -> Iterator[Point]:
    """FLOP/s of the three products of a linear layer: its output, the gradients of its input and of its weights."""
    return _matmuls(ROWS, WIDTHS)


def large_matmuls() -> Iterator[Point]:
    """The largest of these products, at another moment."""
    return _matmuls(ROWS[-NUM_LARGE:], WIDTHS[-NUM_LARGE:])


def _matmuls(num_rows: Sequence[int], widths: Sequence[int]) -> Iterator[Point]:
    for rows, inputs, outputs in product(num_rows, widths, widths):
        for layout, rate in _matmul_rates(rows, inputs, outputs):
            shape = {"rows": rows, "inputs": inputs, "outputs": outputs}
            yield Point("matmul_flops_per_second", layout, {**shape}, rate)
    for layout, rate in _matmul_rates(WIDE_ROWS, WIDE, WIDE):
        yield Point("wide_matmul_flops_per_second", layout, {}, rate)


def _matmul_rates(rows: int, inputs: int, outputs: int) -> Iterator[tuple[Layout, float]]:
    x, weight, gradient = _filled(rows, inputs), _filled(outputs, inputs), _filled(rows, outputs)
    calls: dict[Layout, Callable[[], object]] = {
        "forward": partial(torch.mm, x, weight.t()),
        "input_gradient": partial(torch.mm, gradient, weight),
        "weight_gradient": partial(torch.mm, gradient.t(), x),
    }
    flops = FLOPS_PER_MULTIPLY_ADD * rows * inputs * outputs
    for layout, call in calls.items():
        yield layout, flops / _seconds(call)


def _seconds(call: Callable[[], object]) -> float:
    return fastest(call, SECONDS_PER_POINT, MIN_BLOCKS)


def _filled(*shape: int) -> Tensor:
    """Return a tensor of which the values do not matter, without the time that random ones take."""
    return torch.full(shape, 0.5)


def weight_streams() -> Iterator[Point]:
    """Bytes of weights per second in products of few rows, when so many bytes of weights pass before they recur."""
    for inputs, total in product(STREAM_INPUTS, STREAM_BYTES):
        count = max(1, total // (BYTES_PER_FP32 * inputs * STREAM_OUTPUTS))
        weights = [_filled(STREAM_OUTPUTS, inputs) for _ in range(count)]
        read = count * BYTES_PER_FP32 * inputs * STREAM_OUTPUTS
        for rows in STREAM_ROWS:
            seconds = _seconds(partial(_in_turn, _filled(rows, inputs), weights))
            shape = {"rows": rows, "inputs": inputs, "bytes": total}
            yield Point("weight_stream_bytes_per_second", "forward", {**shape}, read / seconds)


def attentions() -> Iterator[Point]:
    """FLOP/s of causal attention forward and backward, and bytes of keys and values per second in decoding."""
    for queries, width in product(QUERIES, HEAD_WIDTHS):
        per_head = 2 * FLOPS_PER_MULTIPLY_ADD * queries**2 * width
        heads = max(1, math.ceil(ATTENTION_FLOPS / per_head / 4))
        tensors = [_filled(1, heads, queries, width).requires_grad_() for _ in range(3)]
        shape = {"queries": queries, "head_width": width}
        forward = _seconds(partial(_attend, tensors))
        yield Point("attention_flops_per_second", "forward", {**shape}, heads * per_head / forward)
        out = _attend(tensors, gradients=True)
        gradient = torch.full_like(out, 0.5)
        backward = _seconds(partial(torch.autograd.grad, out, tensors, gradient, retain_graph=True))
        yield Point("attention_flops_per_second", "backward", {**shape}, 2.5 * heads * per_head / backward)
    for keys, width, total in product(CACHED_KEYS, HEAD_WIDTHS, CACHED_BYTES):
        read = 2 * BYTES_PER_FP32 * CACHED_HEADS * keys * width
        count = math.ceil(total / read)
        query = _filled(1, CACHED_HEADS, 1, width)
        kept = [[_filled(1, CACHED_HEADS, keys, width) for _ in range(2)] for _ in range(count)]
        seconds = _seconds(partial(_attend_in_turn, query, kept))
        shape = {"keys": keys, "head_width": width, "bytes": total}
        yield Point("attention_bytes_per_second", "decode", {**shape}, count * read / seconds)


def convolutions() -> Iterator[Point]:
    """Seconds of convolutions as they stand in nets, forward and backward."""
    for kernel in KERNELS:
        shape = kernel.shape
        for direction, seconds in _convolution(kernel):
            yield Point("convolution_seconds", direction, {**shape._asdict()}, seconds)


def _convolution(kernel: Kernel) -> Iterator[tuple[Direction, float]]:
    """Give the seconds of a convolution forward and backward."""
    x = _filled(kernel.rows, kernel.channels_in, kernel.side, kernel.side).requires_grad_(
        kernel.gradients == 2
    )
    size = (kernel.channels_out, kernel.channels_in, kernel.width, kernel.width)
    num_weights = 1 if kernel.shape.weight_bytes > ROTATED_BYTES else 2
    weights = [_filled(*size).requires_grad_() for _ in range(num_weights)]
    convolve = partial(_convolve_in_turn, x, weights, kernel)
    with torch.no_grad():
        yield "forward", _seconds(convolve) / num_weights
    outs = convolve()
    gradient = torch.full_like(outs[0], 0.5)

    def back() -> None:
        for out, weight in zip(outs, weights, strict=True):
            torch.autograd.grad(out, (x, weight)[-kernel.gradients :], gradient, retain_graph=True)

    yield "backward", _seconds(back) / num_weights


def _convolve_in_turn(x: Tensor, weights: Sequence[Tensor], kernel: Kernel) -> list[Tensor]:
    return [F.conv2d(x, weight, stride=kernel.stride, padding=kernel.padding) for weight in weights]


def traffic() -> Iterator[Point]:
    """Bytes per second that element-wise operations read and write: into new memory, in place, and AdamW's kernel.

    And what the system takes to hand out new memory, which a result too large for the allocator's store always needs.
    """
    for size in TRAFFIC_BYTES:
        length = max(1, size // 12)
        a, b = _filled(length), _filled(length)
        moved = 12 * length
        for form, call in (("fresh", partial(torch.add, a, b)), ("in_place", partial(a.add_, b, alpha=1e-3))):
            seconds = _seconds(call)
            yield Point("traffic_bytes_per_second", form, {"bytes": moved}, moved / seconds)
        length = size // (ADAMW_TENSORS * BYTES_PER_FP32)
        moved = ADAMW_TENSORS * BYTES_PER_FP32 * length
        yield Point("traffic_bytes_per_second", "adamw", {"bytes": moved}, moved / _seconds(_adamw(length)))
    kept = torch.empty(PAGED_BYTES // BYTES_PER_FP32)
    fresh = _seconds(lambda: torch.empty(PAGED_BYTES // BYTES_PER_FP32).fill_(1.0))
    again = _seconds(lambda: kept.fill_(1.0))
    yield Point("page_fault_seconds_per_byte", "fp32", {}, max(fresh - again, 0.0) / PAGED_BYTES)


def _attend(tensors: Sequence[Tensor], *, gradients: bool = False) -> Tensor:
    query, key, value = tensors
    with torch.set_grad_enabled(gradients):
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def _attend_in_turn(query: Tensor, kept: Sequence[Sequence[Tensor]]) -> None:
    for key, value in kept:
        F.scaled_dot_product_attention(query, key, value)


def _adamw(length: int) -> Callable[[], object]:
    """Return a step of the optimizer's kernel on so many weights."""
    weight, gradient, first, second = (_filled(length) for _ in range(4))
    return partial(
        torch._fused_adamw_, [weight], [gradient], [first], [second], [], [torch.ones(())],
        lr=1e-3, beta1=0.9, beta2=0.95, weight_decay=0.1, eps=1e-8, amsgrad=False, maximize=False,
    )  # fmt: skip


def _in_turn(x: Tensor, weights: Sequence[Tensor]) -> None:
    for weight in weights:
        torch.mm(x, weight.t())
