"""Dependence meets what was asked, leaves every distribution as it is, and a repair is the nearest there is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from planner.scenario.correlation import (
    Group,
    nearest_correlation,
    pearson_of,
    rank_correlation_of,
    triangular_root,
)


@pytest.mark.parametrize(("spearman", "pearson"), [(0.3, 0.31286893), (0.5, 0.51763809), (0.8, 0.81347329)])
def test_spearman_to_pearson_by_its_published_values(spearman: float, pearson: float) -> None:
    assert pearson_of(spearman) == pytest.approx(pearson, abs=5e-9)
    assert pearson_of(-spearman) == pytest.approx(-pearson, abs=5e-9)


@given(st.floats(-1, 1))
def test_the_two_correlations_lead_back_to_each_other(spearman: float) -> None:
    assert rank_correlation_of(pearson_of(spearman)) == pytest.approx(spearman, abs=1e-12)


def test_highams_example() -> None:
    """The 3 x 3 example of Higham (2002), section 4: [[1,1,0],[1,1,1],[0,1,1]]."""
    found = nearest_correlation(np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]]))
    assert found[0, 1] == pytest.approx(0.7607, abs=5e-5)
    assert found[0, 2] == pytest.approx(0.1573, abs=5e-5)
    assert np.linalg.norm(found - np.array([[1.0, 1, 0], [1, 1, 1], [0, 1, 1]])) == pytest.approx(
        0.5278, abs=5e-5
    )


matrices = st.integers(2, 6).flatmap(
    lambda n: st.lists(st.floats(-1, 1), min_size=n * (n - 1) // 2, max_size=n * (n - 1) // 2).map(
        lambda entries: filled(n, entries)
    )
)


def filled(size: int, entries: list[float]) -> np.ndarray:
    matrix = np.eye(size)
    matrix[np.triu_indices(size, 1)] = entries
    return np.triu(matrix) + np.triu(matrix, 1).T


@given(matrices)
def test_the_nearest_matrix_is_a_correlation_matrix(matrix: np.ndarray) -> None:
    found = nearest_correlation(matrix)
    assert np.linalg.eigvalsh(found)[0] > -1e-12
    assert np.array_equal(np.diag(found), np.ones(len(found)))
    assert np.array_equal(found, found.T)
    assert np.abs(found).max() <= 1 + 1e-12
    if np.linalg.eigvalsh(matrix)[0] >= 0:
        assert np.array_equal(found, matrix)


@given(matrices, st.integers(0, 2**32 - 1))
def test_no_other_correlation_matrix_is_nearer(matrix: np.ndarray, seed: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(len(matrix), len(matrix)))
    rows /= np.linalg.norm(rows, axis=1)[:, None]
    found = nearest_correlation(matrix)
    distance = np.linalg.norm(found - matrix)
    for share in (1.0, 0.1, 0.01):  # the set is convex: also small steps towards another one lead away
        other = (1 - share) * found + share * rows @ rows.T
        assert distance <= np.linalg.norm(other - matrix) + 1e-7


@given(matrices)
def test_the_root_is_lower_triangular_and_gives_the_matrix_back(matrix: np.ndarray) -> None:
    found = nearest_correlation(matrix)
    root = triangular_root(found)
    assert np.abs(np.triu(root, 1)).max() < 1e-12
    assert root @ root.T == pytest.approx(found, abs=1e-7)
    assert (root * root).sum(axis=1) == pytest.approx(np.ones(len(root)), abs=1e-14)
    assert root[0, 0] == pytest.approx(1)


def test_a_full_correlation_makes_two_scores_one() -> None:
    root = triangular_root(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    z = stats.norm.ppf((np.arange(100) + 0.5) / 100)
    mixed = Group(("a", "b"), tuple(map(tuple, root.tolist()))).mix({"a": z, "b": np.roll(z, 7)})
    assert mixed["b"] == pytest.approx(-z, abs=1e-7)


def test_the_first_of_a_group_keeps_its_scores() -> None:
    root = triangular_root(filled(3, [0.3, -0.5, 0.2]))
    names = ("a", "b", "c")
    z = dict(zip(names, np.random.default_rng(0).normal(size=(3, 1_000)), strict=True))
    mixed = Group(names, tuple(map(tuple, root.tolist()))).mix(z)
    assert mixed["a"] == pytest.approx(z["a"], abs=1e-14)
