"""The formulas of the models agree with torch, and the models do what their kind promises."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.models.building import KINDS, Config, build
from bench.models.convolutional import ConvConfig
from bench.models.gpt import Gpt, GptConfig
from bench.models.mlp import MlpConfig

pytestmark = pytest.mark.usefixtures("one_thread")

SHAPES: list[Config] = [
    MlpConfig(),
    MlpConfig(hidden_widths=()),
    MlpConfig(num_inputs=3, hidden_widths=(5, 1, 7), num_classes=2),
    GptConfig(),
    GptConfig(width=64, num_layers=3, num_heads=4, feed_forward_width=160, activation="swiglu"),
    GptConfig(width=32, num_layers=1, num_heads=1, feed_forward_width=64, tied_head=True, context_tokens=16),
    GptConfig(width=48, num_heads=6, num_key_value_heads=2, feed_forward_width=80, vocabulary=1000),
    ConvConfig(),
    ConvConfig(image_size=97, num_channels=3, widths=(8, 8, 24), blocks_per_stage=(2, 1, 3), num_classes=7),
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


def test_convolutions_worked_by_hand() -> None:
    # 8 x 8 pixels: 1 to 4 channels; two of 4 to 4; then at 4 x 4 pixels 4 to 6, 6 to 6 and the shortcut 4 to 6.
    config = ConvConfig(widths=(4, 6))
    kernels = [9 * 4, 9 * 16, 9 * 16, 9 * 24, 9 * 36, 24]
    norms = 2 * (4 + 4 + 4 + 6 + 6 + 6)
    assert config.params == sum(kernels) + norms + 6 * 10 + 10
    products = 64 * sum(kernels[:3]) + 16 * sum(kernels[3:]) + 60
    assert config.forward_flops(1) == 2 * products
    assert config.forward_flops(7) == 14 * products
    assert config.training_flops(2) == 12 * products - 2 * 2 * 64 * 36, "no gradient for the images"


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: GptConfig(width=30, num_heads=4), "width 30 must split into 4 heads"),
        (lambda: GptConfig(num_key_value_heads=3), "8 heads must share 3 key-value heads"),
        (lambda: GptConfig(num_layers=0), "num_layers is 0; it must be at least 1"),
        (lambda: GptConfig(vocabulary=-1), "vocabulary is -1"),
        (lambda: GptConfig(num_key_value_heads=0), "num_key_value_heads is 0"),
        (lambda: MlpConfig(hidden_widths=(0,)), "at least one unit"),
        (lambda: ConvConfig(widths=(8,)), "1 widths and 2 numbers of blocks"),
        (lambda: ConvConfig(image_size=0), "must be at least 1"),
    ],
)
def test_a_shape_that_cannot_be_built_is_refused(wrong: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        wrong()


def test_every_kind_is_known_by_its_name() -> None:
    assert list(KINDS) == ["mlp", "gpt", "conv"]
    for config in SHAPES:
        assert KINDS[config.kind] is type(config)


@pytest.mark.parametrize("size", [8, 28, 65, 224])
def test_a_convolutional_net_takes_images_of_any_size(size: int) -> None:
    config = ConvConfig(image_size=size, num_channels=3, widths=(4, 8, 8), blocks_per_stage=(1, 1, 1))
    with torch.inference_mode():
        assert build(config).eval()(torch.rand(2, 3, size, size)).shape == (2, 10)


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
