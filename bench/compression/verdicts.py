"""Says in words whether a form is faster than the model it was made from, and if not, why not."""

from __future__ import annotations

from dataclasses import dataclass

from bench.compression.forms import Form
from bench.compression.recipes import CompressionRecipe
from bench.measuring.latency import Estimate, verdict

NOTABLE_SHARE = 0.05
"""A ratio this far from one that still cannot be told from noise is put down to the noise."""
OVERHEAD_RATIO = 3.0
"""A call that takes so many times longer than its arithmetic and its memory traffic is ruled by overhead."""
CONVERTED = {"fp16": ("AVX512_FP16", "AMX"), "bf16": ("AVX512_BF16", "AMX")}
"""Formats that a processor without these instructions computes by way of fp32."""


@dataclass(frozen=True)
class Bound:
    """What a call of the fp32 model takes, and the least that arithmetic and memory would take."""

    seconds: float
    least_seconds: float

    @property
    def is_overhead(self) -> bool:
        """Tell whether calling the operations takes longer than their work."""
        return self.seconds > OVERHEAD_RATIO * self.least_seconds

    def in_words(self) -> str:
        """Say both."""
        return (
            f"a call takes {1e6 * self.seconds:.3g} us, of which arithmetic and reading the weights need "
            f"{1e6 * self.least_seconds:.2g} us: the model is so small that overhead rules"
        )


def in_words(
    ratio: Estimate, floor: float, recipe: CompressionRecipe, form: Form, bound: Bound, capability: str
) -> str:
    """Return `faster`, or that there is no speed-up here and because of what.

    `capability` names the vector instructions of the processor, or is empty on a GPU.
    """
    found = verdict(ratio, floor)
    if found == "faster":
        return "faster"
    because = _because(recipe, form, bound, capability)
    if found == "slower":
        return f"no speed-up here, slower, because {because}"
    if abs(ratio.value - 1) > NOTABLE_SHARE:
        because = f"fp32 against itself differed by {floor:.0%}: measure again on a quiet machine"
    return f"no difference that can be told from noise: no speed-up here, because {because}"


def _because(recipe: CompressionRecipe, form: Form, bound: Bound, capability: str) -> str:
    names = {step.name for step in recipe.steps}
    unstructured = any(
        step.name == "prune" and step.word("kind") in ("magnitude", "gradual", "2:4") for step in recipe.steps
    )
    if unstructured and names <= {"prune", "finetune", "distil", "restart"}:
        return "zeros are multiplied like any other number when the matrices stay dense"
    if bound.is_overhead and form.engine == "torch":
        return bound.in_words()
    for name, instructions in CONVERTED.items():
        if name in names and capability and not any(each in capability.upper() for each in instructions):
            return f"this processor has no {name} arithmetic ({capability}) and converts to fp32 and back"
    if "sparse" in names:
        return "the kernels for zeros cost more than the multiplications that they save at this density and batch"
    if names <= {"finetune", "distil", "qat", "restart"}:
        return "nothing but the weights' values has changed"
    if form.engine == "torchao":
        return "torchao without compilation converts numbers in operations of their own at every call"
    return f"the kernels of {form.engine} for it gain nothing over fp32 at this batch on this machine"
