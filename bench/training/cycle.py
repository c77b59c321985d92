"""The whole cycle of a model: data, shape, hyper-parameters, training, evaluation, saving and loading.

Every choice is made on the validation part; the test part is looked at when nothing is left to choose.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import nn

from bench.data.splits import Batch, DataSet
from bench.environment import Device
from bench.errors import MeasurementError
from bench.measuring.latency import estimate
from bench.models.building import Config, Model, build
from bench.training.checkpoints import load_model, save_model
from bench.training.loop import Recipe, Say, Scores, TrainingRun, score, train

ROWS_COMPARED_AFTER_LOADING = 32


@dataclass(frozen=True)
class Workload:
    """A task for the cycle: its data, the shapes and learning rates to choose from, and the recipes.

    The first candidate is the default; the middle learning rate serves while the shape is chosen.
    """

    subject: str
    make_data: Callable[[], DataSet]
    candidates: tuple[Config, ...]
    learning_rates: tuple[float, ...]
    search: Recipe
    final: Recipe
    throughput_rows: int


@dataclass(frozen=True)
class Trial:
    """One short run of the search, with its loss on the validation part."""

    label: str
    config: Config
    recipe: Recipe
    validation: Scores


@dataclass(frozen=True)
class Trained:
    """What the cycle leaves: the model, how it was found and trained, and how good it is."""

    workload: Workload
    data: DataSet
    model: Model
    recipe: Recipe
    trials: tuple[Trial, ...]
    run: TrainingRun
    test: Scores
    file_bytes: int
    compared_outputs: int


def run_cycle(workload: Workload, device: Device, say: Say) -> Trained:
    """Take a workload through the six steps.

    Raises MeasurementError when training breaks down or the loaded model differs from the saved one.
    """
    say("1 of 6, data")
    data = workload.make_data().to(device)
    say(f"2 of 6, choice of model among {len(workload.candidates)}")
    middle = sorted(workload.learning_rates)[len(workload.learning_rates) // 2]
    shapes = [_try(workload, data, config, middle, device) for config in workload.candidates]
    config = choose_shape(shapes).config
    say(f"3 of 6, hyper-parameters: learning rate among {len(workload.learning_rates)}")
    others = [rate for rate in workload.learning_rates if rate != middle]
    rates = [_try(workload, data, config, rate, device) for rate in others]
    known = next(trial for trial in shapes if trial.config == config)
    best = min([known, *rates], key=lambda trial: trial.validation.loss_nats)
    recipe = replace(workload.final, learning_rate=best.recipe.learning_rate)
    say(f"4 of 6, training: {config.in_words()}")
    model = build(config, recipe.seed).to(device)
    run = train(model, data, recipe, lambda text: say(f"4 of 6, training: {text}"))
    say("5 of 6, evaluation on the test part")
    test = score(model, data.test)
    say("6 of 6, saving and loading")
    few = Batch(*(part[:ROWS_COMPARED_AFTER_LOADING] for part in data.test))
    file_bytes, compared = save_and_load(model, few, device)
    return Trained(workload, data, model, recipe, (*shapes, *rates), run, test, file_bytes, compared)


def choose_shape(trials: list[Trial]) -> Trial:
    """Keep the default, the first, unless another is better on the validation part beyond doubt.

    Beyond doubt: the 95 % bootstrap interval of the paired difference in loss excludes zero. So chance does
    not give every machine another model.
    """
    default, *others = trials
    better = []
    for other in others:
        pairs = zip(default.validation.losses_nats, other.validation.losses_nats, strict=True)
        if estimate([a - b for a, b in pairs], np.mean).low > 0:
            better.append(other)
    return min(better, key=lambda trial: trial.validation.loss_nats, default=default)


def save_and_load(model: Model, batch: Batch, device: Device) -> tuple[int, int]:
    """Save a model, load it and compare all outputs bit by bit; returns bytes and outputs compared.

    Raises MeasurementError when one output differs.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        file_bytes = save_model(model, path)
        loaded = load_model(path).to(device)
    before, after = (_outputs(m, batch) for m in (model, loaded))
    differing = int((before != after).sum())
    if before.shape != after.shape or differing:
        raise MeasurementError(
            f"the model that was saved and loaded again gives other outputs ({differing} of {before.numel()})"
        )
    return file_bytes, before.numel()


def _outputs(model: nn.Module, batch: Batch) -> torch.Tensor:
    with torch.inference_mode():
        outputs: torch.Tensor = model.eval()(batch.inputs)
    return outputs


def _try(workload: Workload, data: DataSet, config: Config, rate: float, device: Device) -> Trial:
    recipe = replace(workload.search, learning_rate=rate)
    run = train(build(config, recipe.seed).to(device), data, recipe)
    return Trial(f"{config.in_words()}, learning rate {rate:g}", config, recipe, run.validation)
