"""Finds this machine's calibration among records."""

from __future__ import annotations

from pathlib import Path

from bench.environment import describe_machine
from bench.prediction.calibrating import has_calibration
from bench.record import Record, load_folder


def find(folder: Path, num_threads: int) -> tuple[Path, Record] | None:
    """Return the newest record of this very machine that holds a calibration for so many threads, if any.

    Records of other machines are passed over: their times say nothing of this one.
    Raises RecordError for a record that cannot be read.
    """
    if not folder.is_dir():
        return None
    here = describe_machine("cpu").fingerprint
    for path, record in load_folder(folder):
        if record.machine.fingerprint == here and has_calibration(record, num_threads):
            return path, record
    return None
