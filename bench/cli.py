"""The command `benchplan bench`: measure this machine, and show what was measured."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import click

from bench.cli_prediction import predict
from bench.cli_records import compare, machine, show
from bench.cli_training import train
from bench.errors import InputError, MeasurementError
from bench.progress import progress
from bench.store import DEFAULT_FOLDER, check_folder, keep

SUITES = ("quick", "full")
BUSY_LOAD_PER_CORE = 0.75


@click.group()
def bench() -> None:
    """Measure what this machine and the methods really do."""


@bench.command()
@click.option("--suite", default="quick", show_default=True, help=f"What to measure: {', '.join(SUITES)}.")
@click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    metavar="DIR",
    help="Folder for the record.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON on standard output.")
@click.option("--verbose", is_flag=True, help="Say the progress also where standard error is no terminal.")
def run(suite: str, device: str, output: Path, as_json: bool, verbose: bool) -> None:
    """Train, measure and compress small models here, and keep a record (quick: about a minute; full: about ten)."""
    _check_suite(suite)
    check_folder(output)
    try:
        say = progress(verbose)
        if _is_busy():
            # Threads that spin at each barrier are fastest on a quiet machine, and many times slower beside other work.
            os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        # torch takes seconds to import: what can be refused has been refused by now.
        from bench.suite import FULL, QUICK, run_suite

        record = run_suite({"quick": QUICK, "full": FULL}[suite], device, say)
        path = keep(record, output)
        say(f"the record lies in {path}")
    except KeyboardInterrupt:
        raise MeasurementError(
            "Stopped by ctrl-C before the end: nothing was written, "
            f"and older records in {output} are as they were."
        ) from None
    if as_json:
        click.echo(record.to_json(), nl=False)
        return
    from bench.table import headline

    click.echo(headline(record))
    for text in record.warnings:
        click.echo(f"warning: {text}")
    click.echo(f"The record of {len(record.measurements)} measurements lies in {path}.")


for command in (train, predict, show, compare, machine):
    bench.add_command(command)


def _is_busy() -> bool:
    """Tell whether other work keeps more than three quarters of the cores busy before the bench starts."""
    cores = os.cpu_count() or 1
    return hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY_LOAD_PER_CORE * cores


def _check_suite(suite: str) -> None:
    if suite in SUITES:
        return
    near = difflib.get_close_matches(suite, SUITES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(f"--suite {suite}: there is no such suite; there is {', '.join(SUITES)}.{hint}")
