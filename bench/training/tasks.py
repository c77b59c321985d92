"""A model and the data it is to learn, by the names that the user gives, fitted to each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from bench.data.choosing import choose as choose_data
from bench.data.splits import DataSet
from bench.errors import BenchplanError, InputError
from bench.measuring.flops import META_TOOL, count_dispatched
from bench.models.building import KINDS, Config, build
from bench.models.choosing import choose as choose_model
from bench.models.custom import Custom

ROWS_TRIED = 2


@dataclass(frozen=True)
class Task:
    """What to train on what; `config` is the shape of a model of ours, else None."""

    subject: str
    in_words: str
    build: Callable[[], nn.Module]
    data: DataSet
    config: Config | None = None
    training_flops: Callable[[int], int | None] = lambda num_rows: None
    """FLOPs of forward and backward over so many rows; None where they cannot be counted."""

    def built_with(self, seed: int) -> nn.Module:
        """Build the model with the weights of a seed; one of the user's own draws from torch's global state."""
        if self.config is not None:
            return build(self.config, seed)
        torch.manual_seed(seed)
        return self.build()

    @property
    def items_per_row(self) -> int:
        """Images, tokens or bytes that are predicted in one row."""
        return self.data.validation.targets[0].numel()


def make_task(
    model: str, data: str, seed: int, model_options: dict[str, Any], data_options: dict[str, Any]
) -> Task:
    """Choose data and model; the ends of a built-in model's shape, inputs and classes, are those of the data.

    Raises InputError where one cannot be had or they do not fit together.
    """
    dataset = choose_data(data, seed=seed, **data_options)
    if model not in KINDS:
        return _task_of_own(choose_model(model, **model_options), dataset)
    if model == "conv":
        dataset = dataset.as_images()
    custom = choose_model(model, **model_options, **_ends(model, dataset))
    config = custom.config
    if config is None:
        raise InputError(f"--model {model}: has no shape")
    return Task(
        model, config.in_words(), partial(build, config, seed), dataset, config, config.training_flops
    )


def check_fit(model: nn.Module, task: Task) -> None:
    """Run a few rows through a model of the user's.

    Raises InputError when it fails on them, or when what comes out are no logits of the targets.
    """
    inputs, targets = (part[:ROWS_TRIED].cpu() for part in task.data.validation)
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            logits = model.eval()(inputs)
    except MemoryError:
        raise
    except Exception as err:
        raise InputError(
            f"{task.in_words} raised on {ROWS_TRIED} rows of {task.data.name}, inputs {tuple(inputs.shape)}: "
            f"{type(err).__name__}: {str(err).partition(chr(10))[0][:160]}"
        ) from err
    classes = max(task.data.num_classes, int(targets.max()) + 1)
    shape = tuple(logits.shape) if isinstance(logits, Tensor) else None
    if shape is None or shape[:-1] != tuple(targets.shape) or shape[-1] < classes:
        found = type(logits).__name__ if shape is None else f"outputs {shape}"
        wanted = f"({', '.join(str(size) for size in targets.shape)}, at least {classes})"
        raise InputError(
            f"{task.in_words} gives {found} for {ROWS_TRIED} rows of {task.data.name}; to learn them it must "
            f"give logits {wanted}"
        )


def unlike_one_batch(model: nn.Module, num_pieces: int) -> str:
    """Say why a step in pieces differs from a whole one: batch norms see each piece for itself."""
    if num_pieces > 1 and any(isinstance(module, _BatchNorm) for module in model.modules()):
        return (
            "the model normalises over the batch, and each part or process sees its own rows alone: the loss "
            "differs a little from that of one process with all rows at once"
        )
    return ""


def _ends(kind: str, data: DataSet) -> dict[str, int]:
    text = bool(data.windows_of)
    if text != (kind == "gpt"):
        fitting = "gpt" if text else "mlp, or conv for images"
        raise InputError(f"--model {kind}: does not fit {data.name}; take {fitting}, or other --data")
    if kind == "gpt":
        return {"vocabulary": data.num_classes, "context": data.num_inputs}
    if kind == "mlp":
        return {"inputs": data.num_inputs, "classes": data.num_classes}
    channels, height, width = data.validation.inputs.shape[1:]
    if height != width:
        raise InputError(
            f"--model conv: takes square images, and those of {data.name} are {height} x {width}"
        )
    return {"image_size": height, "channels": channels, "classes": data.num_classes}


def _task_of_own(custom: Custom, data: DataSet) -> Task:
    if data.image_shape is not None and custom.example_inputs[0].ndim == 4:
        data = data.as_images()

    def training_flops(num_rows: int) -> int | None:
        try:
            inputs = torch.zeros(
                (num_rows, *data.validation.inputs.shape[1:]), dtype=data.validation.inputs.dtype
            )
            return count_dispatched(
                custom.make_on_meta(), (inputs.to("meta"),), META_TOOL, training=True
            ).flops
        except (BenchplanError, RuntimeError):
            # What cannot be counted is not told, and neither is the MFU.
            return None

    return Task(custom.name, custom.in_words(), custom.make, data, training_flops=training_flops)
