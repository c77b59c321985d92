"""Every form goes to a process of its own and is timed there, transformers with their generation as well."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression.forms import Form
from bench.data.splits import Batch
from bench.measuring.interleaving import Schedule
from bench.measuring.speed import SpeedPlan, SpeedTask, time_in_fresh_process

BRIEF = Schedule(rounds=2, blocks=1, block_seconds=1e-4, max_warm_up_seconds=0.01)
PLAN = SpeedPlan(BRIEF, BRIEF, BRIEF, 2, 0.1, BRIEF, (1, 2), (1.0,))


@pytest.mark.slow
def test_forms_of_all_engines_are_timed(take: Callable[..., Form], gpt: nn.Module) -> None:
    recipes = ["fp32", "bf16", "int8", "torchao(fp8_weight)", "torchao(int4_weight)", "onnx", "onnx(int4)"]
    models = {recipe: take(recipe, gpt).module for recipe in recipes}
    one, many = (Batch(*torch.zeros(2, rows, 24, dtype=torch.long)) for rows in (1, 4))
    times = time_in_fresh_process(SpeedTask(models, one, many, "cpu", 2, PLAN))
    for found in (times.latencies, times.all_threads, times.throughputs, times.generation):
        assert list(found) == recipes
    assert all(min(timing.seconds) > 0 for timing in times.latencies.values())
    assert all(len(cells) == 2 for cells in times.generation.values())
