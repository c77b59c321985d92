"""The calibration of a machine: single operations and small models, as measurements of a record and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial

import torch

from bench.environment import num_cores
from bench.errors import RecordError
from bench.prediction import cells as small_models
from bench.prediction import microbenchmarks
from bench.prediction.cells import CELLS, MEMORY_CELLS
from bench.prediction.checking import check_process_memory
from bench.prediction.costs import NAMES, OPERATION, OPERATION_CALL, Costs, Parts, of_operations
from bench.prediction.fitting import Fit, MemoryFit, Seen
from bench.prediction.microbenchmarks import Point, at_pace, better
from bench.prediction.pace import Reference, Timed, pace_between, timed
from bench.prediction.refusals import unusable
from bench.prediction.tasks import Task, lasting_bytes, passing_bytes, prepare, read_bytes
from bench.prediction.tracing import trace
from bench.record import Measurement, Record
from bench.table import CALIBRATION

CELL = "step_seconds"
REFERENCE = "reference_seconds"
MEMORY = "process_peak_memory_bytes"
POINTS_PER_REFERENCE = 4
"""It takes as long as a point; so many hundred points need no more of it."""
PARTS: dict[str, Callable[[], Iterator[Point]]] = {
    "large matrix products": microbenchmarks.large_matmuls,
    "memory traffic": microbenchmarks.traffic,
    "weights read in turn": microbenchmarks.weight_streams,
    "attention": microbenchmarks.attentions,
    "convolutions": microbenchmarks.convolutions,
    "matrix products": microbenchmarks.matmuls,
}
METHODS = {
    "matmul_flops_per_second": "fastest product of one layer's matrices in fp32; 2 FLOPs per multiply-add",
    "wide_matmul_flops_per_second": "fastest product of wide square matrices in fp32 at 64 rows",
    "weight_stream_bytes_per_second": "products of few rows with weights in turn; bytes of weights read",
    "attention_flops_per_second": "fused causal attention in fp32 over the full square; five products backward",
    "attention_bytes_per_second": "fused attention of one query; bytes of keys and values read",
    "convolution_seconds": "convolution in fp32 with weights in turn; backward the gradients of images and weights",
    "traffic_bytes_per_second": "sum of two vectors, into a new one or in place; AdamW's kernel; bytes moved",
    "page_fault_seconds_per_byte": "filling 64 MiB of new memory less filling them again",
    OPERATION: "time of an operation inside the steps of small models beyond that of a call, over its bytes",
    OPERATION_CALL: "time of a small operation inside the steps of small models beyond that of most of them",
    MEMORY: "highest resident memory of a fresh process beyond what torch alone takes, after three steps",
    REFERENCE: "undisturbed call of a small product and sum that are always the same, which tells the machine's pace",
    CELL: "step of a small model, each of its operations undisturbed; the conditions say what it is made of",
}


@dataclass(frozen=True)
class Calibration:
    """What single operations cost here, and how they add up to steps, on so many threads."""

    costs: Costs
    fit: Fit
    memory: MemoryFit
    reference_seconds: float
    """What the reference takes undisturbed, by which the pace of the machine is told."""
    num_threads: int


def calibrate(say: Callable[[str], None] = lambda text: None) -> list[Measurement]:
    """Calibrate this machine's processor with torch's present number of threads; takes about a minute."""
    passes: list[tuple[float, list[Point]]] = []
    cells: dict[Task, Timed] = {}
    # Whatever else goes on comes and goes in spells, so everything is measured at several times.
    for number in range(1, microbenchmarks.PASSES + 1):
        passes.append(_single_operations(partial(_in_pass, say, number)))
        if number > microbenchmarks.PASSES - small_models.PASSES:
            _small_models(cells, partial(_in_pass, say, number))
    levels = [level for level, _ in passes]
    best = min(*levels, *(cell.reference_seconds for cell in cells.values()))
    say("calibration: memory of fresh processes")
    points = [*_best_of(passes, best), *_memory_points(torch.get_num_threads())]
    points += [Point(REFERENCE, "fp32", {}, best), *of_operations(list(cells.values()), best)]
    points += _as_points(Costs.of(points), cells, best)
    threads = torch.get_num_threads()
    return [_measurement(point, threads) for point in points]


def _in_pass(say: Callable[[str], None], number: int, text: str) -> None:
    say(f"calibration: pass {number} of {microbenchmarks.PASSES}, {text}")


def _single_operations(say: Callable[[str], None]) -> tuple[float, list[Point]]:
    """Measure every point; returns what the reference took meanwhile, and the points."""
    reference = Reference()
    points: list[Point] = []
    for words, part in PARTS.items():
        say(words)
        for point in part():
            if len(points) % POINTS_PER_REFERENCE == 0:
                reference.run()
            points.append(point)
    return reference.level_seconds(), points


def _best_of(passes: Iterable[tuple[float, list[Point]]], reference_seconds: float) -> list[Point]:
    """Return the best measurement of every point, each at the pace at which the reference takes so long."""
    found: dict[tuple[object, ...], Point] = {}
    for level, points in passes:
        pace = pace_between(level, reference_seconds)
        for point in points:
            key = (point.name, point.variant, *point.conditions.items())
            paced = at_pace(point, pace)
            found[key] = better(found.get(key, paced), paced)
    return list(found.values())


def _small_models(found: dict[Task, Timed], say: Callable[[str], None]) -> None:
    """Time every small model once more and keep the better ones."""
    for number, task in enumerate(CELLS, start=1):
        say(f"small model {number} of {len(CELLS)}, {task.in_words()}")
        seen = timed(prepare(task), small_models.SECONDS_PER_PASS, small_models.MIN_BLOCKS)
        found[task] = found[task].beside(seen) if task in found else seen


def of_record(record: Record, num_threads: int) -> Calibration:
    """Read the calibration for so many threads out of a record.

    Raises RecordError where the record has none.
    """
    points = []
    for m in record.measurements:
        if m.subject == CALIBRATION and m.conditions.get("threads") == num_threads and m.value is not None:
            conditions = {name: value for name, value in m.conditions.items() if name != "threads"}
            points.append(Point(m.name, m.variant, conditions, m.value))
    if not points:
        raise RecordError(
            f"the record of {record.created_at:%Y-%m-%d %H:%M} holds no calibration for {num_threads} "
            "threads: make one with `benchplan bench machine`"
        )
    seen = tuple(_seen(point) for point in points if point.name == CELL)
    memory = [
        (float(point.conditions["lasting_bytes"]), float(point.conditions["passing_bytes"]), point.value)
        for point in points
        if point.name == MEMORY
    ]
    reference = [point.value for point in points if point.name == REFERENCE]
    if not reference:
        raise unusable("the calibration has no reference for the pace of the machine")
    return Calibration(Costs.of(points), Fit(seen), MemoryFit(tuple(memory)), reference[0], num_threads)


def has_calibration(record: Record, num_threads: int) -> bool:
    """Tell whether a record holds a calibration for so many threads."""
    return any(
        m.subject == CALIBRATION and m.conditions.get("threads") == num_threads for m in record.measurements
    )


def _memory_points(num_threads: int) -> Iterator[Point]:
    """Measure the memory of fresh processes; it is the same whatever runs beside, so none waits for another."""
    measure = partial(check_process_memory, num_threads=num_threads)
    with ThreadPoolExecutor(num_cores()) as pool:
        processes = pool.map(measure, MEMORY_CELLS)
        for task, process in zip(MEMORY_CELLS, processes, strict=True):
            conditions: dict[str, int | float | str] = {
                "step": task.in_words(),
                "lasting_bytes": lasting_bytes(task),
                "passing_bytes": passing_bytes(task, trace(partial(prepare, task)).peak_bytes),
            }
            yield Point(MEMORY, task.mode, conditions, process)


def _as_points(costs: Costs, cells: Mapping[Task, Timed], reference_seconds: float) -> Iterator[Point]:
    for task, cell in cells.items():
        whole = cell.paced(reference_seconds)
        parts = costs.parts(cell.trace, read_bytes(task))
        conditions: dict[str, int | float | str] = {
            "step": task.in_words(),
            "pace_ratio": whole.pace_ratio,
            **asdict(parts),
        }
        yield Point(CELL, task.mode, conditions, whole.undisturbed_seconds)


def _seen(point: Point) -> Seen:
    try:
        parts = Parts(**{name: float(point.conditions[name]) for name in NAMES})
        pace = float(point.conditions["pace_ratio"])
        return Seen(str(point.conditions["step"]), parts, point.value, pace)
    except (KeyError, ValueError) as err:
        raise unusable(
            f"the calibration's step {point.conditions.get('step', 'without a name')!r} does not say what it is "
            f"made of ({err})"
        ) from err


def _measurement(point: Point, num_threads: int) -> Measurement:
    return Measurement(
        subject=CALIBRATION,
        variant=point.variant,
        conditions={**point.conditions, "threads": num_threads},
        name=point.name,
        value=point.value,
        method=METHODS[point.name],
    )
