"""The command `benchplan bench compress`: make a model smaller in many ways, and measure what each is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli_options import prepare_to_measure, tell, with_device, with_json, with_output, with_verbose
from bench.cli_shapes import TASK_SHAPE, data_of, data_options_of, shape_of, with_task_options
from bench.compression.names import METHODS
from bench.compression.recipes import read_recipe
from bench.errors import InputError, MeasurementError
from bench.progress import progress
from bench.store import check_folder, keep

if TYPE_CHECKING:
    from bench.compression.compressing import Order
    from bench.compression.searching import Budget

POSITIVE = click.IntRange(min=1)
ABOVE_ZERO = click.FloatRange(min=0, min_open=True)
TUNING_RATE_RATIO = 0.5
"""Training on starts with half of the learning rate that the model was trained with."""


@dataclass(frozen=True)
class Effort:
    """How long a kind of model is trained where nothing else is asked, and with how many seeds."""

    steps: int
    tuning_steps: int
    rows: int
    seeds: int


EFFORTS: Mapping[str, Effort] = {"mlp": Effort(600, 200, 64, 5), "gpt": Effort(450, 80, 8, 2)}
OTHER_EFFORT = Effort(300, 100, 64, 1)
SMALL_GPT: Mapping[str, int] = {"layers": 3, "d_model": 128, "heads": 4}
"""What is trained where no shape is asked for: large enough to lose quality, small enough to be trained in a minute."""


@click.command(
    epilog="Steps of a recipe: "
    + "; ".join(f"{name}: {method.about.rstrip('.')}" for name, method in METHODS.items())
)
@with_task_options
@click.option(
    "--recipe", "recipes", multiple=True, metavar="'STEP -> STEP'",
    help="What to try, as 'prune(neurons, 0.75) -> distil -> onnx(int8)'; may be repeated.  [default: some twenty]",
)  # fmt: skip
@click.option(
    "--steps", type=POSITIVE, help="Of training at first.  [default: 600; 450 for gpt, 300 for others]"
)
@click.option(
    "--tuning-steps", type=POSITIVE, help="Of each step of training in a recipe.  [default: a third or less]"
)
@click.option("--rows", type=POSITIVE, help="Rows of a step.  [default: 64; 8 for gpt]")
@click.option("--learning-rate", default=2e-3, show_default=True, type=ABOVE_ZERO, help="Peak rate at first.")
@click.option(
    "--seeds", type=POSITIVE, help="Whole trainings, for the intervals of quality.  [default: 5; 2 for gpt]"
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(min=0), help="The first of them.")
@click.option(
    "--search", "search_seconds", type=ABOVE_ZERO, metavar="SECONDS", help="Search on under the bounds below."
)
@click.option("--max-bytes", type=ABOVE_ZERO, help="Search: of the file.")
@click.option("--min-speed-ratio", type=ABOVE_ZERO, help="Search: how many times faster at batch 1.")
@click.option("--max-accuracy-loss", type=click.FloatRange(0, 1), help="Search: as a share; 0.01 is a point.")
@click.option("--max-loss-ratio", type=ABOVE_ZERO, help="Search: loss over that of before.")
@click.option(
    "--checkpoint", type=click.Path(file_okay=False, path_type=Path), default=None, metavar="DIR",
    help="Keep what is finished here, so that a run can go on.",
)  # fmt: skip
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@with_device
@with_output
@with_json
@with_verbose
def compress(output: Path, as_json: bool, verbose: bool, **options: Any) -> None:  # noqa: ANN401, click's
    """Prune, quantize and distil a model, and keep a record of what each recipe costs and gains on this machine."""
    try:
        recipes = tuple(read_recipe(text) for text in options["recipes"])
        if options["resume"] and options["checkpoint"] is None:
            raise InputError("--resume: give the folder to resume from with --checkpoint DIR")
        for folder in filter(None, (output, options["checkpoint"])):
            check_folder(folder)
        say = progress(verbose)
        prepare_to_measure()
        # torch takes seconds to import: what can be refused has been refused by now.
        from bench.compression.compressing import run_compression

        record = run_compression(_order(options, recipes), say)
        path = keep(record, output)
        say(f"the record lies in {path}")
    except KeyboardInterrupt:
        raise MeasurementError(
            "Stopped by ctrl-C: no record was written. With --checkpoint DIR a run can be stopped and resumed."
        ) from None
    from bench.compression.printing import overview

    tell(record, path, overview, as_json=as_json)


def _order(options: dict[str, Any], recipes: tuple[Any, ...]) -> Order:
    from bench.compression.compressing import Order
    from bench.training.recipes import Recipe

    model = options["model"]
    effort = EFFORTS.get(model, OTHER_EFFORT)
    steps, tuning = options["steps"] or effort.steps, options["tuning_steps"] or effort.tuning_steps
    shape = shape_of(options, TASK_SHAPE)
    if model == "gpt" and not shape:
        shape = dict(SMALL_GPT)
    base = Recipe(
        num_steps=steps,
        num_rows=options["rows"] or effort.rows,
        learning_rate=options["learning_rate"],
        warmup_steps=steps // 20,
        seed=options["seed"],
    )
    return Order(
        model=model,
        data=data_of(options),
        recipes=recipes,
        base=base,
        tuning=_tuning(base, tuning),
        seeds=options["seeds"] or effort.seeds,
        data_options=data_options_of(options),
        model_options=shape,
        device=options["device"],
        budget=_budget(options),
        checkpoint=options["checkpoint"],
        resume=options["resume"],
    )


def _tuning(base: Any, steps: int) -> Any:  # noqa: ANN401, Recipe is imported late
    from dataclasses import replace

    return replace(
        base, num_steps=steps, warmup_steps=steps // 20, learning_rate=TUNING_RATE_RATIO * base.learning_rate
    )


def _budget(options: dict[str, Any]) -> Budget | None:
    names = ("max_bytes", "min_speed_ratio", "max_accuracy_loss", "max_loss_ratio")
    if options["search_seconds"] is None:
        given = next((name for name in names if options[name] is not None), None)
        if given:
            raise InputError(
                f"--{given.replace('_', '-')}: is a bound of a search; give --search SECONDS as well"
            )
        return None
    from bench.compression.searching import Budget

    return Budget(
        options["search_seconds"], options["max_bytes"], options["min_speed_ratio"],
        options["max_accuracy_loss"], options["max_loss_ratio"],
    )  # fmt: skip
