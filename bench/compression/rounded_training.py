"""Training with rounded numbers: every forward pass does what int8 will do, so that the model learns with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from bench.compression.extras import linear_layers, must_be_plain
from bench.compression.forms import Form, Studio
from bench.compression.recipes import Step
from bench.compression.tuning import train_on

WEIGHT_LEVELS = 127
"""On each side of zero: int8 without its lowest number, so that zero lies in the middle."""
ACTIVATION_LEVELS = 255


def train_rounded(form: Form, step: Step, studio: Studio) -> Form:
    """Train on with weights of linear layers rounded by output channel and their inputs by their range.

    The model stays in fp32: a step that makes int8 of it must follow. Raises MeasurementError where there is no linear
    layer, and when training fails.
    """
    must_be_plain(form, str(step))
    linear_layers(form.module, str(step))
    tuned = train_on(form, studio, studio.training(step.number("steps")), also_trained=Rounded)
    return replace(
        form,
        module=tuned.module,
        method=form.then(f"trained on for {tuned.run.num_steps} steps with linear layers rounded to int8"),
        notes=(*form.notes, *tuned.notes),
        cost=form.cost.plus(tuned.cost),
    )


class Rounded(nn.Module):
    """A model whose linear layers work with rounded numbers; gradients pass the rounding as if it were not there."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Return the logits that the rounded model gives."""
        with _RoundsLinear():
            logits: Tensor = self.model(inputs)
        return logits


def rounded_weight(weight: Tensor) -> Tensor:
    """Round a weight (outputs, inputs) to int8 by output channel, and return it in fp32."""
    scale = weight.detach().abs().amax(1).clamp_min(torch.finfo(torch.float32).tiny) / WEIGHT_LEVELS
    zero = torch.zeros_like(scale, dtype=torch.int32)
    return torch.fake_quantize_per_channel_affine(weight, scale, zero, 0, -WEIGHT_LEVELS, WEIGHT_LEVELS)


def rounded_activation(inputs: Tensor) -> Tensor:
    """Round inputs to unsigned int8 by the range of all of them, which always holds zero, and return them in fp32."""
    low, high = inputs.detach().aminmax()
    low, high = low.clamp_max(0), high.clamp_min(0)
    scale = ((high - low) / ACTIVATION_LEVELS).clamp_min(torch.finfo(torch.float32).tiny)
    zero = (-low / scale).round().to(torch.int32)
    return torch.fake_quantize_per_tensor_affine(inputs, scale, zero, 0, ACTIVATION_LEVELS)


class _RoundsLinear(TorchFunctionMode):
    """Rounds what every linear product takes; a mode needs no change of the model, whoever wrote it."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401, whatever torch's functions return
        if func is not F.linear:
            return func(*args, **(kwargs or {}))
        inputs, weight, *rest = args
        # Under autocast the products are in bf16 already; rounding works in fp32.
        rounded = rounded_activation(inputs.float()), rounded_weight(weight.float())
        return func(*rounded, *rest, **(kwargs or {}))
