"""Made-up batches that fit a shape, for measurements that do not care what is in them."""

from __future__ import annotations

import torch

from bench.data.splits import Batch
from bench.models.building import Config
from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig


def example_batch(config: Config, num_rows: int, device: str = "cpu", seed: int = 0) -> Batch:
    """Return random inputs (rows, ...) of a shape and targets, the same for the same seed.

    A row is an example, or a sequence of the whole context. Raises ValueError for a kind that is not ours.
    """
    random = torch.Generator().manual_seed(seed)
    if isinstance(config, GptConfig):
        tokens = torch.randint(config.vocabulary, (num_rows, config.context_tokens + 1), generator=random)
        return Batch(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous()).to(device)
    if isinstance(config, ConvConfig):
        shape: tuple[int, ...] = (config.num_channels, config.image_size, config.image_size)
    elif isinstance(config, MlpConfig):
        shape = (config.num_inputs,)
    else:
        raise ValueError(f"there are no example inputs for a model of kind {config.kind!r}")
    inputs = torch.randn(num_rows, *shape, generator=random)
    return Batch(inputs, torch.randint(config.num_classes, (num_rows,), generator=random)).to(device)
