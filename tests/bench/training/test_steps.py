"""A step in parts is the step of the whole, clipping holds, and schedules do what their names say."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from bench.data.digits import load_digits
from bench.data.splits import Batch, DataSet
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.faults import memory_named
from bench.training.loop import Recipe, score, train
from bench.training.optimizers import make
from bench.training.precision import bf16_speedup
from bench.training.steps import Hooks, clip_gradients, take_step, training_loss

RECIPE = Recipe(num_steps=40, num_rows=30, learning_rate=3e-3, warmup_steps=5, evaluate_every=10)
SGD = replace(RECIPE, optimizer="sgd", learning_rate=0.3, weight_decay=0.0)


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_digits()


@pytest.mark.parametrize("recipe", [RECIPE, SGD], ids=["adamw", "sgd"])
@pytest.mark.parametrize("parts", [2, 4, 30])
def test_accumulated_parts_give_the_loss_curve_of_the_whole(
    recipe: Recipe, parts: int, digits: DataSet
) -> None:
    whole = train(build(MlpConfig()), digits, recipe)
    split = train(build(MlpConfig()), digits, replace(recipe, accumulate=parts))
    assert split.training_losses_nats == pytest.approx(whole.training_losses_nats, rel=2e-4)
    assert whole.training_losses_nats[-1] < 0.7 * whole.training_losses_nats[0]


def test_hooks_see_every_step_and_give_the_loss(digits: DataSet) -> None:
    seen: list[int] = []

    def half(model: nn.Module, batch: Batch, *, bf16: bool = False) -> torch.Tensor:
        return 0.5 * training_loss(model, batch, bf16=bf16)

    recipe = replace(SGD, num_steps=15, max_gradient_norm=math.inf)
    hooked = train(build(MlpConfig()), digits, recipe, hooks=Hooks(half, seen.append))
    assert seen == list(range(1, 16))
    slower = train(build(MlpConfig()), digits, replace(recipe, learning_rate=recipe.learning_rate / 2))
    halves = [loss / 2 for loss in slower.training_losses_nats]
    assert hooked.training_losses_nats == pytest.approx(halves, rel=1e-4)


def test_gradients_are_clipped_to_the_norm(digits: DataSet) -> None:
    model = build(MlpConfig())
    for limit in (0.01, math.inf):
        model.zero_grad()
        training_loss(model, digits.validation).backward()
        before = [p.grad.clone() for p in model.parameters() if p.grad is not None]
        norm = float(clip_gradients(model, limit))
        after = [p.grad for p in model.parameters() if p.grad is not None]
        assert norm == pytest.approx(math.sqrt(sum(float((g**2).sum()) for g in before)), rel=1e-5)
        clipped = math.sqrt(sum(float((g**2).sum()) for g in after))
        assert clipped == pytest.approx(min(norm, limit), rel=1e-3)


def test_plain_descent_moves_by_rate_times_clipped_gradient() -> None:
    model = nn.Linear(3, 2, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    batch = Batch(torch.eye(3)[:2], torch.tensor([0, 1]))
    loss = training_loss(model, batch)
    [gradient] = torch.autograd.grad(loss, [model.weight])
    before = model.weight.detach().clone()
    step = take_step(model, optimizer, batch, 1e-3)
    assert float(step.loss_nats) == pytest.approx(float(loss.detach()))
    expected = before - 0.5 * gradient * 1e-3 / (gradient.norm() + 1e-6)
    torch.testing.assert_close(model.weight.detach(), expected)


def test_wsd_holds_its_rate_and_cools_down_over_the_last_fifth() -> None:
    recipe = replace(RECIPE, schedule="wsd", num_steps=105)
    rates = [recipe.rate(step) for step in range(105)]
    assert rates[:5] == pytest.approx([recipe.learning_rate * (i + 1) / 5 for i in range(5)])
    assert set(rates[4:86]) == {recipe.learning_rate}
    cooling = rates[85:]
    assert cooling == sorted(cooling, reverse=True)
    assert 0 < cooling[-1] < 0.06 * recipe.learning_rate
    # Half of the cool-down is gone: 1 - sqrt(1/2).
    assert rates[95] == pytest.approx(recipe.learning_rate * (1 - math.sqrt(0.5)))


def test_rates_stay_within_zero_and_the_peak_whatever_the_lengths() -> None:
    for schedule in ("cosine", "wsd"):
        for steps, warmup in ((1, 0), (1, 1), (2, 1), (3, 3), (7, 0), (50, 49)):
            recipe = replace(RECIPE, schedule=schedule, num_steps=steps, warmup_steps=warmup)
            rates = [recipe.rate(step) for step in range(steps)]
            assert all(0 < rate <= recipe.learning_rate for rate in rates), (schedule, steps, warmup)


def test_patience_ends_the_run_and_gives_back_the_best_weights(digits: DataSet) -> None:
    # A rate this high learns, and then loses what it learned.
    recipe = replace(RECIPE, num_steps=400, learning_rate=1.0, warmup_steps=200, patience=2)
    model = build(MlpConfig())
    run = train(model, digits, recipe)
    assert run.num_steps < 400
    best = min(run.validation_losses_nats)
    assert run.validation_losses_nats.index(best) == len(run.validation_losses_nats) - 3
    assert run.best_step == run.num_steps - 20
    assert run.validation.loss_nats == best
    assert score(model, digits.validation).loss_nats == best


def test_bf16_learns_what_fp32_learns_and_keeps_its_weights_in_fp32(digits: DataSet) -> None:
    model = build(MlpConfig())
    run = train(model, digits, replace(RECIPE, autocast="on"))
    plain = train(build(MlpConfig()), digits, RECIPE)
    assert run.bf16
    assert run.training_losses_nats != plain.training_losses_nats
    assert run.training_losses_nats == pytest.approx(plain.training_losses_nats, rel=0.05)
    assert {p.dtype for p in model.parameters()} == {torch.float32}


def test_measuring_bf16_changes_neither_the_model_nor_the_random_state(digits: DataSet) -> None:
    model = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.Dropout(0.5), nn.Linear(32, 10))
    before = {k: v.clone() for k, v in model.state_dict().items()}
    random = torch.get_rng_state()
    assert 0.01 < bf16_speedup(model, digits, RECIPE) < 100
    assert torch.equal(random, torch.get_rng_state())
    assert all(torch.equal(before[k], v) for k, v in model.state_dict().items())


def test_auto_uses_bf16_only_where_it_was_faster(digits: DataSet, monkeypatch: pytest.MonkeyPatch) -> None:
    for ratio, used in ((0.4, False), (1.02, False), (1.8, True)):
        monkeypatch.setattr("bench.training.loop.bf16_speedup", lambda *_, value=ratio: value)
        run = train(build(MlpConfig()), digits, replace(RECIPE, num_steps=3, autocast="auto"))
        assert (run.bf16, run.bf16_speedup_ratio) == (used, ratio)


def test_memory_that_runs_out_is_named_with_what_to_do(digits: DataSet) -> None:
    with pytest.raises(MeasurementError, match=r"out of memory with 100000000000000 rows.*--accumulate"):
        train(build(MlpConfig()), digits, replace(RECIPE, num_rows=10**14))
    for error in (MemoryError(), torch.OutOfMemoryError("CUDA out of memory."), MemoryError("numpy")):
        with pytest.raises(MeasurementError, match="--rows"), memory_named(RECIPE):
            raise error
    with pytest.raises(RuntimeError, match="shapes"), memory_named(RECIPE):
        raise RuntimeError("shapes do not match")


def test_a_gradient_that_is_no_number_is_named(digits: DataSet) -> None:
    class Cliff(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = nn.Linear(64, 10)

        def forward(self, inputs: torch.Tensor) -> torch.Tensor:
            # The square root of zero has an infinite slope, and zero times infinity is no number.
            return self.inner(inputs) + (self.inner.weight.sum() * 0).sqrt()

    with pytest.raises(MeasurementError, match="gradient's norm is nan at step 1 of 40"):
        train(Cliff(), digits, RECIPE)


def test_a_step_of_a_transformer_sees_each_row_once() -> None:
    config = GptConfig(width=32, num_layers=1, num_heads=2, feed_forward_width=64, context_tokens=8)
    tokens = torch.randint(0, 256, (7, 9), generator=torch.Generator().manual_seed(0))
    losses = []
    for parts in (1, 3):
        model = build(config)
        optimizer = make("adamw", model, 1e-3, 0.1)
        step = take_step(model, optimizer, Batch(tokens[:, :-1], tokens[:, 1:]), 1.0, parts=parts)
        losses.append((float(step.loss_nats), float(step.gradient_norm)))
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
