"""The table of compressed forms: size, speeds, quality, cost, and what is to be said of each in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from markupsafe import Markup

from bench.record import Measurement
from planner.report.compression_forms import ENGINES, PLAIN, SINGLE, TIMED, Forms, engine_of, spelt
from planner.report.compression_words import verdict
from planner.report.measured import cell

SAME_SIZE_SHARE = 0.005


@dataclass(frozen=True)
class Entry:
    """One value of a table with the smaller print under it."""

    value: str = ""
    small: tuple[str, ...] = ()


@dataclass(frozen=True)
class RecipeRow:
    """One recipe: what it came to, or why it could not be measured."""

    number: int
    """As in the chart; 0 for one that failed."""
    recipe: Markup
    marks: tuple[tuple[str, str], ...]
    """What it is at a glance: the class of a badge and its words."""
    size: Entry
    speeds: tuple[Entry, ...]
    quality: Entry
    cost: Entry
    verdicts: tuple[str, ...]
    remarks: tuple[str, ...]
    """What else is to be said: of the engine, the quality, the frontier."""
    failure: str = ""


@dataclass(frozen=True)
class FrontierRow:
    """One form that no other beats in size, speed and quality at once."""

    number: int
    recipe: Markup
    facts: str


class Rows:
    """Writes the rows of a table about the forms of one model."""

    def __init__(self, forms: Forms) -> None:
        """Take the forms."""
        self.forms = forms
        self.f = forms.f
        self._ = forms.f.messages.gettext

    def all(self) -> list[RecipeRow]:
        """Return a row for each form that was timed, then for each recipe that failed."""
        return [self._row(variant) for variant in (*self.forms.timed, *self.forms.failed)]

    def frontier(self) -> list[FrontierRow]:
        """Return a row for each form on the frontier, in the order of the table."""
        best = [variant for variant in self.forms.timed if self.forms.is_on_frontier(variant)]
        return [FrontierRow(self.forms.number(v), spelt(v), self.facts(v)) for v in best]

    def facts(self, variant: str) -> str:
        """Return speed, size and quality of a form against fp32 in a few words."""
        if variant == PLAIN:
            return self._("the model as it was trained")
        speed = cell(self.forms.speed(variant), self.f).value
        faster = self._("%(ratio)s the speed") % {"ratio": speed} if speed else ""
        facts = (faster, *self._size(variant).small, self.forms.qualities.difference(variant))
        return self._(", ").join(filter(None, facts))

    def _row(self, variant: str) -> RecipeRow:
        is_failed = variant in self.forms.failed
        ratio = self.forms.find(variant, "latency_ratio", **SINGLE)
        reason = ratio.note.removeprefix("not measured:").strip() if ratio and is_failed else ""
        return RecipeRow(
            number=self.forms.number(variant),
            recipe=spelt(variant),
            marks=tuple(self._marks(variant)),
            size=self._size(variant),
            speeds=tuple(self._speed(variant, column) for column in self.forms.columns),
            quality=Entry(*self.forms.qualities.of(variant)),
            cost=self._cost(variant),
            verdicts=() if is_failed or variant == PLAIN else tuple(self._verdicts(variant)),
            remarks=() if is_failed else tuple(self._remarks(variant)),
            failure=(reason or self._("the bench gives no reason")) if is_failed else "",
        )

    def _marks(self, variant: str) -> Iterator[tuple[str, str]]:
        _ = self._
        if variant == PLAIN:
            yield "choice", _("baseline")
        if variant in ENGINES:
            yield "choice", _("baseline: the engine alone")
        if self.forms.is_on_frontier(variant):
            yield "measured", _("frontier")
        if self.forms.qualities.collapse(variant):
            yield "assumed", _("collapsed")

    def _size(self, variant: str) -> Entry:
        size, ratio = self.forms.find(variant, "file_bytes"), self.forms.value(variant, "file_ratio")
        small = () if not ratio or variant == PLAIN else (self._smaller(ratio),)
        return Entry(cell(size, self.f).value, small)

    def _smaller(self, ratio: float) -> str:
        _ = self._
        if abs(ratio - 1) < SAME_SIZE_SHARE:
            return _("the same size")
        if ratio < 1:
            return _("%(times)s times smaller") % {"times": self.f.number(1 / ratio)}
        return _("%(times)s times the size") % {"times": self.f.number(ratio)}

    def _speed(self, variant: str, column: Measurement) -> Entry:
        ratio = self.forms.in_column(variant, column)
        seconds = self.forms.find(variant, TIMED[column.name], **column.conditions)
        time = cell(seconds, self.f).value if seconds and seconds.value is not None else ""
        if variant == PLAIN or ratio is None:
            return Entry(time)
        shown = cell(ratio, self.f)
        return Entry(shown.value, tuple(filter(None, (shown.interval, time))))

    def _cost(self, variant: str) -> Entry:
        seconds, flops = (self.forms.find(variant, n) for n in ("recipe_seconds", "recipe_training_flops"))
        small = (cell(flops, self.f).value,) if flops and flops.value else ()
        return Entry(cell(seconds, self.f).value, small)

    def _verdicts(self, variant: str) -> Iterator[str]:
        """Yield what is to be said of the speed, once where it is the same in all columns."""
        said: dict[str, list[str]] = {}
        for column in self.forms.columns:
            ratio = self.forms.in_column(variant, column)
            if ratio is not None:
                said.setdefault(verdict(ratio, self.f), []).append(self.forms.label(column))
        for words, under in said.items():
            values = {"under": self._(", ").join(under), "verdict": words}
            yield words if len(said) == 1 else self._("%(under)s: %(verdict)s") % values

    def _remarks(self, variant: str) -> Iterator[str]:
        engine = engine_of(variant)
        alone = self.forms.speed(engine) if engine else None
        if alone is not None and alone.value is not None:
            values = {"engine": engine, "ratio": cell(alone, self.f).value}
            yield self._("of it %(engine)s alone, without compression: %(ratio)s") % values
        if collapse := self.forms.qualities.collapse(variant):
            yield collapse
        if better := int(self.forms.value(variant, "dominating_recipes") or 0):
            say = self.f.messages.ngettext(
                "one recipe is at least as good in size, speed and quality",
                "%(count)s recipes are at least as good in size, speed and quality",
                better,
            )
            yield say % {"count": better}
