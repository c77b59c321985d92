"""What the bench measured: the machine, each model's cycle in six steps, and both its forms side by side."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bench.record import Measurement, Record
from planner.report.formats import Formats

PLAIN = "fp32"
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
        self.labels = labels(formats.messages.gettext)

    def subjects(self) -> list[Subject]:
        """Return the machine and the models in the order of the record."""
        names = dict.fromkeys(m.subject for m in self.record.measurements)
        return [self._subject(name) for name in names]

    def _subject(self, name: str) -> Subject:
        found = [m for m in self.record.measurements if m.subject == name]
        steps = [self._step(step, found) for step in STEPS] if name != "machine" else []
        rest = [m for m in found if name == "machine" or step_of(m) in IN_BOTH]
        variants = tuple(dict.fromkeys(m.variant for m in rest))
        comparison = tuple(
            self._line(one.name, [_in(rest, one, variant) for variant in variants], under=one.conditions)
            for one in _each_once(rest)
        )
        title = subject_title(name, self.f)
        return Subject(title, tuple(s for s in steps if s.lines), variants, comparison)

    def _step(self, step: str, found: Sequence[Measurement]) -> Step:
        _ = self._
        titles = {
            "data": _("Data preparation"), "choice": _("Model choice"), "parameters": _("Parameter settings"),
            "training": _("Training"), "evaluation": _("Evaluation"), "saving": _("Saving and loading"),
        }  # fmt: skip
        lines = tuple(
            self._line(m.name, [m], m.variant if m.variant.startswith("trial") else "", m.conditions)
            for m in found
            if step_of(m) == step
        )
        return Step(titles[step], lines)

    def _line(
        self,
        name: str,
        found: Sequence[Measurement | None],
        prefix: str = "",
        under: Mapping[str, int | float | str] = MappingProxyType({}),
    ) -> Line:
        cells = tuple(cell(m, self.f) for m in found)
        there = [m for m in found if m]
        methods = dict.fromkeys(m.method for m in there)
        notes = tuple(dict.fromkeys(m.note for m in there if m.note))
        label = self.labels.get(name) or label_of(name)
        label += "".join(f", {label_of(condition).lower()} {value}" for condition, value in under.items())
        if prefix:
            trial = {"number": prefix.removeprefix("trial").strip(), "label": label}
            label = self._("trial %(number)s: %(label)s") % trial
        return Line(label, cells, "; ".join(methods), notes)


def subject_title(name: str, formats: Formats) -> str:
    """Return what a model of the bench, or the machine itself, is called; one of the user's own by its name."""
    _ = formats.messages.gettext
    titles = {
        "machine": _("The machine"),
        "mlp": _("A small network on handwritten digits"),
        "gpt": _("A small language model on the text of Python's standard library"),
    }
    return titles.get(name, name)


def cell(m: Measurement | None, formats: Formats) -> Cell:
    """Return a measurement as text, with its interval where it has one."""
    if m is None:
        return Cell("")
    if m.value is None:
        return Cell(formats.messages.gettext("not measured"))
    shown = ""
    if m.low is not None and m.high is not None:
        shown = interval(_text(m.low, m.name, formats), _text(m.high, m.name, formats), formats)
    return Cell(_text(m.value, m.name, formats), shown)


def interval(low: str, high: str, formats: Formats) -> str:
    """Return a range of two texts without their unit where it is the same; a power of ten is none."""
    (start, _, unit), (end, _, same) = low.partition(" "), high.partition(" ")
    low, high = (start, end) if unit == same and not unit.startswith("x 10") else (low, high)
    return formats.messages.gettext("%(low)s to %(high)s") % {"low": low, "high": high}


def _text(value: float, name: str, formats: Formats) -> str:
    # The unit of one training step is that of its time or its FLOPs; nats are no unit of the planner's grammar.
    _ = formats.messages.gettext
    spelt = {
        "item": _("%(number)s nats per item"),
        "byte": _("%(number)s nats per byte"),
        "token": _("%(number)s nats per token"),
    }
    for per, text in spelt.items():
        if name.endswith(f"_nats_per_{per}"):
            return text % {"number": formats.number(value)}
    return formats.quantity(value, name.replace("_step_", "_"))


def _each_once(found: Sequence[Measurement]) -> list[Measurement]:
    """Return one measurement of each quantity and conditions, whatever the variant, in their order."""
    return list({(m.name, *sorted(m.conditions.items())): m for m in reversed(found)}.values())[::-1]


