"""The command `benchplan bench predict`: what a model will take on this machine, without running it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bench.cli_options import prepare_to_measure, with_verbose
from bench.cli_shapes import COUNT, shape_of, with_shape_options
from bench.errors import MeasurementError
from bench.progress import progress
from bench.store import DEFAULT_FOLDER, check_folder, keep

if TYPE_CHECKING:
    from bench.prediction.calibrating import Calibration
    from bench.prediction.checking import Asked
    from bench.prediction.fitting import Pace

SCHEMA = "benchplan.prediction/1"
MODES = ("training", "prefill", "decode")


@click.command()
@click.option("--model", default="gpt", show_default=True, metavar="mlp|gpt|conv|FILE.py:FUNCTION|FOLDER")
@with_shape_options()
@click.option(
    "--mode", type=click.Choice(MODES), multiple=True, help="What to predict; default: all there is."
)
@click.option(
    "--rows", default=1, show_default=True, type=COUNT, help="Items, images or sequences of a step."
)
@click.option("--tokens", type=COUNT, help="gpt: tokens of each sequence.  [default: the context]")
@click.option("--steps", type=COUNT, help="Also say what so many training steps take.")
@click.option("--threads", type=COUNT, default=1, show_default=True, help="Threads of torch.")
@click.option("--check", is_flag=True, help="Then run it, and print what was predicted over what it took.")
@click.option(
    "--measurements",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    metavar="DIR",
    help="Folder with this machine's calibration; where there is none, one is made and kept (a minute).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the prediction as one JSON document.")
@with_verbose
def predict(
    model: str,
    mode: tuple[str, ...],
    rows: int,
    tokens: int | None,
    steps: int | None,
    threads: int,
    check: bool,
    measurements: Path,
    as_json: bool,
    verbose: bool,
    **options: Any,  # noqa: ANN401, click's
) -> None:
    """Predict time and memory of a training step, of prefill and of decoding on this machine's processor."""
    say = progress(verbose)
    prepare_to_measure()
    try:
        # torch takes seconds to import.
        from bench.prediction.asking import asked_for
        from bench.prediction.present import present_pace

        every = asked_for(model, shape_of(options), mode, rows, tokens)
        calibration, source = _calibration(measurements, threads, say)
        say("running small models of the calibration, for the pace that the machine has now")
        pace = present_pace(calibration)
        found = [_one(asked, calibration, pace, check, say) for asked in every]
    except KeyboardInterrupt:
        raise MeasurementError("Stopped by ctrl-C before the end: nothing was predicted.") from None
    if as_json:
        document = {"schema": SCHEMA, "calibration": source, "threads": threads, "predictions": found}
        click.echo(json.dumps(document, indent=2, allow_nan=False))
        return
    from bench.prediction.words import in_words

    click.echo(in_words(found, source, threads, steps))


def _one(
    asked: Asked, calibration: Calibration, pace: Pace, is_checked: bool, say: Callable[[str], None]
) -> dict[str, Any]:
    from bench.prediction import checking
    from bench.prediction.predicting import predict as predicted
    from bench.prediction.words import as_document

    say(f"tracing a {asked.mode.replace('_', ' ')}")
    found = predicted(asked.task(), calibration, pace)
    if not is_checked:
        return as_document(found, None)
    say(f"running a {asked.mode.replace('_', ' ')}")
    checked = checking.check(asked, calibration.num_threads)
    return as_document(found, checked.paced(calibration.reference_seconds))


def _calibration(folder: Path, num_threads: int, say: Callable[[str], None]) -> tuple[Calibration, str]:
    """Find this machine's newest calibration in a folder, or make one and keep it there."""
    from bench.machine import measure
    from bench.prediction.calibrating import of_record
    from bench.prediction.finding import find

    found = find(folder, num_threads)
    if found is None:
        check_folder(folder)
        say(f"no calibration of this machine with {num_threads} threads in {folder}: making one")
        record = measure("cpu", num_threads, say)
        found = keep(record, folder), record
    path, record = found
    return of_record(record, num_threads), str(path)
