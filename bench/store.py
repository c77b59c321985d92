"""Where records are kept: is the folder fit to be written, and what is a new record called."""

from __future__ import annotations

import tempfile
from pathlib import Path

from bench.errors import InputError, RecordError
from bench.record import Record, save

DEFAULT_FOLDER = Path("measurements")


def check_folder(folder: Path) -> None:
    """Try to write in the folder, or where it is to be made, so that a long run is not lost at its end.

    Leaves nothing behind. Raises InputError when it is no folder or cannot be written.
    """
    try:
        place = folder.absolute()
        while not place.exists():
            place = place.parent
        with tempfile.TemporaryFile(dir=place):
            pass
    except NotADirectoryError as err:
        raise InputError(
            f"{folder}: is not a folder, or a part of its path is a file. Give a folder with -o; records are "
            "written into it under names of their own."
        ) from err
    except OSError as err:
        raise InputError(
            f"{folder}: cannot be written ({err.strerror or type(err).__name__}), so nothing was measured. "
            "Give another folder with -o."
        ) from err


def file_name(record: Record) -> str:
    """Return the name of a record's file, such as `quick-cpu-20261123T140000Z-1a2b3c4d.json`."""
    moment = record.created_at.strftime("%Y%m%dT%H%M%SZ")
    return f"{record.suite}-{record.device}-{moment}-{record.machine.fingerprint[:8]}.json"


def keep(record: Record, folder: Path) -> Path:
    """Save a record in a folder, made if need be, under a name that is not taken; returns where it lies.

    Raises RecordError when it cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise RecordError(f"{folder}: cannot be made ({err.strerror}), so the record was not kept.") from err
    name = Path(file_name(record))
    path = folder / name
    attempt = 1
    while path.exists():
        attempt += 1
        path = folder / f"{name.stem}-{attempt}{name.suffix}"
    save(record, path)
    return path
