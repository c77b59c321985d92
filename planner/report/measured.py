"""What the bench measured: each model's cycle in six steps, both its forms side by side, what the smaller is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bench.record import Measurement, Record
from planner.report.formats import Formats

PLAIN, COMPRESSED = "fp32", "int8"
IN_BOTH = ("", "evaluation", "saving")
"""Steps whose measurements also stand where the two forms are compared."""
STEPS = ("data", "choice", "parameters", "training", "evaluation", "saving")
TRAINING_NAMES = frozenset(
    {
        "training_step_flops", "training_step_seconds", "training_items_per_second", "training_bytes_per_second",
        "training_flops_per_second", "training_mfu_share", "training_seconds", "training_peak_memory_bytes",
    }
)  # fmt: skip
DATA_NAMES = frozenset(
    {f"{part}_{unit}" for part in ("training", "validation", "test") for unit in ("items", "bytes")}
    | {"files"}
)


@dataclass(frozen=True)
class Cell:
    """One value with its interval; both empty where nothing was measured."""

    value: str
    interval: str = ""


@dataclass(frozen=True)
class Line:
    """One quantity of a table: in each form that was measured, and how."""

    label: str
    cells: tuple[Cell, ...]
    method: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Step:
    """One of the six steps of a model's cycle."""

    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Subject:
    """Everything measured on one model, or on the machine itself."""

    title: str
    steps: tuple[Step, ...]
    variants: tuple[str, ...]
    comparison: tuple[Line, ...]


class Measured:
    """Reads the tables of the report off a record."""

    def __init__(self, record: Record, formats: Formats) -> None:
        """Take the record and how its language writes numbers."""
        self.record = record
        self.f = formats
        self._ = formats.messages.gettext

    def subjects(self) -> list[Subject]:
        """Return the machine and the models in the order of the record."""
        names = dict.fromkeys(m.subject for m in self.record.measurements)
        return [self._subject(name) for name in names]

    def _subject(self, name: str) -> Subject:
        found = [m for m in self.record.measurements if m.subject == name]
        steps = [self._step(step, found) for step in STEPS] if name != "machine" else []
        rest = [m for m in found if name == "machine" or step_of(m) in IN_BOTH]
        variants = tuple(dict.fromkeys(m.variant for m in rest))
        quantities = dict.fromkeys(m.name for m in rest)
        comparison = tuple(
            self._line(quantity, [self._in(rest, quantity, v) for v in variants]) for quantity in quantities
        )
        titles = {
            "machine": self._("The machine"),
            "mlp": self._("A small network on handwritten digits"),
            "gpt": self._("A small language model on the text of Python's standard library"),
        }
        return Subject(titles.get(name, name), tuple(s for s in steps if s.lines), variants, comparison)

    def _step(self, step: str, found: Sequence[Measurement]) -> Step:
        _ = self._
        titles = {
            "data": _("Data preparation"), "choice": _("Model choice"), "parameters": _("Parameter settings"),
            "training": _("Training"), "evaluation": _("Evaluation"), "saving": _("Saving and loading"),
        }  # fmt: skip
        lines = tuple(
            self._line(m.name, [m], m.variant if m.variant.startswith("trial") else "")
            for m in found
            if step_of(m) == step
        )
        return Step(titles[step], lines)

    def _in(self, found: Sequence[Measurement], name: str, variant: str) -> Measurement | None:
        return next((m for m in found if (m.name, m.variant) == (name, variant)), None)

    def _line(self, name: str, found: Sequence[Measurement | None], prefix: str = "") -> Line:
        cells = tuple(self._cell(m) for m in found)
        there = [m for m in found if m]
        methods = dict.fromkeys(m.method for m in there)
        notes = tuple(dict.fromkeys(m.note for m in there if m.note))
        label = label_of(name)
        return Line(f"{prefix}: {label}" if prefix else label, cells, "; ".join(methods), notes)

    def _cell(self, m: Measurement | None) -> Cell:
        if m is None:
            return Cell("")
        if m.value is None:
            return Cell(self._("not measured"))
        interval = ""
        if m.low is not None and m.high is not None:
            low, high = (self.f.quantity(end, m.name) for end in (m.low, m.high))
            interval = self._("%(low)s to %(high)s") % {"low": low, "high": high}
        return Cell(self.f.quantity(m.value, m.name), interval)


@dataclass(frozen=True)
class Compression:
    """What the compressed form is worth: in speed, in size, in quality, in money."""

    headline: str
    sentences: tuple[str, ...]


