"""Leaves that rest on the bench's records: the text filter, and the machine that trains or serves.

A record stands behind absolute times of its own machine alone. What is measured on a small model and used for another
is labelled so; what another machine measured is refused, and told, or carried over where it is a ratio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from planner import on_the_machine
from planner.leaves import Evidence, Leaf
from planner.measurements import MEASURED_MACHINE, Measured, Sighting, Use, is_measured, no_record
from planner.model_sightings import nearest
from planner.on_the_machine import Reading, Wanted, spread
from planner.scenario.keys import Key, keys
from planner.scenario.loading import Loaded
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company
from planner.serving_speed import serving_speed

SPEEDS = {
    "filter_bytes_per_machine_second": "Bytes of text that the filter reads per second on one machine.",
    "plain_filter_bytes_per_machine_second": "Bytes that the filter reads per second when it is not compressed.",
    "compressed_filter_bytes_per_machine_second": "Bytes that the compressed filter reads per second.",
}
"""Leaves that the bench measures."""

BESIDE_THE_PLAN = frozenset(
    {
        "plain_filter_bytes_per_machine_second",
        "compressed_filter_bytes_per_machine_second",
        "training_watts_per_gpu",
        "serving_watts_per_gpu",
        "training_memory_bytes_per_param",
    }
)
"""What only the saving of compression, energy and memory are worked out from; a plan stands without them."""

PLAIN, COMPRESSED = "fp32", "int8"
FILTER, SPEED, RATIO = "gpt", "throughput_bytes_per_second", "throughput_ratio"


def filter_leaves(scenario: Company, measured: Measured) -> Iterator[Leaf]:
    """Yield the speeds of the text filter, as measured on the machine that the scenario names for it."""
    hardware, written = scenario.data.filter_machine, scenario.data.filter_bytes_per_machine_second
    is_other = measured.record is not None and not measured.is_of(hardware)
    named = {
        "filter_bytes_per_machine_second": scenario.data.filter_precision,
        "plain_filter_bytes_per_machine_second": PLAIN,
        "compressed_filter_bytes_per_machine_second": COMPRESSED,
    }
    for name, precision in named.items():
        if name == "filter_bytes_per_machine_second" and written:
            continue
        found = measured.find(FILTER, SPEED, precision, hardware)
        if is_other and written and not name.startswith("filter_"):
            yield _carried(name, precision, written, scenario, measured)
            continue
        if isinstance(found, str):
            hint = "write data.filter_bytes_per_machine_second or run `benchplan bench run`"
            if is_other:
                hint += " on that machine"
            refused = next(measured.elsewhere(SPEED, hardware), None)
            unknown = Leaf(
                name,
                (),
                Evidence("assumed", "unknown"),
                help=SPEEDS[name],
                problem=f"{name}: {found}; {hint}",
            )
            yield replace(unknown, refused=refused.basis("refused") if refused else None)
            continue
        # The two speeds of the saving were timed in turns: drawn apart they would lose what they have in common.
        samples = found.measurement.samples if name.startswith("filter_") else ()
        about = Evidence(found.kind, found.reference, found.as_of, found.note, found.basis())
        yield Leaf(name, (Quantity(found.value, spread(samples)),), about, help=SPEEDS[name])


def _carried(name: str, precision: str, written: Quantity, scenario: Company, measured: Measured) -> Leaf:
    """Return a speed on a machine that was not measured: the user's, times the ratio measured on another machine."""
    used = scenario.data.filter_precision
    if precision == used:
        about = Evidence("assumed", "data.filter_bytes_per_machine_second", note="as the user wrote it")
        return Leaf(name, (Quantity(written.value),), about, help=SPEEDS[name])
    ratio = next(
        (
            seen
            for seen in measured.elsewhere(RATIO, scenario.data.filter_machine)
            if (seen.measurement.subject, seen.measurement.variant) == (FILTER, COMPRESSED)
        ),
        None,
    )
    if ratio is None:
        problem = (
            f"{name}: no record has a {RATIO} of {FILTER} in {COMPRESSED} to carry over to another machine"
        )
        return Leaf(name, (), Evidence("assumed", "unknown"), help=SPEEDS[name], problem=problem)
    value = written.value * ratio.value if precision == COMPRESSED else written.value / ratio.value
    note = (
        f"data.filter_bytes_per_machine_second in {used}, {written.value:g}, and the ratio measured on another machine "
        f"than {scenario.data.filter_machine}: {ratio.value:.3g}; {ratio.note}"
    )
    about = Evidence(
        "assumed", f"ratio measured on {ratio.reference}", ratio.as_of, note, ratio.basis("carried")
    )
    return Leaf(name, (Quantity(value),), about, help=SPEEDS[name])


