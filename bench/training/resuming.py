"""Checkpoints: all that a run needs to go on to the same bits, in one safetensors file and one before it.

A checkpoint is written whole or not at all, and the one before it stays as `FILE.previous`. Nothing in it is
ever unpickled.
"""

from __future__ import annotations

import errno
import json
import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from bench.errors import InputError, MeasurementError
from bench.record import write_atomically
from bench.training.checkpoints import tensors_as_bytes

VERSION = 1
METADATA_KEY = "benchplan.checkpoint"
MAX_DIFFERENCES_SHOWN = 3


@dataclass(frozen=True)
class Snapshot:
    """Tensors by name, and facts that JSON can hold; `identity` says of which run it is."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]
    identity: dict[str, str]

    @property
    def step(self) -> int:
        """Steps taken when it was made."""
        return int(self.facts["history"]["step"])


class CheckpointFile:
    """The file of one run's checkpoints and the file of the one before."""

    def __init__(self, path: Path, every: int = 0) -> None:
        """`every` is the number of steps from one checkpoint to the next; zero leaves it to the validations."""
        self.path = path
        self.every = every
        self.written_step: int | None = None
        self.troubles: list[str] = []
        self._newest_is_damaged = False

    @property
    def previous(self) -> Path:
        """Where the checkpoint before the newest lies."""
        return self.path.with_name(f"{self.path.name}.previous")

    def exists(self) -> bool:
        """Tell whether there is anything to go on from."""
        return self.path.exists() or self.previous.exists()

    def read(self) -> tuple[Snapshot, str]:
        """Read the newest checkpoint that is whole; the text tells of a newer one that is not, else is empty.

        Raises InputError when there is none.
        """
        if not self.exists():
            raise InputError(
                f"{self.path}: there is no checkpoint to resume from; leave out --resume to start anew, or give "
                "the file of a run that wrote one"
            )
        self._remove_leftovers()
        faults = []
        for path in (self.path, self.previous):
            snapshot = _read(path)
            if isinstance(snapshot, str):
                faults.append(f"{path}: {snapshot}")
                continue
            self.written_step = snapshot.step
            self._newest_is_damaged = path != self.path
            told = "; ".join(faults)
            return snapshot, told and f"{told}; resumed from {path} of step {snapshot.step} instead"
        raise InputError(
            f"no checkpoint can be read ({'; '.join(faults)}): delete the files and train anew without --resume"
        )

    def write(self, snapshot: Snapshot) -> bool:
        """Write a checkpoint; where that fails the run goes on, older ones stay and `troubles` tells it.

        Raises MeasurementError when the first one fails: then nothing is lost yet.
        """
        self._remove_leftovers()
        try:
            content = _as_bytes(snapshot)
            # A damaged file must not take the place of the one that the run went on from.
            if not self._newest_is_damaged:
                self._keep_previous()
            write_atomically(self.path, content)
            self._newest_is_damaged = False
            _settle(self.path.parent)
        except OSError as err:
            self._refuse_or_note(err, snapshot.step)
            return False
        self.written_step = snapshot.step
        return True

    def in_words(self) -> str:
        """Say which checkpoint a run that breaks down can go on from."""
        if self.written_step is None:
            return ""
        return f"; the checkpoint of step {self.written_step} stays in {self.path}"

    def _refuse_or_note(self, err: OSError, step: int) -> None:
        full = err.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else err.strerror or type(err).__name__
        text = f"{self.path}: the checkpoint of step {step} cannot be written ({reason})"
        if self.written_step is None:
            raise MeasurementError(
                f"{text}, so training was not begun; free some space or give another --checkpoint"
            ) from err
        self.troubles.append(f"{text}; that of step {self.written_step} stays and training goes on")

    def _keep_previous(self) -> None:
        """Give the newest file a second name, so that there is a whole checkpoint at every moment."""
        if not self.path.exists():
            return
        link = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        try:
            link.hardlink_to(self.path)
        except OSError:
            # Without hard links there is a moment in which only the previous one is there; reading knows that.
            self.path.replace(self.previous)
            return
        link.replace(self.previous)
        # Renaming one name of a file to another name of it does nothing and leaves both.
        link.unlink(missing_ok=True)

    def _remove_leftovers(self) -> None:
        # A process killed while it writes leaves its temporary file.
        for path in self.path.parent.glob(f".{self.path.name}.*.tmp"):
            path.unlink(missing_ok=True)


def check_same(saved: dict[str, str], wanted: dict[str, str], path: Path) -> None:
    """Raise InputError that names what differs between the run of a checkpoint and the one asked for."""
    names = [name for name in {**saved, **wanted} if saved.get(name) != wanted.get(name)]
    if not names:
        return
    told = [
        f"{name} was {saved.get(name, 'not there')} and is {wanted.get(name, 'not there')}"
        for name in names[:MAX_DIFFERENCES_SHOWN]
    ]
    more = f", and {len(names) - len(told)} more" if len(names) > len(told) else ""
    raise InputError(
        f"{path}: is the checkpoint of another run: {', '.join(told)}{more}; resume with what the run was "
        "started with, or start anew with another --checkpoint"
    )


def checksum(tensors: dict[str, Tensor]) -> int:
    """CRC-32 over names and contents in the order of the names."""
    value = 0
    for name in sorted(tensors):
        value = zlib.crc32(name.encode(), value)
        content: Any = tensors[name].detach().cpu().contiguous().flatten().view(torch.uint8).numpy()
        value = zlib.crc32(content, value)
    return value


def _as_bytes(snapshot: Snapshot) -> bytes:
    about = {
        "version": VERSION,
        "identity": snapshot.identity,
        "facts": snapshot.facts,
        "checksum": checksum(snapshot.tensors),
    }
    return tensors_as_bytes(snapshot.tensors, {METADATA_KEY: json.dumps(about)})


def _read(path: Path) -> Snapshot | str:
    """Read a checkpoint; a text says why the file holds none that is whole."""
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
        about = json.loads(metadata[METADATA_KEY])
        version, expected = about["version"], about["checksum"]
        snapshot = Snapshot(tensors, about["facts"], about["identity"])
    except FileNotFoundError:
        return "there is no such file"
    except KeyError:
        return "is no checkpoint of a training run"
    except (OSError, SafetensorError, ValueError) as err:
        return f"is damaged or cut off ({str(err).partition(chr(10))[0][:100]})"
    if version != VERSION:
        return f"is of version {version}, and this Benchplan reads version {VERSION}"
    if checksum(tensors) != expected:
        return "is damaged: its checksum differs"
    return snapshot


def _settle(folder: Path) -> None:
    """Let the new name of the file survive a power cut, where folders can be synchronized."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
