"""Packages that only some steps need, and what a step says of a model: what it left alone, why it cannot take it."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from bench.compression.forms import Form
from bench.errors import MeasurementError

MOST_NAMES = 4
"""So many layers are named; the others are counted."""


def needed(module: str, step: str, extra: str) -> ModuleType:
    """Import a module that a step needs.

    Raises MeasurementError when its package is missing or cannot be loaded, and names the extra that brings it.
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as err:
        missing = (err.name or package).partition(".")[0]
        if missing == package and err.name != package:
            raise MeasurementError(f"{step}: this version of {package} has no {err.name}") from err
        raise MeasurementError(
            f"{step}: {missing} is not installed; pip install 'benchplan[{extra}]'"
        ) from err
    except (ImportError, OSError) as err:
        raise MeasurementError(f"{step}: {package} cannot be loaded here ({first_line(err)})") from err


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep what exporters and quantizers print and log from the user's terminal; errors are raised all the same."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


def first_line(err: BaseException) -> str:
    """Return the first line of an error's text that says something, or its name."""
    lines = [line.strip() for line in str(err).splitlines() if line.strip()]
    return lines[0] if lines else type(err).__name__


def linear_layers(module: nn.Module, step: str) -> dict[str, nn.Linear]:
    """Return the linear layers by name.

    Raises MeasurementError when there is none, and names the layers that there are.
    """
    found = {name: each for name, each in module.named_modules() if isinstance(each, nn.Linear)}
    if not found:
        others = _with_weights(module)
        there = f"layers with weights: {_some(others)}" if others else "it has no layer with weights at all"
        raise MeasurementError(f"{step}: there is no linear layer in {type(module).__name__}; {there}")
    return found


def left_out(
    module: nn.Module, step: str, taken: tuple[type[nn.Module], ...] = (nn.Linear,)
) -> tuple[str, ...]:
    """Return a note that names the layers with weight matrices that a step left as they were; none, no note."""
    others = [
        f"{name} ({type(each).__name__})"
        for name, each in module.named_modules()
        if not isinstance(each, taken) and _has_matrix(each)
    ]
    return (f"{step} left as they were: {_some(others)}",) if others else ()


def must_be_plain(form: Form, step: str) -> None:
    """Check that a model still has plain numbers in fp32.

    Raises MeasurementError when an earlier step gave it a number format of its own.
    """
    packed = [name for name, each in form.module.named_modules() if hasattr(each, "_packed_params")]
    tensors = {**dict(form.module.named_parameters()), **dict(form.module.named_buffers())}
    other = [name for name, tensor in tensors.items() if not _is_plain(tensor)]
    if packed or other or form.engine != "torch":
        raise MeasurementError(
            f"{step}: takes a model in fp32, and the steps before it left one that is none ({form.method})"
        )


class PicklesByTorch(nn.Module):
    """A module that holds fp8, which torch saves and pickle alone does not."""

    def __getstate__(self) -> dict[str, Any]:
        saved = io.BytesIO()
        torch.save(dict(self.__dict__), saved)
        return {"saved": saved.getvalue()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        # The bytes come from the line above, on their way to another process of ours.
        self.__dict__.update(torch.load(io.BytesIO(state["saved"]), weights_only=False))


def _is_plain(tensor: Tensor) -> bool:
    if type(tensor) not in (Tensor, nn.Parameter):
        return False
    return tensor.layout == torch.strided and (
        tensor.dtype == torch.float32 or not tensor.is_floating_point()
    )


def _has_matrix(module: nn.Module) -> bool:
    return any(each.ndim > 1 for each in module.parameters(recurse=False))


def _with_weights(module: nn.Module) -> list[str]:
    return [f"{name} ({type(each).__name__})" for name, each in module.named_modules() if _has_matrix(each)]


def _some(names: list[str]) -> str:
    shown, more = names[:MOST_NAMES], len(names) - MOST_NAMES
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")
