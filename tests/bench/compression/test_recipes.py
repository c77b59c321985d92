"""A recipe is read, written back the same, and refused with what would be right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.compression.names import METHODS, STAGES
from bench.compression.recipes import CompressionRecipe, read_recipe
from bench.errors import InputError


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("prune(neurons,0.75)->distil->onnx(int8)", "prune(neurons, 0.75) -> distil -> onnx(int8)"),
        ("prune( magnitude , .9 , layer )", "prune(magnitude, 0.9, layer)"),
        ("prune(magnitude)", "prune(magnitude, 0.5)"),
        ("prune(magnitude, 0.5, global)", "prune(magnitude, 0.5)"),
        ("distil(features)", "distil(features)"),
        ("distil()", "distil"),
        ("finetune(100)", "finetune(100)"),
        ("", "fp32"),
        ("fp32", "fp32"),
    ],
)
def test_a_recipe_is_written_as_briefly_as_it_can_be_read_back(typed: str, written: str) -> None:
    recipe = read_recipe(typed)
    assert str(recipe) == written
    assert read_recipe(written) == recipe


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("prun(neurons)", "did you mean 'prune'?"),
        ("int9", "did you mean 'int8'?"),
        ("prune(neurns)", "did you mean 'neurons'?"),
        ("prune(neurons, 1)", "would remove everything"),
        ("prune(neurons, 0)", "above 0 and below 1"),
        ("prune(neurons, nan)", "above 0 and below 1"),
        ("prune(neurons, half)", "'half'"),
        ("prune", "kind of prune is missing"),
        ("bf16(3)", "takes none"),
        ("onnx(int8, 3)", "takes 1 at most"),
        ("int8 -> prune(neurons)", "prune(neurons, 0.5) cannot follow int8"),
        ("int8 -> bf16", "bf16 cannot follow int8"),
        ("onnx -> int8", "int8 cannot follow onnx"),
        ("prune(neurons) ->", "is no step"),
        ("prune(neurons", "is no step"),
    ],
)
def test_what_is_wrong_with_a_recipe_is_said(typed: str, said: str) -> None:
    with pytest.raises(InputError, match=r".*") as caught:
        read_recipe(typed)
    assert said in str(caught.value)
    assert f"'{typed}'" in str(caught.value)


def _steps(stage: str) -> list[str]:
    words = []
    for name, method in METHODS.items():
        if method.stage == stage:
            first = method.arguments[0].words if method.arguments else ()
            words += [f"{name}({word})" for word in first] or [name]
    return words


recipes = st.builds(
    lambda training, ends: " -> ".join([*training, *filter(None, ends)]),
    st.lists(st.sampled_from(_steps("training")), max_size=4),
    st.tuples(*(st.sampled_from(["", *_steps(stage)]) for stage in STAGES[1:])),
)


@given(recipes)
def test_every_recipe_in_order_is_read_and_written_back(text: str) -> None:
    recipe = read_recipe(text)
    assert read_recipe(str(recipe)) == recipe
    assert len(recipe.steps) == (text.count("->") + 1 if text else 0)


def test_the_control_of_a_distillation_trains_the_same_shape_as_long_and_without_a_teacher() -> None:
    recipe = read_recipe("prune(neurons, 0.75) -> distil(logits, 2, 50) -> int8 -> onnx")
    assert str(recipe.control()) == "prune(neurons, 0.75) -> restart -> finetune(50)"
    assert recipe.has("distil")
    assert not recipe.control().has("distil")
    assert CompressionRecipe(()).steps == ()
