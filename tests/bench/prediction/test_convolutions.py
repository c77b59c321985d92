"""Convolutions are told by what they do inside of the image, and priced by terms that are fitted to some of them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from bench.errors import RecordError
from bench.prediction.convolutions import (
    DIRECTIONS,
    ConvolutionCosts,
    Convolved,
    Direction,
    products_inside,
)
from bench.prediction.microbenchmarks import KERNELS, Kernel
from bench.prediction.surfaces import Surface
from bench.prediction.tracing import trace

SECONDS_PER_FLOP, SECONDS_PER_WEIGHT_BYTE, SECONDS_PER_IMAGE_BYTE, CALL_SECONDS = 1e-11, 2e-10, 1e-10, 5e-5
TRAFFIC = Surface.of("traffic", ("bytes",), [({"bytes": 2**20}, 1e11), ({"bytes": 2**30}, 1e10)])


@given(
    side=st.integers(1, 9), taps=st.integers(1, 4), stride=st.integers(1, 3), padding=st.integers(0, 3),
    dilation=st.integers(1, 2),
)  # fmt: skip
def test_taps_outside_of_the_image_do_not_count(
    side: int, taps: int, stride: int, padding: int, dilation: int
) -> None:
    if side + 2 * padding < dilation * (taps - 1) + 1:
        return
    image, kernel = torch.ones(1, 1, side, side + 1), torch.ones(1, 1, taps, taps)
    found = F.conv2d(image, kernel, stride=stride, padding=padding, dilation=dilation)
    both = [(each, each) for each in (taps, stride, padding, dilation)]
    assert products_inside((side, side + 1), *both) == int(found.sum())


def the_convolution(layer: nn.Module, *inputs: Tensor, grows: bool = True) -> dict[str, Convolved]:
    """The shapes of a layer forward and backward, as a trace sees them."""

    def prepare() -> Callable[[], object]:
        made = layer.to("cpu")
        given = [torch.ones(x.shape, requires_grad=grows) for x in inputs]
        parameters = [torch.ones(p.shape, requires_grad=True) for p in made.parameters()]
        names = [name for name, _ in made.named_parameters()]

        def step() -> None:
            out = torch.func.functional_call(made, dict(zip(names, parameters, strict=True)), tuple(given))
            torch.autograd.backward(out.sum())

        return step

    ops = [op for op in trace(prepare).ops if op.kind == "convolution"]
    return {"backward" if op.name.endswith("backward") else "forward": Convolved(*op.shape) for op in ops}


def test_a_trace_tells_the_shape_of_every_kind_of_convolution() -> None:
    plain = the_convolution(nn.Conv2d(4, 6, 3, padding=1, stride=2), torch.ones(5, 4, 8, 8))
    expected = Convolved(5, 4, 6, 64, 16, 9, 11 * 11)
    assert plain["forward"] == expected._replace(gradients=0)
    assert plain["backward"] == expected
    first = the_convolution(nn.Conv2d(4, 6, 3, padding=1, stride=2), torch.ones(5, 4, 8, 8), grows=False)
    assert first["backward"] == expected._replace(gradients=1)
    grouped = the_convolution(nn.Conv2d(4, 8, 3, groups=4), torch.ones(1, 4, 5, 5))["forward"]
    assert grouped == Convolved(1, 1, 2, 25, 9, 9, 81, groups=4, gradients=0)
    sequence = the_convolution(nn.Conv1d(3, 5, 3, padding=1), torch.ones(2, 3, 10))["forward"]
    assert sequence == Convolved(2, 3, 5, 10, 10, 3, 28, gradients=0)
    wider = the_convolution(nn.ConvTranspose2d(3, 5, 2, stride=2), torch.ones(2, 3, 4, 4))["forward"]
    assert wider == Convolved(2, 3, 5, 16, 64, 4, 64, gradients=0)


def test_flops_and_bytes_follow_from_the_shape() -> None:
    shape = Kernel(2, 3, 4, 8, 3, 2).shape
    assert shape == Convolved(2, 3, 4, 64, 16, 9, 121)
    assert shape.flops("forward") == 2 * 2 * 3 * 4 * 121
    assert shape.flops("backward") == 2 * shape.flops("forward")
    assert shape._replace(gradients=1).flops("backward") == shape.flops("forward")
    assert shape.weight_bytes == 4 * 3 * 4 * 9
    assert shape.image_bytes == 4 * 2 * (3 * 64 + 4 * 16)
    assert shape._replace(groups=2).flops("forward") == 2 * shape.flops("forward")


def seconds(direction: Direction, shape: Convolved) -> float:
    more = 3 if direction == "backward" else 1
    return more * (
        CALL_SECONDS
        + SECONDS_PER_FLOP * shape.flops(direction)
        + SECONDS_PER_WEIGHT_BYTE * shape.weight_bytes
        + SECONDS_PER_IMAGE_BYTE * shape.image_bytes
    )


def test_what_others_take_follows_from_those_that_were_timed() -> None:
    timed = [
        (direction, kernel.shape, seconds(direction, kernel.shape))
        for kernel in KERNELS
        for direction in DIRECTIONS
    ]
    costs = ConvolutionCosts.of(timed, TRAFFIC)
    for other in (Kernel(3, 48, 96, 20, 3, 2), Kernel(1, 1024, 1024, 16, 3), Kernel(64, 96, 32, 16, 1)):
        for direction in DIRECTIONS:
            found = costs.seconds(direction, other.shape)
            assert found == pytest.approx(seconds(direction, other.shape), rel=1e-6)


def test_no_term_makes_a_convolution_faster() -> None:
    # Larger ones that took less time, as in a slow spell at the wrong moment.
    timed = [
        (direction, kernel.shape, 1 / kernel.shape.flops(direction))
        for kernel in KERNELS
        for direction in DIRECTIONS
    ]
    costs = ConvolutionCosts.of(timed, TRAFFIC)
    assert all(each >= 0 for found in costs.coefficients.values() for each in found)


def test_a_calibration_with_too_few_convolutions_is_refused() -> None:
    timed = [(direction, KERNELS[0].shape, 1e-3) for direction in DIRECTIONS]
    with pytest.raises(
        RecordError, match=r"too few convolutions: make a new one with `benchplan bench machine`"
    ):
        ConvolutionCosts.of(timed, TRAFFIC)


@pytest.mark.parametrize(
    "conditions", [{"rows": 3}, {**KERNELS[0].shape._asdict(), "taps": "many"}, {"pixel": 1}]
)
def test_a_record_that_does_not_tell_a_shape_is_refused(conditions: dict[str, object]) -> None:
    shape = KERNELS[0].shape
    assert Convolved.of_record(shape._asdict()) == shape
    with pytest.raises(RecordError, match="does not say the shape of a convolution"):
        Convolved.of_record(conditions)


def test_the_kernels_that_are_timed_tell_all_terms() -> None:
    for is_wide in (False, True):
        shapes = [kernel.shape for kernel in KERNELS if (kernel.width > 1) == is_wide]
        assert len({shape.rows for shape in shapes}) >= 3
        assert max(s.weight_bytes for s in shapes) > 50 * min(s.weight_bytes for s in shapes)
    for kernel in KERNELS:
        image = torch.empty(kernel.rows, kernel.channels_in, kernel.side, kernel.side, device="meta")
        size = (kernel.channels_out, kernel.channels_in, kernel.width, kernel.width)
        out = F.conv2d(image, torch.empty(size, device="meta"), stride=kernel.stride, padding=kernel.padding)
        assert out.shape[2:].numel() == kernel.shape.pixels_out
