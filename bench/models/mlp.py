"""A multi-layer perceptron of any depth and width."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from torch import Tensor, nn

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD


@dataclass(frozen=True)
class MlpConfig:
    """Shape of a perceptron: inputs, widths of the hidden layers, classes."""

    kind: ClassVar[str] = "mlp"

    num_inputs: int = 64
    hidden_widths: tuple[int, ...] = (128, 128)
    num_classes: int = 10

    def __post_init__(self) -> None:
        if min(self.layer_widths) < 1:
            raise ValueError(f"every layer needs at least one unit: {self.layer_widths}")

    @property
    def layer_widths(self) -> tuple[int, ...]:
        """Widths from the input to the classes."""
        return (self.num_inputs, *self.hidden_widths, self.num_classes)

    @property
    def params(self) -> int:
        """Weights and biases. Formula: sum over layers of inputs * outputs + outputs."""
        return sum(i * o + o for i, o in pairwise(self.layer_widths))

    def forward_flops(self, num_items: int) -> int:
        """FLOPs of one forward pass. Formula: 2 * items * sum over layers of inputs * outputs."""
        return FLOPS_PER_MULTIPLY_ADD * num_items * sum(i * o for i, o in pairwise(self.layer_widths))

    def training_flops(self, num_items: int) -> int:
        """FLOPs of forward and backward: three products a layer, two in the first, whose inputs are data."""
        first = FLOPS_PER_MULTIPLY_ADD * num_items * self.layer_widths[0] * self.layer_widths[1]
        return 3 * self.forward_flops(num_items) - first

    def in_words(self) -> str:
        """Say the shape in a few words."""
        return "MLP " + "-".join(str(width) for width in self.layer_widths)


class Mlp(nn.Module):
    """Linear layers with ReLU between: (items, inputs) to (items, classes)."""

    def __init__(self, config: MlpConfig) -> None:
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(config.layer_widths):
            layers += [nn.Linear(inputs, outputs), nn.ReLU()]
        super().__init__()
        self.config = config
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits of the classes."""
        logits: Tensor = self.layers(inputs)
        return logits
