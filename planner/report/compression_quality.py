"""How good compressed forms are: accuracy or loss beside that of fp32, and distillation beside its control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bench.record import Measurement
from planner.report.compression_words import COLLAPSED, compared, told
from planner.report.formats import Formats
from planner.report.measured import cell, interval

ACCURACY, LOSS = "accuracy_share", "loss_nats_per_"
ACCURACY_DIFFERENCE, LOSS_DIFFERENCE = "accuracy_difference_share", "loss_difference_nats_per_"
SCRATCH = "scratch_"
ARROW = " -> "
PER_POINT = 0.01


@dataclass(frozen=True)
class Control:
    """A distilled form beside the same shape trained from scratch with the same budget."""

    recipe: str
    quantity: str
    distilled: str
    scratch: str
    control: str
    """The recipe of the control as the record has it; empty where it is not there."""
    difference: str
    interval: str
    seeds: int
    """Whole trainings that the interval stands on; 0 where the record does not tell."""
    verdict: str


class Qualities:
    """Reads the quality of the forms of one model."""

    def __init__(self, measurements: Sequence[Measurement], formats: Formats) -> None:
        """Take everything measured on the model, and the language."""
        self.measurements = measurements
        self.f = formats
        self._ = formats.messages.gettext
        self.loss_names = sorted({m.name for m in measurements if m.name.startswith(LOSS)})

    @property
    def leads_by_loss(self) -> bool:
        """Tell whether the loss says more than the share of right answers, as it does of a language model."""
        return any(name.endswith(("_byte", "_token")) for name in self.loss_names)

    def of(self, variant: str) -> tuple[str, tuple[str, ...]]:
        """Return a form's accuracy, or its loss where that says more, and in small print the difference to fp32."""
        names = [*self.loss_names, ACCURACY] if self.leads_by_loss else [ACCURACY, *self.loss_names]
        for name in names:
            if text := self.text(variant, name):
                return text, tuple(self._difference(variant, name))
        return "", ()

    def given_up(self, variant: str) -> float | None:
        """Return the accuracy that a form gives up, or by which share its loss is higher; None where not measured."""
        accuracy, ratio = (self._find(variant, name) for name in (ACCURACY_DIFFERENCE, "loss_ratio"))
        by_accuracy = None if accuracy is None or accuracy.value is None else -accuracy.value
        by_loss = None if ratio is None or ratio.value is None else ratio.value - 1
        first, second = (by_loss, by_accuracy) if self.leads_by_loss else (by_accuracy, by_loss)
        return second if first is None else first

    def difference(self, variant: str) -> str:
        """Return the difference to fp32 in a few words; empty where it was not measured."""
        accuracy, ratio = (self._find(variant, name) for name in (ACCURACY_DIFFERENCE, "loss_ratio"))
        if accuracy is not None and accuracy.value is not None and not self.leads_by_loss:
            return self._("accuracy %(points)s") % {
                "points": difference(accuracy.value, accuracy.name, self.f)
            }
        if ratio is not None and ratio.value is not None:
            share = signed(ratio.value - 1, self.f.percent(abs(ratio.value - 1)))
            return self._("loss %(share)s") % {"share": share}
        return ""

    def collapse(self, variant: str) -> str:
        """Return what the bench says of a form whose quality has collapsed; empty for any other."""
        notes = (m.note for m in self.measurements if m.variant == variant and COLLAPSED in m.note.lower())
        note = next(notes, "")
        return told(note[note.lower().index(COLLAPSED) :].partition(";")[0], self.f) if note else ""

    def _difference(self, variant: str, name: str) -> Iterator[str]:
        of = ACCURACY_DIFFERENCE if name == ACCURACY else LOSS_DIFFERENCE + name.removeprefix(LOSS)
        found = self._find(variant, of)
        if found is not None and found.value is not None:
            yield difference(found.value, of, self.f)
            if found.low is not None and found.high is not None:
                yield ends(found, self.f)

    def text(self, variant: str, name: str) -> str:
        """Return a quality of a form as text; empty where it was not measured."""
        found = self._find(variant, name)
        return cell(found, self.f).value if found is not None and found.value is not None else ""

    def _find(self, variant: str, name: str) -> Measurement | None:
        return next(
            (m for m in self.measurements if (m.variant, m.name, m.conditions) == (variant, name, {})), None
        )


def controls(measurements: Sequence[Measurement], formats: Formats) -> Iterator[Control]:
    """Yield each distilled form with its control, in accuracy and in loss as far as both were measured."""
    _ = formats.messages.gettext
    qualities = Qualities(measurements, formats)
    variants = list(dict.fromkeys(m.variant for m in measurements))
    for m in measurements:
        if not m.name.startswith(SCRATCH) or m.conditions:
            continue
        of = m.name.removeprefix(SCRATCH).replace("_difference", "")
        control = next((v for v in variants if f"`{v}`" in m.method or is_control(v, m.variant)), "")
        has_interval = m.value is not None and m.low is not None and m.high is not None
        yield Control(
            recipe=m.variant,
            quantity=_("Accuracy") if of == ACCURACY else _("Loss"),
            distilled=qualities.text(m.variant, of),
            scratch=qualities.text(control, of) if control else "",
            control=control,
            difference="" if m.value is None else difference(m.value, m.name, formats),
            interval=ends(m, formats) if has_interval else "",
            seeds=len(m.samples),
            verdict=compared(m, of == ACCURACY, formats),
        )


def is_control(variant: str, recipe: str) -> bool:
    """Tell whether a variant is the control of a recipe: drawn anew, then trained wherever the recipe distils."""
    steps = recipe.split(ARROW)
    first = next((index for index, step in enumerate(steps) if _name(step) == "distil"), None)
    theirs = variant.split(ARROW)
    if first is None or len(theirs) != len(steps) + 1 or _name(theirs[first]) != "restart":
        return False
    rest = theirs[:first] + theirs[first + 1 :]
    return all(
        _name(its) == "finetune" if _name(step) == "distil" else its == step
        for step, its in zip(steps, rest, strict=True)
    )


def difference(value: float, name: str, formats: Formats) -> str:
    """Return a difference of quality with its sign: accuracy in points, loss in nats."""
    _ = formats.messages.gettext
    if name.endswith("_share"):
        number = signed(value, formats.number(abs(value) / PER_POINT, 2))
        return _("%(number)s points") % {"number": number}
    return signed(value, formats.number(abs(value), 2)) + " " + _("nats")


def ends(m: Measurement, formats: Formats) -> str:
    """Return the interval of a difference of quality, in the unit of the difference."""
    per = PER_POINT if m.name.endswith("_share") else 1.0
    low, high = (signed(end, formats.number(abs(end) / per, 2)) for end in (m.low or 0.0, m.high or 0.0))
    return interval(low, high, formats)


def signed(value: float, text: str) -> str:
    """Return a number that was written without its sign, with it."""
    if value == 0:
        return text
    return ("+" if value > 0 else "\u2212") + text


def _name(step: str) -> str:
    return step.partition("(")[0].strip()
