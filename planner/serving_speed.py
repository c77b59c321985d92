"""How fast the measured machine serves a plan's model: reading and writing, for requests as long as the scenario's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log

from bench.record import Measurement
from planner.measurements import Measured, Sighting
from planner.model_sightings import distance, fit, language, scale
from planner.on_the_machine import AGAIN, Reading, Wanted, needed


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
            f"{needed(wanted)}: no record of {wanted.hardware} has the speed of a language model in {precision} "
            f"(serving.weight_precision); {AGAIN}, write it, or choose what was measured: "
            f"{', '.join(variants) or 'none'}"
        )
    serving = wanted.scenario.serving
    lengths = serving.input_tokens_per_request.value, serving.output_tokens_per_request.value
    factor = scale(written.seen, wanted.params)

    def speed(writing: float) -> float:
        return sum(lengths) / (lengths[0] / read.value + lengths[1] / writing) * factor

    value, samples = speed(written.value), tuple(speed(each) for each in written.samples)
    scaled = (
        "" if abs(factor - 1) < 0.005 else f"; divided by {1 / factor:.3g}, as work grows with parameters"
    )
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
        for seen in language(measured.sightings("prefill_seconds", wanted.hardware), precision)
        if (tokens := _tokens(seen.measurement)) and seen.value > 0
    ]
    scored = [
        _Speed(seen.value, seen, seen.note)
        for name in ("throughput_tokens_per_second", "throughput_bytes_per_second")
        for seen in language(measured.sightings(name, wanted.hardware), precision)
    ]
    return _fastest(prefills, wanted) or next(iter(scored), None)


def _writing(wanted: Wanted, measured: Measured, precision: str) -> _Speed | None:
    """Return how fast tokens are written: as generated, or else at worst, with a whole forward pass for each."""
    generated = [
        _Speed(s.value, s, s.note, s.measurement.samples, s.measurement.low, s.measurement.high)
        for s in language(measured.sightings("decode_tokens_per_second", wanted.hardware), precision)
        if s.value > 0
    ]
    if generated:
        return _fastest(generated, wanted)
    for seen in language(measured.sightings("latency_seconds", wanted.hardware), precision):
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
        return distance(speed.seen, wanted.params), far, -speed.value

    return min(newest, key=farness)


def _tokens(found: Measurement) -> float:
    batch, context = (found.conditions.get(name, 0) for name in ("batch", "context_tokens"))
    return (
        float(batch) * float(context)
        if isinstance(batch, int | float) and isinstance(context, int | float)
        else 0.0
    )
