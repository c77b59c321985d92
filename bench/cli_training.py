"""The command `benchplan bench train`: one model through the training loop, alone or in several processes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli_options import prepare_to_measure, tell, with_device, with_json, with_output, with_verbose
from bench.cli_shapes import TASK_SHAPE, data_of, data_options_of, shape_of, with_task_options
from bench.errors import BenchplanError, InputError, MeasurementError
from bench.progress import progress
from bench.store import check_folder, keep
from bench.training.names import (
    LEARNING_RATES,
    OPTIMIZERS,
    SCHEDULES,
    WEIGHT_DECAYS,
    check_optimizer,
    check_schedule,
)

if TYPE_CHECKING:
    from bench.training.running import Order

WARMUP_SHARE = 0.05
SECONDS_FOR_RANK_0 = 5.0
FILE = click.Path(dir_okay=False, path_type=Path)
POSITIVE = click.IntRange(min=1)
NOT_NEGATIVE = click.IntRange(min=0)


@click.command()
@with_task_options
@click.option("--steps", default=600, show_default=True, type=POSITIVE)
@click.option(
    "--rows", default=64, show_default=True, type=POSITIVE, help="Rows of a step over all processes."
)
@click.option("--optimizer", default="adamw", show_default=True, help=f"One of {', '.join(OPTIMIZERS)}.")
@click.option("--schedule", default="cosine", show_default=True, help=f"One of {', '.join(SCHEDULES)}.")
@click.option("--learning-rate", default=None, type=click.FloatRange(min=0, min_open=True), help="Peak rate.")
@click.option("--warmup", default=None, type=NOT_NEGATIVE, help="Steps of warm-up.  [default: a twentieth]")
@click.option("--weight-decay", default=None, type=click.FloatRange(min=0))
@click.option(
    "--max-gradient-norm", default=1.0, show_default=True, type=click.FloatRange(min=0, min_open=True)
)
@click.option(
    "--accumulate", default=1, show_default=True, type=POSITIVE, help="Parts of a step, one by one."
)
@click.option("--autocast", default="auto", show_default=True, type=click.Choice(["auto", "on", "off"]))
@click.option("--evaluate-every", default=100, show_default=True, type=POSITIVE, help="Steps.")
@click.option(
    "--patience", default=0, help="End after so many validations without a better one.", type=NOT_NEGATIVE
)
@click.option("--seed", default=0, show_default=True, type=NOT_NEGATIVE)
@click.option("--checkpoint", type=FILE, default=None, help="Keep checkpoints here, so that a run can go on.")
@click.option(
    "--checkpoint-every", default=0, type=NOT_NEGATIVE, help="Steps.  [default: at each validation]"
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@click.option("--save", type=FILE, default=None, help="Write the trained model as safetensors.")
@with_device
@click.option("--distributed", type=click.Choice(["ddp", "fsdp"]), help="How processes of torchrun share.")
@click.option(
    "--measure-scaling", is_flag=True, help="Under torchrun: measure the efficiency against one process."
)
@click.option("--mfu/--no-mfu", default=True, help="Measure the machine's peak first (about two seconds).")
@with_output
@with_json
@with_verbose
def train(output: Path, as_json: bool, verbose: bool, **options: Any) -> None:  # noqa: ANN401, click's
    """Train one model and keep a record: loss, throughput, MFU; with checkpoints a run can be resumed."""
    leads = os.environ.get("RANK", "0") == "0"
    try:
        _train(output, as_json, progress(verbose, leads), options)
    except KeyboardInterrupt:
        raise MeasurementError(
            "Stopped by ctrl-C: no record was written. With --checkpoint FILE a run can be stopped and resumed."
        ) from None
    except BenchplanError:
        if not leads:
            # The first speaks for all; where it does not fail as well, torchrun does not end this one meanwhile.
            time.sleep(SECONDS_FOR_RANK_0)
        raise


def _train(output: Path, as_json: bool, say: Callable[[str], None], options: dict[str, Any]) -> None:
    save: Path | None = options["save"]
    checkpoint: Path | None = options["checkpoint"]
    check_optimizer(options["optimizer"])
    check_schedule(options["schedule"])
    _check_steps(options)
    for path in (output, *(file.parent for file in (save, checkpoint) if file)):
        check_folder(path)
    if checkpoint is not None and not options["resume"]:
        checkpoint.parent.mkdir(parents=True, exist_ok=True)
    prepare_to_measure()
    # torch takes seconds to import: what can be refused has been refused by now.
    from bench.training.running import run_training

    finished = run_training(_order(options), say)
    if finished.record is None:
        return
    path = keep(finished.record, output)
    say(f"the record lies in {path}")
    # The record is kept first: a full disk must not cost it.
    if save is not None:
        save.parent.mkdir(parents=True, exist_ok=True)
        say(f"the model lies in {save}, {finished.save(save):,} bytes")
    from bench.training.describing import headline

    tell(finished.record, path, headline, as_json=as_json)


def _order(options: dict[str, Any]) -> Order:
    from bench.training.recipes import Recipe
    from bench.training.running import Order

    steps, optimizer = options["steps"], options["optimizer"]
    rate, decay, warmup = options["learning_rate"], options["weight_decay"], options["warmup"]
    recipe = Recipe(
        num_steps=steps,
        num_rows=options["rows"],
        learning_rate=LEARNING_RATES[optimizer] if rate is None else rate,
        warmup_steps=round(WARMUP_SHARE * steps) if warmup is None else warmup,
        weight_decay=WEIGHT_DECAYS[optimizer] if decay is None else decay,
        max_gradient_norm=options["max_gradient_norm"],
        evaluate_every=options["evaluate_every"],
        seed=options["seed"],
        optimizer=optimizer,
        schedule=options["schedule"],
        accumulate=options["accumulate"],
        autocast=options["autocast"],
        patience=options["patience"],
    )
    model = options["model"]
    return Order(
        model=model,
        data=data_of(options),
        recipe=recipe,
        data_options=data_options_of(options),
        model_options=shape_of(options, TASK_SHAPE),
        device=options["device"],
        checkpoint=options["checkpoint"],
        checkpoint_every=options["checkpoint_every"],
        resume=options["resume"],
        save=options["save"],
        distributed=options["distributed"],
        measure_scaling=options["measure_scaling"],
        measure_mfu=options["mfu"],
    )


def _check_steps(options: dict[str, Any]) -> None:
    if options["accumulate"] > options["rows"]:
        raise InputError(
            f"--accumulate {options['accumulate']}: a step of {options['rows']} rows has no so many parts; "
            "raise --rows or lower --accumulate"
        )
    if options["warmup"] is not None and options["warmup"] > options["steps"]:
        raise InputError(
            f"--warmup {options['warmup']}: is longer than the whole run of {options['steps']} steps"
        )
