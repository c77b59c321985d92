"""An account of a model's FLOPs: our number, what each tool says, and what each tool passed over."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from bench.errors import MeasurementError
from bench.measuring.flops import (
    CONVENTION,
    FVCORE_COMPLETED,
    META_TOOL,
    MODEL_FAILURES,
    Inputs,
    ToolCount,
    agreed,
    as_tuple,
    count_dispatched,
    count_with_fvcore,
    first_line,
)

ModelAndInputs = tuple[nn.Module, Inputs]


@dataclass(frozen=True)
class FlopAccount:
    """The FLOPs of one pass over the inputs, with the counts that they were held against."""

    subject: str
    training: bool
    flops: int
    has_formula: bool
    tools: tuple[ToolCount, ...]
    convention: str = CONVENTION

    @property
    def what(self) -> str:
        """Say what was counted."""
        return "forward and backward, without the optimizer" if self.training else "forward pass"

    @property
    def method(self) -> str:
        """Say where our number comes from and by which convention it counts."""
        if self.has_formula:
            source = f"formula of the shape, which {self.tools[0].tool} confirms within 1 %"
        else:
            source = f"{self.tools[0].tool}; there is no formula for this model"
        return f"{source}; {self.what}; {self.convention}"

    @property
    def note(self) -> str:
        """Say what each tool counted and what it passed over."""
        return "; ".join(tool.in_words() for tool in self.tools)


def account(
    subject: str,
    build_on_meta: Callable[[], ModelAndInputs],
    *,
    formula: int | None = None,
    training: bool = False,
    real: ModelAndInputs | None = None,
) -> FlopAccount:
    """Count a pass by every tool; `build_on_meta` is called under the meta device, `real` is left as it is.

    Our number is the formula or, where there is none, what torch's counter says on the meta device. A model that
    asks for values as it runs cannot run there: then the real one runs, with fused attention taken apart. What
    tools say of the real model is recorded as it is, together with what they missed.
    Raises MeasurementError when formula, counter or fvcore differ by more than 1 %, when there is no formula and
    the counter meets products that it does not know, and when a tool says zero without knowing of anything
    that it missed.
    """
    where = f"{subject}, {'training step' if training else 'forward pass'}"
    exact = _exact_count(where, build_on_meta, real, training=training)
    ours = {exact.tool: exact.flops or 0}
    if formula is not None:
        ours = {"formula": formula, **ours}
    elif exact.missed_products:
        raise MeasurementError(
            f"FLOPs of {where}: there is no formula, and torch's counter does not know {_listed(exact)}"
        )
    flops = agreed(ours, where)
    tools = [exact] if real is None else [exact, *_counts_of_real(real, where, training=training)]
    for tool in tools:
        silent = tool.flops is not None and not tool.missed_products
        # fvcore's own number holds norms; on a GPU torch counts the recomputed scores of fused attention.
        if silent and (tool.tool == FVCORE_COMPLETED or tool.flops == 0):
            agreed({**ours, tool.tool: tool.flops or 0}, where)
    return FlopAccount(subject, training, flops, formula is not None, tuple(tools))


def _exact_count(
    where: str, build_on_meta: Callable[[], ModelAndInputs], real: ModelAndInputs | None, *, training: bool
) -> ToolCount:
    try:
        with torch.device("meta"):
            model, inputs = build_on_meta()
        return count_dispatched(model, inputs, META_TOOL, training=training, with_vectors=True)
    except MODEL_FAILURES as err:
        if real is None:
            raise MeasurementError(
                f"FLOPs of {where}: the model does not run on torch's meta device ({first_line(err)})"
            ) from err
    with sdpa_kernel(SDPBackend.MATH):
        return _count_of_real(real, where, ", attention taken apart", training=training, with_vectors=True)


def _counts_of_real(real: ModelAndInputs, where: str, *, training: bool) -> list[ToolCount]:
    count = _count_of_real(real, where, "", training=training)
    if training:
        return [count]
    model, was_training = real[0], real[0].training
    with torch.random.fork_rng():
        fvcore = count_with_fvcore(*real)
    model.train(was_training)
    return [count, *fvcore]


def _count_of_real(
    real: ModelAndInputs, where: str, how: str, *, training: bool, with_vectors: bool = False
) -> ToolCount:
    model, inputs = real
    tool = f"torch.utils.flop_counter on {as_tuple(inputs)[0].device.type}{how}"
    was_training = model.training
    try:
        with torch.random.fork_rng():
            # A training step changes gradients and the means of norms: that happens to a copy.
            subject = copy.deepcopy(model) if training else model
            return count_dispatched(subject, inputs, tool, training=training, with_vectors=with_vectors)
    except MODEL_FAILURES as err:
        raise MeasurementError(f"FLOPs of {where}: the model fails ({first_line(err)})") from err
    finally:
        model.train(was_training)


def _listed(count: ToolCount) -> str:
    return ", ".join(f"{name} ({times} times)" for name, times in count.missed_products.items())
