"""Parameters and FLOPs of a chosen model: by its formulas where it has them, by counting where not."""

from __future__ import annotations

from torch import nn

from bench.errors import MeasurementError
from bench.measuring.flop_accounts import FlopAccount, account
from bench.models.custom import Custom


def count_params(model: Custom, module: nn.Module) -> int:
    """Count the elements of all parameters, shared ones once.

    Raises MeasurementError when the formula of the model's shape says another number.
    """
    counted = sum(parameter.numel() for parameter in module.parameters())
    if model.config is not None and counted != model.config.params:
        raise MeasurementError(
            f"{model.name}: {counted:,} parameters, but {model.config.params:,} by the formula of its shape"
        )
    return counted


def count_flops(
    model: Custom, *, training: bool = False, num_rows: int = 1, module: nn.Module | None = None
) -> FlopAccount:
    """Account for the FLOPs of one pass over so many rows; with the module, the tools count it where it lies too.

    Raises MeasurementError when counts are zero, incomplete or more than 1 % apart.
    """
    formula = None
    if model.config is not None:
        formula = model.config.training_flops(num_rows) if training else model.config.forward_flops(num_rows)
    inputs = model.inputs(num_rows)
    device = next((parameter.device for parameter in module.parameters()), "cpu") if module else "cpu"
    return account(
        model.name,
        lambda: (model.make_on_meta(), tuple(tensor.to("meta") for tensor in inputs)),
        formula=formula,
        training=training,
        real=None if module is None else (module, tuple(tensor.to(device) for tensor in inputs)),
    )
