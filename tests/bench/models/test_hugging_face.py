"""A folder with a config.json becomes a model, with its weights or random ones; what is wrong with it is named."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from bench.errors import InputError
from bench.models.choosing import load_model_spec
from bench.models.counting import count_flops, count_params

pytestmark = pytest.mark.usefixtures("one_thread")

LLAMA = {
    "model_type": "llama", "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 4,
    "num_key_value_heads": 2, "intermediate_size": 64, "vocab_size": 99, "max_position_embeddings": 40,
}  # fmt: skip
RESNET = {
    "model_type": "resnet", "embedding_size": 8, "hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1],
    "image_size": 32, "architectures": ["ResNetForImageClassification"],
}  # fmt: skip
T5 = {
    "model_type": "t5", "d_model": 16, "d_kv": 4, "d_ff": 32, "num_layers": 1, "num_heads": 4, "vocab_size": 50,
    "architectures": ["T5ForConditionalGeneration"],
}  # fmt: skip


def write(folder: Path, config: object) -> Path:
    text = config if isinstance(config, str) else json.dumps(config)
    (folder / "config.json").write_text(text, encoding="utf-8")
    return folder


def save_weights(folder: Path, **changes: int) -> None:
    import transformers

    fields = {name: value for name, value in {**LLAMA, **changes}.items() if name != "model_type"}
    transformers.LlamaForCausalLM(transformers.LlamaConfig(**fields)).save_pretrained(folder)


@pytest.mark.parametrize(
    ("config", "inputs", "outputs"),
    [(LLAMA, (2, 40), (2, 40, 99)), (RESNET, (2, 3, 32, 32), (2, 2)), (T5, (2, 128), (2, 128, 50))],
    ids=["llama", "resnet", "t5"],
)
def test_a_config_alone_gives_random_weights(
    config: dict[str, Any], inputs: tuple[int, ...], outputs: tuple[int, ...], tmp_path: Path
) -> None:
    model = load_model_spec(str(write(tmp_path, config)))
    assert model.name == config["model_type"]
    assert model.origin.endswith("config.json, random weights")
    first, second = model.make().eval(), model.make().eval()
    rows = model.inputs(2)
    assert rows[0].shape == inputs
    with torch.inference_mode():
        logits = first(*rows)
        assert logits.shape == outputs
        assert torch.equal(logits, second(*rows)), "by seed"
    account = count_flops(model, module=first)
    assert account.flops > 0
    assert all(tool.flops for tool in account.tools), account.note
    assert count_flops(model, num_rows=2, training=True).flops > 2 * 2 * account.flops


def test_llama_is_counted_as_our_formula_counts_it(tmp_path: Path) -> None:
    from bench.models.gpt import GptConfig

    model = load_model_spec(str(write(tmp_path, LLAMA) / "config.json"))
    ours = GptConfig(
        width=32, num_layers=1, num_heads=4, num_key_value_heads=2, feed_forward_width=64, vocabulary=99,
        context_tokens=40, activation="swiglu",
    )  # fmt: skip
    assert count_params(model, model.make()) == ours.params
    assert count_flops(model, num_rows=3).flops == ours.forward_flops(3)
    assert count_flops(model, num_rows=3, training=True).flops == ours.training_flops(3)


def test_weights_that_lie_in_the_folder_are_used(tmp_path: Path) -> None:
    torch.manual_seed(7)
    save_weights(tmp_path)
    from safetensors.torch import load_file

    stored = load_file(tmp_path / "model.safetensors")
    write(tmp_path, LLAMA)
    model = load_model_spec(str(tmp_path))
    assert model.origin == f"LlamaForCausalLM of {tmp_path.name}/config.json, weights of its safetensors"
    held = model.make().state_dict()
    assert torch.equal(held["inner.lm_head.weight"], stored["lm_head.weight"])
    assert count_flops(model).flops > 0, "counted on meta, without the weights"


WRONG = {
    "no JSON": ('{"model_type": ', r"config.json:1:16: is no JSON"),
    "a list": ([1], "holds a list, not an object"),
    "no type": ({}, "model_type is None, .* such as gpt2, llama"),
    "unknown type": ({"model_type": "lama"}, "'lama', which transformers does not know. Did you mean 'llama'"),
    "remote code": (
        {"model_type": "mine", "auto_map": {"AutoConfig": "code.Config"}}, r"Code that comes with a model \(auto_map\)",
    ),
    "unknown class": ({**LLAMA, "architectures": ["LlamaForCasualLM"]}, "Did you mean 'LlamaForCausalLM'"),
    "no model": ({**LLAMA, "architectures": ["AutoConfig"]}, "'AutoConfig', which transformers does not have"),
    "architectures is a word": ({**LLAMA, "architectures": "Llama"}, "must be a list with the name of a class"),
    "a word for a number": ({**LLAMA, "hidden_size": "big"}, "no configuration of llama .*'hidden_size' expected int"),
    "heads that do not divide": ({**LLAMA, "num_attention_heads": 3}, "not a multiple of the number of attention"),
    "sound": (
        {"model_type": "whisper", "architectures": ["WhisperModel"]},
        "takes input_features, for which there is no example",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("config", "message"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_config_is_named(config: object, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_model_spec(str(write(tmp_path, config)))
    assert "\n" not in str(caught.value)


def test_weights_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    save_weights(tmp_path)
    with pytest.raises(
        InputError, match=r"lm_head.weight has the shape \(99, 32\) and not \(99, 64\), and \d+ more"
    ):
        load_model_spec(str(write(tmp_path, {**LLAMA, "hidden_size": 64}))).make()
    with pytest.raises(InputError, match=r"model.layers.1.input_layernorm.weight is not among them"):
        load_model_spec(str(write(tmp_path, {**LLAMA, "num_hidden_layers": 2}))).make()


def test_damaged_weights_and_pickles_are_refused(tmp_path: Path) -> None:
    write(tmp_path, LLAMA)
    (tmp_path / "pytorch_model.bin").write_bytes(b"a pickle")
    with pytest.raises(InputError, match=r"pytorch_model.bin: weights in this form can run code"):
        load_model_spec(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"its weights cannot be loaded .*header"):
        load_model_spec(str(tmp_path)).make()


def test_without_transformers_the_command_that_brings_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(InputError, match=r"pip install 'benchplan\[models\]'"):
        load_model_spec(str(write(tmp_path, LLAMA)))
