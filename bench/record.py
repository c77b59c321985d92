"""What one run of the bench leaves behind: the schema of a record, and its way to a file and back.

Imports neither torch nor numpy, because the planner reads records when it must start quickly.
"""

from __future__ import annotations

import json
import os
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    NonNegativeFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from bench.errors import RecordError

SCHEMA_NAME = "benchplan.measurement"
SCHEMA_VERSION = 2
"""Version 2 added `conditions`; records of version 1 have none and are read as they stand."""
MAX_FAULTS_SHOWN = 3

PORTABLE_ENDS = (
    "_ratio", "_difference_share", "params", "flops", "file_bytes", "accuracy_share", "perplexity",
)  # fmt: skip
"""How names end whose values say something of other machines too: ratios, counts, sizes of files, quality."""

UtcTime = Annotated[AwareDatetime, AfterValidator(lambda moment: moment.astimezone(UTC))]


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        use_attribute_docstrings=True,
    )


class Measurement(_Frozen):
    """One number that was measured, or derived from what was measured, and how."""

    subject: str
    """What was measured: `machine`, `mlp`, `gpt`."""
    variant: str = "fp32"
    """In which form: a number format such as `fp32` or `int8`, or a trial of a search."""
    conditions: dict[str, int | FiniteFloat | str] = Field(default_factory=dict)
    """Under what: `{"batch": 4, "context_tokens": 128}`; a quantity may stand in a record once for each."""
    name: str
    """The quantity; the name ends in its unit, as in `latency_seconds`."""
    value: FiniteFloat | None
    """In SI units and bytes; null where it could not be measured, and then the note says why."""
    low: FiniteFloat | None = None
    """Lower end of the 95 % bootstrap interval, where there is one."""
    high: FiniteFloat | None = None
    """Upper end of the 95 % bootstrap interval, where there is one."""
    method: str
    """How it was measured, in a sentence."""
    samples: tuple[FiniteFloat, ...] = ()
    """The raw samples behind the value, in the same unit."""
    note: str = ""
    """What a reader of the number should know."""

    @property
    def is_portable(self) -> bool:
        """Tell whether the value says something of other machines too; times, rates, memory and energy do not."""
        return self.name.endswith(PORTABLE_ENDS) or "_nats_per_" in self.name

    @property
    def label(self) -> str:
        """Subject, variant and conditions in words: `gpt fp32, batch 4, context_tokens 128`."""
        return ", ".join(
            [f"{self.subject} {self.variant}", *(f"{n} {v}" for n, v in self.conditions.items())]
        )

    @model_validator(mode="after")
    def _interval_is_ordered(self) -> Self:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low} lies above high {self.high}")
        return self


class Machine(_Frozen):
    """The machine as far as it bears on speed; it holds no host name, no user name and no path."""

    fingerprint: str
    """Hash over all fields below: equal on two machines of the same make with the same software."""
    description: str
    """The machine in words."""
    processor: str
    instruction_set: str
    """The vector instructions that torch uses, such as `AVX512`."""
    num_cores: PositiveInt
    """Logical cores that this process may use."""
    memory_bytes: PositiveInt
    """Main memory that this process may use."""
    accelerator: str | None = None
    """Name of the accelerator that was used, or null."""
    accelerator_memory_bytes: PositiveInt | None = None
    operating_system: str
    python: str
    torch: str


class Record(_Frozen):
    """Everything that one run of a suite found on one machine."""

    schema_: Literal["benchplan.measurement/1", "benchplan.measurement/2"] = Field(
        default="benchplan.measurement/2", alias="schema"
    )
    suite: str
    device: Literal["cpu", "cuda"]
    created_at: UtcTime
    """When the run ended, in UTC."""
    benchplan_version: str
    machine: Machine
    measurements: tuple[Measurement, ...]
    duration_seconds: NonNegativeFloat
    contended: bool
    """Other work competed for the processor while this ran: trust ratios, doubt absolute times."""
    warnings: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _each_quantity_once(self) -> Self:
        seen = set()
        for m in self.measurements:
            key = (m.subject, m.variant, m.name, *sorted(m.conditions.items()))
            if key in seen:
                under = "".join(f", {name} {value}" for name, value in m.conditions.items())
                raise ValueError(
                    f"{m.subject} {m.name} ({m.variant}{under}) stands twice among the measurements"
                )
            seen.add(key)
        return self

    def find(
        self, subject: str, name: str, variant: str = "fp32", **conditions: float | str
    ) -> Measurement | None:
        """Return the measurement of a quantity under exactly these conditions, or None where there is none."""
        for m in self.measurements:
            if (m.subject, m.name, m.variant, m.conditions) == (subject, name, variant, conditions):
                return m
        return None

    def to_json(self) -> str:
        """Return the record as one JSON document; unknown values are null, never NaN."""
        return self.model_dump_json(indent=2) + "\n"


