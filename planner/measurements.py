"""Finds the bench's records and reads single measurements from them: the newest of one machine that has each.

Absolute times of one machine say nothing of another, so the newest record decides which machine is meant, unless a
scenario names one by its fingerprint; records of other machines give at most what holds on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench.record import Measurement, Record, load, load_folder
from planner.errors import RecordError, suggestion
from planner.resources import scenarios

LOCAL_FOLDER = Path("measurements")
"""Where `benchplan bench run` writes by default, from the folder in which it is called."""

MEASURED_MACHINE = "measured-machine"
"""What a scenario writes in place of an accelerator for the machine that the record is of."""

MACHINE = "machine"
"""The subject of what was measured on the machine itself."""

COMPRESS = "compress"
"""The suite of the records that `benchplan bench compress` writes.

They say what recipes do to the model that was compressed, often of another size than the one of a whole run; no speed
of a plan is read off them.
"""

FINGERPRINT_SHOWN = 12

Use = Literal["used", "carried", "refused", "overruled"]


@dataclass(frozen=True, slots=True)
class Basis:
    """A measurement that an input rests on, or that may not stand for it, and why."""

    name: str
    """The quantity that was measured, whose name carries the unit of `value`."""
    subject: str
    """What it was measured on, with variant and conditions: `gpt fp32, batch 4`."""
    value: float
    low: float | None
    high: float | None
    machine: str
    fingerprint: str
    file: str
    as_of: str
    use: Use = "used"
    """`used` on the machine itself, `carried` over as a ratio from another machine, `refused` as an absolute figure of
    another machine, or `overruled` by what the user wrote."""


@dataclass(frozen=True)
class Sighting:
    """One measurement with the record in which it stands."""

    measurement: Measurement
    record: Record
    path: Path
    is_shipped: bool

    @property
    def value(self) -> float:
        """The value; a sighting always has one."""
        assert self.measurement.value is not None
        return self.measurement.value

    @property
    def kind(self) -> Literal["measured", "published"]:
        """`measured`, or `published` for a record that ships with Benchplan."""
        return "published" if self.is_shipped else "measured"

    @property
    def reference(self) -> str:
        """The machine with its fingerprint, and the suite."""
        machine = self.record.machine
        return f"{machine.description} [{machine.fingerprint[:FINGERPRINT_SHOWN]}], {self.record.suite} suite"

    @property
    def as_of(self) -> str:
        """The day on which it was measured."""
        return self.record.created_at.date().isoformat()

    @property
    def note(self) -> str:
        """What was measured, its interval, how, and whether the machine was quiet."""
        found = self.measurement
        has_interval = found.low is not None and found.high is not None
        interval = f"95 % interval {found.low:g} to {found.high:g}; " if has_interval else ""
        busy = "; other work ran meanwhile, on the machine or its host" if self.record.contended else ""
        return f"{found.label} {found.name}: {interval}{found.method}{busy}"

    def basis(self, use: Use = "used") -> Basis:
        """Return what a report tells of it."""
        found, machine = self.measurement, self.record.machine
        return Basis(
            found.name, found.label, self.value, found.low, found.high, machine.description,
            machine.fingerprint[:FINGERPRINT_SHOWN], self.path.name, self.as_of, use,
        )  # fmt: skip


@dataclass(frozen=True)
class Measured:
    """The records that a plan may rest on, if any, and whether they are of the user's own machine."""

    record: Record | None
    """The record that is told of first: the newest of its machine, if it can be one that measured a model."""
    path: Path | None = None
    is_shipped: bool = False
    kept: tuple[tuple[Path, Record], ...] = ()
    """All records of the folder, newest first."""

    @property
    def headline(self) -> str:
        """Say in a sentence which measurements are used."""
        if self.record is None:
            return "no measurements"
        day = self.record.created_at.date().isoformat()
        if self.is_shipped:
            return f"the shipped measurements of another machine: {self.record.machine.description}, {day}"
        return f"measured on {self.record.machine.description}, {day} ({self.path})"

    def is_of(self, hardware: str) -> bool:
        """Tell whether there is a record of what a scenario names as its hardware."""
        return bool(self.of(hardware))

    def of(self, hardware: str = MEASURED_MACHINE) -> list[tuple[Path, Record]]:
        """Return the records of the hardware that a scenario names, newest first; none for an accelerator by name."""
        if self.record is None or self.path is None or not is_measured(hardware):
            return []
        pin = pinned(hardware)
        wanted = pin or self.record.machine.fingerprint
        records = self.kept or ((self.path, self.record),)
        return [(path, one) for path, one in records if one.machine.fingerprint.startswith(wanted)]

    def others(self, hardware: str) -> list[tuple[Path, Record]]:
        """Return the records of any other machine, newest first."""
        own = {path for path, _ in self.of(hardware)}
        records = self.kept or (((self.path, self.record),) if self.path and self.record else ())
        return [(path, one) for path, one in records if path not in own]

    def sightings(self, name: str, hardware: str = MEASURED_MACHINE) -> Iterator[Sighting]:
        """Yield every measurement of a quantity on the hardware that a scenario names, the newest first."""
        yield from self._sightings(name, self.of(hardware))

    def elsewhere(self, name: str, hardware: str) -> Iterator[Sighting]:
        """Yield every measurement of a quantity on any other machine, the newest first."""
        yield from self._sightings(name, self.others(hardware))

    def _sightings(self, name: str, records: list[tuple[Path, Record]]) -> Iterator[Sighting]:
        for path, record in records:
            for found in record.measurements if record.suite != COMPRESS else ():
                if found.name == name and found.value is not None:
                    yield Sighting(found, record, path, self.is_shipped)

    def find(
        self, subject: str, name: str, variant: str = "fp32", hardware: str = MEASURED_MACHINE
    ) -> Sighting | str:
        """Return a measurement made under no conditions from the newest record that has it; or why there is none."""
        records = self.of(hardware)
        if not records:
            return no_record(hardware, self)
        reason = ""
        for path, record in records:
            found = record.find(subject, name, variant) if record.suite != COMPRESS else None
            if found and found.value is not None:
                return Sighting(found, record, path, self.is_shipped)
            reason = reason or (f" ({found.note})" if found and found.note else "")
        return f"{records[0][0]} has no {name} of {subject} in {variant}{reason}"

    def value(
        self, subject: str, name: str, variant: str
    ) -> tuple[float, Literal["measured", "published"], str, str, str] | str:
        """Return a measurement's value, kind, reference, date and note; or, as a text, why there is none."""
        found = self.find(subject, name, variant)
        if isinstance(found, str):
            return found
        return found.value, found.kind, found.reference, found.as_of, found.note

    def samples(self, subject: str, name: str, variant: str) -> tuple[float, ...]:
        """Return the raw samples behind a measurement; none where there are none."""
        found = self.find(subject, name, variant)
        return () if isinstance(found, str) else found.measurement.samples


