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
from bench.prediction.tracing import Layout

ROWS = (1, 4, 16, 64, 256, 1024)
WIDTHS = (16, 128, 512, 2048)
LAYOUTS: tuple[Layout, ...] = ("forward", "input_gradient", "weight_gradient")
SECONDS_PER_MATMUL = 0.015

STREAM_ROWS = (1, 4, 16)
STREAM_WIDTH = 1024
STREAM_BYTES = (2**22, 2**24, 2**26, 2**28)

QUERIES = (16, 64, 256, 1024)
HEAD_WIDTHS = (32, 64, 128)
CACHED_KEYS = (64, 256, 1024)
ATTENTION_FLOPS = 1e8

CHANNELS = (16, 64, 256)
SIDES = (4, 8, 16, 32)
CONVOLUTION_FLOPS = 1.5e8

TRAFFIC_BYTES = tuple(2**power for power in range(12, 29, 2))
SECONDS_PER_POINT = 0.02


class Point(NamedTuple):
    """What was timed: the quantity, its form, its shape, and the value found."""

    name: str
    variant: str
    conditions: dict[str, int | float | str]
    value: float


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
            seconds = fastest(call, SECONDS_PER_MATMUL)
            shape = {"rows": rows, "inputs": inputs, "outputs": outputs}
            yield Point("matmul_flops_per_second", layout, {**shape}, flops / seconds)


def weight_streams() -> Iterator[Point]:
    """Bytes of weights per second in products of few rows, when so many bytes of weights pass before they recur."""
    for rows, total in product(STREAM_ROWS, STREAM_BYTES):
        count = max(1, total // (4 * STREAM_WIDTH**2))
        weights = [torch.randn(STREAM_WIDTH, STREAM_WIDTH) for _ in range(count)]
        x = torch.randn(rows, STREAM_WIDTH)
        seconds = fastest(partial(_in_turn, x, weights), SECONDS_PER_POINT)
        read = 4 * STREAM_WIDTH**2 * count
        yield Point(
            "weight_stream_bytes_per_second", "forward", {"rows": rows, "bytes": read}, read / seconds
        )


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
    """FLOP/s of 3 x 3 and 1 x 1 convolutions forward and backward."""
    for channels, side, kernel in product(CHANNELS, SIDES, (3, 1)):
        per_row = FLOPS_PER_MULTIPLY_ADD * channels**2 * side**2 * kernel**2
        rows = min(64, max(4, math.ceil(CONVOLUTION_FLOPS / per_row)))
        if rows * per_row > 4 * CONVOLUTION_FLOPS:
            rows = 4
        x = torch.randn(rows, channels, side, side, requires_grad=True)
        weight = torch.randn(channels, channels, kernel, kernel, requires_grad=True)
        shape = {"channels": channels, "pixels": side**2, "taps": kernel**2, "rows": rows}
        with torch.no_grad():
            forward = fastest(partial(F.conv2d, x, weight, padding="same"), SECONDS_PER_POINT)
        yield Point("convolution_flops_per_second", "forward", {**shape}, rows * per_row / forward)
        out = F.conv2d(x, weight, padding="same")
        gradient = torch.randn_like(out)
        backward = fastest(
            partial(torch.autograd.grad, out, (x, weight), gradient, retain_graph=True),
            SECONDS_PER_POINT,
        )
        yield Point("convolution_flops_per_second", "backward", {**shape}, 2 * rows * per_row / backward)


def traffic() -> Iterator[Point]:
    """Bytes per second that an element-wise operation reads and writes, whose result takes memory anew."""
    for size in TRAFFIC_BYTES:
        length = max(1, size // 12)
        a, b = torch.randn(length), torch.randn(length)
        seconds = fastest(partial(torch.add, a, b), SECONDS_PER_POINT)
        yield Point("traffic_bytes_per_second", "fp32", {"bytes": 12 * length}, 12 * length / seconds)


def _attend(tensors: Sequence[Tensor], *, gradients: bool = False) -> Tensor:
    query, key, value = tensors
    with torch.set_grad_enabled(gradients):
        return F.scaled_dot_product_attention(query, key, value, is_causal=True)


def _in_turn(x: Tensor, weights: Sequence[Tensor]) -> None:
    for weight in weights:
        torch.mm(x, weight.t())
