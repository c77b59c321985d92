"""The shapes of convolutions, and what they take: a few physical terms, fitted to convolutions that were timed alone.

oneDNN, torch's library for them on the CPU, leaves out taps that lie outside of the image, which on small images are
many; brings weights into a layout of its own at each call, and their gradient back; copies images in and out; and goes
through the weights once for each image. Where their FLOP/s were read from a table of channels, pixels and taps instead,
those inside the steps of eleven large nets came out 16 % off (median, one AMD EPYC).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD
from bench.prediction.refusals import unusable
from bench.prediction.surfaces import Surface
from bench.prediction.tasks import BYTES_PER_FP32

Direction = Literal["forward", "backward"]
DIRECTIONS: tuple[Direction, Direction] = ("forward", "backward")
WEIGHT_COPIES = 2
"""Weights and their gradient pass through the caches for each image."""
CACHED_BYTES = 2**20
"""What repeats every so many bytes comes from a cache near the core."""


class Convolved(NamedTuple):
    """The shape of a convolution."""

    rows: int
    channels_in: int
    channels_out: int
    """Both of one group."""
    pixels_in: int
    pixels_out: int
    taps: int
    products: int
    """Taps that lie inside of the image, over all pixels of the result."""
    groups: int = 1
    gradients: int = 2
    """What is worked out backward: those of images and of weights, or, in a first layer, of the latter alone."""

    @classmethod
    def of_record(cls, conditions: Mapping[str, object]) -> Convolved:
        """Read a shape out of the conditions of a measurement.

        Raises RecordError where they do not tell it.
        """
        try:
            return cls(**{name: int(str(size)) for name, size in conditions.items()})
        except (TypeError, ValueError) as err:
            raise unusable(f"the calibration does not say the shape of a convolution ({err})") from err

    @property
    def weight_bytes(self) -> int:
        """Bytes of the weights."""
        return BYTES_PER_FP32 * self.groups * self.channels_in * self.channels_out * self.taps

    @property
    def image_bytes(self) -> int:
        """Bytes of what is read and of the result."""
        numbers = self.channels_in * self.pixels_in + self.channels_out * self.pixels_out
        return BYTES_PER_FP32 * self.rows * self.groups * numbers

    def flops(self, direction: Direction) -> int:
        """Return the FLOPs of taps inside of the image: one product forward, one for each gradient backward."""
        multiply_adds = self.rows * self.groups * self.channels_in * self.channels_out * self.products
        return FLOPS_PER_MULTIPLY_ADD * multiply_adds * (1 if direction == "forward" else self.gradients)


def products_inside(
    sides: Sequence[int],
    taps: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
) -> int:
    """Return how many taps lie inside of the image, over all pixels of the result; one number for each side."""
    return math.prod(map(_inside_along, sides, taps, stride, padding, dilation))


def _inside_along(side: int, taps: int, stride: int, padding: int, dilation: int) -> int:
    pixels = (side + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
    places = (pixel * stride - padding + tap * dilation for pixel in range(pixels) for tap in range(taps))
    return sum(0 <= place < side for place in places)


@dataclass(frozen=True)
class ConvolutionCosts:
    """Seconds for a unit of each term, of kernels of one pixel and of wider ones, forward and backward."""

    coefficients: Mapping[tuple[bool, Direction], Sequence[float]]
    traffic: Surface
    """Bytes per second that pass through the cache that holds so many."""

    @classmethod
    def of(cls, timed: Iterable[tuple[Direction, Convolved, float]], traffic: Surface) -> ConvolutionCosts:
        """Fit the coefficients, none below zero, to what convolutions took, by least squares of relative errors.

        Raises RecordError where too few were timed.
        """
        from scipy.optimize import nnls

        groups: dict[tuple[bool, Direction], list[tuple[list[float], float]]] = {
            (is_wide, direction): [] for is_wide in (False, True) for direction in DIRECTIONS
        }
        for direction, shape, seconds in timed:
            groups[shape.taps > 1, direction].append((_terms(direction, shape, traffic), seconds))
        found = {}
        for (is_wide, direction), seen in groups.items():
            if not seen or len(seen) < len(seen[0][0]):
                raise unusable("the calibration has too few convolutions")
            shares = np.array([np.divide(terms, seconds) for terms, seconds in seen])
            found[is_wide, direction] = nnls(shares, np.ones(len(seen)))[0].tolist()
        return cls(found, traffic)

    def seconds(self, direction: Direction, shape: Convolved) -> float:
        """Return the seconds of a convolution."""
        coefficients = self.coefficients[shape.taps > 1, direction]
        return float(np.dot(coefficients, _terms(direction, shape, self.traffic)))


def _terms(direction: Direction, shape: Convolved, traffic: Surface) -> list[float]:
    """A call, its arithmetic, layouts of weights and of images; for each image the weights, and those from afar."""
    weights = shape.weight_bytes
    passed = shape.rows * weights
    far = 1 / traffic.at(WEIGHT_COPIES * weights) - 1 / traffic.at(CACHED_BYTES)
    return [1.0, shape.flops(direction), weights, shape.image_bytes, passed, passed * max(far, 0.0)]
