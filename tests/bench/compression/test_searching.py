"""A search goes to neighbours of the best recipes and says what it came to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.compression.frontier import Place
from bench.compression.menus import menu
from bench.compression.recipes import read_recipe
from bench.compression.searching import Budget, Candidate, neighbours
from bench.errors import InputError

MENU = [
    *menu("mlp", "cpu"),
    *menu("gpt", "cpu"),
    *menu("conv", "cpu"),
    *menu("own", "cpu"),
    *menu("gpt", "cuda"),
]


@pytest.mark.parametrize(
    ("kind", "device"), [("mlp", "cpu"), ("gpt", "cpu"), ("conv", "cpu"), ("x", "cpu"), ("gpt", "cuda")]
)
def test_every_menu_has_fifteen_recipes_or_more_and_none_twice(kind: str, device: str) -> None:
    recipes = menu(kind, device)
    assert len(recipes) >= 15
    assert len({str(recipe) for recipe in recipes}) == len(recipes)


@given(st.sampled_from(MENU))
def test_neighbours_are_sound_recipes_and_not_the_same(recipe: object) -> None:
    text = str(recipe)
    found = [str(each) for each in neighbours(read_recipe(text))]
    assert len(set(found)) == len(found) > 3
    for each in found:
        assert str(read_recipe(each)) == each


def test_neighbours_change_the_share_the_format_and_the_engine() -> None:
    found = {str(each) for each in neighbours(read_recipe("prune(neurons, 0.75) -> distil -> onnx"))}
    assert "prune(neurons, 0.875) -> distil -> onnx" in found
    assert "prune(neurons, 0.5) -> distil -> onnx" in found
    assert "prune(neurons, 0.75) -> distil -> onnx(int8)" in found
    assert "prune(neurons, 0.75) -> distil" in found
    assert "prune(structured, 0.5) -> distil -> int8" in {
        str(each) for each in neighbours(read_recipe("int8"))
    }


def test_those_that_keep_to_the_budget_come_first_and_the_fastest_of_them_first() -> None:
    budget = Budget(10.0, max_file_bytes=100, max_accuracy_loss_share=0.01)

    def candidate(size: float, speed: float, lost: float) -> Candidate:
        return Candidate(read_recipe("int8"), Place(size, speed, 0.1), lost, 1.0)

    fits, faster = candidate(90, 2.0, 0.0), candidate(99, 3.0, 0.009)
    heavy, bad = candidate(200, 9.0, 0.0), candidate(50, 9.0, 0.2)
    assert sorted([bad, heavy, fits, faster], key=lambda c: c.rank(budget))[:2] == [faster, fits]
    assert fits.misses(budget) == 0
    assert heavy.misses(budget) == pytest.approx(0.693, abs=1e-3)
    assert "at most 100 bytes" in budget.in_words()


def test_a_search_without_a_bound_is_refused() -> None:
    with pytest.raises(InputError, match="--max-bytes"):
        Budget(10.0)
