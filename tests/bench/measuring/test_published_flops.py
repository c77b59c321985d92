"""FLOPs of well-known shapes, built from configuration with random weights, agree with what is published."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bench.models.choosing import load_model_spec
from bench.models.counting import count_flops
from bench.models.gpt import GptConfig

pytestmark = pytest.mark.usefixtures("one_thread")

TOLERANCE = 0.01

RESNET_50 = {"model_type": "resnet", "architectures": ["ResNetForImageClassification"], "num_labels": 1000}
BERT_BASE = {"model_type": "bert", "architectures": ["BertModel"]}
GPT_2 = {"model_type": "gpt2"}
LLAMA = {
    "model_type": "llama", "hidden_size": 2048, "num_hidden_layers": 16, "num_attention_heads": 32,
    "num_key_value_heads": 8, "intermediate_size": 8192, "vocab_size": 128_256, "tie_word_embeddings": True,
}  # fmt: skip


def bert_by_hand(tokens: int, layers: int = 12, width: int = 768) -> int:
    """Twelve layers, each with 12 * width^2 parameters in products and two products over the square; the pooler."""
    return layers * (2 * 12 * width**2 * tokens + 4 * tokens**2 * width) + 2 * width**2


def gpt_2_by_hand(tokens: int) -> int:
    shape = GptConfig(
        width=768,
        num_layers=12,
        num_heads=12,
        feed_forward_width=3072,
        context_tokens=1024,
        vocabulary=50_257,
    )
    return shape.forward_flops(1, tokens)


def llama_by_hand(tokens: int) -> int:
    shape = GptConfig(
        width=2048, num_layers=16, num_heads=32, num_key_value_heads=8, feed_forward_width=8192,
        context_tokens=8192, activation="swiglu", vocabulary=128_256, tied_head=True,
    )  # fmt: skip
    assert shape.params == 1_235_814_400, "the parameters that Llama 3.2 1B is published with"
    return shape.forward_flops(1, tokens)


@pytest.mark.parametrize(
    ("config", "multiply_adds"),
    [
        # Table of the weights of torchvision, 4.09; He et al. 2015, table 1, has 3.8 for another place of the strides.
        pytest.param(RESNET_50, 4.09e9, id="resnet-50 at 224 px"),
        pytest.param(RESNET_50, 4.1e9, id="resnet-50 at 224 px, rounded"),
        # Jiao et al. 2020, TinyBERT, table 1: 22.5e9 FLOPs.
        pytest.param(BERT_BASE, 11.2e9, id="bert-base at 128 tokens"),
        pytest.param(BERT_BASE, 22.5e9 / 2, id="bert-base at 128 tokens, as in TinyBERT's table"),
        pytest.param(BERT_BASE, bert_by_hand(128) / 2, id="bert-base at 128 tokens by hand"),
        pytest.param(GPT_2, gpt_2_by_hand(128) / 2, id="gpt-2 at 128 tokens by hand"),
        pytest.param(LLAMA, llama_by_hand(128) / 2, id="llama at 128 tokens by hand"),
    ],
)
def test_forward_flops_are_the_published_ones(
    config: dict[str, Any], multiply_adds: float, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    model = load_model_spec(str(tmp_path))
    assert count_flops(model).flops == pytest.approx(2 * multiply_adds, rel=TOLERANCE)


def test_the_formulas_by_hand_are_worked_as_published() -> None:
    assert bert_by_hand(128) / 2 == pytest.approx(11.174e9, rel=1e-4)
    assert gpt_2_by_hand(1024) / 2 == pytest.approx(145.82e9, rel=1e-4)


@pytest.mark.parametrize(
    ("config", "by_hand"), [(GPT_2, gpt_2_by_hand), (LLAMA, llama_by_hand)], ids=["gpt-2", "llama"]
)
def test_a_training_step_takes_three_times_as_much(
    config: dict[str, Any], by_hand: Callable[[int], int], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    account = count_flops(load_model_spec(str(tmp_path)), training=True, num_rows=4)
    assert account.flops == pytest.approx(3 * 4 * by_hand(128), rel=TOLERANCE)
