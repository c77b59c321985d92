"""Measurements of language models: how large the model was, what else its record says, which is nearest to a plan's."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf, log

from bench.record import Measurement
from planner.measurements import Sighting

LANGUAGE_MODEL = "gpt"
"""How the subjects begin that are language models."""

EXTRAPOLATION_RATIO = 4.0
"""A model so many times larger or smaller than the measured one is an extrapolation."""


def fit(seen: Sighting, plan_params: float) -> str:
    """Say on how large a model something was measured, and how far the plan's model is from it."""
    size = params_of(seen)
    if size is None:
        return f"measured on {seen.measurement.subject}, whose parameters the record does not tell"
    text = f"measured on a {count(size)} parameter {seen.measurement.subject}"
    ratio = plan_params / size
    if abs(ratio - 1) < 0.005:
        return f"{text}, as large as the model of this scenario"
    text += f"; the model of this scenario has {count(plan_params)}"
    apart = max(ratio, 1 / ratio)
    return f"{text}, {apart:.3g} times apart: an extrapolation" if apart > EXTRAPOLATION_RATIO else text


def params_of(seen: Sighting) -> float | None:
    """Return the parameters of the model that was measured, as its record has them; None where it does not."""
    found = beside(seen, "params")
    return found.value if found and found.value and found.value > 0 else None


def beside(seen: Sighting, name: str) -> Measurement | None:
    """Return another quantity of the same subject in the same record: under the same conditions, or at all."""
    about, record = seen.measurement, seen.record
    same = [
        m
        for m in record.measurements
        if m.subject == about.subject and m.name == name and m.value is not None
    ]
    ranked = sorted(same, key=lambda m: (m.conditions != about.conditions, m.variant != about.variant))
    return ranked[0] if ranked else None


def scale(seen: Sighting, plan_params: float) -> float:
    """Return the parameters of the measured model over those of the plan's; one where the record does not tell."""
    size = params_of(seen)
    return 1.0 if size is None else size / plan_params


def distance(seen: Sighting, plan_params: float) -> float:
    """Return how far the two sizes are apart, in logarithms; infinite where the record does not tell."""
    size = params_of(seen)
    return inf if size is None else abs(log(plan_params / size))


def nearest(sightings: Iterable[Sighting], plan_params: float) -> Sighting | None:
    """Return the language model nearest in size to the plan's, in the newest record that has one."""
    found = list(language(sightings))
    newest = [seen for seen in found if seen.path == found[0].path]
    return min(newest, key=lambda seen: distance(seen, plan_params), default=None)


def language(sightings: Iterable[Sighting], variant: str = "") -> Iterable[Sighting]:
    """Return the measurements of language models, in one variant if it is given."""
    return (
        seen
        for seen in sightings
        if seen.measurement.subject.startswith(LANGUAGE_MODEL)
        and (not variant or seen.measurement.variant == variant)
    )


def count(number: float) -> str:
    """Write a number of parameters as a person reads it."""
    for size, word in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if number >= size:
            return f"{number / size:.3g} {word}"
    return f"{number:.0f}"
