"""Slices of a transformer are smaller transformers, and what did nothing can be cut out without a trace."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from bench.compression.forms import Form, Studio, follow
from bench.compression.recipes import read_recipe
from bench.compression.tuning import stored_bytes
from bench.compression.zeros import masks_of
from bench.data.splits import Batch, DataSet
from bench.errors import MeasurementError
from bench.measuring.flops import count_on_meta
from bench.models.building import build
from bench.models.generation import generate
from bench.models.gpt import Block, Gpt, GptConfig
from bench.training.checkpoints import load_model, save_model
from bench.training.loop import Recipe, score, train

pytestmark = pytest.mark.usefixtures("one_thread")

CONTEXT = 24
PLAIN = GptConfig(width=32, num_layers=4, num_heads=4, feed_forward_width=64, context_tokens=CONTEXT)
SWIGLU = replace(PLAIN, activation="swiglu", num_heads=8, num_key_value_heads=4, tied_head=True)
ONE_KEY = replace(PLAIN, num_key_value_heads=1)
SHAPES = [PLAIN, SWIGLU, ONE_KEY]
RECIPE = Recipe(num_steps=30, num_rows=8, learning_rate=3e-3, warmup_steps=5)


@pytest.fixture(scope="module")
def text() -> DataSet:
    tokens = torch.tensor(list(Path(__file__).read_bytes()))
    train_part, held = tokens[:4000], tokens[4000 : 4001 + 32 * CONTEXT]
    rows = Batch(held[:-1].view(-1, CONTEXT), held[1:].view(-1, CONTEXT))
    return DataSet(
        "this file", "bytes", Batch(train_part[:-1], train_part[1:]), rows, rows, windows_of=CONTEXT
    )


def model_of(config: GptConfig) -> Gpt:
    model = build(config, seed=3)
    assert isinstance(model, Gpt)
    return model.eval()


def tokens_of(config: GptConfig) -> Tensor:
    return torch.randint(256, (3, config.context_tokens), generator=torch.Generator().manual_seed(1))


def pruned(recipe: str, model: Gpt, data: DataSet) -> tuple[Gpt, Form]:
    form = Form(model, len(stored_bytes(model)), model.config.params)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = follow(read_recipe(recipe), form, Studio(model, data, "cpu", RECIPE))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items()), "left alone"
    assert isinstance(found.module, Gpt)
    return found.module, found


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
@pytest.mark.parametrize("kind", ["heads", "neurons", "structured", "layers"])
def test_what_is_left_is_a_smaller_model_by_its_own_formulas(
    kind: str, config: GptConfig, text: DataSet, tmp_path: Path
) -> None:
    small, form = pruned(f"prune({kind}, 0.5)", model_of(config), text)
    found = small.config
    assert form.num_params == found.params == sum(p.numel() for p in small.parameters())
    assert form.forward_flops == found.forward_flops(1)
    counted = count_on_meta(
        lambda: build(found), lambda: torch.zeros(1, CONTEXT, dtype=torch.long), training=False
    )
    assert counted == found.forward_flops(1)
    assert form.file_bytes < len(stored_bytes(model_of(config)))
    of_heads, of_neurons = kind in ("heads", "structured"), kind in ("neurons", "structured")
    assert found.num_heads == config.num_heads // (2 if of_heads else 1)
    assert found.head_width == config.head_width
    assert found.num_heads % found.key_value_heads == 0
    assert found.feed_forward_width == 64 // (2 if of_neurons else 1)
    assert found.num_layers == (2 if kind == "layers" else 4)
    assert torch.isfinite(small(tokens_of(config))).all()
    prompt = tokens_of(config)[:, :4]
    assert generate(small, prompt, 4).shape == (3, 8), "it decodes with a cache of its own shape"
    save_model(small, tmp_path / "small.safetensors")
    assert load_model(tmp_path / "small.safetensors").config == found


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_heads_whose_output_counts_for_nothing_leave_no_trace(config: GptConfig, text: DataSet) -> None:
    model = model_of(config)
    groups = config.key_value_heads
    units = config.num_heads if groups == 1 else groups
    width = config.attention_width // units
    for index, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        idle = torch.randperm(units, generator=torch.Generator().manual_seed(index))[: units // 2]
        with torch.no_grad():
            block.attention_out.weight.view(config.width, units, width)[:, idle] = 0
            block.query_key_value.weight.mul_(0.5)
            block.attention_out.weight.mul_(2)
    small, _ = pruned("prune(heads, 0.5)", model, text)
    assert small.config.num_heads == config.num_heads // 2
    tokens = tokens_of(config)
    torch.testing.assert_close(small(tokens), model(tokens))


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_feed_forward_neurons_that_do_nothing_leave_no_trace(config: GptConfig, text: DataSet) -> None:
    model = model_of(config)
    for index, block in enumerate(model.blocks):
        assert isinstance(block, Block)
        idle = torch.randperm(64, generator=torch.Generator().manual_seed(index))[:32]
        with torch.no_grad():
            block.down.weight[:, idle] = 0
            block.up.weight[idle] *= 0.1
    small, _ = pruned("prune(neurons, 0.5)", model, text)
    tokens = tokens_of(config)
    torch.testing.assert_close(small(tokens), model(tokens))


def test_blocks_that_do_nothing_go_first(text: DataSet) -> None:
    model = model_of(PLAIN)
    train(model, text, RECIPE)
    model.eval()
    with torch.no_grad():
        for index in (1, 2):
            block = model.blocks[index]
            assert isinstance(block, Block)
            block.attention_out.weight.zero_()
            block.down.weight.zero_()
    small, form = pruned("prune(layers, 0.5)", model, text)
    tokens = tokens_of(PLAIN)
    torch.testing.assert_close(small(tokens), model(tokens))
    assert form.method.endswith("of 4: 2, 3")


def test_training_on_brings_back_what_structures_cost(text: DataSet) -> None:
    model = model_of(PLAIN)
    train(model, text, replace(RECIPE, num_steps=120))
    model.eval()
    whole = score(model, text.validation).loss_nats
    once, _ = pruned("prune(structured, 0.5)", model, text)
    cost = score(once, text.validation).loss_nats - whole
    for how in ("finetune", "distil", "distil(features)"):
        again, form = pruned(f"prune(structured, 0.5) -> {how}", model, text)
        assert score(again, text.validation).loss_nats - whole < 0.7 * cost
        own = RECIPE.num_steps * again.config.training_flops(RECIPE.num_rows)
        taught = RECIPE.num_steps * PLAIN.forward_flops(RECIPE.num_rows)
        assert form.cost.training_flops == (own if how == "finetune" else own + taught)
        assert form.cost.training_steps == RECIPE.num_steps


@pytest.mark.parametrize("kind", ["heads", "neurons", "layers"])
def test_zeros_of_magnitude_stay_in_slices(kind: str, text: DataSet) -> None:
    before, _ = pruned("prune(magnitude, 0.6, layer)", model_of(PLAIN), text)
    small, form = pruned(
        f"prune(magnitude, 0.6, layer) -> prune({kind}, 0.5) -> finetune", model_of(PLAIN), text
    )
    zeros = {name: float(mask.double().mean()) for name, mask in masks_of(small).items()}
    assert len(zeros) == len(masks_of(before)) // (2 if kind == "layers" else 1) + (kind == "layers")
    assert min(zeros.values()) > 0.3
    assert form.num_params == small.config.params - sum(int(m.sum()) for m in masks_of(small).values())


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ("prune(heads, 0.9)", r"would leave 0 of 4 in the heads of a block; .* is 0\.875"),
        ("prune(layers, 0.95)", r"would leave 0 of 4 in the blocks; the largest share that works is 0\.875"),
        ("prune(neurons, 0.999)", "would leave 0 of 64 in the feed-forward of a block"),
        ("prune(structured, 0.9)", "would leave 0 of 4 in the heads"),
        ("prune(layers, 0.1)", r"rounds to nothing removed of 4 in the blocks; .* is 0\.126"),
    ],
)
def test_a_pruning_of_everything_or_nothing_is_refused(recipe: str, reason: str, text: DataSet) -> None:
    with pytest.raises(MeasurementError, match=reason):
        pruned(recipe, model_of(PLAIN), text)


def test_a_single_head_must_stay(text: DataSet) -> None:
    with pytest.raises(MeasurementError, match="would leave 0 of 1 in the heads of a block; one must stay"):
        pruned("prune(heads, 0.6)", model_of(replace(PLAIN, num_heads=1)), text)


def test_heads_of_their_own_width_are_checked() -> None:
    config = GptConfig(width=32, num_heads=3, width_per_head=8, num_layers=1, feed_forward_width=16)
    assert config.attention_width == 24
    assert "3 heads of width 8" in config.in_words()
    assert build(config)(torch.zeros(1, 5, dtype=torch.long)).shape == (1, 5, 256)
    for wrong in (0, 7, -2):
        with pytest.raises(ValueError, match="heads of even width"):
            replace(config, width_per_head=wrong)
