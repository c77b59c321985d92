"""What single operations cost on a machine, and what a step is made of at these costs."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields

from bench.prediction.convolutions import DIRECTIONS, ConvolutionCosts, Convolved, Direction
from bench.prediction.microbenchmarks import LAYOUTS, TRAFFIC_FORMS, WIDE, WIDE_ROWS, Point
from bench.prediction.pace import Timed, pace_between
from bench.prediction.refusals import unusable
from bench.prediction.surfaces import Surface
from bench.prediction.tasks import BYTES_PER_FP32
from bench.prediction.tracing import FUSED_ADAMW, Layout, Op, Trace

MAX_STREAMED_ROWS = 32
"""With more rows a product is bound by arithmetic, and where its weights come from makes no difference."""
MMAP_BYTES = 2**25
"""Results of this size or more get memory from the system each time, page by page: glibc's M_MMAP_THRESHOLD_MAX."""
MIN_KNOWN_BYTES = 2**16
"""Smaller operations take as long as a call takes, whatever they do."""


@dataclass(frozen=True)
class Parts:
    """A step taken apart into physical terms; the seconds are those of the operations run alone."""

    matmul_seconds: float = 0.0
    stream_seconds: float = 0.0
    """Products of so few rows that reading the weights decides."""
    attention_seconds: float = 0.0
    convolution_seconds: float = 0.0
    traffic_seconds: float = 0.0
    """Element-wise operations, norms, copies and the optimizer: bytes moved over bandwidth, and their arithmetic."""
    calls: float = 0.0
    """Operations that are sent to a kernel."""
    views: float = 0.0
    """Operations that make another view of a tensor."""
    updates: float = 0.0
    """Steps of an optimizer, with all that Python does around them."""

    def as_list(self) -> list[float]:
        """Return the terms in the order of NAMES."""
        return [getattr(self, name) for name in NAMES]


NAMES = tuple(field.name for field in fields(Parts))


@dataclass(frozen=True)
class Costs:
    """Rates of single operations by shape, and what each element-wise operation takes for a byte at least."""

    matmul: Mapping[str, Surface]
    wide_matmul: Mapping[str, float]
    weight_stream: Surface
    attention: Mapping[str, Surface]
    decode_attention: Surface
    convolution: ConvolutionCosts
    traffic: Mapping[str, Surface]
    page_fault_seconds_per_byte: float
    operation_seconds_per_byte: Mapping[str, float]
    operation_seconds_per_call: Mapping[str, float]
    """Beyond what any call takes."""

    @classmethod
    def of(cls, points: Iterable[Point]) -> Costs:
        """Build from what was measured.

        Raises RecordError where a part of it is missing.
        """
        groups: dict[tuple[str, str], list[tuple[Mapping[str, object], float]]] = defaultdict(list)
        for point in points:
            groups[point.name, point.variant].append((point.conditions, point.value))

        def surface(name: str, variant: str, *axes: str) -> Surface:
            return Surface.of(f"{name} ({variant})", axes, groups[name, variant])

        def single(name: str, variant: str) -> float:
            if not groups[name, variant]:
                raise unusable(f"the calibration has no {name} ({variant})")
            return groups[name, variant][0][1]

        def by_operation(name: str) -> dict[str, float]:
            return {variant: found[0][1] for (kind, variant), found in groups.items() if kind == name}

        convolutions = (
            (direction, Convolved.of_record(where), seconds)
            for direction in DIRECTIONS
            for where, seconds in groups["convolution_seconds", direction]
        )
        traffic = {one: surface("traffic_bytes_per_second", one, "bytes") for one in TRAFFIC_FORMS}
        return cls(
            {one: surface("matmul_flops_per_second", one, "rows", "inputs", "outputs") for one in LAYOUTS},
            {one: single("wide_matmul_flops_per_second", one) for one in LAYOUTS},
            surface("weight_stream_bytes_per_second", "forward", "rows", "inputs", "bytes"),
            {one: surface("attention_flops_per_second", one, "queries", "head_width") for one in DIRECTIONS},
            surface("attention_bytes_per_second", "decode", "keys", "head_width", "bytes"),
            ConvolutionCosts.of(convolutions, traffic["in_place"]),
            traffic,
            single("page_fault_seconds_per_byte", "fp32"),
            by_operation(OPERATION),
            by_operation(OPERATION_CALL),
        )

    def parts(self, trace: Trace, read_bytes: int) -> Parts:
        """Take a step apart that reads so many bytes before it reads a weight again."""
        sums = dict.fromkeys(NAMES, 0.0)
        for op, count in trace.ops.items():
            if op.kind == "view":
                sums["views"] += count
                continue
            sums["calls"] += count
            sums["updates"] += count * (op.name == FUSED_ADAMW)
            term = "stream_seconds" if _is_streamed(op) else _TERMS[op.kind]
            sums[term] += count * self.seconds(op, read_bytes)
        return Parts(**sums)

    def seconds(self, op: Op, read_bytes: int) -> float:
        """Return the seconds of one operation."""
        if op.kind == "matmul":
            return self._matmul(op, read_bytes)
        if op.kind == "attention":
            return self._attention(op, read_bytes)
        if op.kind == "convolution":
            return self._convolution(op)
        return self._traffic(op)

    def _traffic(self, op: Op) -> float:
        """Return what bounds an operation: the bytes that it moves, or its arithmetic, which goes on meanwhile."""
        call = self.operation_seconds_per_call.get(op.name, 0.0)
        if _is_small(op):
            return call
        if op.name == FUSED_ADAMW:
            return op.bytes_moved / self.traffic["adamw"].at(op.bytes_moved)
        # A list of tensors passes through the caches as a whole; results of one operation are new memory each.
        form = "fresh" if op.bytes_fresh and op.num_tensors == 1 else "in_place"
        per_byte = 1 / self.traffic[form].at(op.bytes_moved)
        return call + op.bytes_moved * max(per_byte, self.operation_seconds_per_byte.get(op.name, 0.0))

    def _matmul(self, op: Op, read_bytes: int) -> float:
        batch, rows, inputs, outputs = op.shape
        if op.layout == "input_gradient":
            inputs, outputs = outputs, inputs
        seconds = op.flops / self._matmul_rate(op.layout, rows, inputs, outputs)
        if batch > 1:
            return seconds
        size = BYTES_PER_FP32 * inputs * outputs
        # The weights, or what their gradient is written to, are no longer in the cache in which they were measured.
        in_place = self.traffic["in_place"]
        far = 1 / in_place.at(read_bytes) - 1 / in_place.at(min(size, read_bytes))
        seconds += size * max(far, 0.0)
        if op.bytes_fresh >= MMAP_BYTES:
            seconds += op.bytes_fresh * self.page_fault_seconds_per_byte
        if not _is_streamed(op):
            return seconds
        return max(seconds, size / self.weight_stream.at(rows, inputs, max(read_bytes, size)))

    def _matmul_rate(self, layout: Layout, rows: int, inputs: int, outputs: int) -> float:
        """Return FLOP/s; beyond the widths of the grid what a product of twice the width loses, for each side half."""
        surface, half = self.matmul[layout], WIDE / 2
        # A wider product is no faster for its width: where it seems so the other one was disturbed.
        lost = min(self.wide_matmul[layout] / surface.at(WIDE_ROWS, half, half), 1.0)
        sides = sum(min(max(math.log2(side / half), 0.0), 1.0) for side in (inputs, outputs))
        return surface.at(rows, inputs, outputs) * math.pow(lost, sides / 2)

    def _convolution(self, op: Op) -> float:
        return self.convolution.seconds(_direction(op), Convolved(*op.shape))

    def _attention(self, op: Op, read_bytes: int) -> float:
        heads, queries, keys, width = op.shape
        if queries == 1:
            read = 2 * BYTES_PER_FP32 * heads * keys * width
            near, far = (1 / self.decode_attention.at(keys, width, passed) for passed in (0, read_bytes))
            # Heads that share keys and values find them in the cache, after the first of them.
            return read * near + min(read, op.bytes_moved) * max(far - near, 0.0)
        return op.flops / self.attention[_direction(op)].at(queries, width)


