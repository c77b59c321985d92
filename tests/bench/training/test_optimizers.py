"""Every optimizer learns, decays the matrices alone, and takes over its own state bit by bit."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from bench.data.digits import load_digits
from bench.data.splits import Batch, DataSet
from bench.errors import InputError
from bench.models.building import build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.names import LEARNING_RATES, OPTIMIZERS, WEIGHT_DECAYS
from bench.training.optimizers import make
from bench.training.steps import training_loss, training_step

TINY_GPT = GptConfig(width=32, num_layers=1, num_heads=2, feed_forward_width=64, context_tokens=16)


@pytest.fixture(scope="module")
def digits() -> DataSet:
    return load_digits()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_each_optimizer_learns(name: str, digits: DataSet) -> None:
    model = build(MlpConfig())
    optimizer = make(name, model, LEARNING_RATES[name], WEIGHT_DECAYS[name])
    generator = torch.Generator().manual_seed(0)
    before = float(training_loss(model, digits.validation).detach())
    for _ in range(60):
        training_step(model, optimizer, digits.sample(64, generator), 1.0)
    assert float(training_loss(model, digits.validation).detach()) < 0.6 * before


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_the_state_of_an_optimizer_is_taken_over_to_the_bit(name: str) -> None:
    torch.manual_seed(0)
    tokens = [torch.randint(0, 256, (4, 17)) for _ in range(6)]
    batches = [Batch(each[:, :-1], each[:, 1:]) for each in tokens]
    whole = build(TINY_GPT)
    optimizer = make(name, whole, 1e-3, 0.1)
    for batch in batches[:3]:
        training_step(whole, optimizer, batch, 1.0)
    half = build(TINY_GPT, seed=1)
    half.load_state_dict(whole.state_dict())
    second = make(name, half, 1e-3, 0.1)
    second.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for batch in batches[3:]:
        training_step(whole, optimizer, batch, 1.0)
        training_step(half, second, batch, 1.0)
    for a, b in zip(whole.parameters(), half.parameters(), strict=True):
        assert torch.equal(a, b)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_only_matrices_that_multiply_decay(name: str) -> None:
    model = nn.Sequential(nn.Embedding(7, 4), nn.LayerNorm(4), nn.Linear(4, 5), nn.Linear(5, 7))
    decaying = {
        id(p)
        for group in make(name, model, 1e-3, 0.1).param_groups
        for p in group["params"]
        if group["weight_decay"] > 0
    }
    assert decaying == {id(model[2].weight), id(model[3].weight)}


def test_every_parameter_is_in_one_group() -> None:
    for name in OPTIMIZERS:
        model = build(TINY_GPT)
        groups = make(name, model, 1e-3, 0.1).param_groups
        assert sorted(id(p) for g in groups for p in g["params"]) == sorted(map(id, model.parameters()))


def test_muon_takes_the_hidden_matrices_and_neither_head_nor_embedding() -> None:
    for tied in (False, True):
        model = build(GptConfig(width=32, num_layers=2, num_heads=2, feed_forward_width=64, tied_head=tied))
        muon = make("muon", model, 1e-3, 0.1).param_groups[0]
        assert "ns_steps" in muon
        names = {id(p): name for name, p in model.named_parameters()}
        taken = {names[id(p)] for p in muon["params"]}
        assert taken == {name for name, p in model.named_parameters() if "blocks" in name and p.ndim == 2}


def test_muon_has_nothing_to_do_without_hidden_matrices() -> None:
    with pytest.raises(InputError, match="no hidden matrix"):
        make("muon", build(MlpConfig(hidden_widths=())), 1e-3, 0.1)


def test_an_unknown_optimizer_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="Did you mean 'adamw'") as caught:
        make("AdmaW", build(MlpConfig()), 1e-3, 0.1)
    assert all(name in str(caught.value) for name in OPTIMIZERS)
