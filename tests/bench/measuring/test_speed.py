"""All forms of a model are timed side by side, here and in a fresh process."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
import torch
from torch import nn

from bench.compression.quantization import compress
from bench.measuring.examples import example_batch
from bench.measuring.interleaving import Schedule
from bench.measuring.speed import (
    CONTROL,
    QUICK,
    SpeedPlan,
    SpeedTask,
    copied,
    joined,
    time_in_fresh_process,
    time_models,
)
from bench.models.building import Config, build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig

BRIEF = Schedule(rounds=5, blocks=2, block_seconds=1e-4, max_seconds=0.5, max_warm_up_seconds=0.02)
PLAN = SpeedPlan(
    latency=BRIEF, all_threads=BRIEF, throughput=BRIEF, single_calls=70, single_seconds=0.5,
    generation=BRIEF, batches=(1, 2), context_shares=(0.25, 1.0),
)  # fmt: skip
GPT = GptConfig(width=32, num_layers=1, num_heads=2, feed_forward_width=64, context_tokens=16)


def task(config: Config, num_threads: int = 1) -> SpeedTask:
    model = build(config).eval()
    models = {"fp32": model, CONTROL: copy.deepcopy(model)}
    one, many = (example_batch(config, rows) for rows in (1, 8))
    return SpeedTask(models, one, many, "cpu", num_threads, PLAN)


def test_every_form_is_timed_and_the_control_serves_comparison_alone() -> None:
    found = time_models(task(GPT))
    assert set(found.latencies) == set(found.throughputs) == {"fp32", CONTROL}
    assert set(found.single_calls) == set(found.generation) == {"fp32"}
    assert len(found.single_calls["fp32"]) == 70
    assert [(t.cell.batch, t.cell.context_tokens) for t in found.generation["fp32"]] == [
        (1, 4), (1, 16), (2, 4), (2, 16),
    ]  # fmt: skip
    assert min(found.throughputs["fp32"].seconds) > min(found.latencies["fp32"].seconds) / 2
    assert found.one_thread_watch.one_thread
    assert found.one_thread_watch.wall_seconds > 0
    assert not found.all_threads_watch.one_thread


def test_the_second_figure_is_there_only_where_there_is_a_second_thread() -> None:
    assert time_models(task(MlpConfig())).all_threads == {}
    two = time_models(task(MlpConfig(), num_threads=2))
    assert set(two.all_threads) == set(two.one_thread_throughputs) == {"fp32", CONTROL}
    assert time_models(task(MlpConfig())).one_thread_throughputs == {}
    assert time_models(task(MlpConfig())).generation == {}


def test_a_fresh_process_times_the_same_things() -> None:
    found = time_in_fresh_process(task(MlpConfig()))
    assert len(found.latencies["fp32"].seconds) >= 5
    assert found.one_thread_watch.processor_seconds > 0


def test_what_several_processes_found_is_joined_in_order() -> None:
    first, second = time_models(task(GPT, 2)), time_models(task(GPT, 2))
    seconds = first.one_thread_watch.wall_seconds + second.one_thread_watch.wall_seconds
    both = joined([first, second])
    for name in ("fp32", CONTROL):
        assert both.latencies[name].seconds == first.latencies[name].seconds + second.latencies[name].seconds
        for found in ("throughputs", "all_threads"):
            one, other, joint = (getattr(times, found)[name] for times in (first, second, both))
            assert joint.blocks == one.blocks + other.blocks
            assert joint.processor_seconds == one.processor_seconds + other.processor_seconds
    assert len(both.single_calls["fp32"]) == 140
    for one, other, joint in zip(*(times.generation["fp32"] for times in (first, second, both)), strict=True):
        assert joint.decode.seconds == one.decode.seconds + other.decode.seconds
    assert both.one_thread_watch.wall_seconds == pytest.approx(seconds)


def test_a_process_that_was_slower_tells_of_a_busy_host() -> None:
    first, second = time_models(task(MlpConfig())), time_models(task(MlpConfig()))
    steady = replace(first.latencies["fp32"], seconds=(1e-3,) * 16)
    slower = replace(steady, seconds=(1.5e-3,) * 16)
    for times, timing in ((first, steady), (second, slower)):
        times.latencies.update({"fp32": timing, CONTROL: timing})
    assert joined([first]).one_thread_watch.pace_ratio == 1.0
    both = joined([first, second]).one_thread_watch
    assert both.pace_ratio == pytest.approx(1.5)
    assert both.contended


def test_several_passes_add_up_in_one_process() -> None:
    once = task(GPT, 2)
    twice = time_models(replace(once, plan=replace(PLAN, passes=2)))
    for found in (twice.latencies, twice.all_threads, twice.throughputs, twice.one_thread_throughputs):
        assert set(found) == {"fp32", CONTROL}
        assert all(len(timing.seconds) + timing.left_out >= 10 for timing in found.values())
    assert len(twice.single_calls["fp32"]) == 70
    assert all(5 <= len(t.decode.seconds) <= 10 for t in twice.generation["fp32"])


def test_each_pass_has_its_models_elsewhere_in_memory() -> None:
    addresses: set[int] = set()

    class Witness(nn.Linear):
        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            addresses.add(self.weight.data_ptr())
            return super().forward(inputs)

    given = task(MlpConfig())
    models = {name: Witness(64, 10) for name in given.models}
    time_models(replace(given, models=models))
    assert addresses == {model.weight.data_ptr() for model in models.values()}
    time_models(replace(given, models=models, plan=replace(PLAN, passes=2)))
    assert len(addresses) == 2 * len(models)


def test_copies_answer_alike_compressed_ones_too() -> None:
    model = build(MlpConfig()).eval()
    quantized = compress(model, "cpu")
    models = {"fp32": model, quantized.variant: quantized.model}
    inputs = example_batch(MlpConfig(), 8).inputs
    others = copied(models)
    with torch.inference_mode():
        for name, one in models.items():
            assert torch.equal(one(inputs), others[name](inputs))
            assert others[name] is not one


def test_the_quick_plan_has_enough_calls_for_the_percentiles() -> None:
    assert QUICK.single_calls >= 300
