"""What tensors give up stays with the process: once a model has trained for some steps, it takes no new pages."""

from __future__ import annotations

import platform
import resource

import pytest

from bench.measuring.processes import in_fresh_process
from bench.models.mlp import MlpConfig
from bench.prediction.tasks import BYTES_PER_FP32, Task, num_params, prepare

WIDE = Task(MlpConfig(64, (2048, 2048)), "training_step", 4)
"""Its gradients are large enough for glibc to hand them back to the system by default."""


def pages_of_later_steps() -> int:
    step = prepare(WIDE)
    for _ in range(6):
        step()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(5):
        step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_a_process_of_the_bench_keeps_the_memory_of_gradients() -> None:
    pages_of_gradients = BYTES_PER_FP32 * num_params(WIDE) / resource.getpagesize()
    assert in_fresh_process(pages_of_later_steps) < pages_of_gradients / 10
