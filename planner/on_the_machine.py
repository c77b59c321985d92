"""What the records of one machine say of a key: the machine as one accelerator, its reach, speed, memory and power."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bench.record import Measurement
from planner.formulas import architecture
from planner.leaves import Leaf
from planner.measurements import MACHINE, Basis, Measured, Sighting
from planner.model_sightings import beside, fit, nearest, params_of
from planner.scenario.discrete import Empirical
from planner.scenario.schema import Company

POWER = re.compile(r"during it ([0-9.e+]+) W")
"""How the note of an energy tells the power of the span."""

AGAIN = "run `benchplan bench run` on this machine"


@dataclass(frozen=True)
class Wanted:
    """A key that is to be filled, for which hardware, and the parameters that a token of the plan's model uses."""

    name: str
    hardware: str
    params: float
    scenario: Company


@dataclass(frozen=True)
class Reading:
    """A value with its samples, the measurement that it rests on most, and what is to be known about it."""

    value: float
    seen: Sighting
    note: str
    samples: tuple[float, ...] = ()
    basis: Basis | None = None


Read = Callable[[Wanted, Measured], Reading | str]


def spread(samples: Sequence[float]) -> Empirical | None:
    """Return the distribution of samples; None where they are too few or all alike."""
    return Empirical.of(samples) if len(set(samples)) > 1 else None


def params(leaves: Mapping[str, Leaf]) -> float:
    """Return the parameters that one token of the plan's model uses, from the leaves of its shape at their medians."""
    return _counted(leaves)["active_params"]


def stored_params(leaves: Mapping[str, Leaf]) -> float:
    """Return all parameters of the plan's model, from the leaves of its shape at their medians."""
    return _counted(leaves)["params"]


def _counted(leaves: Mapping[str, Leaf]) -> dict[str, float]:
    shape = {name: float(np.ravel(leaf.central())[0]) for name, leaf in leaves.items() if name in _SHAPE}
    known = dict(shape)
    for figure in _COUNTING:
        needed = figure.__code__.co_varnames[: figure.__code__.co_argcount]
        known[figure.__name__] = float(figure(**{name: known[name] for name in needed}))
    return known


_COUNTING: tuple[Callable[..., Any], ...] = (
    architecture.embedding_params, architecture.attention_weight_params_per_layer,
    architecture.attention_bias_params_per_layer, architecture.ffn_params_per_expert,
    architecture.router_params_per_layer, architecture.norm_params, architecture.params, architecture.active_params,
)  # fmt: skip
_SHAPE = frozenset(
    {
        "num_layers", "model_width", "num_attention_heads", "num_key_value_heads", "head_width", "ffn_width",
        "vocabulary_size", "num_experts", "num_active_experts", "tied_embeddings", "qkv_bias",
    }
)  # fmt: skip


