"""What is predicted and measured: one training step, one pass over a prompt, or one more token."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from bench.data.splits import Batch
from bench.models.building import Config, build
from bench.models.convolutional import ConvConfig
from bench.models.custom import Custom
from bench.models.gpt import GptConfig, KeyValueCache
from bench.models.mlp import MlpConfig
from bench.training import optimizers
from bench.training.steps import clip_gradients, training_step

Mode = Literal["training_step", "prefill", "decode"]
MAX_GRADIENT_NORM = 1.0
BYTES_PER_FP32 = 4
LEARNING_RATE, WEIGHT_DECAY = 1e-3, 0.1


@dataclass(frozen=True)
class Task:
    """A step of a model: so many rows (items, images, sequences), and of a GPT so many tokens each.

    When decoding, `num_tokens` is how many lie in the cache before the step.
    """

    model: Config | Custom
    mode: Mode
    num_rows: int
    num_tokens: int | None = None

    @property
    def config(self) -> Config | None:
        """The shape of a built-in kind, or None for a model of the user's own."""
        return self.model.config if isinstance(self.model, Custom) else self.model

    @property
    def flops(self) -> int | None:
        """FLOPs of the step by the formulas of the shape, where there is one."""
        config = self.config
        if config is None:
            return None
        if not isinstance(config, GptConfig):
            training = self.mode == "training_step"
            return (config.training_flops if training else config.forward_flops)(self.num_rows)
        tokens = self.num_tokens or config.context_tokens
        if self.mode == "training_step":
            return config.training_flops(self.num_rows, tokens)
        if self.mode == "prefill":
            return config.forward_flops(self.num_rows, tokens)
        return config.decode_flops(self.num_rows, tokens + 1)

    def in_words(self) -> str:
        """Say the task in a few words."""
        rows = f"{self.num_rows} rows"
        if self.num_tokens is not None:
            rows = f"{self.num_rows} x {self.num_tokens} tokens"
        return f"{self.mode.replace('_', ' ')} of {rows}, {self.model.in_words()}"


def prepare(task: Task, device: str = "cpu") -> Callable[[], object]:
    """Build model and inputs and return the step, which can be taken again and again.

    The loss of a model of the user's own is the mean square of what it returns: the bench does not know its own.
    """
    # Parameters are made where they belong: fake ones cannot be moved.
    with torch.device(device):
        if task.config is None:
            return _custom(task)
        model, inputs, targets = build(task.config), _inputs(task), _targets(task)
    if task.mode == "training_step":
        return _training(model.train(), Batch(inputs, targets))
    model.eval()
    if task.mode == "prefill" or not isinstance(task.config, GptConfig):
        return _forward(model, (inputs,))
    return _decoding(model, task, inputs, device)


def kept_bytes(task: Task) -> int:
    """Return the bytes that live from step to step: the weights, in training the two moments of AdamW too."""
    copies = 3 if task.mode == "training_step" else 1
    return copies * BYTES_PER_FP32 * num_params(task)


def read_bytes(task: Task) -> int:
    """Return the bytes that a step reads once: the weights and, where it decodes, keys and values of all tokens."""
    cached = 0
    if task.mode == "decode" and isinstance(task.config, GptConfig):
        cached = task.config.kv_cache_bytes(task.num_rows, (task.num_tokens or 0) + 1, BYTES_PER_FP32)
    return BYTES_PER_FP32 * num_params(task) + cached


def lasting_bytes(task: Task) -> int:
    """Return the bytes of what lasts from step to step and, in training, of the gradients."""
    gradients = BYTES_PER_FP32 * num_params(task) if task.mode == "training_step" else 0
    return kept_bytes(task) + gradients


def passing_bytes(task: Task, step_peak_bytes: int) -> int:
    """Return the bytes of tensors that come and go, at the worst moment of a step whose peak was traced."""
    return max(kept_bytes(task) + step_peak_bytes - lasting_bytes(task), 0)


def num_params(task: Task) -> int:
    """Return the parameters of a task's model: by formula, or counted where there is none."""
    if task.config is not None:
        return task.config.params
    assert isinstance(task.model, Custom)
    return sum(parameter.numel() for parameter in task.model.make_on_meta().parameters())


def _custom(task: Task) -> Callable[[], object]:
    assert isinstance(task.model, Custom)
    model = task.model.make()
    inputs = tuple(
        torch.zeros((task.num_rows, *x.shape[1:]), dtype=x.dtype) for x in task.model.example_inputs
    )
    if task.mode != "training_step":
        return _forward(model.eval(), inputs)
    optimizer = optimizers.make("adamw", model.train(), LEARNING_RATE, WEIGHT_DECAY)

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        outputs = [leaf for leaf in tree_leaves(model(*inputs)) if isinstance(leaf, Tensor)]
        losses = [leaf.float().square().mean() for leaf in outputs if leaf.requires_grad]
        torch.autograd.backward(torch.stack(losses).sum())
        clip_gradients(model, MAX_GRADIENT_NORM)
        optimizer.step()

    return step


def _training(model: torch.nn.Module, batch: Batch) -> Callable[[], object]:
    optimizer = optimizers.make("adamw", model, LEARNING_RATE, WEIGHT_DECAY)
    return lambda: training_step(model, optimizer, batch, MAX_GRADIENT_NORM)


def _forward(model: torch.nn.Module, inputs: tuple[Tensor, ...]) -> Callable[[], object]:
    def step() -> object:
        with torch.no_grad():
            return model(*inputs)

    return step


def _decoding(model: torch.nn.Module, task: Task, inputs: Tensor, device: str) -> Callable[[], object]:
    assert isinstance(task.config, GptConfig)
    past = task.num_tokens or 0
    cache = KeyValueCache(task.config, task.num_rows, past + 1, device=device)

    def step() -> Tensor:
        # The same token again and again: what lies in the cache changes nothing of the work.
        cache.length = past
        with torch.no_grad():
            out: Tensor = model(inputs, cache)
        return out

    return step


def _inputs(task: Task) -> Tensor:
    config, rows = task.config, task.num_rows
    if isinstance(config, MlpConfig):
        return torch.zeros(rows, config.num_inputs)
    if isinstance(config, ConvConfig):
        return torch.zeros(rows, config.num_channels, config.image_size, config.image_size)
    assert isinstance(config, GptConfig)
    tokens = 1 if task.mode == "decode" else task.num_tokens or config.context_tokens
    return torch.zeros(rows, tokens, dtype=torch.long)


def _targets(task: Task) -> Tensor:
    if isinstance(task.config, GptConfig):
        return _inputs(task)
    return torch.zeros(task.num_rows, dtype=torch.long)
