"""Decoding by ONNX Runtime, with kept keys and values, gives what the transformer gives."""

from __future__ import annotations

import pickle
from collections.abc import Callable

import pytest
import torch

from bench.compression.forms import Form
from bench.measuring.generation import Cell, calls
from bench.models.building import build
from bench.models.generation import Generator, generate
from bench.models.gpt import Gpt, GptConfig

pytestmark = pytest.mark.usefixtures("one_thread")

Take = Callable[..., Form]

FP32_TOLERANCE = 1e-5
"""Logits are of size 0.1; sums of another order differ in the last bits."""
ERRORS = {"onnx(int8)": 0.04, "onnx(int4)": 0.2}
"""Relative to the logits."""

SHAPES = [
    GptConfig(width=64, num_layers=2, num_heads=4, feed_forward_width=128, context_tokens=24),
    GptConfig(
        width=96, num_layers=3, num_heads=6, num_key_value_heads=2, feed_forward_width=160, context_tokens=24,
        activation="swiglu", tied_head=True, vocabulary=101,
    ),
    GptConfig(width=64, num_heads=2, num_key_value_heads=1, feed_forward_width=64, context_tokens=24),
]  # fmt: skip


def model_of(config: GptConfig) -> Gpt:
    model = build(config)
    assert isinstance(model, Gpt)
    return model.eval()


def tokens_of(config: GptConfig, sequences: int = 3) -> torch.Tensor:
    return torch.randint(config.vocabulary, (sequences, 24), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
@pytest.mark.parametrize("chunks", [(24,), (10, *[1] * 14), (7, 5, 1, 11)], ids=str)
def test_logits_are_those_of_the_transformer(config: GptConfig, chunks: tuple[int, ...], take: Take) -> None:
    model, tokens = model_of(config), tokens_of(config)
    engine = take("onnx", model).module
    cache = engine.new_cache(3, 24)
    with torch.inference_mode():
        expected = model(tokens)
        pieces = [engine(chunk, cache) for chunk in tokens.split(chunks, dim=1)]
    assert cache.length == 24
    assert cache.num_bytes == config.kv_cache_bytes(3, 24)
    torch.testing.assert_close(torch.cat(pieces, 1), expected, atol=FP32_TOLERANCE, rtol=0)
    torch.testing.assert_close(engine(tokens), expected, atol=FP32_TOLERANCE, rtol=0)


@pytest.mark.parametrize("recipe", ERRORS)
def test_rounded_steps_lie_as_close_as_whole_passes(recipe: str, take: Take) -> None:
    model, tokens = model_of(SHAPES[1]), tokens_of(SHAPES[1])
    engine = take(recipe, model).module
    cache = engine.new_cache(3, 24)
    with torch.inference_mode():
        expected = model(tokens)
        steps = torch.cat([engine(token, cache) for token in tokens.split(1, dim=1)], 1)
    for found in (steps, engine(tokens)):
        assert float((found - expected).norm() / expected.norm()) < ERRORS[recipe]


def test_a_step_can_be_taken_again(take: Take) -> None:
    engine, tokens = take("onnx(int4)", model_of(SHAPES[0])).module, tokens_of(SHAPES[0])
    cache = engine.new_cache(3, 24)
    engine(tokens[:, :20], cache)
    first = engine(tokens[:, 20:21], cache)
    cache.length = 20
    assert torch.equal(engine(tokens[:, 20:21], cache), first)
    torch.set_num_threads(2)
    cache.length = 20
    torch.testing.assert_close(engine(tokens[:, 20:21], cache), first)


def test_it_generates_and_is_timed_as_the_transformer_is(take: Take) -> None:
    model = model_of(SHAPES[0])
    engine = pickle.loads(pickle.dumps(take("onnx", model).module))
    assert isinstance(engine, Generator)
    assert isinstance(model, Generator)
    prompt = tokens_of(SHAPES[0])[:, :5]
    assert torch.equal(generate(engine, prompt, 12), generate(model, prompt, 12))
    prefill, decode = calls(engine, Cell(3, 20))
    assert torch.equal(decode(), prefill())


def test_tokens_beyond_the_context_or_the_cache_are_refused(take: Take) -> None:
    engine, tokens = take("onnx", model_of(SHAPES[0])).module, tokens_of(SHAPES[0])
    with pytest.raises(ValueError, match="there is room for 24"):
        engine(torch.cat((tokens, tokens), 1))
    with pytest.raises(ValueError, match="there is room for 10"):
        engine(tokens, engine.new_cache(3, 10))


def test_the_head_that_is_the_embedding_is_stored_once(take: Take) -> None:
    config = SHAPES[1]
    form = take("onnx", model_of(config))
    # Two tables of the rotation and the graph lie beside the parameters.
    assert 4 * config.params < form.file_bytes < 4 * config.params + 12_000


@pytest.mark.slow
def test_heads_that_the_attention_kernel_does_not_take_serve_whole_passes(take: Take) -> None:
    config = GptConfig(width=48, num_heads=4, feed_forward_width=64, context_tokens=24)
    model, tokens = model_of(config), tokens_of(config)
    form = take("onnx", model)
    assert not isinstance(form.module, Generator)
    assert "multiples of 16" in form.notes[0]
    with torch.inference_mode():
        torch.testing.assert_close(form.module(tokens), model(tokens), atol=FP32_TOLERANCE, rtol=0)