def peak_flops(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the machine's peak in the number format in which its training was measured, of the same record."""
    trained = nearest(measured.sightings("training_mfu_share", wanted.hardware), wanted.params)
    variant = trained.measurement.variant if trained else "fp32"
    peaks = _of_machine("peak_flops_per_second", variant, wanted, measured)
    same = [peak for peak in peaks if trained and peak.path == trained.path]
    for seen in same or peaks:
        return Reading(seen.value, seen, f"{_as_one(seen)}; {seen.note}")
    return (
        f"{needed(wanted)}: no record of {wanted.hardware} has a peak_flops_per_second in {variant}; {AGAIN}"
    )


def mfu(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the share of that peak that training a language model reached, with the spread of its steps."""
    seen = nearest(measured.sightings("training_mfu_share", wanted.hardware), wanted.params)
    if seen is None:
        return f"{needed(wanted)}: no record of {wanted.hardware} has a training_mfu_share; {AGAIN}"
    samples = seen.measurement.samples or _rates(seen)
    note = f"{fit(seen, wanted.params)}; {seen.note}"
    return Reading(seen.value, seen, note, samples if max(samples, default=0.0) <= 1 else ())


def _rates(seen: Sighting) -> tuple[float, ...]:
    """Return the share that each timed step reached: its time over the median, which the value belongs to, inverted."""
    step = beside(seen, "training_step_seconds")
    if step is None or not step.value:
        return ()
    rates = tuple(seen.value * step.value / seconds for seconds in step.samples if seconds > 0)
    return rates if rates and min(rates) <= seen.value <= max(rates) else ()


def training_memory(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the peak memory of a training step for each parameter of the model that was trained."""
    seen = nearest(measured.sightings("training_peak_memory_bytes", wanted.hardware), wanted.params)
    size = params_of(seen) if seen else None
    if seen is None or size is None:
        return f"{needed(wanted)}: no record of {wanted.hardware} has a training_peak_memory_bytes; {AGAIN}"
    return Reading(seen.value / size, seen, f"{fit(seen, wanted.params)}; {seen.note}")


def memory_bytes(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the memory of the machine, or of its accelerator where that was measured."""
    path, record = measured.of(wanted.hardware)[0]
    machine = record.machine
    has_own = record.device == "cuda" and machine.accelerator_memory_bytes
    value = float(machine.accelerator_memory_bytes or 0) if has_own else float(machine.memory_bytes)
    method = "memory of the accelerator" if has_own else "main memory that a process may use"
    found = Measurement(subject=MACHINE, name="memory_bytes", value=value, method=method)
    seen = Sighting(found, record, path, measured.is_shipped)
    return Reading(value, seen, f"{_as_one(seen)}; {method}")


def bandwidth(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the bytes per second at which the machine reads and writes its memory."""
    for seen in _of_machine("memory_bandwidth_bytes_per_second", "fp32", wanted, measured):
        return Reading(seen.value, seen, f"{_as_one(seen)}; {seen.note}")
    return (
        f"{needed(wanted)}: no record of {wanted.hardware} has a memory_bandwidth_bytes_per_second; {AGAIN}"
    )


def training_watts(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the power in training, where the record has the energy of a step."""
    return _watts(wanted, measured, "training step")


def serving_watts(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the power in forward passes, one after the other, where the record has their energy."""
    return _watts(wanted, measured, "forward pass")


def _watts(wanted: Wanted, measured: Measured, work: str) -> Reading | str:
    found = measured.sightings("energy_joules", wanted.hardware)
    done = [seen for seen in found if seen.measurement.conditions.get("work") == work]
    seen = nearest(done, wanted.params)
    power = POWER.search(seen.measurement.note) if seen else None
    if seen and power:
        return Reading(float(power[1]), seen, f"power of the {work}, idle included; {seen.note}")
    return _no_power(wanted)


def _no_power(wanted: Wanted) -> str:
    return (
        f"{needed(wanted)}: no energy was measured on {wanted.hardware}; write what a meter or the maker says: "
        f"`{wanted.name}: {{value: ..., source: ...}}`"
    )


def price(wanted: Wanted, measured: Measured) -> Reading | str:
    """Say what to write: what an hour of a machine costs, no bench can measure."""
    return (
        f"{needed(wanted)}: what an hour of {wanted.hardware} costs, only you know; write what you pay for one such "
        f"machine, or for one of your own its price over its hours of use and its power: "
        f"`{wanted.name}: {{value: ..., source: ...}}`"
    )


def one_machine(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return one: the bench measured the machine as one accelerator, which holds the whole model."""
    path, record = measured.of(wanted.hardware)[0]
    found = Measurement(
        subject=MACHINE, name="num_accelerators", value=1, method="the machine as it was measured"
    )
    seen = Sighting(found, record, path, measured.is_shipped)
    return Reading(1.0, seen, f"{_as_one(seen)}; a model spread over several such machines was not measured")


def _of_machine(name: str, variant: str, wanted: Wanted, measured: Measured) -> list[Sighting]:
    found = measured.sightings(name, wanted.hardware)
    return [s for s in found if (s.measurement.subject, s.measurement.variant) == (MACHINE, variant)]


def _as_one(seen: Sighting) -> str:
    what = "its accelerator" if seen.record.device == "cuda" else "the whole machine"
    return f"{what} counts as one accelerator"


def needed(wanted: Wanted) -> str:
    """Return the dotted key that is asked for."""
    section = "training" if wanted.name.startswith("training") else "serving"
    return f"{section}.{wanted.name}"
