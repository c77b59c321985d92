"""One training run from the names of model and data to its record: what `benchplan bench train` does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from bench.calibration import peak_flops
from bench.environment import Device, choose_device, num_cores
from bench.errors import InputError
from bench.measuring.contention import QuietWatch
from bench.measuring.num_threads import threads
from bench.record import Record
from bench.training.checkpoints import save_weights
from bench.training.describing import Outcome, record_of
from bench.training.distributed import Team, team_of, whole
from bench.training.loop import Say, train
from bench.training.progress import Pace
from bench.training.recipes import Recipe
from bench.training.resuming import CheckpointFile
from bench.training.scaling import measure_scaling
from bench.training.scoring import score
from bench.training.tasks import check_fit, make_task, unlike_one_batch


@dataclass(frozen=True)
class Order:
    """What is asked of `bench train`."""

    model: str
    data: str
    recipe: Recipe
    data_options: dict[str, Any] = field(default_factory=dict)
    model_options: dict[str, Any] = field(default_factory=dict)
    device: str = "auto"
    checkpoint: Path | None = None
    checkpoint_every: int = 0
    resume: bool = False
    save: Path | None = None
    distributed: str | None = None
    measure_scaling: bool = False
    measure_mfu: bool = True


@dataclass(frozen=True)
class Finished:
    """The record of a run, and the weights to be saved; the record is there on rank 0 alone."""

    record: Record | None
    weights: dict[str, torch.Tensor]
    config: Any

    def save(self, path: Path) -> int:
        """Write the model; returns the bytes of the file."""
        return save_weights(self.weights, self.config, path)


def run_training(order: Order, say: Say) -> Finished:
    """Train as ordered; a checkpoint file apart, nothing is written.

    Raises InputError for an order that cannot be carried out, MeasurementError when training breaks down.
    """
    started = time.perf_counter()
    device = choose_device(order.device)
    checkpoint = _checkpoint(order)
    watch = QuietWatch(one_thread=False)
    with team_of(order.distributed, device) as team, watch, threads(_num_threads()):
        if order.recipe.num_rows < team.size * order.recipe.accumulate:
            raise InputError(
                f"--rows {order.recipe.num_rows}: {team.size} process(es) with {order.recipe.accumulate} "
                "part(s) each need at least one row for each part"
            )
        speak: Say = say if team.leads else (lambda text: None)
        outcome = _train(order, device, team, checkpoint, speak)
        weights = {name: whole(value) for name, value in outcome.model.state_dict().items()}
    record = record_of(outcome, watch, time.perf_counter() - started) if team.leads else None
    return Finished(record, weights, outcome.task.config)


def _train(order: Order, device: Device, team: Team, checkpoint: CheckpointFile | None, say: Say) -> Outcome:
    recipe = order.recipe
    # Weights and dropout follow from the seed; rows of a process differ, so its dropout may be its own.
    torch.manual_seed(recipe.seed)
    task = make_task(order.model, order.data, recipe.seed, order.model_options, order.data_options)
    model = task.build()
    if task.config is None:
        check_fit(model, task)
    notes = (*task.data.notes, unlike_one_batch(model, team.size * recipe.accumulate))
    model = model.to(device)
    data = task.data.to(device)
    torch.manual_seed(recipe.seed + team.rank)
    peaks = _peaks(order, device, team, say)
    pace = Pace(
        task.data.item, recipe.num_rows * task.items_per_row, task.training_flops(recipe.num_rows), peaks
    )
    run = train(model, data, recipe, say, team=team, checkpoint=checkpoint, resume=order.resume, pace=pace)
    say("looking once at the test part")
    test = score(model, data.test, team=team)
    scaling = None
    if order.measure_scaling and team.size > 1:
        say(f"measuring how {team.size} processes scale")
        scaling = measure_scaling(lambda: task.build().to(device), data, recipe, team, run.bf16)
    return Outcome(task, model, recipe, run, test, pace, team, device, scaling, notes)


def _checkpoint(order: Order) -> CheckpointFile | None:
    if order.checkpoint is None:
        if order.resume:
            raise InputError("--resume: give the file to resume from with --checkpoint FILE")
        return None
    file = CheckpointFile(order.checkpoint, order.checkpoint_every)
    if not order.resume and file.exists():
        raise InputError(
            f"{order.checkpoint}: there is a checkpoint already; go on from it with --resume, or give another file"
        )
    return file


PEAKS_FOR: Mapping[str, tuple[str, ...]] = {"on": ("bf16",), "off": ("fp32",), "auto": ("fp32", "bf16")}
"""Formats in which matrices may be multiplied, by what is said of autocast."""


def _peaks(order: Order, device: Device, team: Team, say: Say) -> dict[str, float]:
    """Peak FLOP/s of all processes by number format, none where no MFU is wanted; the first process measures."""
    if not order.measure_mfu:
        return {}
    say("measuring the peak of this machine for the MFU")
    formats = PEAKS_FOR[order.recipe.autocast]
    own = [(peak_flops(device, name).value or 0.0) if team.leads else 0.0 for name in formats]
    # One process's peak, times the number of processes: the average over processes times their number squared.
    means = team.average(torch.tensor(own, dtype=torch.float64, device=device)).tolist()
    return {name: mean * team.size**2 for name, mean in zip(formats, means, strict=True)}


def _num_threads() -> int:
    return min(num_cores(), torch.get_num_threads())
