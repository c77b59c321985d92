"""The compressed forms of one model in a record of the bench: which there are, and what was measured of each."""

from __future__ import annotations

from functools import cached_property

from markupsafe import Markup

from bench.record import Measurement, Record
from planner.report.compression_quality import Qualities
from planner.report.formats import Formats

PLAIN, AGAIN = "fp32", "fp32 again"
ENGINES = ("onnx", "compile")
"""Recipes that leave the model as it is and change only what runs it."""
BASELINES = (PLAIN, *ENGINES)
ARROW = " -> "
TIMED = {"latency_ratio": "latency_seconds", "decode_ratio": "decode_seconds_per_token"}
"""The ratios that have a column each, and the times behind them."""
SINGLE = {"batch": 1}


class Forms:
    """Reads the forms of one model off a record."""

    def __init__(self, record: Record, subject: str, formats: Formats) -> None:
        """Take the record, the model's name in it, and the language."""
        self.record = record
        self.name = subject
        self.f = formats
        self.measurements = [m for m in record.measurements if m.subject == subject]
        self.qualities = Qualities(self.measurements, formats)

    @cached_property
    def lead(self) -> Measurement | None:
        """A ratio of the column by which forms are ranked: writing one text after the longest context, else batch 1."""
        single = [m for m in self.columns if m.conditions.get("batch") == SINGLE["batch"]]
        writing = [m for m in single if m.name == "decode_ratio"]
        return writing[-1] if writing else next(iter(single), None)

    def speed(self, variant: str) -> Measurement | None:
        """Return by how much a form is faster in the column by which forms are ranked; None where it was not timed."""
        return self.in_column(variant, self.lead) if self.lead else None

    @cached_property
    def timed(self) -> list[str]:
        """The forms that were timed: fp32, the engines alone, then the fastest first."""
        variants = [v for v in dict.fromkeys(m.variant for m in self.measurements) if v != AGAIN]
        found = [v for v in variants if v == PLAIN or self.value(v, "latency_ratio", **SINGLE) is not None]

        def rank(variant: str) -> tuple[bool, bool, float]:
            ratio = self.speed(variant)
            return variant != PLAIN, variant not in ENGINES, -(ratio.value or 0.0 if ratio else 0.0)

        return sorted(found, key=rank)

    @cached_property
    def failed(self) -> list[str]:
        """The recipes that could not be measured, in the order of the record."""
        return [
            m.variant
            for m in self.measurements
            if m.name == "latency_ratio" and m.conditions == SINGLE and m.value is None and m.variant != PLAIN
        ]

    @cached_property
    def columns(self) -> list[Measurement]:
        """One measurement for each column of speeds: a ratio under its conditions."""
        found = {
            (m.name, *sorted(m.conditions.items())): m
            for m in reversed(self.measurements)
            if m.name in TIMED and m.value is not None and m.conditions
        }
        return sorted(found.values(), key=lambda m: (list(TIMED).index(m.name), _conditions(m)))

    def find(self, variant: str, name: str, **conditions: float | str) -> Measurement | None:
        """Return a measurement of a form under exactly these conditions, or None where there is none."""
        return self.record.find(self.name, name, variant, **conditions)

    def value(self, variant: str, name: str, **conditions: float | str) -> float | None:
        """Return the value of a measurement of a form, or None where there is none."""
        found = self.find(variant, name, **conditions)
        return found.value if found else None

    def in_column(self, variant: str, column: Measurement) -> Measurement | None:
        """Return the ratio of a form that belongs in a column."""
        return self.find(variant, column.name, **column.conditions)

    def label(self, column: Measurement) -> str:
        """Return what a column of speeds is of."""
        _ = self.f.messages.gettext
        under = {name: column.conditions.get(name, "") for name in ("batch", "context_tokens")}
        if column.name == "decode_ratio":
            return _("writing (batch %(batch)s, context %(context_tokens)s)") % under
        return _("batch %(batch)s") % under

    def number(self, variant: str) -> int:
        """Return the number of a form in table and chart, from 1; 0 for one that could not be measured."""
        return self.timed.index(variant) + 1 if variant in self.timed else 0

    def is_on_frontier(self, variant: str) -> bool:
        """Tell whether no other form is at least as good in size, speed and quality."""
        return self.value(variant, "dominating_recipes") == 0


def spelt(recipe: str) -> Markup:
    """Return a recipe as code whose arrows do not break over lines."""
    arrow = Markup(' <span class="arrow">{}</span> ').format(ARROW.strip())
    return Markup("<code>{}</code>").format(arrow.join(recipe.split(ARROW)))


def engine_of(recipe: str) -> str:
    """Return the engine at the end of a recipe that also compresses; empty for any other."""
    last = recipe.split(ARROW)[-1].partition("(")[0].strip()
    return last if last in ENGINES and recipe not in ENGINES else ""


def _conditions(m: Measurement) -> tuple[float, ...]:
    return tuple(float(v) if isinstance(v, int | float) else 0.0 for _name, v in sorted(m.conditions.items()))
