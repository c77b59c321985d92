"""The step that lets torch.compile write code for a model."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from bench.compression.extras import first_line, quietly
from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.environment import Device
from bench.errors import MeasurementError


def compiled(form: Form, step: Step, studio: Studio) -> Form:
    """Take the step `compile`: code for each shape of inputs, made when that shape first comes.

    Raises MeasurementError without a C++ compiler, and where torch cannot compile the model.
    """
    if studio.device == "cpu":
        compiler_needed(str(step))
    module = Compiled(form.module, studio.device)
    try:
        with quietly(), torch.inference_mode():
            module(studio.data.validation.inputs[:1])
    # What the compiler raises is its own, but always some RuntimeError.
    except (RuntimeError, NotImplementedError) as err:
        raise MeasurementError(
            f"{step}: torch {torch.__version__} cannot compile it ({first_line(err)})"
        ) from err
    notes = form.notes
    if hasattr(form.module, "new_cache"):
        notes = (*notes, f"{step} serves whole passes; generation with a cache was not timed")
    return replace(
        form, module=module, method=form.then("compiled by torch.compile for each shape"), engine="inductor",
        notes=notes,
    )  # fmt: skip


def compiler_needed(step: str) -> None:
    """Raise MeasurementError where there is no C++ compiler, which torch's compiler calls on the CPU."""
    wanted = os.environ.get("CXX")
    if not any(shutil.which(name) for name in ([wanted] if wanted else ["g++", "clang++", "c++"])):
        looked_for = f"{wanted}, as CXX says," if wanted else "g++ or clang++"
        raise MeasurementError(f"{step}: needs a C++ compiler, and {looked_for} is not here")


class Compiled(nn.Module):
    """A module that is compiled when it is first called; pickles as the module that it is made of."""

    def __init__(self, module: nn.Module, device: Device) -> None:
        super().__init__()
        self.module = module
        self.device = device
        self._call: Callable[[Tensor], Tensor] | None = None

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits, in memory of their own."""
        if self._call is None:
            # Layers that pack their weights when they are first called must have done so before.
            self.module(inputs)
            # On a GPU the launch of many small kernels would cost more than they; a graph launches them at once.
            mode = "reduce-overhead" if self.device == "cuda" else None
            self._call = torch.compile(self.module, dynamic=False, mode=mode)
        logits = self._call(inputs)
        # The next run of a graph writes where this one did.
        return logits.clone() if self.device == "cuda" else logits

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_call": None}
