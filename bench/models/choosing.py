"""Finds the model that `--model` asks for: a built-in kind and its shape, a file's function, or a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from bench.errors import InputError
from bench.models.building import KINDS, Config, build
from bench.models.convolutional import ConvConfig
from bench.models.custom import Custom, load_function
from bench.models.gpt import GptConfig
from bench.models.hugging_face import load_folder
from bench.models.mlp import MlpConfig
from bench.models.spelling import did_you_mean

WIDE_FROM = 512
ALLOWED = f"{', '.join(KINDS)}, path/to/file.py:function, or a folder with a config.json"

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "mlp": ("layers", "d_model", "inputs", "classes"),
    "gpt": (
        "layers",
        "d_model",
        "heads",
        "kv_heads",
        "d_ff",
        "vocabulary",
        "context",
        "activation",
        "tied_head",
    ),
    "conv": ("layers", "d_model", "stages", "image_size", "channels", "classes"),
}
"""What each kind's shape can be told: `layers` are hidden layers, blocks, or residual blocks a stage."""


def load_model_spec(spec: str) -> Custom:
    """Load what `--model` names, a built-in kind in its default shape.

    Raises InputError when there is no such model.
    """
    return choose(spec)


def choose(spec: str, **shape_options: int | str | bool | None) -> Custom:
    """Load what `--model` names; options of the shape, for the built-in kinds alone, count where they are not None.

    Raises InputError when there is no such model, or when an option does not belong to it or makes no shape.
    """
    given = {name: value for name, value in shape_options.items() if value is not None}
    if spec in KINDS:
        return of_config(_shape(spec, given))
    if given:
        names = ", ".join(_flag(name) for name in given)
        raise InputError(f"--model {spec}: {names} only shape the built-in kinds ({', '.join(KINDS)})")
    file, colon, function = spec.rpartition(":")
    if colon and (file.endswith(".py") or Path(file).is_file()):
        return load_function(Path(file), function)
    path = Path(spec)
    if path.is_dir():
        return load_folder(path)
    if path.name == "config.json" and path.is_file():
        return load_folder(path.parent)
    if path.suffix == ".py":
        raise InputError(f"--model {spec}: which function? Give {spec}:function")
    raise InputError(
        f"--model {spec}: there is no such model.{did_you_mean(spec, KINDS, 'There are')} Give {ALLOWED}."
    )


def of_config(config: Config) -> Custom:
    """Give a built-in model by its shape, with inputs of one row by seed."""
    make = partial(build, config)
    return Custom(config.kind, config.in_words(), make, make, (_example(config),), config)


def _example(config: Config) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    match config:
        case MlpConfig():
            return torch.rand(1, config.num_inputs, generator=generator)
        case GptConfig():
            return torch.randint(0, config.vocabulary, (1, config.context_tokens), generator=generator)
        case ConvConfig():
            shape = (1, config.num_channels, config.image_size, config.image_size)
            return torch.rand(shape, generator=generator)
    raise TypeError(f"no example inputs for {type(config).__name__}")


def _shape(kind: str, options: dict[str, Any]) -> Config:
    for name in options:
        if name not in OPTIONS[kind]:
            known = ", ".join(_flag(option) for option in OPTIONS[kind])
            raise InputError(f"--model {kind}: {_flag(name)} is no part of its shape; there are {known}")
    shapes: dict[str, Callable[..., Config]] = {"mlp": _mlp, "gpt": _gpt, "conv": _conv}
    try:
        return shapes[kind](**options)
    except ValueError as err:
        raise InputError(f"--model {kind}: {err}") from err


def _mlp(layers: int = 2, d_model: int = 128, inputs: int = 64, classes: int = 10) -> MlpConfig:
    if layers < 0:
        raise ValueError(f"there cannot be {layers} hidden layers")
    return MlpConfig(inputs, (d_model,) * layers, classes)


def _gpt(
    layers: int = 2,
    d_model: int = 256,
    heads: int | None = None,
    kv_heads: int | None = None,
    d_ff: int | None = None,
    vocabulary: int = 256,
    context: int = 128,
    activation: Literal["gelu", "swiglu"] = "gelu",
    tied_head: bool = False,
) -> GptConfig:
    """Fill in what is usual: heads of 64 (of 32 in narrow models), a feed-forward part of 8 * width^2 parameters."""
    if heads is None:
        head_width = 64 if d_model >= WIDE_FROM else 32
        heads = d_model // head_width if d_model and d_model % head_width == 0 else 1
    if d_ff is None:
        # SwiGLU has three matrices where GELU has two. Source: Shazeer 2020, GLU Variants Improve Transformer.
        d_ff = 4 * d_model if activation == "gelu" else round(8 * d_model / 3 / 64) * 64 or d_model
    return GptConfig(
        width=d_model,
        num_layers=layers,
        num_heads=heads,
        num_key_value_heads=kv_heads,
        feed_forward_width=d_ff,
        context_tokens=context,
        activation=activation,
        tied_head=tied_head,
        vocabulary=vocabulary,
    )


def _conv(
    layers: int = 1,
    d_model: int = 16,
    stages: int = 2,
    image_size: int = 8,
    channels: int = 1,
    classes: int = 10,
) -> ConvConfig:
    """Double the width from stage to stage, as the image halves."""
    widths = tuple(d_model * 2**stage for stage in range(stages))
    return ConvConfig(image_size, channels, widths, (layers,) * len(widths), classes)


def _flag(option: str) -> str:
    return "--" + option.replace("_", "-")
