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

ROWS = (1, 2, 4, 8, 16, 64, 256)
WIDTHS = (16, 128, 512, 2048)
NUM_LARGE = 2
"""So many of the largest rows and widths are timed twice in each pass: they decide the steps of large models."""
LAYOUTS: tuple[Layout, ...] = ("forward", "input_gradient", "weight_gradient")
WIDE, WIDE_ROWS = 4096, 64
"""Matrices of this width are timed at so many rows alone, against those of half the width: larger ones would take long,
and what they lose, above all by their many pages of memory, depends little on the rows."""

STREAM_ROWS = (1, 2, 4, 8, 16)
STREAM_WIDTHS = (512, 1024)
STREAM_BYTES = (2**22, 2**24, 2**26, 2**27)

QUERIES = (16, 64, 256, 1024)
HEAD_WIDTHS = (32, 64, 128)
CACHED_KEYS = (64, 256, 1024)
CACHED_BYTES, CACHED_HEADS = (2**22, 2**26), 32
"""Keys and values of so many bytes pass in turn: of one layer again and again, or after the weights of many others."""
ATTENTION_FLOPS = 1e8

CHANNELS = (16, 64, 256, 768)
SIDES = (2, 4, 8, 16, 32)
CONVOLUTION_FLOPS = 1.5e8
MANY_CHANNELS, LARGEST_WIDE_SIDE = 512, 4
"""So many channels are timed on small images alone, where their weights decide; on larger ones arithmetic does, and the
rate of fewer channels holds. Images smaller than the kernel go ways of their own in oneDNN."""

TRAFFIC_BYTES = tuple(2**power for power in range(12, 29, 2))
SECONDS_PER_POINT, MIN_BLOCKS = 0.0015, 1
TRAFFIC_FORMS = ("fresh", "in_place", "adamw")
ADAMW_TENSORS = 8
"""Weight, gradient and two moments, each read and written."""
PAGED_BYTES = 2**26

LAYOUT_CHANNELS, LAYOUT_SIDE = 768, 4
LAYOUT_FLOPS_PER_SECOND = 1e11
"""A rate that arithmetic hardly passes on one core: what a wide convolution takes beyond it is put down to layouts."""
LAYOUT_WEIGHTS, MIN_LAYOUT_SECONDS = (1, 4), 1e-9
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
    for width, total in product(STREAM_WIDTHS, STREAM_BYTES):
        count = total // (BYTES_PER_FP32 * width**2)
        weights = [_filled(width, width) for _ in range(count)]
        for rows in STREAM_ROWS:
            seconds = _seconds(partial(_in_turn, _filled(rows, width), weights))
            shape = {"rows": rows, "width": width, "bytes": total}
            yield Point("weight_stream_bytes_per_second", "forward", {**shape}, total / seconds)


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
    """FLOP/s of 3 x 3 and 1 x 1 convolutions forward and backward, and what bringing weights into layout takes.

    oneDNN brings weights into a layout of its own at each call; with many channels and few pixels that is most of it.
    """
    layouts = list(_layouts())
    yield from layouts
    hot = {point.variant: point.value for point in reversed(layouts)}
    known: dict[tuple[int, int, str], float] = {}
    for channels, side, kernel in product(CHANNELS, SIDES, (3, 1)):
        layout_bytes = BYTES_PER_FP32 * channels**2 * kernel**2 if kernel > 1 else 0
        shape = {"channels": channels, "pixels": side**2, "taps": kernel**2}
        is_wide = channels > MANY_CHANNELS
        if not is_wide or side <= LARGEST_WIDE_SIDE:
            for direction, (seconds, flops) in _convolution(
                channels, side, kernel, _rows(channels, side, kernel)
            ).items():
                computing = max(seconds - layout_bytes * hot[direction], seconds / 2)
                known[side, kernel, direction] = flops / computing
        for direction in ("forward", "backward"):
            yield Point("convolution_flops_per_second", direction, {**shape}, known[side, kernel, direction])


def _rows(channels: int, side: int, kernel: int) -> int:
    """Return how many images are convolved at once, so that it takes long enough and not too long."""
    per_row = FLOPS_PER_MULTIPLY_ADD * channels**2 * side**2 * kernel**2
    return min(64, math.ceil(CONVOLUTION_FLOPS / per_row))


def _layouts() -> Iterator[Point]:
    """What a byte of weights takes to be brought into layout, from the cache and from beyond it."""
    weight_bytes = BYTES_PER_FP32 * LAYOUT_CHANNELS**2 * 3**2
    for count in LAYOUT_WEIGHTS:
        for direction, (seconds, flops) in _convolution(LAYOUT_CHANNELS, LAYOUT_SIDE, 3, 1, count).items():
            beyond = max(seconds - flops / LAYOUT_FLOPS_PER_SECOND, MIN_LAYOUT_SECONDS)
            conditions: dict[str, int | float | str] = {"bytes": count * weight_bytes}
            yield Point("layout_seconds_per_byte", direction, conditions, beyond / weight_bytes)


def _convolution(
    channels: int, side: int, kernel: int, rows: int, num_weights: int = 1
) -> dict[str, tuple[float, float]]:
    """Return seconds and FLOPs of a convolution forward and backward, with so many weights in turn."""
    flops = FLOPS_PER_MULTIPLY_ADD * rows * channels**2 * side**2 * kernel**2
    x = _filled(rows, channels, side, side).requires_grad_()
    weights = [_filled(channels, channels, kernel, kernel).requires_grad_() for _ in range(num_weights)]
    convolve = partial(_convolve_in_turn, x, weights)
    with torch.no_grad():
        forward = _seconds(convolve)
    outs = convolve()
    gradient = torch.full_like(outs[0], 0.5)

    def back() -> None:
        for out, weight in zip(outs, weights, strict=True):
            torch.autograd.grad(out, (x, weight), gradient, retain_graph=True)

    backward = _seconds(back)
    return {"forward": (forward / num_weights, flops), "backward": (backward / num_weights, 2 * flops)}


def _convolve_in_turn(x: Tensor, weights: Sequence[Tensor]) -> list[Tensor]:
    return [F.conv2d(x, weight, padding="same") for weight in weights]


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
