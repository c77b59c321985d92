"""A model and the data it is to learn, by the names that the user gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import nn

from bench.data.splits import DataSet


@dataclass(frozen=True)
class Task:
    """What to train on what; `config` is the shape of a model of ours, else None."""

    subject: str
    in_words: str
    build: Callable[[], nn.Module]
    config: Any
    data: DataSet
    params: int
    training_flops: Callable[[int], int | None]
    notes: tuple[str, ...] = ()

    @property
    def items_per_row(self) -> int:
        """Images, tokens or bytes that are predicted in one row."""
        return self.data.validation.targets[0].numel()


def make_task(
    model: str, data: str, seed: int, model_options: dict[str, Any], data_options: dict[str, Any]
) -> Task:
    from bench.data.digits import load_digits
    from bench.data.source_text import load_source_text
    from bench.models.building import build
    from bench.models.gpt import GptConfig
    from bench.models.mlp import MlpConfig

    config: Any
    if model == "mlp":
        config, dataset = MlpConfig(**model_options), load_digits(seed)
    else:
        config = GptConfig(**model_options)
        dataset = load_source_text(config.context_tokens, 64, 384, seed)
    return Task(
        model,
        config.in_words(),
        lambda: build(config, seed),
        config,
        dataset,
        config.params,
        config.training_flops,
    )
