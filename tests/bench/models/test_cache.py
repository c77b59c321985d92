"""Decoding with kept keys and values gives what the whole sequence gives, for shared heads too."""

from __future__ import annotations

import pytest
import torch

from bench.errors import InputError
from bench.models.building import build
from bench.models.generation import generate
from bench.models.gpt import Gpt, GptConfig, KeyValueCache

pytestmark = pytest.mark.usefixtures("one_thread")

FP32_TOLERANCE = 2e-6
"""Logits are of size 0.1; sums of another order differ in the last bits."""

SHAPES = [
    GptConfig(width=32, num_layers=2, num_heads=4, feed_forward_width=64, context_tokens=24),
    GptConfig(
        width=48, num_layers=3, num_heads=6, num_key_value_heads=2, feed_forward_width=80, context_tokens=24,
        activation="swiglu", tied_head=True, vocabulary=101,
    ),
    GptConfig(width=32, num_heads=4, num_key_value_heads=1, feed_forward_width=64, context_tokens=24),
]  # fmt: skip


def model_of(config: GptConfig) -> Gpt:
    model = build(config)
    assert isinstance(model, Gpt)
    return model.eval()


def tokens_of(config: GptConfig, sequences: int = 3, length: int = 24) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, config.vocabulary, (sequences, length), generator=generator)


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
@pytest.mark.parametrize("chunks", [(24,), (10, *[1] * 14), (1,) * 24, (7, 5, 1, 11)], ids=str)
def test_logits_with_the_cache_are_those_without(config: GptConfig, chunks: tuple[int, ...]) -> None:
    model, tokens = model_of(config), tokens_of(config)
    cache = KeyValueCache(config, 3, 24)
    with torch.inference_mode():
        expected = model(tokens)
        pieces = [model(chunk, cache) for chunk in tokens.split(chunks, dim=1)]
    assert cache.length == 24
    assert [piece.shape[1] for piece in pieces] == list(chunks)
    torch.testing.assert_close(torch.cat(pieces, 1), expected, atol=FP32_TOLERANCE, rtol=0)


def test_shared_heads_do_what_repeated_ones_do() -> None:
    shared = SHAPES[1]
    whole = GptConfig(**{**vars(shared), "num_key_value_heads": None})
    few, many = model_of(shared), model_of(whole)
    weights = few.state_dict()
    for name, weight in weights.items():
        if name.endswith("query_key_value.weight"):
            query, key, value = weight.split((48, 16, 16))
            repeated = [w.view(2, 8, 48).repeat_interleave(3, dim=0).view(48, 48) for w in (key, value)]
            weights[name] = torch.cat([query, *repeated])
    many.load_state_dict(weights)
    tokens = tokens_of(shared)
    with torch.inference_mode():
        torch.testing.assert_close(few(tokens), many(tokens), atol=FP32_TOLERANCE, rtol=0)


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_the_cache_takes_the_bytes_of_the_formula(config: GptConfig) -> None:
    cache = KeyValueCache(config, 5, 17, dtype=torch.bfloat16)
    assert cache.num_bytes == config.kv_cache_bytes(5, 17, bytes_per_element=2)
    assert config.kv_cache_bytes(5, 17) == 2 * cache.num_bytes
    assert (cache.num_sequences, cache.num_tokens, cache.length) == (5, 17, 0)


def test_cache_bytes_and_decode_flops_worked_by_hand() -> None:
    # Llama 3 8B: 32 layers, 8 key-value heads of width 128; 2 * 32 * 8 * 128 * 2 bytes = 128 KiB a token.
    llama = GptConfig(
        width=4096, num_layers=32, num_heads=32, num_key_value_heads=8, feed_forward_width=14336,
        activation="swiglu", vocabulary=128_256, context_tokens=8192,
    )  # fmt: skip
    assert llama.kv_cache_bytes(1, 1, bytes_per_element=2) == 128 * 1024
    assert llama.params == 8_030_261_248, "what its makers publish"
    # 2 * (256 + 256 + 2048) for the products and 4 * 3 * 8 for scores and mixing over three tokens.
    tiny = GptConfig(width=8, num_layers=1, num_heads=2, feed_forward_width=16, context_tokens=4)
    assert tiny.decode_flops(5, 3) == 5 * (2 * 2560 + 96)


def test_decoding_token_by_token_is_the_lower_half_of_the_square() -> None:
    config = SHAPES[0]
    decoded = sum(config.decode_flops(1, length) for length in range(1, 25))
    whole, half = config.forward_flops(1, 24), 2 * config.num_layers * 24 * 23 * config.width
    assert decoded == whole - half


def test_tokens_beyond_the_context_or_the_cache_are_refused() -> None:
    config = SHAPES[0]
    model = model_of(config)
    with pytest.raises(ValueError, match="25 tokens do not fit: there is room for 24"):
        model(tokens_of(config, 1, 25))
    cache = KeyValueCache(config, 1, 8)
    model(tokens_of(config, 1, 6), cache)
    with pytest.raises(ValueError, match="9 tokens do not fit: there is room for 8"):
        model(tokens_of(config, 1, 3), cache)
    assert cache.length == 6, "what was refused left the cache as it was"


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_the_likeliest_continuation_is_that_of_a_model_without_cache(config: GptConfig) -> None:
    model, prompt = model_of(config), tokens_of(config, 2, 5)
    expected = prompt
    with torch.inference_mode():
        for _ in range(12):
            expected = torch.cat((expected, model(expected)[:, -1].argmax(-1, keepdim=True)), 1)
    assert torch.equal(generate(model, prompt, 12), expected)


def test_drawn_tokens_follow_the_seed_and_the_distribution() -> None:
    config = GptConfig(
        width=8, num_layers=1, num_heads=1, feed_forward_width=8, context_tokens=8, vocabulary=4
    )
    model, prompt = model_of(config), torch.zeros(4000, 1, dtype=torch.long)
    first = generate(model, prompt, 1, temperature=1.0, seed=1)
    assert torch.equal(first, generate(model, prompt, 1, temperature=1.0, seed=1))
    assert not torch.equal(first, generate(model, prompt, 1, temperature=1.0, seed=2))
    with torch.inference_mode():
        expected = torch.softmax(model(prompt[:1])[0, -1], -1)
    shares = torch.bincount(first[:, 1], minlength=4) / 4000
    # Four standard deviations of a share near a quarter.
    torch.testing.assert_close(shares, expected, atol=4 * (0.25 * 0.75 / 4000) ** 0.5, rtol=0)


def test_a_prompt_that_cannot_be_continued_is_refused() -> None:
    model = model_of(SHAPES[0])
    with pytest.raises(InputError, match=r"20 tokens of prompt and 5 new ones are 25, but the context .* 24"):
        generate(model, tokens_of(SHAPES[0], 1, 20), 5)
    with pytest.raises(InputError, match="prompt is empty"):
        generate(model, tokens_of(SHAPES[0], 1, 0), 5)
    with pytest.raises(InputError, match="below zero"):
        generate(model, tokens_of(SHAPES[0], 1, 3), 5, temperature=-1)
