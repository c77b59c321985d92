"""Builds a model from its shape, always with the same weights for the same seed."""

from __future__ import annotations

import torch

from bench.models.gpt import Gpt, GptConfig
from bench.models.mlp import Mlp, MlpConfig

Config = MlpConfig | GptConfig
Model = Mlp | Gpt


def build(config: Config, seed: int = 0) -> Model:
    """Build a model on torch's current device; the global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Mlp(config) if isinstance(config, MlpConfig) else Gpt(config)
