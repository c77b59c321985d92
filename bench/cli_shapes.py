"""The options that name a model with its shape, and the data it learns, for all commands that take `--model`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
TASK_SHAPE = ("layers", "d_model", "heads", "kv_heads", "d_ff", "activation")
"""What can be chosen where the data decides on the rest."""
ALSO_CALLED = {"d_model": ("--width",)}
_NAMES_IN_SHAPE = {"vocabulary_size": "vocabulary"}


def with_shape_options(*names: str) -> Callable[[Command], Command]:
    """Return a decorator that adds options of a shape to a command: those named, or all."""

    def decorate(command: Command) -> Command:
        for name in reversed(names or tuple(SHAPE_OPTIONS)):
            kind, text = SHAPE_OPTIONS[name]
            flags = (f"--{name.replace('_', '-')}", *ALSO_CALLED.get(name, ()), name)
            command = click.option(*flags, type=kind, default=None, help=text)(command)
        return command

    return decorate


def shape_of(options: dict[str, Any], names: Sequence[str] = ()) -> dict[str, int | str | bool]:
    """Return the options of a shape that were given to a command, of those named or of all."""
    found = {name: options[name] for name in names or SHAPE_OPTIONS}
    return {_NAMES_IN_SHAPE.get(name, name): value for name, value in found.items() if value is not None}


def with_task_options(command: Command) -> Command:
    """Add the options that name a model and the data it is to learn."""
    for option in reversed(
        (
            click.option(
                "--model", default="mlp", show_default=True, metavar="mlp|gpt|conv|FILE.py:FUNCTION|FOLDER"
            ),
            click.option(
                "--data",
                default=None,
                metavar="digits|source-text|PATH",
                help="Default: digits, or text for gpt.",
            ),
            with_shape_options(*TASK_SHAPE),
            click.option(
                "--context", default=128, show_default=True, type=COUNT, help="Tokens in a row of text."
            ),
            click.option("--target", default=None, help="Column of a table to learn."),
            click.option(
                "--vocabulary", default="bytes", show_default=True, help="Of text: bytes or bpe:SIZE."
            ),
        )
    ):
        command = option(command)
    return command


def data_of(options: dict[str, Any]) -> str:
    """Return the name of the data that was asked for, or that the model learns by default."""
    return options["data"] or ("source-text" if options["model"] == "gpt" else "digits")


def data_options_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of `with_task_options` that say how data is to be read."""
    return {
        "target": options["target"],
        "vocabulary": options["vocabulary"],
        "context_tokens": options["context"],
    }