def save(record: Record, path: Path | str) -> None:
    """Write a record whole or not at all: to a temporary file in the same folder, which is then renamed.

    Raises RecordError when the folder cannot be written.
    """
    path = Path(path)
    try:
        write_atomically(path, record.to_json().encode())
    except OSError as err:
        raise RecordError(
            f"{path}: cannot be written: {_reason(err)}. Nothing was changed there; "
            "give another folder with -o."
        ) from err


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file by new content so that a reader, or a crash at any time, sees the old or the new whole.

    Raises OSError; no temporary file stays behind, also not after ctrl-C.
    """
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def load(path: Path | str) -> Record:
    """Read one record.

    Raises RecordError that names the file, the fault and what to do: a missing or unreadable file, one that
    was cut off, one that is no record, one of a newer version.
    """
    path = Path(path)
    text = _read(path)
    _check_schema(path, _parse(path, text))
    try:
        return Record.model_validate_json(text, strict=True)
    except ValidationError as err:
        raise RecordError(
            f"{path}: is not a valid record: {_faults(err)}. Measure again with `benchplan bench run`, "
            "or leave this file out."
        ) from err


def load_folder(path: Path | str) -> list[tuple[Path, Record]]:
    """Read all records (`*.json`) of a folder, newest first; an empty folder gives an empty list.

    Raises RecordError for a folder that is missing and for the first file that cannot be read as a record.
    """
    folder = Path(path)
    try:
        files = sorted(p for p in folder.iterdir() if p.suffix == ".json" and not p.name.startswith("."))
    except OSError as err:
        raise RecordError(
            f"{folder}: {_reason(err)}. Give a folder with records, or make one with "
            f"`benchplan bench run -o {folder}`."
        ) from err
    records = [(file, load(file)) for file in files]
    return sorted(records, key=lambda item: (item[1].created_at, item[0].name), reverse=True)


def now() -> datetime:
    """Return the present moment in UTC, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as err:
        raise RecordError(
            f"{path}: is not a record: it holds bytes that are no text. Give a .json file that "
            "`benchplan bench run` wrote."
        ) from err
    except OSError as err:
        raise RecordError(
            f"{path}: {_reason(err)}. Give a file that `benchplan bench run` wrote, or run it first."
        ) from err


def _parse(path: Path, text: str) -> object:
    try:
        document: object = json.loads(text)
    except (ValueError, RecursionError) as err:
        what = "is empty" if not text.strip() else f"is half-written or damaged ({_short(err)})"
        raise RecordError(f"{path}: {what}. Delete it and measure again with `benchplan bench run`.") from err
    return document


def _check_schema(path: Path, document: object) -> None:
    schema = document.get("schema") if isinstance(document, dict) else None
    match = (
        re.fullmatch(rf"{re.escape(SCHEMA_NAME)}/([0-9]{{1,9}})", schema) if isinstance(schema, str) else None
    )
    if match is None:
        found = "no schema" if schema is None else f"schema {str(schema)[:60]!r}"
        raise RecordError(
            f"{path}: is not a record of a measurement: it has {found} where "
            f"'{SCHEMA_NAME}/{SCHEMA_VERSION}' should stand. Give a file that `benchplan bench run` wrote."
        )
    if int(match[1]) > SCHEMA_VERSION:
        raise RecordError(
            f"{path}: was written by a newer Benchplan (record version {int(match[1])}; this one reads up to "
            f"{SCHEMA_VERSION}). Update Benchplan, or measure again with `benchplan bench run`."
        )


def _faults(err: ValidationError) -> str:
    faults = [
        f"{'.'.join(str(part) for part in fault['loc']) or 'record'}: {fault['msg']}"
        for fault in err.errors()
    ]
    more = len(faults) - MAX_FAULTS_SHOWN
    return "; ".join(faults[:MAX_FAULTS_SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _short(err: Exception) -> str:
    if isinstance(err, json.JSONDecodeError):
        return f"line {err.lineno}, column {err.colno}: {err.msg}"
    return "nested too deeply" if isinstance(err, RecursionError) else str(err)


def _reason(err: OSError) -> str:
    texts = {
        FileNotFoundError: "there is no such file or folder",
        IsADirectoryError: "is a folder, not a file",
        NotADirectoryError: "is not a folder",
        PermissionError: "permission was refused",
    }
    return texts.get(type(err), err.strerror or type(err).__name__)


def _umask() -> int:
    # The only way to read the mask is to set it; mkstemp ignores it and makes files private.
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
