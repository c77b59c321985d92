"""What is measured of one trained model by itself: its cycle, size, FLOPs, training speed, quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from bench.environment import Device
from bench.errors import MeasurementError
from bench.measuring import flops
from bench.measuring.latency import Estimate, estimate
from bench.models.building import build
from bench.sheet import Sheet
from bench.training.cycle import Trained, Trial
from bench.training.loop import STEPS_PER_BLOCK, Scores


def describe_cycle(sheet: Sheet, trained: Trained) -> None:
    """Note what each of the six steps found: data, search, training, test, and the file read back."""
    data, run, item = trained.data, trained.run, singular(trained)
    for name, count in data.facts.items():
        sheet.add(name, count, f"{data.name}; the three parts share no {_whole(trained)}")
    for number, trial in enumerate(trained.trials, start=1):
        sheet.add(
            f"search_loss_nats_per_{item}",
            _mean(trial.validation.losses_nats),
            f"validation loss after {trial.recipe.in_words()}",
            variant=f"trial {number}",
            note=trial.label + (", chosen" if _chosen(trial, trained) else ""),
        )
    sheet.add(
        f"validation_loss_nats_per_{item}",
        _mean(run.validation.losses_nats),
        f"validation part after {trained.recipe.in_words()}; the samples are the losses on the way",
        samples=run.validation_losses_nats,
        note=trained.model.config.in_words(),
    )
    describe_quality(sheet, trained, trained.test, "fp32")
    sheet.add(
        "reload_differing_outputs",
        0,
        f"saved as safetensors, loaded, and {trained.compared_outputs:,} outputs compared bit by bit",
    )
    sheet.add("file_bytes", trained.file_bytes, "size of the safetensors file")


def describe_quality(sheet: Sheet, trained: Trained, scores: Scores, variant: str) -> None:
    """Note loss and accuracy on the test part, with intervals over its rows."""
    item = singular(trained)
    method = f"mean over the {len(scores.losses_nats)} rows of the test part, which no choice was made on"
    sheet.add(f"loss_nats_per_{item}", _mean(scores.losses_nats), method, variant=variant)
    sheet.add("accuracy_share", _mean(scores.accuracies_share), method, variant=variant)


def describe_size(sheet: Sheet, trained: Trained) -> int:
    """Note parameters and FLOPs, each cross-checked; returns the FLOPs of one training step.

    Raises MeasurementError when formula and counters disagree.
    """
    model, config, rows = trained.model, trained.model.config, trained.recipe.num_rows
    params = sum(parameter.numel() for parameter in model.parameters())
    if params != config.params:
        raise MeasurementError(
            f"{sheet.subject}: {params:,} parameters, but {config.params:,} by the formula"
        )
    sheet.add("params", params, "elements of all parameters, equal to the formula of the shape")
    one = trained.data.test.inputs[:1]
    forward = flops.agreed(
        {
            "formula": config.forward_flops(1),
            "torch.utils.flop_counter on meta": flops.count_on_meta(
                lambda: build(config), lambda: torch.zeros(one.shape, dtype=one.dtype), training=False
            ),
            "fvcore times 2": flops.count_by_fvcore(build(config), one.cpu()),
        },
        f"{sheet.subject}, forward pass",
    )
    sheet.add(
        "forward_flops",
        forward,
        f"formula, torch.utils.flop_counter on meta and fvcore agree within 1 %; {flops.CONVENTION}",
        note=f"one row: {trained.data.row_in_words}",
    )
    step = flops.agreed(
        {
            "formula": config.training_flops(rows),
            "torch.utils.flop_counter on meta": flops.count_on_meta(
                lambda: build(config),
                lambda: torch.zeros((rows, *one.shape[1:]), dtype=one.dtype),
                training=True,
            ),
        },
        f"{sheet.subject}, training step",
    )
    sheet.add(
        "training_step_flops",
        step,
        "formula and torch.utils.flop_counter on meta agree within 1 %; forward and backward, without the "
        f"optimizer; {flops.CONVENTION}",
        note=f"{rows} rows",
    )
    return step


def describe_training_speed(
    sheet: Sheet, trained: Trained, step_flops: int, peak_flops_per_second: float, device: Device
) -> None:
    """Note how fast the training ran, and which share of the machine's peak it used."""
    # The first block warms up caches and allocators.
    seconds = trained.run.step_seconds[1:] or trained.run.step_seconds
    step = estimate(seconds)
    where = "the GPU" if device == "cuda" else f"{torch.get_num_threads()} threads"
    method = f"median over blocks of {STEPS_PER_BLOCK} training steps in fp32 on {where}, optimizer included"
    rate = step.inverted(step_flops)
    sheet.add("training_step_seconds", step, method, samples=step.samples)
    items = step.inverted(trained.recipe.num_rows * items_per_row(trained))
    sheet.add(f"training_{trained.data.item}_per_second", items, method)
    sheet.add("training_flops_per_second", rate, f"FLOPs of a step by formula over its time; {method}")
    sheet.add(
        "training_mfu_share",
        rate.scaled(1 / peak_flops_per_second),
        "achieved FLOP/s over the measured fp32 peak of this machine",
    )
    sheet.add("training_seconds", trained.run.seconds, "wall time of the training run with its validations")


def items_per_row(trained: Trained) -> int:
    """Return how many images or bytes are predicted in one row."""
    return trained.data.test.targets[0].numel()


def singular(trained: Trained) -> str:
    """Return the unit of what is predicted as it stands after `per`."""
    return trained.data.item.removesuffix("s")


def _whole(trained: Trained) -> str:
    return "image" if trained.data.item == "items" else "file"


def _chosen(trial: Trial, trained: Trained) -> bool:
    return trial.config == trained.model.config and trial.recipe.learning_rate == trained.recipe.learning_rate


def _mean(values: Sequence[float]) -> Estimate:
    return estimate(values, np.mean)
