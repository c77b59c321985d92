"""The points are those of Joe and Kuo's sequence as scipy has it, and scrambling keeps what makes them even."""

from __future__ import annotations

import csv
from importlib.resources import files

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import qmc

from planner.scenario.dimensions import NUM_OWN_DIMENSIONS, NUM_SHARED_DIMENSIONS
from planner.scenario.sobol import BITS, Net, direction_numbers

SAMPLE = (0, 1, 2, 7, 30, 77, 139)


def net(dimensions: tuple[int, ...], size: int, scrambles: int = 1, seed: int = 0) -> Net:
    random = np.random.default_rng(seed).integers(
        0, 2**BITS, (scrambles, len(dimensions), BITS + 1), dtype=np.uint32
    )
    return Net(np.tile(dimensions, (scrambles, 1)), size, random)


def points(of: Net, dimensions: int, size: int, scramble: int = 0) -> np.ndarray:
    out = np.empty((dimensions, size))
    of.uniforms(scramble, 0, out)
    return out


def test_unscrambled_points_are_those_of_scipy() -> None:
    text = files("planner.scenario").joinpath("direction_numbers.csv").read_text()
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    numbers = np.array([int(row["joe_kuo"]) for row in rows])
    wanted = np.flatnonzero(numbers <= 1_111)
    assert len(wanted) > 90
    theirs = qmc.Sobol(1_111, scramble=False, bits=30).random_base2(10)[:, numbers[wanted] - 1]
    identity = np.zeros((1, len(wanted), BITS + 1), dtype=np.uint32)
    ours = points(Net(wanted[None], 1_024, identity), len(wanted), 1_024) - 2.0 ** -(BITS + 1)
    gray = np.arange(1_024) ^ (np.arange(1_024) >> 1)  # scipy takes the points in the order of Gray's code
    np.testing.assert_array_equal(ours[:, gray].T, theirs)


def test_every_dimension_differs_from_all_others() -> None:
    assert len(direction_numbers()) == NUM_OWN_DIMENSIONS + NUM_SHARED_DIMENSIONS
    assert len({tuple(row) for row in direction_numbers().tolist()}) == len(direction_numbers())


def test_scrambles_may_take_different_dimensions() -> None:
    random = np.random.default_rng(3).integers(0, 2**BITS, (2, 2, BITS + 1), dtype=np.uint32)
    both = Net(np.array([[3, 140], [141, 7]]), 2_048, random)
    for scramble, dimensions in enumerate([[3, 140], [141, 7]]):
        alone = Net(np.array([dimensions]), 2_048, random[scramble : scramble + 1])
        np.testing.assert_array_equal(points(both, 2, 2_048, scramble), points(alone, 2, 2_048))


@pytest.mark.parametrize("size", [1, 2, 64, 1_024, 4_096])
def test_each_dimension_fills_every_stratum_once(size: int) -> None:
    for row in points(net(SAMPLE, size, seed=size), len(SAMPLE), size):
        assert sorted(np.floor(row * size)) == list(range(size))


def test_the_first_two_dimensions_fill_every_box() -> None:
    """Dimensions 1 and 2 make a (0, m, 2)-net in base 2, which scrambling keeps: one point in each box."""
    u = points(net((0, 1), 256, seed=4), 2, 256)
    for digits in range(9):
        boxes = np.floor(u[0] * 2**digits) * 256 + np.floor(u[1] * 2 ** (8 - digits))
        assert len(set(boxes.tolist())) == 256


@pytest.mark.parametrize("size", [512, 1_024, 16_384])
def test_scores_are_the_normal_quantiles_of_the_points(size: int) -> None:
    one = net((*SAMPLE, 300, 483), size, scrambles=2, seed=8)
    for scramble in (0, 1, 0):
        scores = np.empty((len(SAMPLE) + 2, size))
        one.scores(scramble, 0, scores)
        exact = ndtri(points(one, len(SAMPLE) + 2, size, scramble))
        assert np.abs(scores - exact).max() < 3e-14


def test_a_run_of_points_can_be_made_alone() -> None:
    one = net(SAMPLE, 8_192)
    whole, part = np.empty((len(SAMPLE), 8_192)), np.empty((len(SAMPLE), 1_500))
    for fill in (one.uniforms, one.scores):
        fill(0, 0, whole)
        fill(0, 3_072, part)
        np.testing.assert_array_equal(part, whole[:, 3_072:4_572])


def test_every_point_is_uniform_over_scrambles() -> None:
    """Over many scrambles the first point, a corner without them, lies anywhere, and its mean is a half."""
    firsts = points(net(tuple([5] * 4_000), 1, seed=2), 4_000, 1)[:, 0]
    assert abs(firsts.mean() - 0.5) < 4 / np.sqrt(12 * 4_000)
