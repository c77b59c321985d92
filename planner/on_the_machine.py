"""What the records of one machine say of a key: the machine as one accelerator, its reach, speed, memory and power."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import inf, log
from typing import Any

import numpy as np

from bench.record import Measurement
from planner.formulas import architecture
from planner.leaves import Leaf
from planner.measurements import MACHINE, Basis, Measured, Sighting
from planner.scenario.discrete import Empirical
from planner.scenario.schema import Company

LANGUAGE_MODEL = "gpt"
"""How the subjects begin that are language models."""

EXTRAPOLATION_RATIO = 4.0
"""A model so many times larger or smaller than the measured one is an extrapolation."""

MAIN = "run `benchplan bench run` on this machine"


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
    shape = {name: float(np.ravel(leaf.central())[0]) for name, leaf in leaves.items() if name in _SHAPE}
    known = dict(shape)
    for figure in _COUNTING:
        needed = figure.__code__.co_varnames[: figure.__code__.co_argcount]
        known[figure.__name__] = float(figure(**{name: known[name] for name in needed}))
    return known["active_params"]


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
    trained = _nearest(measured.sightings("training_mfu_share", wanted.hardware), wanted.params)
    variant = trained.measurement.variant if trained else "fp32"
    peaks = _of_machine("peak_flops_per_second", variant, wanted, measured)
    same = [peak for peak in peaks if trained and peak.path == trained.path]
    for seen in same or peaks:
        return Reading(seen.value, seen, f"{_as_one(seen)}; {seen.note}")
    return (
        f"{_needed(wanted)}: no record of {wanted.hardware} has a peak_flops_per_second in {variant}; {MAIN}"
    )


def mfu(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the share of that peak that training a language model reached, with the spread of its steps."""
    seen = _nearest(measured.sightings("training_mfu_share", wanted.hardware), wanted.params)
    if seen is None:
        return f"{_needed(wanted)}: no record of {wanted.hardware} has a training_mfu_share; {MAIN}"
    samples = seen.measurement.samples or _rates(seen)
    note = f"{fit(seen, wanted.params)}; {seen.note}"
    return Reading(seen.value, seen, note, samples if max(samples, default=0.0) <= 1 else ())


def _rates(seen: Sighting) -> tuple[float, ...]:
    """Return the share that each timed step reached, where the record has its FLOPs; the value is their median."""
    about = seen.measurement
    step, flops = (_beside(seen, name) for name in ("training_step_seconds", "training_step_flops"))
    peak = seen.record.find(MACHINE, "peak_flops_per_second", about.variant)
    if not (step and flops and flops.value and peak and peak.value):
        return ()
    rates = tuple(flops.value / seconds / peak.value for seconds in step.samples if seconds > 0)
    return rates if rates and min(rates) <= seen.value <= max(rates) else ()


