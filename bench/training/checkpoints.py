"""Trained models on disk: safetensors, with the shape of the model in the file's metadata."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from pydantic import TypeAdapter
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as to_safetensors
from torch import Tensor

from bench.errors import InputError
from bench.models.building import KINDS, Config, Model, build
from bench.record import write_atomically

METADATA_KEY = "benchplan.model"


def save_model(model: Model, path: Path) -> int:
    """Write weights and shape, whole or not at all; returns the bytes of the file."""
    return save_weights(model.state_dict(), model.config, path)


def save_weights(weights: dict[str, Tensor], config: Config | None, path: Path) -> int:
    """Write weights, with the shape where the model is one of ours; returns the bytes of the file.

    Raises InputError when the file cannot be written.
    """
    metadata = {}
    kind = next((kind for kind, known in KINDS.items() if isinstance(config, known)), None)
    if kind is not None and config is not None:
        shape = {"kind": kind, **dataclasses.asdict(config)}
        metadata[METADATA_KEY] = json.dumps(shape, sort_keys=True)
    content = tensors_as_bytes(weights, metadata)
    try:
        write_atomically(path, content)
    except OSError as err:
        raise InputError(
            f"{path}: the model cannot be written ({err.strerror or type(err).__name__}); "
            "free some space or give another file"
        ) from err
    return len(content)


def load_model(path: Path) -> Model:
    """Read a model that `save_model` wrote, on the CPU.

    Raises InputError when the file is missing, damaged, or holds no model of ours.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, it is no mapping
    except (OSError, SafetensorError) as err:
        raise InputError(
            f"{path}: is no readable safetensors file ({err}); train and save the model again"
        ) from err
    try:
        model = build(_config(metadata[METADATA_KEY]))
        model.load_state_dict(tensors)
    except (KeyError, TypeError, ValueError, RuntimeError) as err:
        first_line = str(err).partition("\n")[0]
        raise InputError(
            f"{path}: holds no model that Benchplan wrote ({type(err).__name__}: {first_line})"
        ) from err
    return model


def tensors_as_bytes(tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Serialize tensors as safetensors; equal tensors give equal bytes."""
    content: bytes = to_safetensors({k: v.detach().cpu().contiguous() for k, v in tensors.items()}, metadata)
    return content


def _config(shape: str) -> Config:
    fields = json.loads(shape)
    kind = KINDS[fields.pop("kind")]
    adapter: TypeAdapter[Config] = TypeAdapter(kind)
    return adapter.validate_python(fields)