@dataclass(frozen=True)
class _Asked:
    """A key that the machine's records may fill, and how they do."""

    section: str
    read: on_the_machine.Read


ASKED: Mapping[str, _Asked] = {
    "training_peak_flops_per_gpu_second": _Asked("training", on_the_machine.peak_flops),
    "training_mfu_share": _Asked("training", on_the_machine.mfu),
    "training_memory_bytes_per_gpu": _Asked("training", on_the_machine.memory_bytes),
    "training_memory_bytes_per_param": _Asked("training", on_the_machine.training_memory),
    "training_watts_per_gpu": _Asked("training", on_the_machine.training_watts),
    "training_usd_per_gpu_hour": _Asked("training", on_the_machine.price),
    "serving_tokens_per_gpu_second": _Asked("serving", serving_speed),
    "gpus_per_replica": _Asked("serving", on_the_machine.one_machine),
    "serving_memory_bytes_per_gpu": _Asked("serving", on_the_machine.memory_bytes),
    "serving_bandwidth_bytes_per_gpu_second": _Asked("serving", on_the_machine.bandwidth),
    "serving_watts_per_gpu": _Asked("serving", on_the_machine.serving_watts),
    "serving_usd_per_gpu_hour": _Asked("serving", on_the_machine.price),
}
"""The keys whose values the measured machine gives, where it is what trains or serves."""

COMPARABLE: Mapping[str, tuple[str, ...]] = {
    "training_mfu_share": ("training_mfu_share",),
    "serving_tokens_per_gpu_second": ("decode_tokens_per_second", "throughput_bytes_per_second"),
}
"""What is told as refused where the hardware is another than the record's, and what was measured of it."""


def hardware_of(scenario: Company, section: str) -> str:
    """Return what the scenario trains or serves on."""
    return (
        scenario.training.training_accelerator
        if section == "training"
        else scenario.serving.serving_accelerator
    )


def machine_leaves(loaded: Loaded[Company], measured: Measured, known: Mapping[str, Leaf]) -> Iterator[Leaf]:
    """Yield the leaves whose hardware is the measured machine, and those known ones that a record was refused for.

    `known` holds all other leaves, the shape of the model among them.
    """
    schema = {key.name: key for key in keys(type(loaded.scenario)).values()}
    params = on_the_machine.params(known)
    for name, asked in ASKED.items():
        wanted = Wanted(name, hardware_of(loaded.scenario, asked.section), params, loaded.scenario)
        written = known.get(name)
        if measured.is_of(wanted.hardware):
            found = asked.read(wanted, measured)
            if written is None:
                yield _leaf(found, schema[name])
            elif isinstance(found, Reading) and found.seen:
                yield _beside(written, found.seen, "overruled", "the user's value stands")
        elif written is not None and name in COMPARABLE:
            others = (nearest(measured.elsewhere(each, wanted.hardware), params) for each in COMPARABLE[name])
            if seen := next(filter(None, others), None):
                why = f"of another machine than {wanted.hardware}, so refused"
                yield _beside(written, seen, "refused", why)


def is_left_to_the_machine(scenario: Company, name: str) -> bool:
    """Tell whether a key that the scenario leaves out is read off the measured machine, not off the catalogue."""
    return name in ASKED and is_measured(hardware_of(scenario, ASKED[name].section))


def _leaf(found: Reading | str, key: Key) -> Leaf:
    if isinstance(found, str):
        return Leaf(key.name, (), Evidence("assumed", "unknown"), key.path, key.description, problem=found)
    seen = found.seen
    about = Evidence(seen.kind, seen.reference, seen.as_of, found.note, found.basis or seen.basis())
    return Leaf(key.name, (Quantity(found.value, spread(found.samples)),), about, key.path, key.description)


def _beside(leaf: Leaf, seen: Sighting, use: Use, why: str) -> Leaf:
    text = f"{seen.measurement.label}: {seen.value:.3g} measured on {seen.reference}, {seen.as_of}; {why}"
    return replace(leaf, beside=(*leaf.beside, text), refused=seen.basis(use))


def problems(loaded: Loaded[Company], measured: Measured) -> Iterator[str]:
    """Yield what is wrong with a measured machine that a scenario names: no record, or one of another machine."""
    for section in ("training", "serving"):
        hardware = hardware_of(loaded.scenario, section)
        if not is_measured(hardware) or measured.is_of(hardware):
            continue
        path = f"{section}.{section}_accelerator"
        place = loaded.positions.get(path, loaded.path)
        yield (
            f"{place}: {path}: {no_record(hardware, measured)}; run `benchplan bench run` on that machine, write "
            f"{MEASURED_MACHINE} for the machine of the newest record, or name an accelerator of the catalogue"
        )
