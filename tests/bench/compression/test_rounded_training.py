"""Training with rounded numbers rounds as int8 does, learns, and leaves a plain model that rounding hardly changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from bench.compression.forms import Form
from bench.compression.rounded_training import Rounded, rounded_activation, rounded_weight
from bench.data.digits import load_digits
from bench.training.scoring import score

pytestmark = pytest.mark.usefixtures("one_thread")

Take = Callable[..., Form]


def test_weights_are_rounded_by_output_channel() -> None:
    weight = torch.tensor([[0.5, -1.27, 0.004], [100.0, 50.2, -127.0], [0.0, 0.0, 0.0]])
    # The largest of a row is 127 steps: steps of 0.01 in the first row, of 1 in the second.
    expected = torch.tensor([[0.5, -1.27, 0.0], [100.0, 50.0, -127.0], [0.0, 0.0, 0.0]])
    torch.testing.assert_close(rounded_weight(weight), expected)


def test_activations_are_rounded_by_their_range_with_zero_in_it() -> None:
    inputs = torch.tensor([0.0, 0.26, 1.04, 2.55])
    # From 0 to 2.55 in 255 steps of 0.01.
    torch.testing.assert_close(rounded_activation(inputs), inputs)
    assert rounded_activation(torch.tensor([0.004, 2.55]))[0] == 0.0
    signed = rounded_activation(torch.tensor([-1.0, 0.0, 1.55]))
    torch.testing.assert_close(signed, torch.tensor([-1.0, 0.0, 1.55]))


def test_gradients_pass_as_if_there_were_no_rounding() -> None:
    weight, inputs = torch.randn(4, 8, requires_grad=True), torch.randn(2, 8, requires_grad=True)
    torch.autograd.backward(nn.functional.linear(rounded_activation(inputs), rounded_weight(weight)).sum())
    assert weight.grad is not None
    assert inputs.grad is not None
    torch.testing.assert_close(weight.grad, rounded_activation(inputs.detach()).sum(0).expand(4, 8))
    torch.testing.assert_close(inputs.grad, rounded_weight(weight.detach()).sum(0).expand(2, 8))


def test_only_linear_layers_are_rounded(mlp: nn.Module, gpt: nn.Module) -> None:
    rows, tokens = torch.rand(4, 64), torch.zeros(2, 5, dtype=torch.long)
    assert not torch.equal(Rounded(mlp)(rows), mlp(rows))
    torch.testing.assert_close(Rounded(mlp)(rows), mlp(rows), atol=0.02, rtol=0)
    assert not torch.equal(Rounded(gpt)(tokens), gpt(tokens))
    other = nn.Sequential(nn.LayerNorm(64), nn.ReLU())
    assert torch.equal(Rounded(other)(rows), other(rows))


def test_it_learns_and_counts_what_that_took(take: Take, mlp: nn.Module) -> None:
    before = {name: value.clone() for name, value in mlp.state_dict().items()}
    form = take("qat(30)", mlp)
    test = load_digits().test
    assert score(form.module, test).loss_nats < 0.8 * score(mlp, test).loss_nats
    assert all(torch.equal(value, before[name]) for name, value in mlp.state_dict().items())
    assert type(form.module) is type(mlp)
    assert form.cost.training_steps == 30
    assert form.cost.training_flops == 30 * mlp.config.training_flops(32)
    assert "30 steps with linear layers rounded to int8" in form.method
    assert take("qat(2) -> int8", mlp).method.count(";") >= 1


def test_pruned_weights_stay_zero(take: Take, mlp: nn.Module) -> None:
    pruned, trained = take("prune(magnitude, 0.8)", mlp), take("prune(magnitude, 0.8) -> qat(5)", mlp)
    for name, weight in trained.module.state_dict().items():
        zero = pruned.module.state_dict()[name] == 0
        assert torch.all(weight[zero] == 0) or name.endswith("bias")
    assert trained.num_params == pruned.num_params < 0.3 * sum(p.numel() for p in mlp.parameters())
