"""A verdict says faster, slower or no difference, and why there is no speed-up."""

from __future__ import annotations

import pytest
from torch import nn

from bench.compression.forms import Form
from bench.compression.recipes import read_recipe
from bench.compression.verdicts import Bound, in_words
from bench.measuring.latency import Estimate

LARGE, SMALL = Bound(1e-3, 0.9e-3), Bound(25e-6, 1e-6)


def said(
    recipe: str, ratio: float, *, engine: str = "torch", bound: Bound = LARGE, capability: str = "AVX2"
) -> str:
    form = Form(nn.Identity(), 1, 1, engine=engine)
    estimate = Estimate(ratio, ratio - 0.01, ratio + 0.01, ())
    return in_words(estimate, 0.05, read_recipe(recipe), form, bound, capability)


def test_faster_needs_no_reason() -> None:
    assert said("int8", 2.0) == "faster"


@pytest.mark.parametrize(
    ("recipe", "ratio", "options", "reason"),
    [
        ("prune(magnitude, 0.9)", 1.0, {}, "zeros are multiplied like any other number"),
        ("prune(gradual, 0.9) -> finetune", 1.02, {}, "zeros are multiplied"),
        ("int8", 0.5, {"bound": SMALL}, "overhead rules"),
        ("fp16", 0.5, {}, "no fp16 arithmetic (AVX2)"),
        ("prune(gradual, 0.9) -> sparse(csr)", 0.8, {}, "cost more than the multiplications"),
        ("finetune", 1.0, {}, "nothing but the weights' values"),
        ("torchao(int8_dynamic)", 0.1, {"engine": "torchao"}, "without compilation"),
        ("onnx(int8)", 1.0, {"engine": "onnxruntime"}, "the kernels of onnxruntime"),
    ],
)
def test_no_speed_up_says_why(recipe: str, ratio: float, options: dict[str, object], reason: str) -> None:
    text = said(recipe, ratio, **options)  # type: ignore[arg-type]
    assert "no speed-up here" in text
    assert reason in text
    assert ("slower" in text) == (ratio < 0.94)
    assert text.startswith("no difference") == (ratio > 0.94)
