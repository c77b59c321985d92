"""The commands that show records, hold two of them against each other, and describe this machine."""

from __future__ import annotations

import difflib
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.cli_options import with_device, with_json, with_output, with_verbose
from bench.cli_shapes import COUNT
from bench.errors import MeasurementError, RecordError
from bench.progress import progress
from bench.record import Record, load, load_folder
from bench.store import check_folder, keep

if TYPE_CHECKING:
    pass

COMPARISON_SCHEMA = "benchplan.comparison/1"


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@with_json
def show(path: Path, as_json: bool) -> None:
    """Show a record, or the newest record of a folder."""
    file, record, older = newest(path)
    if as_json:
        click.echo(record.to_json(), nl=False)
        return
    from bench.table import whole

    click.echo(whole(record, file))
    if older:
        click.echo(f"\n{len(older)} older in this folder:")
        for other in older:
            click.echo(f"  {other.name}")


@click.command()
@click.argument("first", type=click.Path(path_type=Path), metavar="A")
@click.argument("second", type=click.Path(path_type=Path), metavar="B")
@click.option(
    "--unlike-machines",
    is_flag=True,
    help="Compare records of two machines: their ratios, counts and quality, never their times.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON document.")
def compare(first: Path, second: Path, unlike_machines: bool, as_json: bool) -> None:
    """Compare two records, or the newest of two folders: B over A, with intervals."""
    (file_a, a, _), (file_b, b, _) = newest(first), newest(second)
    from bench.comparing import compare as compared
    from bench.comparing import in_words

    found = compared(a, b, unlike_machines=unlike_machines)
    if not as_json:
        click.echo(in_words(found, a, b, (str(file_a), str(file_b))))
        return
    document = {
        "schema": COMPARISON_SCHEMA,
        **{letter: _about(path, record) for letter, path, record in (("a", file_a, a), ("b", file_b, b))},
        "same_machine": found.same_machine,
        "lines": [asdict(line) for line in found.lines],
        "only_a": found.only_a,
        "only_b": found.only_b,
    }
    click.echo(json.dumps(document, indent=2, allow_nan=False))


@click.command()
@with_device
@with_output
@click.option("--threads", type=COUNT, default=1, show_default=True, help="Threads to predict for.")
@with_json
@with_verbose
def machine(device: str, threads: int, output: Path, as_json: bool, verbose: bool) -> None:
    """Describe this machine: what it can do at best, and what its single operations take, for predictions."""
    check_folder(output)
    try:
        # torch takes seconds to import: what can be refused has been refused by now.
        from bench.machine import measure

        record = measure(device, threads, progress(verbose))
        path = keep(record, output)
    except KeyboardInterrupt:
        raise MeasurementError(
            f"Stopped by ctrl-C before the end: nothing was written, and older records in {output} are as they were."
        ) from None
    if as_json:
        click.echo(record.to_json(), nl=False)
        return
    from bench.table import whole

    click.echo(whole(record, path))


def newest(path: Path) -> tuple[Path, Record, list[Path]]:
    """Return a record and its file; of a folder its newest, with the files of the older ones.

    Raises RecordError for what is missing, damaged or empty.
    """
    if not path.is_dir():
        if not path.exists():
            raise RecordError(f"{path}: there is no such file or folder{_near(path)}")
        return path, load(path), []
    records = load_folder(path)
    if not records:
        raise RecordError(
            f"{path}: holds no record. Make one with `benchplan bench run -o {path}`, or give another folder."
        )
    (file, record), *older = records
    return file, record, [other for other, _ in older]


def _near(path: Path) -> str:
    names = [each.name for each in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, names, n=1)
    return (
        f". Did you mean '{path.parent / close[0]}'?" if close else ". Give a record, or a folder of records."
    )


def _about(path: Path, record: Record) -> dict[str, object]:
    return {
        "file": str(path),
        "suite": record.suite,
        "created_at": record.created_at.isoformat(),
        "contended": record.contended,
        "machine": record.machine.model_dump(),
    }