def _direction(op: Op) -> Direction:
    return "backward" if op.name.endswith("backward") else "forward"


def _is_small(op: Op) -> bool:
    return op.bytes_moved / op.num_tensors < MIN_KNOWN_BYTES


def _is_streamed(op: Op) -> bool:
    return op.kind == "matmul" and op.shape[0] == 1 and op.shape[1] <= MAX_STREAMED_ROWS


OPERATION, OPERATION_CALL = "operation_seconds_per_byte", "operation_seconds_per_call"
_TERMS = {
    "matmul": "matmul_seconds",
    "attention": "attention_seconds",
    "convolution": "convolution_seconds",
    "other": "traffic_seconds",
}


def of_operations(cells: Sequence[Timed], reference_seconds: float) -> list[Point]:
    """Return what each element-wise operation takes for a call beyond what any does, and for a byte that it moves.

    A call takes what the smallest operations of a step take in the middle, and each of them more or less; the median
    over its places. Bytes take the mean over all places that move enough to tell, by the bytes moved there, beyond the
    call. All at the pace at which the reference takes so long.
    """
    extra: dict[str, list[float]] = defaultdict(list)
    timed = [found for cell in cells for found in _beyond_call(cell, reference_seconds)]
    for op, _, each in timed:
        if _is_small(op):
            extra[op.name].append(each)
    calls = {name: max(statistics.median(found), 0.0) for name, found in extra.items()}
    bytes_moved: dict[str, float] = defaultdict(float)
    seconds: dict[str, float] = defaultdict(float)
    for op, count, each in timed:
        if not _is_small(op):
            bytes_moved[op.name] += count * op.bytes_moved
            seconds[op.name] += count * max(each - calls.get(op.name, 0.0), 0.0)
    return [
        *(Point(OPERATION_CALL, name, {}, each) for name, each in sorted(calls.items())),
        *(Point(OPERATION, name, {}, seconds[name] / moved) for name, moved in sorted(bytes_moved.items())),
    ]


def _beyond_call(cell: Timed, reference_seconds: float) -> list[tuple[Op, int, float]]:
    """Return each element-wise operation of a step, how often it runs, and the seconds of one beyond a call."""
    pace = pace_between(cell.reference_seconds, reference_seconds)
    others = {op: each / pace for op, each in cell.op_seconds.items() if op.kind == "other"}
    small = [each for op, each in others.items() if _is_small(op)]
    call = statistics.median(small) if small else 0.0
    return [(op, cell.trace.ops[op], each - call) for op, each in others.items()]
