"""Finds the bench's records and reads single measurements from the newest of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.record import Record, load, load_folder
from planner.errors import RecordError, suggestion
from planner.resources import scenarios

LOCAL_FOLDER = Path("measurements")
"""Where `benchplan bench run` writes by default, from the folder in which it is called."""


@dataclass(frozen=True)
class Measured:
    """The record that a plan rests on, if any, and whether it is of the user's own machine."""

    record: Record | None
    path: Path | None = None
    is_shipped: bool = False

    @property
    def headline(self) -> str:
        """Say in a sentence which measurements are used."""
        if self.record is None:
            return "no measurements"
        day = self.record.created_at.date().isoformat()
        if self.is_shipped:
            return f"the shipped measurements of another machine: {self.record.machine.description}, {day}"
        return f"measured on {self.record.machine.description}, {day} ({self.path})"

    def value(
        self, subject: str, name: str, variant: str
    ) -> tuple[float, Literal["measured", "published"], str, str, str] | str:
        """Return a measurement's value, kind, reference, date and note; or, as a text, why there is none."""
        if self.record is None:
            return "there are no measurements to take it from"
        found = self.record.find(subject, name, variant)
        if found is None or found.value is None:
            reason = f" ({found.note})" if found and found.note else ""
            return f"{self.path} has no {name} of {subject} in {variant}{reason}"
        machine = self.record.machine
        reference = f"{machine.description} [{machine.fingerprint[:12]}], {self.record.suite} suite"
        interval = f"95 % interval {found.low:g} to {found.high:g}; " if found.low and found.high else ""
        busy = "; other work ran on the machine meanwhile" if self.record.contended else ""
        note = f"{subject} {variant} {name}: {interval}{found.method}{busy}"
        kind: Literal["measured", "published"] = "published" if self.is_shipped else "measured"
        return found.value, kind, reference, self.record.created_at.date().isoformat(), note

    def samples(self, subject: str, name: str, variant: str) -> tuple[float, ...]:
        """Return the raw samples behind a measurement; none where there are none."""
        found = self.record.find(subject, name, variant) if self.record else None
        return found.samples if found else ()


def find(choice: str = "auto") -> Measured:
    """Return the newest record: of `measurements/`, else of those shipped (`auto`), of a folder or file, or none.

    Raises:
        RecordError: a file or folder that was named is missing, damaged, empty or of a newer version.
    """
    if choice == "none":
        return Measured(None)
    if choice != "auto":
        return _named(Path(choice))
    if LOCAL_FOLDER.is_dir() and any(LOCAL_FOLDER.glob("*.json")):
        return _newest(LOCAL_FOLDER)
    shipped = scenarios() / "measurements"
    return _newest(shipped, is_shipped=True) if any(shipped.glob("*.json")) else Measured(None)


def _named(path: Path) -> Measured:
    if path.is_dir():
        return _newest(path)
    if not path.exists():
        near = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        raise RecordError(
            f"--measurements {path}: there is no such file or folder{suggestion(path.name, near)}; "
            f"allowed: auto, none, a record, or a folder of records"
        )
    return Measured(load(path), path)


def _newest(folder: Path, *, is_shipped: bool = False) -> Measured:
    records = load_folder(folder)
    if not records:
        raise RecordError(f"{folder}: holds no record; run `benchplan bench run -o {folder}` first")
    path, record = records[0]
    return Measured(record, path, is_shipped)
