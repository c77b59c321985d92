"""Training a form on: a copy is trained, zeros of pruning stay zero, and what it took is added up."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from bench.compression.forms import Cost, Form, Studio
from bench.compression.zeros import HeldZeros
from bench.data.splits import DataSet
from bench.measuring.flops import META_TOOL, MODEL_FAILURES, count_dispatched, first_line, on_meta
from bench.models.building import KINDS, Config
from bench.models.gpt import GptConfig
from bench.training.checkpoints import tensors_as_bytes
from bench.training.loop import Recipe, TrainingRun, train
from bench.training.steps import Hooks, Loss, training_loss

AfterStep = Callable[[int], None]


@dataclass(frozen=True)
class Tuned:
    """What training on gave: the trained module, what it took, what was shown, and what could not be counted."""

    module: nn.Module
    cost: Cost
    run: TrainingRun
    notes: tuple[str, ...]


def config_of(module: nn.Module) -> Config | None:
    """Return the shape of a model of ours, whose formulas hold; None for the user's own."""
    config: Config | None = getattr(module, "config", None)
    return config if isinstance(config, tuple(KINDS.values())) else None


def stored_bytes(module: nn.Module) -> bytes:
    """Return a model's tensors as safetensors, those that are shared once."""
    seen: set[tuple[int, torch.Size]] = set()
    own: dict[str, Tensor] = {}
    for name, tensor in module.state_dict().items():
        place = (tensor.data_ptr(), tensor.shape)
        if tensor.numel() == 0 or place not in seen:
            own[name] = tensor
            seen.add(place)
    return tensors_as_bytes(own)


def training_flops(module: nn.Module, data: DataSet, num_rows: int) -> int:
    """FLOPs of a training step over so many rows: by the formula of the shape, or counted; zeros count as all else.

    Raises MeasurementError, and whatever a model raises that cannot be counted.
    """
    config = config_of(module)
    if isinstance(config, GptConfig):
        return config.training_flops(num_rows, data.windows_of or None)
    if config is not None:
        return config.training_flops(num_rows)
    return num_rows * _counted(module, data, training=True)


def forward_flops(module: nn.Module, data: DataSet, num_rows: int) -> int:
    """FLOPs of a forward pass over so many rows of the data, as `training_flops`."""
    config = config_of(module)
    if isinstance(config, GptConfig):
        return config.forward_flops(num_rows, data.windows_of or None)
    if config is not None:
        return config.forward_flops(num_rows)
    return num_rows * _counted(module, data, training=False)


def train_on(
    form: Form,
    studio: Studio,
    recipe: Recipe,
    *,
    loss_of: Loss = training_loss,
    also_trained: Callable[[nn.Module], nn.Module] = lambda module: module,
    after_step: Callable[[nn.Module, HeldZeros], AfterStep] | None = None,
    passes_beside: Callable[[], int] = lambda: 0,
) -> Tuned:
    """Train a copy of the form's module.

    `also_trained` wraps the copy where more than it is trained, `after_step` makes what is done after each step,
    and `passes_beside` counts the FLOPs of a step that are not the module's own.
    Raises MeasurementError when training fails.
    """
    module = copy.deepcopy(form.module)
    # A model that is only run may be frozen as a whole; parts that alone are frozen stay so.
    if not any(parameter.requires_grad for parameter in module.parameters()):
        module.requires_grad_(True)
    zeros = HeldZeros(module)
    act = after_step(module, zeros) if after_step else zeros.after_step
    with zeros.without_gradients():
        run = train(also_trained(module), studio.data, recipe, studio.say, hooks=Hooks(loss_of, act))
    module.eval()
    flops, notes = 0, tuple[str, ...]()
    try:
        flops = training_flops(module, studio.data, recipe.num_rows) + passes_beside()
    except MODEL_FAILURES as err:
        notes = (f"the FLOPs of training were not counted ({first_line(err)})",)
    return Tuned(module, Cost(run.seconds, run.num_steps, float(flops * run.num_steps)), run, notes)


def _counted(module: nn.Module, data: DataSet, *, training: bool) -> int:
    """Count the FLOPs of one row; two rows are passed, because norms over batches refuse a single one."""
    inputs = data.sample(2, torch.Generator().manual_seed(0)).inputs.to("meta")
    return (count_dispatched(on_meta(module), inputs, META_TOOL, training=training).flops or 0) // 2
