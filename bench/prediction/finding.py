"""Finds this machine's calibration among records, or makes one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from bench.environment import describe_machine
from bench.measuring.contention import QuietWatch
from bench.prediction.calibrating import calibrate, has_calibration, threads
from bench.record import Record, load_folder, now
from bench.versions import benchplan_version


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


def make(num_threads: int, say: Callable[[str], None]) -> Record:
    """Calibrate this machine and return the record, of the suite `calibration`; nothing is written."""
    started = time.perf_counter()
    watch = QuietWatch(one_thread=num_threads == 1)
    with threads(num_threads), watch:
        measurements = calibrate(say)
    warnings = []
    if watch.contended:
        warnings.append(
            f"The machine was not quiet while it was calibrated ({watch.in_words()}): "
            "predictions made from this are less sure than they say."
        )
    return Record(
        suite="calibration",
        device="cpu",
        created_at=now(),
        benchplan_version=benchplan_version(),
        machine=describe_machine("cpu"),
        measurements=tuple(measurements),
        duration_seconds=time.perf_counter() - started,
        contended=watch.contended,
        warnings=tuple(warnings),
    )
