"""What each tool says and misses is kept; what none of them can count is an error."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from bench.errors import MeasurementError
from bench.measuring.flop_accounts import FlopAccount, account
from bench.measuring.flops import agreed, on_meta

pytestmark = pytest.mark.usefixtures("one_thread")

ON_META, ON_CPU, FVCORE, FVCORE_COMPLETED = range(4)


def account_of(
    model: nn.Module, inputs: Tensor, *, training: bool = False, formula: int | None = None
) -> FlopAccount:
    return account(
        "it",
        lambda: (on_meta(model), inputs.to("meta")),
        formula=formula,
        training=training,
        real=(model, inputs),
    )


class Attention(nn.Module):
    """Fused attention behind one projection."""

    def __init__(self, asks: bool = False) -> None:
        super().__init__()
        self.projection, self.asks = nn.Linear(16, 16), asks

    def forward(self, x: Tensor) -> Tensor:
        if self.asks and float(x.sum()) > 1e9:
            return x
        heads = self.projection(x)[:, None]
        return F.scaled_dot_product_attention(heads, heads, heads)


def test_fused_attention_lacks_in_the_real_counts_which_say_so() -> None:
    # 2 rows of 8 tokens: the projection 2 * 2*8*16*16, scores and mixing 2 * 2 * 2*8*8*16.
    projection, attention = 8192, 8192
    found = account_of(Attention(), torch.randn(2, 8, 16), formula=projection + attention)
    assert found.flops == projection + attention
    assert [tool.flops for tool in found.tools] == [16384, projection, projection, 16384]
    assert found.tools[ON_CPU].missed_products == {"aten::_scaled_dot_product_flash_attention_for_cpu": 1}
    assert found.tools[FVCORE].missed_products == {"aten::scaled_dot_product_attention": 1}
    assert found.tools[FVCORE_COMPLETED].missed_products == {}
    assert "8,192; without aten::_scaled_dot_product_flash_attention_for_cpu (1 times)" in found.note
    assert found.method.startswith("formula of the shape")
    assert "full square" in found.method


def test_a_model_that_asks_for_values_is_counted_with_attention_taken_apart() -> None:
    model, inputs = Attention(asks=True), torch.randn(2, 8, 16)
    found = account_of(model, inputs)
    assert found.flops == 16384
    assert found.tools[ON_META].tool == "torch.utils.flop_counter on cpu, attention taken apart"
    # The inputs need no gradient: one product of the projection's three is spared.
    assert account_of(model, inputs, training=True).flops == 2 * 8192 + 3 * 8192
    with pytest.raises(MeasurementError, match="does not run on torch's meta device"):
        account("it", lambda: (on_meta(model), inputs.to("meta")))


def test_an_lstm_is_counted_though_the_tools_give_it_zero() -> None:
    # Two layers, 2 rows of 8 steps: four gates, each of inputs and state, 2 * 16 * 4*32 * ((16+32) + (32+32)).
    expected = 458_752
    found = account_of(nn.LSTM(16, 32, 2, batch_first=True), torch.randn(2, 8, 16))
    assert found.flops == expected
    assert [tool.flops for tool in found.tools] == [expected, 0, 0, 0]
    assert found.tools[ON_CPU].missed_products == {"aten::mkldnn_rnn_layer": 2}
    assert found.tools[FVCORE].missed_products == {"aten::lstm": 1}
    with pytest.raises(MeasurementError, match="a counter saw no operation"):
        agreed({tool.tool: tool.flops or 0 for tool in found.tools}, "lstm")


def test_the_fused_encoder_is_counted_though_the_counter_gives_it_zero() -> None:
    layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
    # Two layers, 16 tokens: 2 * 16 * (4*32*32 + 2*32*64) each, and 4 * 2 * 8*8 * 32 for attention.
    expected = 2 * (2 * 16 * (4 * 32 * 32 + 2 * 32 * 64) + 4 * 2 * 64 * 32)
    found = account_of(nn.TransformerEncoder(layer, 2), torch.randn(2, 8, 32))
    assert found.flops == expected
    assert found.tools[ON_CPU].flops == 0
    assert found.tools[ON_CPU].missed_products == {"aten::_transformer_encoder_layer_fwd": 2}
    assert found.tools[FVCORE_COMPLETED].flops == expected
    assert "with 20,480 for norms and pooling" in found.tools[FVCORE].in_words()


@pytest.mark.filterwarnings("ignore")
def test_a_quantized_layer_raises_with_and_without_a_formula() -> None:
    model = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(16, 32)), {nn.Linear})
    with pytest.raises(MeasurementError, match=r"does not know quantized::linear_dynamic \(1 times\)"):
        account_of(model, torch.randn(2, 16))
    with pytest.raises(MeasurementError, match="a counter saw no operation"):
        account_of(model, torch.randn(2, 16), formula=2048)


class Vectors(nn.Module):
    """Products with a vector, which torch's counter has no formula for, and distances, which nobody counts."""

    def __init__(self, distances: bool = False) -> None:
        super().__init__()
        self.weights, self.distances = nn.Parameter(torch.ones(16)), distances

    def forward(self, x: Tensor) -> Tensor:
        if self.distances:
            return torch.cdist(x, self.weights[None], compute_mode="donot_use_mm_for_euclid_dist")
        return torch.addmv(x @ self.weights, x, self.weights) + torch.dot(x[0], self.weights)


def test_products_with_a_vector_are_counted_by_us_and_missed_by_the_counter() -> None:
    found = account_of(Vectors(), torch.randn(5, 16))
    assert found.flops == 2 * 2 * 5 * 16 + 2 * 16
    assert found.tools[ON_CPU].flops == 0
    assert set(found.tools[ON_CPU].missed_products) == {"aten::mv", "aten::addmv", "aten::dot"}


def test_what_cannot_be_counted_raises() -> None:
    with pytest.raises(MeasurementError, match=r"counter does not know aten::_cdist_forward \(1 times\)"):
        account_of(Vectors(distances=True), torch.randn(5, 16))
    with pytest.raises(MeasurementError, match="a counter saw no operation"):
        account_of(nn.ReLU(), torch.randn(5, 16))
    with pytest.raises(MeasurementError, match="nothing to train"):
        account_of(nn.Linear(3, 2).requires_grad_(False), torch.randn(2, 3), training=True)


def test_a_formula_that_is_off_by_more_than_one_percent_raises() -> None:
    model, inputs = nn.Linear(100, 100), torch.randn(1, 100)
    assert account_of(model, inputs, formula=20_100).flops == 20_100
    with pytest.raises(
        MeasurementError, match=r"forward pass: .*more than 1 % \(formula 20,400, torch.* 20,000\)"
    ):
        account_of(model, inputs, formula=20_400)


def test_the_real_model_is_left_as_it_was() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5)).train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    for training in (False, True):
        account_of(
            model, torch.randn(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)), training=training
        )
    assert torch.equal(torch.rand(1), expected)
    assert model.training
    assert all(parameter.grad is None for parameter in model.parameters())
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
