"""Records in the layout of `benchplan bench compress`, made by hand for tests: their numbers are no evidence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.record import Machine, Measurement, Record

SMALL_MODEL = (
    "mlp: a call takes little more than its overhead, so these speed-ups say little of large models."
)
BEST = "prune(neurons, 0.75) -> distil -> onnx"
SCRATCH = "prune(neurons, 0.75) -> restart -> finetune"
DENSE_ZEROS = "because zeros are multiplied like any other number when the matrices stay dense"
FAILURE = "int8_static: torchao is not installed; pip install 'benchplan[compress]'"


@dataclass(frozen=True)
class Made:
    """What a test says of one form: kilobytes, seconds and ratio at batch 1, ratio at batch 32, loss of accuracy."""

    variant: str
    kilobytes: float
    seconds: float
    ratio: float
    at_32: float
    points: float
    verdict: str = "faster"
    dominating: int = 0


MLP = (
    Made("onnx", 4512, 70e-6, 1.50, 1.40, 0.0, dominating=1),
    Made("int8", 1137, 87e-6, 1.21, 4.04, 0.0, dominating=2),
    Made("bf16", 2255, 201e-6, 0.56, 2.11, 0.0, "no speed-up here, slower, because the kernels of torch for it gain "
         "nothing over fp32 at this batch on this machine", 4),
    Made("fp16", 2255, 151e-6, 0.68, 0.24, 0.0, "no speed-up here, slower, because this processor has no fp16 "
         "arithmetic (AVX2) and converts to fp32 and back", 4),
    Made("torchao(int8_dynamic)", 1147, 1016e-6, 0.11, 0.71, 0.0, "no speed-up here, slower, because torchao without "
         "compilation converts numbers in operations of their own at every call", 5),
    Made("torchao(int8_weight)", 1147, 220e-6, 0.48, 0.86, 0.0, "no speed-up here, slower, because torchao without "
         "compilation converts numbers in operations of their own at every call", 5),
    Made("onnx(int8)", 1148, 38e-6, 2.73, 5.13, -0.1, dominating=0),
    Made("onnx(int8_static)", 1166, 42e-6, 2.48, 5.10, -0.1, dominating=1),
    Made("qat -> onnx(int8)", 1148, 38.5e-6, 2.70, 5.11, 0.1, dominating=0),
    Made("prune(magnitude, 0.9)", 4508, 106e-6, 0.99, 0.99, -2.5,
         f"no difference that can be told from noise: no speed-up here, {DENSE_ZEROS}", 6),
    Made("prune(magnitude, 0.95)", 4508, 106e-6, 0.99, 0.99, -31.2,
         f"no difference that can be told from noise: no speed-up here, {DENSE_ZEROS}", 8),
    Made("prune(gradual, 0.95) -> sparse(csr)", 691, 83e-6, 1.25, 5.77, -0.9, dominating=2),
    Made("prune(neurons, 0.5) -> distil", 1207, 50e-6, 2.13, 4.25, -0.1, dominating=2),
    Made("prune(neurons, 0.75) -> distil", 343, 29e-6, 3.58, 11.93, -0.3, dominating=1),
    Made("prune(neurons, 0.75) -> distil -> int8", 91, 66e-6, 1.57, 12.51, -0.3),
    Made(BEST, 346, 14e-6, 7.73, 17.31, -0.3),
    Made("prune(neurons, 0.875) -> distil -> onnx(int8)", 60, 11e-6, 9.60, 22.0, -3.1),
)  # fmt: skip


def compress_record(extra: Sequence[Measurement] = (), *, contended: bool = False, day: int = 20) -> Record:
    """Return a record of a CPU with the forms of an MLP and of a language model, one of them failed."""
    return Record(
        suite="compress",
        device="cpu",
        created_at=datetime(2027, 1, day, 6, 0, tzinfo=UTC),
        benchplan_version="0.0",
        machine=Machine(
            fingerprint="0123456789abcdef",
            description="2 cores of a processor made up for tests",
            processor="made up",
            instruction_set="AVX2",
            num_cores=2,
            memory_bytes=8_000_000_000,
            operating_system="Linux",
            python="3.12",
            torch="2.13",
        ),
        measurements=(*mlp(), *gpt(), *extra),
        duration_seconds=412.0,
        contended=contended,
        warnings=(SMALL_MODEL, "prune(magnitude, 0.95): collapsed: accuracy fell by 31.2 points."),
    )


def mlp() -> Iterator[Measurement]:
    """Yield the forms of a network on digits."""
    yield from _form("mlp", Made("fp32", 4508, 106e-6, 1.0, 1.0, 0.0, "", 3), 0.981)
    yield one("mlp", "fp32 again", "control_ratio", 1.003, 0.97, 1.04, batch=1)
    for made in MLP:
        yield from _form("mlp", made, 0.981)
        if "distil" in made.variant:
            yield one("mlp", made.variant, "scratch_accuracy_difference_share", 0.002, -0.006, 0.009)
    yield one("mlp", SCRATCH, "accuracy_share", 0.976, 0.965, 0.985)
    yield one("mlp", SCRATCH, "accuracy_difference_share", -0.005, -0.012, 0.003)
    yield Measurement(
        subject="mlp", variant="int8_static", conditions={"batch": 1}, name="latency_ratio", value=None,
        method="interleaved", note=f"not measured: {FAILURE}",
    )  # fmt: skip


def gpt() -> Iterator[Measurement]:
    """Yield the forms of a language model, with the time to write a token."""
    forms = (
        ("fp32", 1500, 1.0, 1.0, 1.5290, 0.0, 1),
        ("onnx", 1502, 1.3, 1.1, 1.5290, 0.0, 1),
        ("int8", 540, 2.9, 2.5, 1.5328, 0.0037, 0),
        ("bf16", 760, 1.15, 1.1, 1.5291, 0.0001, 0),
        ("prune(structured, 0.5) -> distil -> int8", 270, 5.9, 5.2, 1.62, 0.091, 0),
    )
    for variant, kilobytes, ratio, decode, loss, rise, dominating in forms:
        yield from _sized("gpt", variant, kilobytes, 1500, dominating)
        for batch in (1, 32):
            yield from _timed("gpt", variant, "latency", 8e-3 * batch / ratio, ratio, "faster", batch=batch)
        yield one("gpt", variant, "decode_seconds_per_token", 5e-3 / decode, batch=1, context_tokens=128)
        if variant != "fp32":
            yield one(
                "gpt", variant, "decode_ratio", decode, decode * 0.95, decode * 1.05, "faster",
                batch=1, context_tokens=128,
            )  # fmt: skip
            yield one("gpt", variant, "loss_difference_nats_per_byte", rise, rise - 0.002, rise + 0.002)
            yield one("gpt", variant, "loss_ratio", loss / 1.529)
        yield one("gpt", variant, "loss_nats_per_byte", loss, loss - 0.02, loss + 0.02)
    yield one(
        "gpt",
        "prune(structured, 0.5) -> distil -> int8",
        "scratch_loss_difference_nats_per_byte",
        -0.12,
        -0.14,
        -0.10,
    )


def one(
    subject: str, variant: str, name: str, value: float | None, low: float | None = None, high: float | None = None,
    note: str = "", **conditions: int,
) -> Measurement:  # fmt: skip
    """Return one measurement."""
    return Measurement(
        subject=subject, variant=variant, name=name, value=value, low=low, high=high, note=note,
        conditions=dict(conditions), method=f"made by hand for a test of {name}",
    )  # fmt: skip


def _form(subject: str, made: Made, accuracy_share: float) -> Iterator[Measurement]:
    yield from _sized(subject, made.variant, made.kilobytes, 4508, made.dominating)
    yield from _timed(subject, made.variant, "latency", made.seconds, made.ratio, made.verdict, batch=1)
    verdict = "faster" if made.at_32 > 1.05 else made.verdict
    yield from _timed(
        subject, made.variant, "latency", 106e-6 * 8 / made.at_32, made.at_32, verdict, batch=32
    )
    fallen, lost = accuracy_share + made.points / 100, made.points / 100
    note = f"collapsed: accuracy fell by {-made.points:.1f} points" if made.points < -10 else ""
    yield one(subject, made.variant, "accuracy_share", fallen, fallen - 0.011, min(fallen + 0.009, 1.0), note)
    if made.variant != "fp32":
        yield one(subject, made.variant, "accuracy_difference_share", lost, lost - 0.006, lost + 0.006)


def _sized(
    subject: str, variant: str, kilobytes: float, plain: float, dominating: int
) -> Iterator[Measurement]:
    yield one(subject, variant, "params", kilobytes * 250)
    yield one(subject, variant, "file_bytes", kilobytes * 1000)
    if variant != "fp32":
        yield one(subject, variant, "file_ratio", kilobytes / plain)
        yield one(subject, variant, "recipe_seconds", 12.4 if "->" in variant else 0.8)
        if "->" in variant:
            yield one(subject, variant, "recipe_training_flops", 3.1e12)
    yield one(subject, variant, "dominating_recipes", dominating)


def _timed(
    subject: str, variant: str, kind: str, seconds: float, ratio: float, note: str, **conditions: int
) -> Iterator[Measurement]:
    yield one(subject, variant, f"{kind}_seconds", seconds, seconds * 0.97, seconds * 1.03, "", **conditions)
    if variant != "fp32":
        yield one(subject, variant, f"{kind}_ratio", ratio, ratio * 0.96, ratio * 1.04, note, **conditions)
