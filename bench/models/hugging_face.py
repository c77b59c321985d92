"""A model from a folder with a Hugging Face style config.json, with its weights or with random ones.

Nothing is asked of the network, no code of the folder is run, and weights are read from safetensors alone.
"""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import Tensor, nn

from bench.errors import BenchplanError, InputError
from bench.measuring.flops import first_line
from bench.models.custom import Custom
from bench.models.spelling import did_you_mean

EXTRA_COMMAND = "pip install 'benchplan[models]'"
EXAMPLE_TOKENS = 128
EXAMPLE_IMAGE_SIZE = 224
PICKLED_WEIGHTS = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.h5", "*.msgpack")


def load_folder(folder: Path) -> Custom:
    """Load the model that the folder's config.json describes: weights from safetensors, random where none lie.

    Raises InputError when the config cannot be read, when its architecture is not one of transformers' own, when
    the weights do not fit or are pickles, and when transformers is not installed.
    """
    fields = _read_config(folder / "config.json")
    transformers = _transformers(folder)
    with _quiet(transformers):
        config = _config(transformers, folder, fields)
        architecture = _architecture(transformers, folder, fields, config)
    weights = sorted(folder.glob("*.safetensors"))
    pickles = sorted(path for pattern in PICKLED_WEIGHTS for path in folder.glob(pattern))
    if pickles and not weights:
        raise InputError(
            f"{pickles[0]}: weights in this form can run code when they are loaded, so they are not read; save "
            "them as model.safetensors, or take them out of the folder to measure the model with random weights"
        )

    def make(*, with_weights: bool = bool(weights)) -> nn.Module:
        try:
            with _quiet(transformers), torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                inner = _with_weights(architecture, folder) if with_weights else architecture(config)
        except BenchplanError:
            raise
        except Exception as err:  # a shape that does not fit together may fail anywhere in the library
            raise InputError(f"{folder}: {architecture.__name__} cannot be built ({last_line(err)})") from err
        return _FirstOutput(inner)

    origin = f"{architecture.__name__} of {folder.name}/config.json, "
    origin += "weights of its safetensors" if weights else "random weights"
    name = str(fields.get("model_type") or folder.resolve().name)
    on_meta = partial(make, with_weights=False)
    return Custom(name, origin, make, on_meta, _example(folder, architecture, config))


