"""A traced step is the step that would run: the same operations, the same FLOPs, the same peak of memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from bench.measuring.memory import tensor_peak_bytes
from bench.models.choosing import choose
from bench.models.convolutional import ConvConfig
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.prediction.tasks import Task, kept_bytes, num_params, prepare, read_bytes
from bench.prediction.tracing import Trace, trace, traced

SMALL = GptConfig(width=64, num_layers=2, num_heads=4, feed_forward_width=96, context_tokens=64)
GROUPED = GptConfig(
    width=96, num_layers=1, num_heads=6, num_key_value_heads=2, feed_forward_width=128, context_tokens=32,
    activation="swiglu", tied_head=True, vocabulary=100,
)  # fmt: skip
TASKS = [
    Task(MlpConfig(20, (48, 32)), "training_step", 8),
    Task(MlpConfig(20, (48, 32)), "prefill", 8),
    Task(SMALL, "training_step", 2, 48),
    Task(SMALL, "prefill", 3, 64),
    Task(SMALL, "decode", 2, 40),
    Task(GROUPED, "training_step", 2, 32),
    Task(GROUPED, "decode", 1, 16),
    Task(ConvConfig(16, 3, (8, 16), (1, 1)), "training_step", 4),
]
NAMES = [task.in_words() for task in TASKS]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def flops(found: Trace) -> int:
    return sum(op.flops * count for op, count in found.ops.items())


@pytest.mark.parametrize("task", TASKS, ids=NAMES)
def test_a_fake_step_sends_the_operations_of_a_real_one(task: Task) -> None:
    fake = trace(lambda: prepare(task))
    step = prepare(task)
    step()
    assert fake.ops == traced(step)[0].ops


@pytest.mark.parametrize("task", TASKS, ids=NAMES)
def test_the_flops_are_those_of_the_formula(task: Task) -> None:
    # The fused attention works its scores out again in the backward pass: five products instead of four.
    attention = 1.05 if task.mode == "training_step" and isinstance(task.config, GptConfig) else 1.0
    assert task.flops is not None
    assert task.flops <= flops(trace(lambda: prepare(task))) <= attention * task.flops


@pytest.mark.parametrize("task", [task for task in TASKS if not isinstance(task.config, ConvConfig)], ids=str)
def test_the_peak_is_what_torchs_profiler_sees(task: Task) -> None:
    step = prepare(task)
    step()
    # Several times: torch lets tensors of one go during another.
    assert {tensor_peak_bytes(step, "cpu") for _ in range(4)} == {trace(lambda: prepare(task)).peak_bytes}


def test_the_peak_of_a_convolution_counts_the_copies_of_its_library() -> None:
    task = Task(ConvConfig(16, 3, (32, 64), (1, 1)), "training_step", 16)
    step = prepare(task)
    step()
    assert trace(lambda: prepare(task)).peak_bytes == pytest.approx(tensor_peak_bytes(step, "cpu"), rel=0.15)


def test_decoding_reads_keys_and_values_beside_the_weights() -> None:
    config = GptConfig(width=32, num_layers=2, num_heads=4, num_key_value_heads=2, feed_forward_width=64)
    for mode in ("training_step", "prefill"):
        assert read_bytes(Task(config, mode, 3, 10)) == 4 * config.params
    cached = (
        2 * 2 * 2 * 8 * 3 * 11
    )  # keys and values, layers, heads of their width, rows, tokens with the new one
    assert read_bytes(Task(config, "decode", 3, 10)) == 4 * (config.params + cached)


def test_a_model_that_would_not_fit_anywhere_is_traced_without_memory() -> None:
    large = GptConfig(
        width=8192,
        num_layers=2,
        num_heads=64,
        feed_forward_width=32768,
        context_tokens=2048,
        vocabulary=32000,
    )
    task = Task(large, "training_step", 64, 2048)
    assert trace(lambda: prepare(task)).peak_bytes > 2**37
    assert kept_bytes(task) == 12 * large.params


def test_a_model_of_the_users_own_is_traced_too(tmp_path: Path) -> None:
    file = tmp_path / "own.py"
    file.write_text(
        "import torch\n"
        "def make():\n"
        "    model = torch.nn.Sequential(torch.nn.Linear(12, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))\n"
        "    return model, torch.ones(2, 12)\n"
    )
    task = Task(choose(f"{file}:make"), "training_step", 5)
    assert num_params(task) == 12 * 7 + 7 + 7 * 3 + 3
    # Forward, and backward for weights and inputs but those of the first layer.
    assert flops(trace(lambda: prepare(task))) == 2 * 5 * (12 * 7 * 2 + 7 * 3 * 3)
    assert task.flops is None
