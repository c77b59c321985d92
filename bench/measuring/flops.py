"""FLOPs of a model as torch's counter and fvcore see them, with the operations that each of them passes over.

Counters are silent about operations they do not know (fused attention on the CPU, LSTM, quantized layers). Under
the meta device these fall apart into matrix products, which torch's counter knows. One multiply-add is 2 FLOPs.
Causal attention is counted over the full square of the sequence, because that is what the decomposed operation
executes. A zero or a disagreement is an error here, never a number.
"""

from __future__ import annotations

import copy
import math
import re
import warnings
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from bench.errors import MeasurementError

FLOPS_PER_MULTIPLY_ADD = 2
MAX_DISAGREEMENT_SHARE = 0.01
CONVENTION = (
    "2 FLOPs per multiply-add; causal attention over the full square of the sequence; matrix products only"
)
META_TOOL = "torch.utils.flop_counter on meta"
FVCORE_TOOL = "fvcore times 2"
FVCORE_COMPLETED = "fvcore times 2, products only, told of fused attention"
FVCORE_PRODUCTS = ("addmm", "bmm", "conv", "einsum", "linear", "matmul", "mm", "scaled_dot_product_attention")
PRODUCT_WORDS = frozenset({
    "mm", "bmm", "addmm", "baddbmm", "addbmm", "matmul", "mv", "addmv", "dot", "vdot", "vecdot", "addr", "einsum",
    "tensordot", "linear", "bilinear", "trilinear", "attention", "lstm", "gru", "rnn", "encoder", "decoder", "cdist",
    "pdist", "conv", "convolution",
})  # fmt: skip
VECTOR_PRODUCTS = (torch.ops.aten.mv, torch.ops.aten.dot, torch.ops.aten.addmv)
NAMESPACES_WITHOUT_PRODUCTS = ("prim", "prims", "profiler")

MODEL_FAILURES = (RuntimeError, TypeError, ValueError, AttributeError, AssertionError, LookupError)
"""What a model raises that a tool or a device cannot run; what torch has not built there is a RuntimeError too."""

Inputs = Tensor | tuple[Tensor, ...]


@dataclass(frozen=True)
class ToolCount:
    """What one tool counted, in FLOPs, and how often it passed over which operations."""

    tool: str
    flops: int | None
    """None where the tool could not read the model; the note says why."""
    uncounted_ops: Mapping[str, int] = field(default_factory=dict)
    note: str = ""

    @property
    def missed_products(self) -> dict[str, int]:
        """The operations passed over that multiply matrices, and so lack in the count."""
        return {name: times for name, times in self.uncounted_ops.items() if is_product(name)}

    def in_words(self) -> str:
        """Say the count, what it lacks and the note in one line."""
        missed = ", ".join(f"{name} ({times} times)" for name, times in self.missed_products.items())
        parts = (
            "no count" if self.flops is None else f"{self.flops:,}",
            missed and f"without {missed}",
            self.note,
        )
        return f"{self.tool}: " + "; ".join(part for part in parts if part)


def is_product(op: str) -> bool:
    """Tell by its name (`aten::bmm`) whether an operation multiplies matrices; foreign kernels count as such."""
    namespace, _, name = op.partition("::")
    if namespace != "aten":
        return namespace not in NAMESPACES_WITHOUT_PRODUCTS
    return any(re.sub(r"^(conv)\d?d?$", r"\1", word) in PRODUCT_WORDS for word in name.split("_"))


def count_dispatched(
    model: nn.Module, inputs: Inputs, tool: str, *, training: bool, with_vectors: bool = False
) -> ToolCount:
    """Run one forward pass, or forward and backward, under torch's counter where the model lies.

    The counter knows no products with a vector; they can be added to it.
    Gradients that were there are lost, and norms over batches see the inputs. Raises whatever the model raises.
    """
    more = dict.fromkeys(VECTOR_PRODUCTS, _vector_flops) if with_vectors else {}
    seen, counter = _Seen(), FlopCounterMode(display=False, custom_mapping=more)
    # The counter takes operations apart that it does not know; what arrives at `seen` is what it let pass.
    with seen, counter:
        if training:
            _scalar(model.train()(*as_tuple(inputs))).backward()  # type: ignore[no-untyped-call]
        else:
            with torch.no_grad():
                model.eval()(*as_tuple(inputs))
    known = {str(packet).replace(".", "::") for packet in counter.flop_registry}
    uncounted = {name: times for name, times in seen.times.items() if name not in known and is_product(name)}
    return ToolCount(tool, int(counter.get_total_flops()), uncounted)


def count_on_meta(
    build: Callable[[], nn.Module], make_inputs: Callable[[], Inputs], *, training: bool
) -> int:
    """Count one forward pass, or forward and backward of a training step, without memory or arithmetic."""
    with torch.device("meta"):
        model, inputs = build(), make_inputs()
    return count_dispatched(model, inputs, META_TOOL, training=training, with_vectors=True).flops or 0


