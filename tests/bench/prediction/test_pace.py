"""A step is timed whole and by its operations, and both disturbances of a shared machine are told apart from it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from bench.models.mlp import MlpConfig
from bench.prediction.pace import (
    MIN_BLOCKS,
    MIN_REFERENCES,
    Reference,
    Timed,
    pace_between,
    timed,
    undisturbed,
)
from bench.prediction.tasks import Task, prepare


@pytest.fixture(scope="module")
def seen() -> Timed:
    torch.set_num_threads(1)
    return timed(prepare(Task(MlpConfig(64, (256, 256)), "training_step", 64)), 0.02)


def test_every_operation_of_the_step_is_timed(seen: Timed) -> None:
    assert set(seen.op_seconds) == set(seen.trace.ops)
    products = sum(each * seen.trace.ops[op] for op, each in seen.op_seconds.items() if op.kind == "matmul")
    assert 0 < products < sum(each * seen.trace.ops[op] for op, each in seen.op_seconds.items())


def test_at_the_pace_that_it_was_timed_at_nothing_long_is_taken_out(seen: Timed) -> None:
    assert seen.paced(seen.reference_seconds).undisturbed_seconds == pytest.approx(seen.steady_seconds)
    assert seen.paced(seen.reference_seconds).seconds == seen.seconds


def test_a_machine_that_was_slow_meanwhile_is_taken_for_as_much_faster(seen: Timed) -> None:
    slow = replace(seen, reference_seconds=32 * seen.reference_seconds)
    quick, usual = (one.paced(seen.reference_seconds).undisturbed_seconds for one in (slow, seen))
    assert quick == pytest.approx(usual / 8), "six tenths of it, in logarithms"
    assert pace_between(3.0, 2.0) * pace_between(2.0, 3.0) == pytest.approx(1.0)


def test_the_reference_runs_longer_beside_a_long_step() -> None:
    runs = 0

    class Counted(Reference):
        def run(self) -> None:
            nonlocal runs
            runs += 1
            super().run()

    reference = Counted()
    reference.run_beside(0.0)
    assert runs == MIN_REFERENCES
    # A fifth of a second, in which it runs more often on any machine that can train at all.
    reference.run_beside(4.0)
    assert runs > 2 * MIN_REFERENCES
    assert reference.level_seconds() > 0


def test_of_two_timings_the_less_disturbed_counts_and_both_tell_how_it_went(seen: Timed) -> None:
    worse = replace(seen, steady_seconds=2 * seen.steady_seconds, seconds=3 * seen.seconds)
    for both in (seen.beside(worse), worse.beside(seen)):
        assert both.steady_seconds == seen.steady_seconds
        assert both.seconds == pytest.approx(2 * seen.seconds)


def test_of_few_times_the_fastest_counts_and_of_many_not_the_luckiest() -> None:
    assert undisturbed([5.0, 3.0, 4.0, 6.0, 9.0][:MIN_BLOCKS]) == 3.0
    many = np.arange(1.0, 61.0)
    assert 9.0 <= undisturbed(many) <= 11.0
    assert undisturbed([[1.0, 20.0], [2.0, 10.0]]).tolist() == [1.0, 10.0]
