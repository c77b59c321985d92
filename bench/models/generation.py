"""Writes on from a prompt, token by token, with the keys and values of all that went before kept."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from bench.errors import InputError
from bench.models.gpt import GptConfig


class Cache(Protocol):
    """What a language model keeps of the tokens so far."""

    length: int
    """Tokens of each sequence that lie in it; a smaller number takes the last ones back."""

    @property
    def device(self) -> torch.device:
        """Where tokens must lie to follow it."""


@runtime_checkable
class Generator(Protocol):
    """A language model that keeps what it has seen: `Gpt`, and its like on other engines."""

    config: GptConfig

    def new_cache(self, num_sequences: int, num_tokens: int) -> Cache:
        """Return an empty cache for so many tokens a sequence."""

    def eval(self) -> object:
        """Get ready to answer."""

    def __call__(self, tokens: Tensor, cache: Any, /) -> Tensor:  # noqa: ANN401, each has a cache of its own kind
        """Return the logits of the token that follows each token, with those in the cache before them."""


def generate(
    model: Generator, prompt: Tensor, num_tokens: int, temperature: float = 0.0, seed: int = 0
) -> Tensor:
    """Return the prompt (sequences, tokens) with so many new tokens behind it.

    Temperature 0 takes the likeliest token each time; above that tokens are drawn, by the seed.
    Raises InputError when the prompt is empty or the context too short.
    """
    config = model.config
    sequences, prompt_tokens = prompt.shape
    whole = prompt_tokens + num_tokens
    if prompt_tokens < 1:
        raise InputError("the prompt is empty: generation needs at least one token to start from")
    if num_tokens < 0 or temperature < 0:
        raise InputError(f"{num_tokens} tokens at temperature {temperature:g}: neither may be below zero")
    if whole > config.context_tokens:
        raise InputError(
            f"{prompt_tokens} tokens of prompt and {num_tokens} new ones are {whole}, but the context of "
            f"the model holds {config.context_tokens}"
        )
    cache = model.new_cache(sequences, whole)
    generator = torch.Generator(prompt.device).manual_seed(seed)
    tokens = prompt
    model.eval()
    with torch.inference_mode():
        for _ in range(num_tokens):
            logits = model(tokens[:, cache.length :], cache)[:, -1]
            tokens = torch.cat((tokens, _next(logits, temperature, generator)), dim=1)
    return tokens


def _next(logits: Tensor, temperature: float, generator: torch.Generator) -> Tensor:
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    shares = torch.softmax(logits.float() / temperature, dim=-1)
    return torch.multinomial(shares, 1, generator=generator)