class _FirstOutput(nn.Module):
    """A model of transformers that takes tensors in order and gives the first of its outputs."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401, the library has no types
        super().__init__()
        self.inner = inner

    def forward(self, inputs: Tensor) -> Tensor:
        """Return logits, or the last hidden states of a model without a head."""
        named: dict[str, Any] = {self.inner.main_input_name: inputs}
        if self.inner.config.is_encoder_decoder:
            named["decoder_input_ids"] = inputs
        if hasattr(self.inner.config, "use_cache"):
            # With a cache the library does not look for packed sequences, which takes values; meta tensors have none.
            named["use_cache"] = inputs.is_meta
        first: Tensor = self.inner(**named, return_dict=False)[0]
        return first


def _read_config(path: Path) -> dict[str, Any]:
    try:
        fields = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise InputError(
            f"{path.parent}: holds no config.json; give a folder with one, or file.py:function"
        ) from err
    except json.JSONDecodeError as err:
        raise InputError(f"{path}:{err.lineno}:{err.colno}: is no JSON ({err.msg})") from err
    except (OSError, UnicodeDecodeError) as err:
        raise InputError(f"{path}: cannot be read ({first_line(err)})") from err
    if not isinstance(fields, dict):
        raise InputError(f"{path}: holds a {type(fields).__name__}, not an object with the keys of a model")
    return fields


def _transformers(folder: Path) -> ModuleType:
    try:
        import transformers
    except ImportError as err:
        raise InputError(
            f"{folder}: a folder with config.json needs the package transformers: {EXTRA_COMMAND}"
        ) from err
    return transformers


def _config(transformers: ModuleType, folder: Path, fields: dict[str, Any]) -> Any:  # noqa: ANN401
    # All types by name; the mapping that is exported imports each of their modules.
    known_types = importlib.import_module("transformers.models.auto.configuration_auto").CONFIG_MAPPING_NAMES
    path, model_type = folder / "config.json", fields.get("model_type")
    if model_type not in known_types:
        remote = " Code that comes with a model (auto_map) is never run." if "auto_map" in fields else ""
        if model_type is None:
            known = " It names the sort of model, such as gpt2, llama, bert or resnet."
        else:
            known = did_you_mean(str(model_type), known_types, "There are")
        raise InputError(
            f"{path}: model_type is {model_type!r}, which transformers does not know.{known}{remote}"
        )
    try:
        return transformers.AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as err:  # its validators have error classes of their own
        raise InputError(f"{path}: is no configuration of {model_type} ({last_line(err)})") from err


def _architecture(transformers: ModuleType, folder: Path, fields: dict[str, Any], config: Any) -> Any:  # noqa: ANN401
    """Find the class: the first of `architectures`, or a language model of the type, or its plain body."""
    path, named = folder / "config.json", fields.get("architectures")
    if named is None:
        for auto in (transformers.AutoModelForCausalLM, transformers.AutoModel):
            if type(config) in auto._model_mapping:
                found = auto._model_mapping[type(config)]
                return found[0] if isinstance(found, tuple) else found
        raise InputError(f"{path}: transformers has no model of the type {config.model_type}")
    if not isinstance(named, list) or not named or not isinstance(named[0], str):
        raise InputError(f"{path}: architectures is {named!r}; it must be a list with the name of a class")
    architecture = getattr(transformers, named[0], None)
    if not (isinstance(architecture, type) and issubclass(architecture, transformers.PreTrainedModel)):
        prefix = type(config).__name__.removesuffix("Config")
        classes = [name for name in dir(transformers) if name.startswith(prefix) and "For" in name]
        raise InputError(
            f"{path}: architectures names {named[0]!r}, which transformers does not have."
            f"{did_you_mean(named[0], classes, 'There are')}"
        )
    return architecture


def _with_weights(architecture: Any, folder: Path) -> Any:  # noqa: ANN401
    try:
        model, report = architecture.from_pretrained(
            folder,
            local_files_only=True,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
            # Then the report names them, where the library would only point at its log.
            ignore_mismatched_sizes=True,
        )
    except Exception as err:  # its readers have error classes of their own
        raise InputError(f"{folder}: its weights cannot be loaded ({last_line(err)})") from err
    problems = [f"{name} is not among them" for name in sorted(report["missing_keys"])]
    problems += [
        f"{name} has the shape {tuple(found)} and not {tuple(wanted)}"
        for name, found, wanted in sorted(report["mismatched_keys"])
    ]
    if problems:
        more = f", and {len(problems) - 1} more like it" if len(problems) > 1 else ""
        raise InputError(f"{folder}: its weights do not fit config.json: {problems[0]}{more}")
    return model


def _example(folder: Path, architecture: Any, config: Any) -> tuple[Tensor, ...]:  # noqa: ANN401
    generator = torch.Generator().manual_seed(0)
    # A model of images and text says its text part's shape in a part of its own.
    text = config.get_text_config()
    if architecture.main_input_name == "input_ids" and hasattr(text, "vocab_size"):
        length = min(EXAMPLE_TOKENS, getattr(text, "max_position_embeddings", None) or EXAMPLE_TOKENS)
        return (torch.randint(0, text.vocab_size, (1, length), generator=generator),)
    if architecture.main_input_name == "pixel_values":
        size = getattr(config, "image_size", None) or EXAMPLE_IMAGE_SIZE
        height, width = (size, size) if isinstance(size, int) else size
        channels = getattr(config, "num_channels", 3)
        return (torch.rand(1, channels, height, width, generator=generator),)
    raise InputError(
        f"{folder}: {architecture.__name__} takes {architecture.main_input_name}, for which there is no example "
        "here; write a function that returns (module, example_inputs) and give file.py:function"
    )


@contextmanager
def _quiet(transformers: ModuleType) -> Iterator[None]:
    """Keep the library's remarks and progress bars from between our own lines; what is wrong is raised."""
    told = transformers.logging
    verbosity, bars = told.get_verbosity(), told.is_progress_bar_enabled()
    told.set_verbosity(logging.CRITICAL)
    told.disable_progress_bar()
    try:
        yield
    finally:
        told.set_verbosity(verbosity)
        if bars:
            told.enable_progress_bar()


def last_line(err: BaseException) -> str:
    """Say the kind of error and, of a long text, the last line, where validators say what is wrong."""
    lines = [line.strip() for line in str(err).splitlines() if line.strip()]
    return f"{type(err).__name__}: {lines[-1] if lines else 'without a word'}"
