"""The operations of a step, as torch would run them on this device, without memory or arithmetic.

Fake tensors know shapes and strides only, so that a model of any size can be traced in seconds; torch sends the
same operations to the same kernels as for real tensors. What a trace holds: every operation with its shapes, the bytes
that it reads and writes, and how much memory the tensors take at the worst moment.
"""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import flop_registry

from bench.measuring.flops import FLOPS_PER_MULTIPLY_ADD
from bench.prediction.convolutions import Convolved, products_inside

Kind = Literal["matmul", "attention", "convolution", "view", "other"]
Layout = Literal["forward", "input_gradient", "weight_gradient"]

MATMULS = frozenset({"aten::mm", "aten::addmm", "aten::bmm", "aten::baddbmm"})
ATTENTION = "aten::_scaled_dot_product_flash_attention_for_cpu"
FUSED_ADAMW = "aten::_fused_adamw_"
CONVOLUTIONS = frozenset({"aten::convolution", "aten::convolution_backward"})


class Op(NamedTuple):
    """One operation; two with equal fields take the same time."""

    name: str
    kind: Kind
    shape: tuple[int, ...]
    """Of a matmul: batch, rows, inputs, outputs of the layer that it belongs to; of attention: sequences times
    heads, queries, keys, width of a head; of a convolution: those of Convolved; of others: nothing."""
    layout: Layout
    flops: int
    bytes_moved: int
    """Bytes of all tensors that are read or written; what is changed in place counts for both."""
    bytes_fresh: int
    """Bytes of the memory that the result takes anew."""
    num_tensors: int
    """More than one where a list of tensors is worked on, as in an optimizer's step."""


@dataclass(frozen=True)
class Trace:
    """The operations of a step with how often each runs, and the memory of its tensors."""

    ops: dict[Op, int]
    peak_bytes: int
    """Highest sum of the tensors that the step made and that lived at one time."""


def trace(prepare: Callable[[], Callable[[], object]]) -> Trace:
    """Trace one step: `prepare` builds model and inputs and returns the step, which is run twice.

    The first run makes what is made only once, such as an optimizer's states.
    """
    with FakeTensorMode():
        step = prepare()
        step()
        return traced(step)[0]


def traced(
    step: Callable[[], object], clock: Callable[[], float] = lambda: 0.0
) -> tuple[Trace, list[tuple[Op, float]]]:
    """Run a step and return its trace and its operations in order with the time of each by the clock."""
    with _Tracer(clock) as tracer:
        result = step()
    del result
    return Trace(dict(Counter(op for op, _ in tracer.times)), tracer.peak_bytes), tracer.times


