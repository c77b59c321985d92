"""What is measured of one trained model by itself: its cycle, size, FLOPs, training speed, quality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from bench.environment import Device
from bench.measuring.flop_accounts import FlopAccount
from bench.measuring.latency import Estimate, estimate
from bench.models.choosing import of_config
from bench.models.counting import count_flops, count_params
from bench.sheet import Sheet
from bench.training.cycle import Trained, Trial
from bench.training.loop import STEPS_PER_BLOCK, Scores


def describe_cycle(sheet: Sheet, trained: Trained) -> None:
    """Note what each of the six steps found: data, search, training, test, and the file read back."""
    data, run, item = trained.data, trained.run, singular(trained)
    for name, count in data.facts.items():
        sheet.add(name, count, f"{data.name}; the three parts share no {trained.data.whole}")
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
    loss = _mean(scores.losses_nats)
    sheet.add(f"loss_nats_per_{item}", loss, method, variant=variant)
    if trained.data.item == "tokens":
        # Another vocabulary makes other tokens; per byte of text losses stay comparable.
        per_byte = loss.scaled(1 / trained.data.bytes_per_target(trained.data.test))
        sheet.add("loss_nats_per_byte", per_byte, f"{method}, over the bytes of a token", variant=variant)
    sheet.add("accuracy_share", _mean(scores.accuracies_share), method, variant=variant)


def describe_size(sheet: Sheet, trained: Trained) -> int:
    """Note parameters and FLOPs, each cross-checked; returns the FLOPs of one training step.

    What each tool says is kept beside, with the operations that it passed over.
    Raises MeasurementError when formula and counters disagree.
    """
    model, rows = of_config(trained.model.config), trained.recipe.num_rows
    sheet.add(
        "params",
        count_params(model, trained.model),
        "elements of all parameters, equal to the formula of the shape",
    )
    forward = count_flops(model, module=trained.model)
    _note_flops(sheet, "forward_flops", forward, f"one row: {trained.data.row_in_words}")
    step = count_flops(model, training=True, num_rows=rows, module=trained.model)
    _note_flops(sheet, "training_step_flops", step, f"{rows} rows")
    return step.flops


def _note_flops(sheet: Sheet, name: str, found: FlopAccount, note: str) -> None:
    sheet.add(name, found.flops, found.method, note=note)
    for tool in found.tools:
        if tool.flops is not None:
            sheet.add(f"counted_{name}", tool.flops, tool.in_words(), variant=tool.tool, note=note)


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


def _chosen(trial: Trial, trained: Trained) -> bool:
    return trial.config == trained.model.config and trial.recipe.learning_rate == trained.recipe.learning_rate


def _mean(values: Sequence[float]) -> Estimate:
    return estimate(values, np.mean)
