"""Options and habits that several commands of the bench share."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.memory_keeping import keep_memory
from bench.store import DEFAULT_FOLDER

if TYPE_CHECKING:
    from bench.record import Record

BUSY_LOAD_PER_CORE = 0.75

with_device = click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True
)
with_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    default=DEFAULT_FOLDER,
    show_default=True,
    metavar="DIR",
    help="Folder for the record.",
)
with_json = click.option(
    "--json", "as_json", is_flag=True, help="Print the record as JSON on standard output."
)
with_verbose = click.option(
    "--verbose", is_flag=True, help="Say the progress also where standard error is no terminal."
)


def prepare_to_measure() -> None:
    """Set up this process for training and timing; before torch is imported.

    Freed memory is kept. Where other work keeps the cores busy, torch's threads sleep at their barriers: those that
    spin there are fastest on a quiet machine, and many times slower beside other work.
    """
    keep_memory()
    if hasattr(os, "getloadavg") and os.getloadavg()[0] > BUSY_LOAD_PER_CORE * (os.cpu_count() or 1):
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")


def tell(record: Record, path: Path, in_words: Callable[[Record], str], *, as_json: bool) -> None:
    """Print a record that was kept: as JSON alone, or in words with its warnings and where it lies."""
    if as_json:
        click.echo(record.to_json(), nl=False)
        return
    click.echo(in_words(record))
    for text in record.warnings:
        click.echo(f"warning: {text}")
    click.echo(f"The record of {len(record.measurements)} measurements lies in {path}.")
