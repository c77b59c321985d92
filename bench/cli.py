"""The command `benchplan bench`: measure this machine, and show what was measured."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from bench.cli_compression import compress
from bench.cli_options import prepare_to_measure, tell, with_device, with_json, with_output, with_verbose
from bench.cli_prediction import predict
from bench.cli_records import compare, machine, show
from bench.cli_training import train
from bench.errors import InputError, MeasurementError
from bench.progress import progress
from bench.store import check_folder, keep

SUITES = ("quick", "full")


@click.group()
def bench() -> None:
    """Measure what this machine and the methods really do."""


@bench.command()
@click.option("--suite", default="quick", show_default=True, help=f"What to measure: {', '.join(SUITES)}.")
@with_device
@with_output
@with_json
@with_verbose
def run(suite: str, device: str, output: Path, as_json: bool, verbose: bool) -> None:
    """Train, measure and compress small models here, and keep a record (quick: about a minute; full: about ten)."""
    _check_suite(suite)
    check_folder(output)
    try:
        say = progress(verbose)
        prepare_to_measure()
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
    from bench.table import headline

    tell(record, path, headline, as_json=as_json)


for command in (train, compress, predict, show, compare, machine):
    bench.add_command(command)


def _check_suite(suite: str) -> None:
    if suite in SUITES:
        return
    near = difflib.get_close_matches(suite, SUITES, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise InputError(f"--suite {suite}: there is no such suite; there is {', '.join(SUITES)}.{hint}")
