"""A small residual convolutional net for images of any size, from 8 x 8 digits to photographs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD

MAX_STEM_PIXELS = 64


class Convolution(NamedTuple):
    """One convolution of the net: its channels, its kernel's side and the side of the image that comes out."""

    channels_in: int
    channels_out: int
    kernel_size: int
    stride: int
    side_out: int

    @property
    def params(self) -> int:
        """Weights; a norm follows every convolution, so there is no bias."""
        return self.channels_in * self.channels_out * self.kernel_size**2

    @property
    def forward_flops(self) -> int:
        """FLOPs for one image. Formula: 2 * weights * pixels that come out."""
        return FLOPS_PER_MULTIPLY_ADD * self.params * self.side_out**2


@dataclass(frozen=True)
class ConvConfig:
    """Shape of the net: square images, and for each stage its width in channels and its number of blocks.

    The first convolution halves images larger than 64 pixels, each stage behind the first halves once more.
    """

    kind: ClassVar[str] = "conv"

    image_size: int = 8
    num_channels: int = 1
    widths: tuple[int, ...] = (16, 32)
    blocks_per_stage: tuple[int, ...] = (1, 1)
    num_classes: int = 10

    def __post_init__(self) -> None:
        if not self.widths or len(self.widths) != len(self.blocks_per_stage):
            raise ValueError(
                f"{len(self.widths)} widths and {len(self.blocks_per_stage)} numbers of blocks: every stage "
                "needs one of each"
            )
        sizes = (self.image_size, self.num_channels, *self.widths, *self.blocks_per_stage, self.num_classes)
        if min(sizes) < 1:
            raise ValueError(f"image size, channels, widths, blocks and classes must be at least 1: {sizes}")

    @property
    def stem_stride(self) -> int:
        """Step of the first convolution in pixels."""
        return 2 if self.image_size > MAX_STEM_PIXELS else 1

    def blocks(self) -> Iterator[tuple[Convolution, ...]]:
        """Give the convolutions: the first alone, then each block's two and, where its shape changes, its shortcut."""
        side = _halved(self.image_size, self.stem_stride)
        channels = self.widths[0]
        yield (Convolution(self.num_channels, channels, 3, self.stem_stride, side),)
        for stage, (width, num_blocks) in enumerate(zip(self.widths, self.blocks_per_stage, strict=True)):
            for block in range(num_blocks):
                stride = 2 if stage and not block else 1
                side = _halved(side, stride)
                main = (Convolution(channels, width, 3, stride, side), Convolution(width, width, 3, 1, side))
                changed = stride > 1 or channels != width
                yield (*main, Convolution(channels, width, 1, stride, side)) if changed else main
                channels = width

    @property
    def convolutions(self) -> tuple[Convolution, ...]:
        """All convolutions, from the image to the classes."""
        return tuple(convolution for block in self.blocks() for convolution in block)

    @property
    def params(self) -> int:
        """Weights of the convolutions, scale and shift of the norm behind each, and the linear layer."""
        convolutions = sum(c.params + 2 * c.channels_out for c in self.convolutions)
        return convolutions + self.widths[-1] * self.num_classes + self.num_classes

    def forward_flops(self, num_images: int) -> int:
        """FLOPs of one forward pass. Formula: 2 * (convolution weights * their pixels + linear weights) * images.

        Source: He et al. 2015, Deep Residual Learning for Image Recognition, table 1, in multiply-adds.
        """
        linear = FLOPS_PER_MULTIPLY_ADD * self.widths[-1] * self.num_classes
        return num_images * (sum(c.forward_flops for c in self.convolutions) + linear)

    def training_flops(self, num_images: int) -> int:
        """FLOPs of forward and backward: three products a layer, two in the first, whose inputs are data."""
        return 3 * self.forward_flops(num_images) - num_images * self.convolutions[0].forward_flops

    def in_words(self) -> str:
        """Say the shape in a few words."""
        widths = "-".join(str(width) for width in self.widths)
        blocks = "-".join(str(count) for count in self.blocks_per_stage)
        return (
            f"convolutional net, stages {widths} of {blocks} residual blocks, for {self.image_size} x "
            f"{self.image_size} x {self.num_channels}, {self.num_classes} classes"
        )


class ConvNet(nn.Module):
    """Images (rows, channels, height, width) to logits (rows, classes)."""

    def __init__(self, config: ConvConfig) -> None:
        super().__init__()
        self.config = config
        [first], *blocks = config.blocks()
        self.stem = _normed(first)
        self.blocks = nn.Sequential(*(ResidualBlock(block) for block in blocks))
        self.head = nn.Linear(config.widths[-1], config.num_classes)

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of the classes."""
        hidden = self.blocks(F.relu(self.stem(images)))
        # The mean over all pixels, whatever the size of the image.
        logits: Tensor = self.head(hidden.mean((2, 3)))
        return logits


class ResidualBlock(nn.Module):
    """Two convolutions around which the input goes, by a convolution of one pixel where its shape changes."""

    def __init__(self, convolutions: tuple[Convolution, ...]) -> None:
        super().__init__()
        first, second, *shortcut = convolutions
        self.first, self.second = _normed(first), _normed(second)
        self.shortcut = _normed(shortcut[0]) if shortcut else None

    def forward(self, hidden: Tensor) -> Tensor:
        """(rows, channels, height, width) to the block's channels and size."""
        around = hidden if self.shortcut is None else self.shortcut(hidden)
        return F.relu(self.second(F.relu(self.first(hidden))) + around)


def _normed(shape: Convolution) -> nn.Sequential:
    convolution = nn.Conv2d(
        shape.channels_in,
        shape.channels_out,
        shape.kernel_size,
        shape.stride,
        padding=shape.kernel_size // 2,
        bias=False,
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(shape.channels_out))


def _halved(side: int, stride: int) -> int:
    # A convolution whose padding is half its kernel gives one pixel for every one that it starts at.
    return -(-side // stride)