def is_measured(hardware: str) -> bool:
    """Tell whether a scenario means the machine of a record, and no accelerator of the catalogue."""
    return hardware.partition(":")[0].strip() == MEASURED_MACHINE


def pinned(hardware: str) -> str:
    """Return the start of the fingerprint that a scenario asks for: `measured-machine:7cff3cbb`; empty for any."""
    return hardware.partition(":")[2].strip().lower()


def no_record(hardware: str, measured: Measured) -> str:
    """Say why there is no measurement of the hardware that a scenario names."""
    if measured.record is None:
        return "there are no measurements to take it from"
    machine = measured.record.machine
    return (
        f"{measured.path} is of another machine than {hardware}, of {machine.description} "
        f"[{machine.fingerprint[:FINGERPRINT_SHOWN]}], whose times say nothing of it"
    )


def find(choice: str = "auto") -> Measured:
    """Return the records: of `measurements/`, else those shipped (`auto`), of a folder or file, or none.

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
    record = load(path)
    return Measured(record, path, kept=((path, record),))


def _newest(folder: Path, *, is_shipped: bool = False) -> Measured:
    records = load_folder(folder)
    if not records:
        raise RecordError(f"{folder}: holds no record; run `benchplan bench run -o {folder}` first")
    # What was compressed is told of in a section of its own; it says little of the machine.
    told = [item for item in records if item[1].suite != COMPRESS] or records
    fingerprint = told[0][1].machine.fingerprint
    own = [(path, record) for path, record in told if record.machine.fingerprint == fingerprint]
    path, record = next(((path, one) for path, one in own if _has_a_model(one)), own[0])
    return Measured(record, path, is_shipped, tuple(records))


def _has_a_model(record: Record) -> bool:
    return any(m.subject != MACHINE for m in record.measurements)
