"""A model that was saved comes back with its shape and the same bits; a file that is none is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bench.errors import InputError
from bench.models.building import Config, build
from bench.models.gpt import GptConfig
from bench.models.mlp import MlpConfig
from bench.training.checkpoints import METADATA_KEY, load_model, save_model

SMALL = GptConfig(width=32, num_layers=2, num_heads=4, feed_forward_width=64, context_tokens=16)
SHAPES: list[Config] = [
    MlpConfig(),
    MlpConfig(hidden_widths=()),
    SMALL,
    GptConfig(
        width=32, num_layers=1, num_heads=2, feed_forward_width=48, activation="swiglu", tied_head=True
    ),
]


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_the_loaded_model_gives_the_same_bits(tmp_path: Path, config: Config) -> None:
    model = build(config, seed=7).eval()
    path = tmp_path / "model.safetensors"
    size = save_model(model, path)
    loaded = load_model(path).eval()
    inputs = torch.rand(4, 64) if isinstance(config, MlpConfig) else torch.randint(0, 256, (4, 16))
    with torch.inference_mode():
        assert torch.equal(model(inputs), loaded(inputs))
    assert loaded.config == config
    assert path.stat().st_size == size
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


def test_the_file_holds_four_bytes_a_parameter_and_little_else(tmp_path: Path) -> None:
    size = save_model(build(SMALL), tmp_path / "m.safetensors")
    assert 4 * SMALL.params < size < 4 * SMALL.params + 4096


def test_equal_models_give_equal_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_model(build(SMALL), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_files_that_hold_no_model_of_ours_are_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    save_model(build(SMALL), whole)
    weight = {"weight": torch.zeros(2)}
    (tmp_path / "cut").write_bytes(whole.read_bytes()[:-100])
    (tmp_path / "empty").write_bytes(b"")
    save_file(weight, tmp_path / "foreign")
    save_file(weight, tmp_path / "unknown", {METADATA_KEY: '{"kind": "diffusion"}'})
    save_file(weight, tmp_path / "wrong shape", {METADATA_KEY: '{"kind": "mlp", "hidden_widths": ["wide"]}'})
    save_file(weight, tmp_path / "wrong weights", {METADATA_KEY: '{"kind": "mlp"}'})
    for name in ("missing", "cut", "empty", "foreign", "unknown", "wrong shape", "wrong weights"):
        with pytest.raises(InputError) as caught:
            load_model(tmp_path / name)
        assert str(caught.value).startswith(str(tmp_path / name)), name
        assert "\n" not in str(caught.value)
