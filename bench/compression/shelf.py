"""Keeps what a compression run has finished, so that a run that was stopped goes on where it was.

Models lie there as safetensors and scores as JSON; nothing is ever unpickled. Without a folder nothing is kept.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import nn

from bench.compression.forms import Cost
from bench.errors import InputError, MeasurementError
from bench.record import write_atomically
from bench.training.checkpoints import tensors_as_bytes
from bench.training.scoring import Scores

IDENTITY = "run.json"


class Shelf:
    """A folder of one run's finished work."""

    def __init__(self, folder: Path | None, identity: dict[str, Any], *, resume: bool) -> None:
        """Open or make the folder.

        Raises InputError where it holds another run, or one that is not to be resumed.
        """
        self.folder = folder
        if folder is None:
            return
        said = json.dumps(identity, sort_keys=True, indent=1)
        mark = folder / IDENTITY
        if mark.exists():
            self._check(mark, said, resume)
            return
        if resume:
            raise InputError(f"--resume: {folder} holds no run; leave --resume out to begin one there")
        self._write(mark, said.encode())

    def scores(self, key: str) -> tuple[Scores, Scores, Cost] | None:
        """Return validation and test scores and the cost of a form, where they are kept."""
        found = self._json(key)
        if found is None:
            return None
        validation, test = (
            Scores(tuple(part["losses_nats"]), tuple(part["accuracies_share"]))
            for part in (found["validation"], found["test"])
        )
        return validation, test, Cost(**found["cost"])

    def keep_scores(self, key: str, validation: Scores, test: Scores, cost: Cost) -> None:
        """Keep the scores of a form."""
        if self.folder is not None:
            content = {
                "validation": asdict(validation),
                "test": asdict(test),
                "cost": asdict(cost),
                "of": key,
            }
            self._write(self._path(key, "json"), json.dumps(content).encode())

    def restore(self, key: str, module: nn.Module) -> bool:
        """Fill a module of the same shape with the weights that are kept; false where there are none."""
        if self.folder is None or not (path := self._path(key, "safetensors")).exists():
            return False
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
            module.load_state_dict(tensors)
        except (OSError, SafetensorError, RuntimeError) as err:
            reason = str(err).partition("\n")[0]
            raise InputError(f"{path}: cannot be used ({reason}); remove it, and it is made again") from err
        return True

    def keep_model(self, key: str, module: nn.Module) -> None:
        """Keep the weights of a module."""
        if self.folder is not None:
            tensors = {
                name: value for name, value in module.state_dict().items() if isinstance(value, torch.Tensor)
            }
            self._write(self._path(key, "safetensors"), tensors_as_bytes(tensors))

    def _check(self, mark: Path, said: str, resume: bool) -> None:
        before = mark.read_text(encoding="utf-8")
        if before != said:
            old, new = json.loads(before), json.loads(said)
            unlike = [name for name in new if new[name] != old.get(name)]
            raise InputError(
                f"{self.folder}: holds another run ({', '.join(unlike)} differ); give another folder, or the same "
                "options"
            )
        if not resume:
            raise InputError(
                f"{self.folder}: holds this run already; go on with it by --resume, or give another folder"
            )

    def _json(self, key: str) -> dict[str, Any] | None:
        if self.folder is None or not (path := self._path(key, "json")).exists():
            return None
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as err:
            raise InputError(f"{path}: cannot be read ({err}); remove it, and it is made again") from err
        return found

    def _path(self, key: str, suffix: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.{suffix}"

    def _write(self, path: Path, content: bytes) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        except OSError as err:
            raise MeasurementError(
                f"{path}: cannot be written ({err.strerror or type(err).__name__}); what was finished before is kept"
            ) from err