def _in(found: Sequence[Measurement], like: Measurement, variant: str) -> Measurement | None:
    """Return the measurement of the same quantity under the same conditions in a variant."""
    wanted = like.name, variant, like.conditions
    return next((m for m in found if (m.name, m.variant, m.conditions) == wanted), None)


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


def labels(gettext: Callable[[str], str]) -> dict[str, str]:
    """Return what the quantities of the bench are called."""
    _ = gettext
    return {
        "peak_flops_per_second": _("Peak compute"),
        "memory_bandwidth_bytes_per_second": _("Memory bandwidth"),
        "process_peak_memory_bytes": _("Peak memory of the whole run"),
        "training_items": _("Items for training"),
        "validation_items": _("Items for validation"),
        "test_items": _("Items for testing"),
        "training_bytes": _("Text for training"),
        "validation_bytes": _("Text for validation"),
        "test_bytes": _("Text for testing"),
        "files": _("Files of text"),
        **{f"search_loss_nats_per_{unit}": _("Loss of the trial") for unit in ("item", "byte")},
        **{f"validation_loss_nats_per_{unit}": _("Loss on the validation part") for unit in ("item", "byte")},
        **{f"loss_nats_per_{unit}": _("Loss on the test part") for unit in ("item", "byte")},
        **{f"loss_difference_nats_per_{unit}": _("Loss, less that of fp32") for unit in ("item", "byte")},
        "accuracy_share": _("Accuracy on the test part"),
        "accuracy_difference_share": _("Accuracy, less that of fp32"),
        **_speed_labels(gettext),
        **_consumption_labels(gettext),
    }


def _speed_labels(gettext: Callable[[str], str]) -> dict[str, str]:
    _ = gettext
    return {
        "training_step_flops": _("Compute of a training step"),
        "training_step_seconds": _("Time of a training step"),
        "training_items_per_second": _("Training speed"),
        "training_bytes_per_second": _("Training speed"),
        "training_flops_per_second": _("Compute reached in training"),
        "training_mfu_share": _("Share of the peak reached in training (MFU)"),
        "training_seconds": _("Time of the training run"),
        "latency_seconds": _("Latency"),
        "latency_ratio": _("Speed one by one, over that of fp32"),
        "throughput_items_per_second": _("Throughput"),
        "throughput_bytes_per_second": _("Throughput"),
        "throughput_ratio": _("Throughput, over that of fp32"),
        "throughput_tokens_per_second": _("Throughput"),
        "training_tokens_per_second": _("Training speed"),
        "prefill_seconds": _("Time to read the prompt"),
        "decode_seconds_per_token": _("Time to write a token"),
        "decode_tokens_per_second": _("Speed of writing"),
        "latency_processor_seconds": _("Processor time of the latency"),
        "latency_p95_seconds": _("Latency, 95th percentile"),
        "latency_p99_seconds": _("Latency, 99th percentile"),
        "scaling_efficiency_share": _("Efficiency of several processes"),
    }


def _consumption_labels(gettext: Callable[[str], str]) -> dict[str, str]:
    _ = gettext
    return {
        "training_peak_memory_bytes": _("Peak memory in training"),
        "reload_differing_outputs": _("Outputs that differ after saving and loading"),
        "params": _("Parameters"),
        "forward_flops": _("Compute of a forward pass"),
        "file_bytes": _("Size of the file"),
        "file_ratio": _("Size of the file, over that of fp32"),
        "peak_memory_bytes": _("Peak memory"),
        "memory_bytes": _("Memory"),
        "energy_meters": _("Meters of energy that can be read"),
        "energy_joules": _("Energy of one call"),
        "weights_memory_bytes": _("Memory of the weights"),
        "gradients_memory_bytes": _("Memory of the gradients"),
        "optimizer_memory_bytes": _("Memory of the optimizer"),
        "activations_memory_bytes": _("Memory of the activations"),
        "inference_process_peak_memory_bytes": _("Peak memory of a process at inference"),
        "training_process_peak_memory_bytes": _("Peak memory of a process in training"),
    }


def label_of(name: str) -> str:
    """Return the name of a quantity that has no label of its own as words."""
    label = name.replace("_", " ").replace("flops", "FLOPs")
    return label[:1].upper() + label[1:]
