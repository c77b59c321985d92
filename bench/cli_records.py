"""The commands that show records, hold two of them against each other, and describe this machine."""

from __future__ import annotations

import difflib
import importlib.util
import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bench.errors import MeasurementError, RecordError
from bench.record import Measurement, Record, load, load_folder, now
from bench.store import DEFAULT_FOLDER, check_folder, keep

if TYPE_CHECKING:
    from bench.environment import Device

COMPARISON_SCHEMA = "benchplan.comparison/1"


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON on standard output.")
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
def machine(device: str, output: Path, as_json: bool) -> None:
    """Describe this machine: what it is, what it can do at best, whether it is quiet; keep a record."""
    check_folder(output)
    try:
        record = measure(device)
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


def measure(wanted: str) -> Record:
    """Measure what the machine can do at best, and return it as a record of the suite `machine`.

    Raises InputError when the device is not there.
    """
    import torch

    from bench.calibration import measure_machine
    from bench.environment import choose_device, describe_machine, num_cores
    from bench.measuring.contention import QuietWatch
    from bench.suite import benchplan_version

    device = choose_device(wanted)
    started, watch = time.perf_counter(), QuietWatch(one_thread=False)
    # torch's own default leaves out hyper-threads, our count what the container may not use.
    torch.set_num_threads(min(num_cores(), torch.get_num_threads()))
    with watch:
        measurements = measure_machine(device)
    warnings = []
    if watch.contended:
        warnings.append(
            f"The machine was not quiet ({watch.in_words()}): what it can do at best is more than what stands here."
        )
    return Record(
        suite="machine",
        device=device,
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine(device),
        measurements=(*measurements, energy_meters(device)),
        duration_seconds=time.perf_counter() - started,
        contended=watch.contended,
        warnings=tuple(warnings),
    )


def energy_meters(device: Device, folder: Path = Path("/sys/class/powercap")) -> Measurement:
    """Count the meters of energy that can be read here: zones of processors by RAPL, or NVML on a GPU.

    Source: Linux kernel documentation, "Power Capping Framework", file `energy_uj`.
    """
    meters = [file.parent.name for file in sorted(folder.glob("*/energy_uj")) if _is_readable(file)]
    if device == "cuda" and importlib.util.find_spec("pynvml"):
        meters = ["NVML"]
    note = f"energy can be measured: {', '.join(meters)}" if meters else "energy cannot be measured here"
    return Measurement(
        subject="machine",
        name="energy_meters",
        value=len(meters),
        method="RAPL or NVML, where one of them can be read",
        note=note,
    )


def _is_readable(file: Path) -> bool:
    try:
        return file.read_text().strip().isdigit()
    except OSError:
        return False


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
