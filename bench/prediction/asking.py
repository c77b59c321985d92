"""Turns what a user asked for into the steps to predict."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.errors import InputError
from bench.models.choosing import choose
from bench.models.gpt import GptConfig
from bench.prediction.checking import Asked
from bench.prediction.tasks import Mode

MODES: dict[str, Mode] = {"training": "training_step", "prefill": "prefill", "decode": "decode"}


def asked_for(
    model: str, shape: dict[str, Any], modes: Sequence[str], num_rows: int, num_tokens: int | None
) -> list[Asked]:
    """List the steps: those asked for, or all that the model has.

    Raises InputError when there is no such model, it does not decode, or the tokens do not fit its context.
    """
    if model == "gpt" and num_tokens is not None:
        # A longer prompt than the default context is asked for by its length alone.
        shape = {"context": num_tokens + 1, **shape}
    config = choose(model, **shape).config
    if not isinstance(config, GptConfig):
        if "decode" in modes:
            raise InputError(f"--mode decode: {model} makes no tokens one by one; only gpt does")
        if num_tokens is not None:
            raise InputError(f"--tokens {num_tokens}: only gpt works on tokens; {model} works on --rows")
        return [Asked(model, shape, MODES[mode], num_rows, None) for mode in modes or ("training", "prefill")]
    length = num_tokens or config.context_tokens
    if length > config.context_tokens:
        raise InputError(f"--tokens {length}: more than --context {config.context_tokens}")
    return [
        Asked(model, shape, MODES[mode], num_rows, _cached(length, config) if mode == "decode" else length)
        for mode in modes or MODES
    ]


def _cached(length: int, config: GptConfig) -> int:
    # The token that is made needs its place in the context too.
    return min(length, config.context_tokens - 1)
