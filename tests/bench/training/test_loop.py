"""Training learns, repeats itself bit by bit, follows its schedule, and stops when it must."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from bench.data.digits import load_digits
from bench.data.splits import Batch, DataSet
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.loop import Recipe, cross_entropy, score, train

RECIPE = Recipe(num_steps=60, num_rows=32, learning_rate=3e-3, warmup_steps=5, evaluate_every=20)
TINY_GPT = GptConfig(width=32, num_layers=1, num_heads=2, feed_forward_width=64, context_tokens=16)


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_digits()


@pytest.fixture
def counting() -> DataSet:
    stream = (torch.arange(2000) % 50).to(torch.uint8)
    held_out = (torch.arange(17) % 50)[None]
    batch = Batch(held_out[:, :-1], held_out[:, 1:])
    return DataSet("counting", "bytes", Batch(stream[:-1], stream[1:]), batch, batch, windows_of=16)


def test_a_perceptron_learns_digits(digits: DataSet) -> None:
    model = build(MlpConfig())
    before = score(model, digits.validation)
    run = train(model, digits, replace(RECIPE, num_steps=200))
    assert before.loss_nats == pytest.approx(math.log(10), abs=0.1)
    assert run.validation.loss_nats < 0.4
    assert sum(score(model, digits.test).accuracies_share) / len(digits.test.inputs) > 0.9


def test_a_gpt_learns_to_count(counting: DataSet) -> None:
    model = build(TINY_GPT)
    before = score(model, counting.test)
    run = train(model, counting, replace(RECIPE, num_steps=150, learning_rate=1e-2))
    assert before.loss_nats == pytest.approx(math.log(256), abs=0.2)
    assert run.validation.loss_nats < 0.5
    assert min(run.validation.accuracies_share) > 0.8


def test_the_same_seed_trains_to_the_same_bits(digits: DataSet) -> None:
    models = [build(MlpConfig()) for _ in range(2)]
    runs = [train(model, digits, RECIPE) for model in models]
    assert runs[0].validation_losses_nats == runs[1].validation_losses_nats
    for a, b in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(a, b)


def test_validation_is_looked_at_on_the_way_and_at_the_end(digits: DataSet) -> None:
    said: list[str] = []
    run = train(build(MlpConfig()), digits, replace(RECIPE, num_steps=55), said.append)
    assert len(run.validation_losses_nats) == 3
    assert run.validation_losses_nats[-1] == run.validation.loss_nats
    assert len(run.step_seconds) == 6
    assert run.num_steps == 55
    assert said[-1].startswith("step 55 of 55")


def test_the_rate_warms_up_and_decays_to_a_tenth() -> None:
    rates = [RECIPE.rate(step) for step in range(RECIPE.num_steps)]
    assert rates[0] == pytest.approx(RECIPE.learning_rate / 5)
    assert max(rates) == pytest.approx(RECIPE.learning_rate)
    assert rates.index(max(rates)) in (4, 5)
    assert rates[-1] == pytest.approx(RECIPE.learning_rate / 10, rel=0.05)
    assert rates[5:] == sorted(rates[5:], reverse=True)


def test_a_run_that_takes_too_long_ends_early_with_its_scores(digits: DataSet) -> None:
    run = train(build(MlpConfig()), digits, replace(RECIPE, max_seconds=0.0))
    assert run.num_steps == 10
    assert run.validation.losses_nats


def test_a_loss_that_is_no_number_stops_the_run(digits: DataSet) -> None:
    broken = replace(digits, training=Batch(digits.training.inputs * math.nan, digits.training.targets))
    with pytest.raises(MeasurementError, match="broke down"):
        train(build(MlpConfig()), broken, RECIPE)


def test_no_step_is_no_training(digits: DataSet) -> None:
    with pytest.raises(MeasurementError, match="at least one step"):
        train(build(MlpConfig()), digits, replace(RECIPE, num_steps=0))


def test_scores_do_not_depend_on_how_rows_are_grouped(counting: DataSet) -> None:
    model = build(TINY_GPT)
    tokens = torch.randint(0, 256, (9, 17), generator=torch.Generator().manual_seed(0))
    batch = Batch(tokens[:, :-1], tokens[:, 1:])
    one, many = score(model, batch, rows_per_call=2), score(model, batch, rows_per_call=64)
    assert one.losses_nats == pytest.approx(many.losses_nats, rel=1e-5)
    with torch.inference_mode():
        whole = float(cross_entropy(model(batch.inputs), batch.targets))
    assert one.loss_nats == pytest.approx(whole, rel=1e-5)