class _Tracer(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.times: list[tuple[Op, float]] = []
        self._clock = clock
        self.peak_bytes = self._living = 0
        self._known: weakref.WeakKeyDictionary[object, int] = weakref.WeakKeyDictionary()

    def __torch_dispatch__(
        self,
        func: Any,  # noqa: ANN401
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        kwargs = kwargs or {}
        before = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
        for tensor in before:
            # What was there before the step counts for nothing.
            self._known.setdefault(tensor.untyped_storage(), 0)
        start = self._clock()
        out = func(*args, **kwargs)
        seconds = self._clock() - start
        if func.namespace != "aten":
            return out
        after = [leaf for leaf in tree_leaves(out) if isinstance(leaf, Tensor)]
        fresh = sum(self._note(tensor) for tensor in after)
        self.peak_bytes = max(self.peak_bytes, self._living + _workspace_bytes(func._schema.name, args, out))
        self.times.append((_op(func, args, kwargs, out, before, after, fresh), seconds))
        return out

    def _note(self, tensor: Tensor) -> int:
        storage = tensor.untyped_storage()
        if storage in self._known:
            return 0
        size = int(storage.nbytes())
        self._known[storage] = size
        self._living += size
        self.peak_bytes = max(self.peak_bytes, self._living)
        weakref.finalize(storage, self._free, size).atexit = False
        return size

    def _free(self, size: int) -> None:
        self._living -= size


def _op(
    func: Any,  # noqa: ANN401
    args: Sequence[Any],
    kwargs: dict[str, Any],
    out: object,
    before: Sequence[Tensor],
    after: Sequence[Tensor],
    fresh: int,
) -> Op:
    name = func._schema.name
    in_place = func._schema.is_mutable
    if not fresh and not in_place and after:
        return Op(name, "view", (), "forward", 0, 0, 0, 1)
    moved = {id(t): t.nbytes for t in (*before, *after)}
    rewritten = sum(t.nbytes for t in _rewritten(func, args))
    lists = max((len(a) for a in args if isinstance(a, list) and a and isinstance(a[0], Tensor)), default=1)
    num_tensors = lists if name.startswith(("aten::_foreach", "aten::_fused")) else 1
    kind, shape, layout, flops = _product(func, name, args, kwargs, out)
    return Op(name, kind, shape, layout, flops, sum(moved.values()) + rewritten, fresh, num_tensors)


def _rewritten(func: Any, args: Sequence[Any]) -> list[Tensor]:  # noqa: ANN401
    """Return the tensors that an operation in place reads and writes, as its schema marks them."""
    marked = [
        value
        for value, argument in zip(args, func._schema.arguments, strict=False)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    return [leaf for leaf in tree_leaves(marked) if isinstance(leaf, Tensor)]


def _product(
    func: Any,  # noqa: ANN401
    name: str,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    out: object,
) -> tuple[Kind, tuple[int, ...], Layout, int]:
    if name in MATMULS:
        a, b = (args[1], args[2]) if name in ("aten::addmm", "aten::baddbmm") else (args[0], args[1])
        batch = a.shape[0] if a.ndim == 3 else 1
        m, k, n = a.shape[-2], a.shape[-1], b.shape[-1]
        layout: Layout = "input_gradient"
        if _is_transposed(b):
            layout = "forward"
        elif _is_transposed(a):
            # The rows of the layer are what is summed over, its outputs the rows of the product.
            layout, (m, k, n) = "weight_gradient", (k, n, m)
        return "matmul", (batch, m, k, n), layout, FLOPS_PER_MULTIPLY_ADD * batch * m * k * n
    if name.startswith(ATTENTION):
        backward = name != ATTENTION
        query, key = args[1 if backward else 0], args[2 if backward else 1]
        shape = (query.shape[0] * query.shape[1], query.shape[2], key.shape[2], query.shape[3])
        # Two products forward, five backward, where the scores are worked out again.
        products = 5 if backward else 2
        flops = products * FLOPS_PER_MULTIPLY_ADD * shape[0] * shape[1] * shape[2] * shape[3]
        return "attention", shape, "forward", flops
    if name in CONVOLUTIONS:
        flops = int(flop_registry[func._overloadpacket](*args, **kwargs, out_val=out))
        return "convolution", _convolution_shape(name, args, out), "forward", flops
    return "other", (), "forward", 0


def _convolution_shape(name: str, args: Sequence[Any], out: Any) -> Convolved:  # noqa: ANN401
    backward, inputs, weight = _convolved(name, args)
    stride, padding, dilation, is_transposed = args[4:8] if backward else args[3:7]
    groups = int(args[9] if backward else args[8])
    # Of a group; a transposed one lists its inputs first, and goes from the pixels of its input to those of its result.
    first, second = weight.shape[0] // groups, weight.shape[1]
    image, result = inputs.shape[2:], (args[0] if backward else out).shape[2:]
    taps = weight.shape[2:]
    along = (list(given) * len(taps) if len(given) == 1 else given for given in (stride, padding, dilation))
    return Convolved(
        rows=inputs.shape[0],
        channels_in=first if is_transposed else second,
        channels_out=second if is_transposed else first,
        pixels_in=image.numel(),
        pixels_out=result.numel(),
        taps=taps.numel(),
        products=products_inside(result if is_transposed else image, taps, *along),
        groups=groups,
        gradients=sum(args[10][:2]) if backward else 0,
    )


def _convolved(name: str, args: Sequence[Any]) -> tuple[bool, Tensor, Tensor]:
    """Whether it is the backward pass, the images, and the weights."""
    backward = name == "aten::convolution_backward"
    first = 1 if backward else 0
    return backward, args[first], args[first + 1]


def _workspace_bytes(name: str, args: Sequence[Any], out: object) -> int:
    """Bytes that a convolution takes beyond its results while it runs.

    oneDNN, torch's library for it on the CPU, copies what it reads and writes into layouts of its own, except for
    kernels of one pixel: forward the input, the weights and the result, backward the gradient and the input, or the
    weights' gradient. Where the image is smaller than the kernel it takes the weights' gradient five times over.
    Seen in the allocations that torch's profiler records, with torch 2.13.
    """
    if name not in CONVOLUTIONS:
        return 0
    backward, inputs, weight = _convolved(name, args)
    if weight.device.type != "cpu" or max(weight.shape[2:]) == 1:
        return 0
    if backward:
        small = min(inputs.shape[2:]) < max(weight.shape[2:])
        return int(max(args[0].nbytes + inputs.nbytes, (5 if small else 1) * weight.nbytes))
    assert isinstance(out, Tensor)
    return int(max(inputs.nbytes + weight.nbytes, out.nbytes))


def _is_transposed(matrix: Tensor) -> bool:
    return matrix.stride(-2) == 1 and matrix.shape[-1] > 1 and matrix.stride(-1) != 1
