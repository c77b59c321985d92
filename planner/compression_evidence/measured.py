"""What the records of the bench's suite `compress` say of recipes, on the plan's hardware or on another machine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import log
from pathlib import Path

from bench.record import Measurement, Record
from planner.compression_evidence.known import FARTHEST_RATIO, Asked, Known, Use
from planner.measurements import Measured, Sighting
from planner.model_sightings import LANGUAGE_MODEL

SUITE = "compress"
BASELINE = "fp32"
"""What every variant of a record is measured against."""
NO_RECIPES = ("fp32", "fp32 again")


def measured_recipes(asked: Asked, measured: Measured) -> Iterator[Known]:
    """Yield every recipe of every record, the newest first; the use says whether it may stand for the plan."""
    own = {path for path, _ in measured.of(asked.hardware)}
    for path, record in [*measured.of(asked.hardware), *measured.others(asked.hardware)]:
        if record.suite != SUITE:
            continue
        pairs = dict.fromkeys((m.subject, m.variant) for m in record.measurements)
        for subject, variant in pairs:
            if variant not in NO_RECIPES:
                yield _known(
                    _Variant(record, path, measured.is_shipped, subject, variant), asked, path in own
                )


def names(measured: Measured) -> tuple[str, ...]:
    """Return the names of all recipes that any record has."""
    records = [*measured.of(), *measured.others("measured-machine")]
    found = (m.variant for _, record in records if record.suite == SUITE for m in record.measurements)
    return tuple(dict.fromkeys(each for each in found if each not in NO_RECIPES))


@dataclass(frozen=True)
class _Variant:
    """One recipe on one subject of a record."""

    record: Record
    path: Path
    is_shipped: bool
    subject: str
    name: str

    def value(self, quantity: str, variant: str = "") -> float | None:
        """Return a quantity that was measured under no conditions, of the recipe or of another variant."""
        found = self.record.find(self.subject, quantity, variant or self.name)
        return found.value if found else None

    def near(self, quantity: str, asked: Asked) -> Measurement | None:
        """Return the measurement of a quantity at the batch, and then the context, nearest to the plan's."""
        found = [
            m
            for m in self.record.measurements
            if (m.subject, m.variant, m.name) == (self.subject, self.name, quantity) and m.value is not None
        ]
        length = asked.input_tokens + asked.output_tokens

        def farness(m: Measurement) -> tuple[float, float]:
            context = _number(m, "context_tokens")
            return asked.batch_distance(_number(m, "batch")), abs(log(context / length)) if context else 0.0

        return min(found, key=farness, default=None)

    def seen(self, found: Measurement) -> Sighting:
        """Return a measurement with its record."""
        return Sighting(found, self.record, self.path, self.is_shipped)


@dataclass(frozen=True)
class _Speed:
    """How many times as fast, and what it was read off."""

    value: float
    low: float | None
    high: float | None
    batch: float | None
    workload: str
    found: Measurement


def _known(variant: _Variant, asked: Asked, is_own: bool) -> Known:
    speed = _speed(variant, asked)
    use, why = _use(variant, speed, asked, is_own)
    machine = variant.record.machine
    seconds = variant.value("recipe_seconds")
    any_found = next(m for m in variant.record.measurements if m.variant == variant.name)
    seen = variant.seen(speed.found if speed else any_found)
    quality, about = _quality(variant)
    params = variant.value("params", BASELINE)
    return Known(
        recipe=variant.name,
        speedup_ratio=speed.value if speed else None,
        weights_ratio=variant.value("file_ratio"),
        quality_ratio=quality,
        kind="measured",
        hardware=machine.accelerator or machine.description,
        baseline=BASELINE,
        source=seen.reference,
        low=speed.low if speed else None,
        high=speed.high if speed else None,
        model=variant.subject,
        params=params,
        batch=speed.batch if speed else None,
        workload=speed.workload if speed else "",
        as_of=seen.as_of,
        use=use,
        why=why,
        making_gpu_hours=None if seconds is None else seconds / 3600.0,
        quality_note=about,
        weights_note="bytes of the file over those in fp32, as measured",
        basis=seen.basis() if speed else None,
    )