def compression(
    record: Record | None, saving_usd: float, need_usd: float, used: str, formats: Formats
) -> Compression:
    """Return the verdict on compression; `used` is the form whose speed the plan is worked out with."""
    _ = formats.messages.gettext
    speed = record.find("gpt", "throughput_ratio", COMPRESSED) if record else None
    if record is None or speed is None or speed.value is None:
        why = _("Compression was not measured, so nothing can be said about it.")
        return Compression(_("Not measured"), (why,))
    money = _money(saving_usd, need_usd, is_noise(speed), formats)
    said = [_speed(speed, formats), *_size_and_quality(record, formats), money]
    values = {"form": used}
    said.append(_("The plan is worked out with the speed of the %(form)s form.") % values)
    return Compression(_verdict(speed, formats), tuple(filter(None, said)))


def _verdict(speed: Measurement, formats: Formats) -> str:
    _ = formats.messages.gettext
    if is_noise(speed):
        return _("No difference in speed that can be told from noise")
    values = {"ratio": formats.number(speed.value or 0.0, 2)}
    if (speed.value or 0.0) > 1:
        return _("Faster: %(ratio)s times the speed") % values
    return _("Slower: %(ratio)s times the speed") % values


def _speed(speed: Measurement, formats: Formats) -> str:
    _ = formats.messages.gettext
    values = {"ratio": formats.number(speed.value or 0.0)}
    said = _("The int8 form reads text at %(ratio)s times the speed of fp32.") % values
    if speed.low is not None and speed.high is not None:
        values |= {"low": formats.number(speed.low), "high": formats.number(speed.high)}
        said += " " + _("The 95 %% interval is %(low)s to %(high)s.") % values
    if speed.note:
        said += " " + _("The bench says: %(note)s.") % {"note": speed.note}
    return said


def _size_and_quality(record: Record, formats: Formats) -> list[str]:
    _, said = formats.messages.gettext, []
    size = record.find("gpt", "file_ratio", COMPRESSED)
    if size and size.value is not None:
        said.append(_("Its file takes %(share)s of the size.") % {"share": formats.percent(size.value)})
    loss = record.find("gpt", "loss_difference_nats_per_byte", COMPRESSED)
    plain = record.find("gpt", "loss_nats_per_byte", PLAIN)
    if loss and plain and loss.value is not None and plain.value:
        values = {"change": formats.number(abs(loss.value), 2), "plain": formats.number(plain.value)}
        if loss.low is not None and loss.high is not None and loss.low <= 0 <= loss.high:
            said.append(
                _("Its quality cannot be told from that of fp32 (loss %(plain)s nats per byte).") % values
            )
        elif loss.value > 0:
            said.append(
                _("Its loss on unseen text is %(change)s nats per byte higher than the %(plain)s of fp32.")
                % values
            )
        else:
            said.append(
                _("Its loss on unseen text is %(change)s nats per byte lower than the %(plain)s of fp32.")
                % values
            )
    return said


def _money(saving_usd: float, need_usd: float, noise: bool, formats: Formats) -> str:
    _ = formats.messages.gettext
    if math.isnan(saving_usd):
        return _("What it is worth in money cannot be said, because one of the two speeds is missing.")
    values = {"usd": formats.money(abs(saving_usd)), "need": formats.money(need_usd)}
    if noise:
        return (
            _("Over the plan the two speeds as measured differ by %(usd)s, which may as well be nothing.")
            % values
        )
    if saving_usd == 0:
        return _("In this plan it saves nothing.")
    if saving_usd < 0:
        return _("Over the plan it would cost %(usd)s more than fp32: do not compress.") % values
    said = _("Over the plan it saves %(usd)s against fp32.") % values
    if saving_usd < need_usd / 100:
        little = _(
            "That is little beside a funding need of %(need)s: compress for memory or latency, "
            "not to save money here."
        )
        said += " " + little % values
    return said


def is_noise(speed: Measurement) -> bool:
    """Tell whether a ratio of speeds cannot be told from one, by its interval or by the bench's own control."""
    if speed.low is None or speed.high is None or speed.note.startswith("no difference"):
        return True
    return speed.low <= 1 <= speed.high


def step_of(m: Measurement) -> str:
    """Return the step of a model's cycle to which a measurement belongs; empty for what belongs to none."""
    if m.name in DATA_NAMES:
        return "data"
    if m.name.startswith("search_"):
        return "choice"
    if m.name in TRAINING_NAMES:
        return "training"
    if m.name.startswith("validation_"):
        return "parameters"
    if m.variant == PLAIN and m.name.startswith(("loss_", "accuracy_")):
        return "evaluation"
    if m.variant == PLAIN and (m.name.startswith("reload_") or m.name == "file_bytes"):
        return "saving"
    return ""


def label_of(name: str) -> str:
    """Return a quantity's name without its unit, as words."""
    from planner.units import unit_of

    words = name.partition("_per_")[0].split("_")
    units = set(unit_of(name).numerator) if "_per_" in name or len(words) > 1 else set()
    while len(words) > 1 and words[-1] in units | {"flops"}:
        words.pop()
    label = " ".join(words).replace("flops", "FLOPs").replace("mfu", "MFU")
    return label[:1].upper() + label[1:]
