"""The formulas of the models agree with torch, and the models do what their kind promises."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.models.building import Config, build
from bench.models.gpt import Gpt, GptConfig
from bench.models.mlp import MlpConfig

SHAPES: list[Config] = [
    MlpConfig(),
    MlpConfig(hidden_widths=()),
    MlpConfig(num_inputs=3, hidden_widths=(5, 1, 7), num_classes=2),
    GptConfig(),
    GptConfig(width=64, num_layers=3, num_heads=4, feed_forward_width=160, activation="swiglu"),
    GptConfig(width=32, num_layers=1, num_heads=1, feed_forward_width=64, tied_head=True, context_tokens=16),
]
SMALL = GptConfig(width=32, num_layers=2, num_heads=4, feed_forward_width=64, context_tokens=24)


def params_of(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("config", SHAPES, ids=lambda config: config.in_words())
def test_params_by_formula_are_what_torch_holds(config: Config) -> None:
    assert config.params == params_of(build(config))


@settings(max_examples=30)
@given(
    st.integers(1, 20), st.lists(st.integers(1, 30), max_size=4).map(tuple), st.integers(1, 10)
)  # fmt: skip
def test_params_of_any_perceptron(num_inputs: int, hidden: tuple[int, ...], num_classes: int) -> None:
    config = MlpConfig(num_inputs, hidden, num_classes)
    assert config.params == params_of(build(config))


def test_params_worked_by_hand() -> None:
    # 64*128 + 128 + 128*128 + 128 + 128*10 + 10
    assert MlpConfig().params == 26_122
    # One layer of width 8: attention 4*8*8, feed-forward 2*8*16, norms 3*8, embedding and head 256*8 each.
    assert (
        GptConfig(width=8, num_layers=1, num_heads=2, feed_forward_width=16).params == 256 + 256 + 24 + 4096
    )


def test_flops_worked_by_hand() -> None:
    # 3 rows: 2 * 3 * (64*128 + 128*128 + 128*10); backward needs no gradient for the images.
    assert MlpConfig().forward_flops(3) == 155_136
    assert MlpConfig().training_flops(3) == 3 * 155_136 - 2 * 3 * 64 * 128
    # 2 * (256 + 256 + 2048) params in products * 4 tokens, and 4 * 4^2 * 8 for scores and mixing.
    tiny = GptConfig(width=8, num_layers=1, num_heads=2, feed_forward_width=16, context_tokens=4)
    assert tiny.forward_flops(1) == 2 * 2560 * 4 + 512
    assert tiny.training_flops(2) == 6 * tiny.forward_flops(1)


def test_a_shape_that_cannot_be_built_is_refused() -> None:
    with pytest.raises(ValueError, match="heads"):
        GptConfig(width=30, num_heads=4)
    with pytest.raises(ValueError, match="unit"):
        MlpConfig(hidden_widths=(0,))


def test_the_same_seed_gives_the_same_weights_and_leaves_the_global_state() -> None:
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    first, second, other = build(SMALL, 3), build(SMALL, 3), build(SMALL, 4)
    assert torch.equal(torch.rand(1), expected)
    for name, value in first.state_dict().items():
        assert torch.equal(value, second.state_dict()[name])
    assert not torch.equal(first.state_dict()["embedding.weight"], other.state_dict()["embedding.weight"])


def test_no_byte_sees_the_bytes_after_it() -> None:
    model = build(SMALL).eval()
    tokens = torch.randint(0, 256, (1, 24), generator=torch.Generator().manual_seed(0))
    changed = tokens.clone()
    changed[0, 12:] = (changed[0, 12:] + 1) % 256
    with torch.inference_mode():
        before, after = model(tokens), model(changed)
    torch.testing.assert_close(before[:, :12], after[:, :12])
    assert not torch.allclose(before[:, 12:], after[:, 12:])


def test_the_order_of_bytes_matters() -> None:
    model = build(SMALL).eval()
    tokens = torch.tensor([[65, 66, 67, 68]])
    with torch.inference_mode():
        forward, swapped = model(tokens), model(tokens[:, [1, 0, 2, 3]])
    assert not torch.allclose(forward[0, -1], swapped[0, -1])


def test_a_tied_head_is_the_embedding() -> None:
    model = build(GptConfig(width=32, num_layers=1, num_heads=4, feed_forward_width=64, tied_head=True))
    assert isinstance(model, Gpt)
    assert model.head is None
    assert model(torch.zeros(2, 5, dtype=torch.long)).shape == (2, 5, 256)