def training_memory(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the peak memory of a training step for each parameter of the model that was trained."""
    seen = _nearest(measured.sightings("training_peak_memory_bytes", wanted.hardware), wanted.params)
    size = params_of(seen) if seen else None
    if seen is None or size is None:
        return f"{_needed(wanted)}: no record of {wanted.hardware} has a training_peak_memory_bytes; {MAIN}"
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


def training_watts(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the power in training, where the record has the energy of a step."""
    for seen in measured.sightings("training_step_joules", wanted.hardware):
        step = _beside(seen, "training_step_seconds")
        if step and step.value:
            return Reading(
                seen.value / step.value, seen, f"energy of a training step over its time; {seen.note}"
            )
    return _no_power(wanted)


def serving_watts(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return the power in generating, where the record has the energy of a token."""
    for seen in measured.sightings("decode_joules_per_token", wanted.hardware):
        rate = _beside(seen, "decode_tokens_per_second")
        if rate and rate.value:
            return Reading(
                seen.value * rate.value, seen, f"energy of a token times tokens per second; {seen.note}"
            )
    return _no_power(wanted)


def _no_power(wanted: Wanted) -> str:
    return (
        f"{_needed(wanted)}: no energy was measured on {wanted.hardware}; write what a meter or the maker says: "
        f"`{wanted.name}: {{value: ..., source: ...}}`"
    )


def price(wanted: Wanted, measured: Measured) -> Reading | str:
    """Say what to write: what an hour of a machine costs, no bench can measure."""
    return (
        f"{_needed(wanted)}: what an hour of {wanted.hardware} costs, only you know; write what you pay for one such "
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


def serving_speed(wanted: Wanted, measured: Measured) -> Reading | str:
    """Return tokens, read and written, per second at full load, for a request as long as the scenario's.

    A request takes its tokens read over the speed of reading, and its tokens written over that of writing. Work for a
    token grows with the parameters that it uses, so the speeds are divided by how many times as many the plan's has.
    """
    precision = wanted.scenario.serving.weight_precision
    read, written = _reading(wanted, measured, precision), _writing(wanted, measured, precision)
    if read is None or written is None:
        variants = sorted(
            {s.measurement.variant for s in measured.sightings("latency_seconds", wanted.hardware)}
        )
        return (
            f"{_needed(wanted)}: no record of {wanted.hardware} has the speed of a language model in {precision} "
            f"(serving.weight_precision); {MAIN}, write it, or choose what was measured: "
            f"{', '.join(variants) or 'none'}"
        )
    serving = wanted.scenario.serving
    lengths = serving.input_tokens_per_request.value, serving.output_tokens_per_request.value
    scale = _scale(written.seen, wanted.params)

    def speed(writing: float) -> float:
        return sum(lengths) / (lengths[0] / read.value + lengths[1] / writing) * scale

    value, samples = speed(written.value), tuple(speed(each) for each in written.samples)
    scaled = "" if abs(scale - 1) < 0.005 else f"; divided by {1 / scale:.3g}, as work grows with parameters"
    note = (
        f"{fit(written.seen, wanted.params)}{scaled}; reading at {read.value:.4g} and writing at {written.value:.4g} "
        f"tokens per second as measured ({read.note}; {written.note})"
    )
    is_inside = bool(samples) and min(samples) <= value <= max(samples)
    ends = (written.low, written.high)
    low, high = (None if end is None else speed(end) for end in ends)
    basis = replace(written.seen.basis(), name=wanted.name, value=value, low=low, high=high)
    return Reading(value, written.seen, note, samples if is_inside else (), basis)


@dataclass(frozen=True)
class _Speed:
    """Tokens per second of the measured model, and where they come from."""

    value: float
    seen: Sighting
    note: str
    samples: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None


def _reading(wanted: Wanted, measured: Measured, precision: str) -> _Speed | None:
    """Return how fast a prompt is read: from the prefill, or else from scoring text, which is the same work."""
    prefills = [
        _Speed(tokens / seen.value, seen, seen.note)
        for seen in _language(measured.sightings("prefill_seconds", wanted.hardware), precision)
        if (tokens := _tokens(seen.measurement)) and seen.value > 0
    ]
    scored = [
        _Speed(seen.value, seen, seen.note)
        for name in ("throughput_tokens_per_second", "throughput_bytes_per_second")
        for seen in _language(measured.sightings(name, wanted.hardware), precision)
    ]
    return _fastest(prefills, wanted) or next(iter(scored), None)


def _writing(wanted: Wanted, measured: Measured, precision: str) -> _Speed | None:
    """Return how fast tokens are written: as generated, or else at worst, with a whole forward pass for each."""
    generated = [
        _Speed(s.value, s, s.note, s.measurement.samples, s.measurement.low, s.measurement.high)
        for s in _language(measured.sightings("decode_tokens_per_second", wanted.hardware), precision)
        if s.value > 0
    ]
    if generated:
        return _fastest(generated, wanted)
    for seen in _language(measured.sightings("latency_seconds", wanted.hardware), precision):
        found = seen.measurement
        note = (
            "no generation was measured: a whole forward pass is counted for each token, as without a cache of keys "
            f"and values, so this is the least speed; {seen.note}"
        )
        low, high = (1 / end if end else None for end in (found.high, found.low))
        return _Speed(1 / seen.value, seen, note, tuple(1 / s for s in found.samples if s > 0), low, high)
    return None


def _fastest(speeds: Sequence[_Speed], wanted: Wanted) -> _Speed | None:
    """Return the fastest batch at the context nearest to the scenario's requests, in the newest record that has any."""
    if not speeds:
        return None
    newest = [speed for speed in speeds if speed.seen.path == speeds[0].seen.path]
    serving = wanted.scenario.serving
    length = serving.input_tokens_per_request.value + serving.output_tokens_per_request.value

    def farness(speed: _Speed) -> tuple[float, float, float]:
        context = speed.seen.measurement.conditions.get("context_tokens")
        far = abs(log(float(context) / length)) if isinstance(context, int | float) and context > 0 else inf
        return _distance(speed.seen, wanted.params), far, -speed.value

    return min(newest, key=farness)


def _tokens(found: Measurement) -> float:
    batch, context = (found.conditions.get(name, 0) for name in ("batch", "context_tokens"))
    return (
        float(batch) * float(context)
        if isinstance(batch, int | float) and isinstance(context, int | float)
        else 0.0
    )


def any_of(name: str, wanted: Wanted, measured: Measured) -> Sighting | None:
    """Return what another machine measured of a key, which may not stand for it; None where it measured nothing."""
    names = {
        "training_mfu_share": ("training_mfu_share",),
        "serving_tokens_per_gpu_second": ("decode_tokens_per_second", "throughput_bytes_per_second"),
    }[name]
    for each in names:
        found = _nearest(measured.elsewhere(each, wanted.hardware), wanted.params)
        if found:
            return found
    return None


def fit(seen: Sighting, plan_params: float) -> str:
    """Say on how large a model something was measured, and how far the plan's model is from it."""
    size = params_of(seen)
    if size is None:
        return f"measured on {seen.measurement.subject}, whose parameters the record does not tell"
    text = f"measured on a {_count(size)} parameter {seen.measurement.subject}"
    ratio = plan_params / size
    if abs(ratio - 1) < 0.005:
        return f"{text}, as large as the model of this scenario"
    text += f"; the model of this scenario has {_count(plan_params)}"
    apart = max(ratio, 1 / ratio)
    return f"{text}, {apart:.3g} times apart: an extrapolation" if apart > EXTRAPOLATION_RATIO else text


def params_of(seen: Sighting) -> float | None:
    """Return the parameters of the model that was measured, as its record has them; None where it does not."""
    found = _beside(seen, "params")
    return found.value if found and found.value and found.value > 0 else None


def _beside(seen: Sighting, name: str) -> Measurement | None:
    """Return another quantity of the same subject in the same record: under the same conditions, or at all."""
    about, record = seen.measurement, seen.record
    same = [
        m
        for m in record.measurements
        if m.subject == about.subject and m.name == name and m.value is not None
    ]
    ranked = sorted(same, key=lambda m: (m.conditions != about.conditions, m.variant != about.variant))
    return ranked[0] if ranked else None


def _scale(seen: Sighting, plan_params: float) -> float:
    size = params_of(seen)
    return 1.0 if size is None else size / plan_params


def _distance(seen: Sighting, plan_params: float) -> float:
    size = params_of(seen)
    return inf if size is None else abs(log(plan_params / size))


def _nearest(sightings: Iterable[Sighting], plan_params: float) -> Sighting | None:
    """Return the language model nearest in size to the plan's, in the newest record that has one."""
    found = list(_language(sightings))
    newest = [seen for seen in found if seen.path == found[0].path]
    return min(newest, key=lambda seen: _distance(seen, plan_params), default=None)


def _language(sightings: Iterable[Sighting], variant: str = "") -> Iterable[Sighting]:
    return (
        seen
        for seen in sightings
        if seen.measurement.subject.startswith(LANGUAGE_MODEL)
        and (not variant or seen.measurement.variant == variant)
    )


def _of_machine(name: str, variant: str, wanted: Wanted, measured: Measured) -> list[Sighting]:
    found = measured.sightings(name, wanted.hardware)
    return [s for s in found if (s.measurement.subject, s.measurement.variant) == (MACHINE, variant)]


def _as_one(seen: Sighting) -> str:
    what = "its accelerator" if seen.record.device == "cuda" else "the whole machine"
    return f"{what} counts as one accelerator"


def _needed(wanted: Wanted) -> str:
    section = "training" if wanted.name.startswith("training") else "serving"
    return f"{section}.{wanted.name}"


def _count(number: float) -> str:
    for size, word in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:.0f}"
