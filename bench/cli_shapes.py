"""The options that shape a built-in model, for all commands that take `--model`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

COUNT = click.IntRange(min=1)
SHAPE_OPTIONS: dict[str, Any] = {
    "layers": (click.IntRange(min=0), "Hidden layers, transformer blocks, or residual blocks a stage."),
    "d_model": (COUNT, "Width: of hidden layers, of the transformer, of the first stage."),
    "heads": (COUNT, "gpt: attention heads."),
    "kv_heads": (COUNT, "gpt: heads of keys and values, if fewer."),
    "d_ff": (COUNT, "gpt: width of the feed-forward part."),
    "vocabulary_size": (COUNT, "gpt: number of tokens."),
    "context": (COUNT, "gpt: longest context in tokens."),
    "activation": (click.Choice(["gelu", "swiglu"]), "gpt: of the feed-forward part."),
    "inputs": (COUNT, "mlp: width of the input."),
    "classes": (COUNT, "mlp, conv: what is told apart."),
    "stages": (COUNT, "conv: stages, each twice as wide as the one before."),
    "image_size": (COUNT, "conv: pixels of a side."),
    "channels": (COUNT, "conv: channels of the image."),
}
_NAMES_IN_SHAPE = {"vocabulary_size": "vocabulary"}


def with_shape_options(command: Command) -> Command:
    """Add the options of a shape to a command."""
    for name, (kind, text) in reversed(SHAPE_OPTIONS.items()):
        command = click.option(f"--{name.replace('_', '-')}", type=kind, default=None, help=text)(command)
    return command


def shape_of(options: dict[str, Any]) -> dict[str, int | str | bool]:
    """Take the options of a shape that were given out of a command's options."""
    found = {name: options.pop(name) for name in SHAPE_OPTIONS}
    return {_NAMES_IN_SHAPE.get(name, name): value for name, value in found.items() if value is not None}