def on_meta(model: nn.Module) -> nn.Module:
    """Copy a model to the meta device, where it takes no memory; parameters that are shared stay shared."""
    memo: dict[int, Any] = {}
    for tensor in chain(model.parameters(), model.buffers()):
        shadow = tensor.detach().to("meta")
        is_parameter = isinstance(tensor, nn.Parameter)
        memo[id(tensor)] = nn.Parameter(shadow, tensor.requires_grad) if is_parameter else shadow
    return copy.deepcopy(model, memo)


def count_with_fvcore(model: nn.Module, inputs: Inputs) -> tuple[ToolCount, ToolCount]:
    """Count one forward pass by fvcore: as it comes, and for comparison its products with fused attention.

    As it comes it knows no fused attention and adds norms and pooling by rough factors. Its multiply-adds are
    doubled. Both are without a number when it cannot trace the model.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # fvcore takes long to import and speaks of deprecated calls in torch's tracer.
        from fvcore.nn import FlopCountAnalysis

        attention = _Attention()
        analysis = FlopCountAnalysis(_TensorsOnly(model).eval(), as_tuple(inputs))
        analysis.set_op_handle(_Attention.OP, attention)
        analysis.unsupported_ops_warnings(False).uncalled_modules_warnings(False)
        try:
            multiply_adds, unsupported = analysis.by_operator(), dict(analysis.unsupported_ops())
        except MODEL_FAILURES as err:
            reason = f"it cannot trace the model ({first_line(err)})"
            return ToolCount(FVCORE_TOOL, None, note=reason), ToolCount(FVCORE_COMPLETED, None, note=reason)
    products = sum(count for op, count in multiply_adds.items() if op in FVCORE_PRODUCTS)
    own, completed = (
        FLOPS_PER_MULTIPLY_ADD * int(count)
        for count in (sum(multiply_adds.values()) - attention.multiply_adds, products)
    )
    extra = own + FLOPS_PER_MULTIPLY_ADD * attention.multiply_adds - completed
    lacking = {_Attention.OP: attention.times} if attention.times else {}
    note = f"with {extra:,} for norms and pooling" if extra else ""
    return (
        ToolCount(FVCORE_TOOL, own, unsupported | lacking, note),
        ToolCount(FVCORE_COMPLETED, completed, unsupported),
    )


def count_by_fvcore(model: nn.Module, inputs: Inputs) -> int:
    """Count the products of one forward pass by fvcore, in FLOPs.

    Raises MeasurementError when fvcore cannot trace the model.
    """
    _, products = count_with_fvcore(model, inputs)
    if products.flops is None:
        raise MeasurementError(f"fvcore counted nothing: {products.note}")
    return products.flops


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


def as_tuple(inputs: Inputs) -> tuple[Tensor, ...]:
    """Give the inputs of a model as a tuple, also where it is a single tensor."""
    return (inputs,) if isinstance(inputs, Tensor) else inputs


def first_line(err: BaseException) -> str:
    """Say what kind of error it is, and the first line of what it says."""
    return f"{type(err).__name__}: {str(err).strip().partition(chr(10))[0]}"


def _vector_flops(*shapes: torch.Size, out_shape: object = None, **others: object) -> int:
    # The matrix, or the first vector, comes right before the vector.
    matrix = [shape for shape in shapes if isinstance(shape, torch.Size)][-2]
    return FLOPS_PER_MULTIPLY_ADD * math.prod(matrix)


class _Seen(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the operations that reach the device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.times: Counter[str] = Counter()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:  # noqa: ANN401
        self.times[func.name().partition(".")[0]] += 1
        return func(*args, **(kwargs or {}))


class _Attention:
    """Tells fvcore of fused attention, and remembers how much of the count that was."""

    OP = "aten::scaled_dot_product_attention"

    def __init__(self) -> None:
        self.times, self.multiply_adds = 0, 0

    def __call__(self, inputs: list[Any], outputs: list[Any]) -> int:
        query, key, value = (tensor.type().sizes() for tensor in inputs[:3])
        # Scores are products over the query's width, mixing gives the value's width.
        count: int = math.prod(query[:-1]) * key[-2] * (query[-1] + value[-1])
        self.times += 1
        self.multiply_adds += count
        return count


class _TensorsOnly(nn.Module):
    """Gives the tensors of a model's output alone, because the tracer reads nothing else."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        return _tensors(self.model(*inputs))


def _tensors(outputs: object) -> tuple[Tensor, ...]:
    return tuple(leaf for leaf in tree_leaves(outputs) if isinstance(leaf, Tensor))


def _scalar(outputs: object) -> Tensor:
    """Sum all that a model gave and that learns, so that one backward pass reaches every product."""
    learning = [tensor.sum() for tensor in _tensors(outputs) if tensor.requires_grad]
    if not learning:
        raise MeasurementError("no output of the model depends on a parameter that learns: nothing to train")
    return torch.stack([part.float() for part in learning]).sum()