def _use(variant: _Variant, speed: _Speed | None, asked: Asked, is_own: bool) -> tuple[Use, str]:
    if not is_own:
        return "refused", f"measured on another machine than {asked.hardware}, so refused"
    if asked.precision != BASELINE:
        return "refused", (
            f"measured over {BASELINE}, but serving.weight_precision is {asked.precision}; write "
            f"serving.weight_precision: {BASELINE} for a plan whose baseline was measured"
        )
    if speed is None:
        notes = (m.note for m in variant.record.measurements if m.variant == variant.name and m.note)
        return "beside", next(notes, "its speed was not measured")
    if not variant.subject.startswith(LANGUAGE_MODEL):
        return "beside", f"measured on {variant.subject}, which is no language model"
    if asked.batch_distance(speed.batch) > log(FARTHEST_RATIO):
        return "beside", f"measured at batch {speed.batch:g}, too far from the plan's {asked.batch:g}"
    return "used", ""


def _speed(variant: _Variant, asked: Asked) -> _Speed | None:
    """Return the speed-up of a request: of reading and of writing by the time that each takes without the recipe.

    Where they were not both measured it is that of writing alone, or else of a whole forward pass.
    """
    reading, writing = variant.near("prefill_ratio", asked), variant.near("decode_ratio", asked)
    if reading is not None and writing is not None:
        combined = _combined(variant, asked, reading, writing)
        if combined is not None:
            return combined
    if writing is not None:
        return _single(writing, "writing tokens alone")
    whole = variant.near("latency_ratio", asked)
    return None if whole is None else _single(whole, "a whole forward pass")


def _combined(variant: _Variant, asked: Asked, reading: Measurement, writing: Measurement) -> _Speed | None:
    record, subject = variant.record, variant.subject
    prefill = record.find(subject, "prefill_seconds", BASELINE, **reading.conditions)
    decode = record.find(subject, "decode_seconds_per_token", BASELINE, **writing.conditions)
    context = _number(reading, "context_tokens")
    if prefill is None or decode is None or not prefill.value or not decode.value or not context:
        return None
    # A batch reads its prompts in one pass and writes a token for each of its requests in one step.
    read_seconds = asked.input_tokens * prefill.value / context
    write_seconds = asked.output_tokens * decode.value

    def speedup(read: float | None, write: float | None) -> float | None:
        if not read or not write:
            return None
        return (read_seconds + write_seconds) / (read_seconds / read + write_seconds / write)

    value = speedup(reading.value, writing.value)
    if value is None:
        return None
    share = write_seconds / (read_seconds + write_seconds)
    workload = (
        f"context {_number(writing, 'context_tokens') or 0:g}: reading {reading.value:.3g} and writing "
        f"{writing.value:.3g} times as fast, writing takes {share:.0%} of a request"
    )
    low, high = speedup(reading.low, writing.low), speedup(reading.high, writing.high)
    return _Speed(value, low, high, _number(writing, "batch"), workload, writing)


def _single(found: Measurement, workload: str) -> _Speed | None:
    if not found.value or found.value <= 0:
        return None
    return _Speed(found.value, found.low, found.high, _number(found, "batch"), workload, found)


def _quality(variant: _Variant) -> tuple[float | None, str]:
    """Return the loss without over with the recipe, or else the accuracy with over without."""
    ratio = variant.value("loss_ratio")
    if ratio:
        return 1.0 / ratio, f"loss {ratio:.4g} times that of {BASELINE}, measured on {variant.subject}"
    before, after = variant.value("accuracy_share", BASELINE), variant.value("accuracy_share")
    if before and after:
        return (
            after / before,
            f"accuracy {before:.4g} before, {after:.4g} after, measured on {variant.subject}",
        )
    return None, ""


def _number(found: Measurement, condition: str) -> float | None:
    value = found.conditions.get(condition)
    return float(value) if isinstance(value, int | float) and value > 0 else None
