"""FLOPs of a model, by its own formula and by two counters, which must agree.

Counters are silent about operations they do not know (fused attention on the CPU, quantized layers): a zero
or a disagreement is an error here, never a number. One multiply-add is 2 FLOPs. Causal attention is counted
over the full square of the sequence, because that is what the decomposed operation executes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import MeasurementError

FLOPS_PER_MULTIPLY_ADD = 2
FVCORE_PRODUCTS = ("addmm", "bmm", "conv", "einsum", "linear", "matmul", "mm", "scaled_dot_product_attention")
MAX_DISAGREEMENT_SHARE = 0.01
CONVENTION = (
    "2 FLOPs per multiply-add; causal attention over the full square of the sequence; matrix products only"
)


def count_on_meta(
    build: Callable[[], nn.Module], make_inputs: Callable[[], Tensor], *, training: bool
) -> int:
    """Count one forward pass, or forward and backward of a training step, without memory or arithmetic.

    Under the meta device fused attention falls apart into matrix products, which the counter knows.
    """
    with torch.device("meta"):
        model, inputs = build(), make_inputs()
    counter = FlopCounterMode(display=False)
    with counter:
        if training:
            model.train()(inputs).sum().backward()
        else:
            with torch.no_grad():
                model.eval()(inputs)
    return int(counter.get_total_flops())


def count_by_fvcore(model: nn.Module, inputs: Tensor) -> int:
    """Count one forward pass by fvcore, which counts multiply-adds and must be told of fused attention."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # fvcore takes long to import and speaks of deprecated calls in torch's tracer.
        from fvcore.nn import FlopCountAnalysis

        analysis = FlopCountAnalysis(model.eval(), inputs)
        analysis.set_op_handle("aten::scaled_dot_product_attention", _attention_multiply_adds)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        # It also counts norms and pooling, by rough factors, which are no products.
        multiply_adds = sum(v for op, v in analysis.by_operator().items() if op in FVCORE_PRODUCTS)
    return FLOPS_PER_MULTIPLY_ADD * int(multiply_adds)


def agreed(counts: Mapping[str, int], subject: str) -> int:
    """Return the first count when all agree.

    Raises MeasurementError when one is not positive or lies more than 1 % off the first.
    """
    listing = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    first, *others = counts.values()
    if min(counts.values()) <= 0:
        raise MeasurementError(
            f"FLOPs of {subject}: a counter saw no operation ({listing}); it does not know the model"
        )
    if any(abs(other - first) > MAX_DISAGREEMENT_SHARE * first for other in others):
        raise MeasurementError(f"FLOPs of {subject}: the counts disagree by more than 1 % ({listing})")
    return first


def _attention_multiply_adds(inputs: list[Any], outputs: list[Any]) -> int:
    query, key = (value.type().sizes() for value in inputs[:2])
    scores = int(torch.Size(query).numel()) * key[-2]
    return 2 * int(scores)
