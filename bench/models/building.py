"""Builds a model from its shape, always with the same weights for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Protocol

import torch

from bench.models.convolutional import ConvConfig, ConvNet
from bench.models.gpt import Gpt, GptConfig
from bench.models.mlp import Mlp, MlpConfig


class Config(Protocol):
    """The shape of a model, from which its size and its work follow: a frozen dataclass."""

    kind: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def params(self) -> int:
        """All parameters."""

    def forward_flops(self, num_rows: int, /) -> int:
        """FLOPs of one forward pass over so many rows (images, or sequences of the whole context)."""

    def training_flops(self, num_rows: int, /) -> int:
        """FLOPs of forward and backward over so many rows."""

    def in_words(self) -> str:
        """Say the shape in a few words."""


Model = Mlp | Gpt | ConvNet

KINDS: dict[str, type[Config]] = {config.kind: config for config in (MlpConfig, GptConfig, ConvConfig)}
_MODULES: dict[str, Callable[[Any], Model]] = {"mlp": Mlp, "gpt": Gpt, "conv": ConvNet}


def build(config: Config, seed: int = 0) -> Model:
    """Build a model on torch's current device; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _MODULES[config.kind](config)
