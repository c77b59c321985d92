"""Shares are reached, masks survive training, narrower models are real ones, and what cannot be pruned is said."""

from __future__ import annotations

import builtins
import pickle
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from bench.compression.forms import Form, Studio, follow
from bench.compression.recipes import read_recipe
from bench.compression.structured import kept_count
from bench.compression.tuning import stored_bytes
from bench.compression.unstructured import cubic_share
from bench.compression.zeros import masks_of, prunable_layers
from bench.data.splits import DataSet
from bench.errors import MeasurementError
from bench.measuring.flops import count_dispatched
from bench.models.building import build
from bench.models.convolutional import ConvConfig, ConvNet
from bench.models.mlp import Mlp, MlpConfig
from bench.training.loop import Recipe, score, train

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = Recipe(num_steps=150, num_rows=32, learning_rate=3e-3, warmup_steps=5)
BRIEF = replace(RECIPE, num_steps=20)


def pruned(recipe: str, model: nn.Module, data: DataSet, training: Recipe = BRIEF) -> Form:
    form = Form(model, len(stored_bytes(model)), sum(p.numel() for p in model.parameters()))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    found = follow(read_recipe(recipe), form, Studio(model, data, "cpu", training))
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items()), "left alone"
    pickle.loads(pickle.dumps(found.module))
    return found


def zero_share(model: nn.Module) -> float:
    weights = torch.cat([layer.weight.flatten() for layer in prunable_layers(model).values()])
    return float((weights == 0).double().mean())


def accuracy(model: nn.Module, data: DataSet) -> float:
    shares = score(model, data.validation).accuracies_share
    return sum(shares) / len(shares)


@pytest.mark.parametrize("scope", ["global", "layer"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_magnitude_reaches_its_share_and_keeps_the_largest(
    scope: str, share: float, trained: nn.Module, digits: DataSet
) -> None:
    form = pruned(f"prune(magnitude, {share}, {scope})", trained, digits)
    total = sum(layer.weight.numel() for layer in prunable_layers(trained).values())
    assert zero_share(form.module) == pytest.approx(share, abs=3 / total)
    assert form.num_params == MlpConfig().params - round(zero_share(form.module) * total)
    assert form.forward_flops is None, "the shape is as dense as before"
    assert form.file_bytes == len(stored_bytes(trained)), "zeros do not shrink a dense file"
    assert any("no speed" in note for note in form.notes)
    layers = prunable_layers(trained)
    masks = masks_of(form.module)
    if scope == "layer":
        for name, zero in masks.items():
            assert float(zero.double().mean()) == pytest.approx(share, abs=1 / zero.numel())
            assert layers[name].weight[zero].abs().max() < layers[name].weight[~zero].abs().min()
    else:
        removed = torch.cat([layers[name].weight[zero].abs() for name, zero in masks.items()])
        kept = torch.cat([layers[name].weight[~zero].abs() for name, zero in masks.items()])
        assert removed.max() < kept.min()
    for name, value in form.module.state_dict().items():
        if name.endswith("bias"):
            assert torch.equal(value, trained.state_dict()[name])


def test_a_dense_file_of_zeros_zips_smaller(trained: nn.Module, digits: DataSet) -> None:
    [few, many] = [
        int(
            pruned(f"prune(magnitude, {share})", trained, digits)
            .notes[-1]
            .rpartition(" ")[2]
            .replace(",", "")
        )
        for share in (0.5, 0.9)
    ]
    assert many < 0.5 * few < 0.5 * len(stored_bytes(trained))


def test_shares_of_two_prunings_do_not_add_up(trained: nn.Module, digits: DataSet) -> None:
    form = pruned("prune(magnitude, 0.5) -> prune(magnitude, 0.75)", trained, digits)
    assert zero_share(form.module) == pytest.approx(0.75, abs=1e-4)


@pytest.mark.parametrize("optimizer", ["adamw", "sgd", "rmsprop"])
def test_zeros_stay_zero_while_training_on(optimizer: str, trained: nn.Module, digits: DataSet) -> None:
    recipe = replace(BRIEF, optimizer=optimizer)
    once = pruned("prune(magnitude, 0.8)", trained, digits)
    before, after = masks_of(once.module), {}
    for how in ("finetune", "distil(logits)", "distil(features)", "restart", "restart -> finetune"):
        form = pruned(f"prune(magnitude, 0.8) -> {how}", trained, digits, recipe)
        after = masks_of(form.module)
        for name, layer in prunable_layers(form.module).items():
            assert torch.equal(after[name], before[name])
            kept = ~before[name] & (layer.weight != prunable_layers(trained)[name].weight)
            assert kept.any(), "what is left was trained"
        assert form.num_params == once.num_params


def test_collapse_without_training_and_recovery_with_it(trained: nn.Module, digits: DataSet) -> None:
    whole = accuracy(trained, digits)
    once = pruned("prune(magnitude, 0.93)", trained, digits)
    again = pruned("prune(magnitude, 0.93) -> finetune", trained, digits, RECIPE)
    gradual = pruned("prune(gradual, 0.93)", trained, digits, RECIPE)
    assert accuracy(once.module, digits) < whole - 0.25
    assert accuracy(again.module, digits) > whole - 0.1
    assert accuracy(gradual.module, digits) > whole - 0.1
    assert zero_share(gradual.module) == pytest.approx(0.93, abs=1e-4)
    assert (gradual.cost.training_steps, again.cost.training_steps, once.cost.training_steps) == (150, 150, 0)
    assert gradual.cost.training_flops == 150 * MlpConfig().training_flops(32)


def test_gradual_pruning_that_ends_early_still_reaches_its_share(trained: nn.Module, digits: DataSet) -> None:
    form = pruned("prune(gradual, 0.6, layer)", trained, digits, replace(RECIPE, max_seconds=0.0))
    assert zero_share(form.module) == pytest.approx(0.6, abs=1e-3)
    assert any("ended early, at step 10" in note for note in form.notes)


def test_the_cubic_schedule_worked_by_hand() -> None:
    assert [cubic_share(0.8, at) for at in (0, 0.5, 1)] == pytest.approx([0, 0.7, 0.8])


def test_two_of_four_keeps_the_two_largest_and_names_what_it_leaves_out(digits: DataSet) -> None:
    model = build(MlpConfig(hidden_widths=(30, 16)))
    form = pruned("prune(2:4)", model, digits)
    layers, originals = prunable_layers(form.module), prunable_layers(model)
    for name in ("layers.0", "layers.4"):
        groups, whole = (each[name].weight.view(-1, 4) for each in (layers, originals))
        assert ((groups != 0).sum(1) == 2).all()
        torch.testing.assert_close(groups.abs().sum(1), whole.abs().topk(2, dim=1).values.sum(1))
    assert torch.equal(layers["layers.2"].weight, originals["layers.2"].weight)
    assert "2:4 left out layers.2 (Linear 16 x 30)" in form.notes[-1]
    with pytest.raises(MeasurementError, match=r"prune\(2:4, 0.75\): .* always one half"):
        pruned("prune(2:4, 0.75)", model, digits)
    with pytest.raises(MeasurementError, match="no linear layer whose inputs divide by 4: 0 "):
        pruned("prune(2:4)", nn.Sequential(nn.Linear(6, 3)), digits)


@pytest.mark.parametrize("kind", ["neurons", "structured"])
def test_a_narrower_perceptron_is_a_real_one(kind: str, trained: nn.Module, digits: DataSet) -> None:
    form = pruned(f"prune({kind}, 0.75)", trained, digits)
    assert isinstance(form.module, Mlp)
    config = form.module.config
    assert config == MlpConfig(hidden_widths=(32, 32))
    assert form.num_params == config.params == sum(p.numel() for p in form.module.parameters())
    assert form.forward_flops == config.forward_flops(1)
    assert form.file_bytes < 0.25 * len(stored_bytes(trained))
    assert "layers.0 128 to 32" in form.method


def test_neurons_that_do_nothing_can_go(digits: DataSet) -> None:
    model = build(MlpConfig())
    with torch.no_grad():
        for first, second in ((0, 2), (2, 4)):
            idle = torch.randperm(128, generator=torch.Generator().manual_seed(first))[:64]
            model.layers[first].weight[idle] = 0  # type: ignore[index]
            model.layers[first].bias[idle] = 0  # type: ignore[index]
            model.layers[second].weight[:, idle] = 0  # type: ignore[index]
    form = pruned("prune(neurons, 0.5)", model, digits)
    torch.testing.assert_close(form.module(digits.test.inputs), model(digits.test.inputs))


def test_collapse_of_neurons_and_recovery(trained: nn.Module, digits: DataSet) -> None:
    whole = accuracy(trained, digits)
    collapsed = pruned("prune(neurons, 0.75)", trained, digits)
    recovered = pruned("prune(neurons, 0.75) -> distil", trained, digits, RECIPE)
    assert accuracy(collapsed.module, digits) < whole - 0.05
    assert accuracy(recovered.module, digits) > whole - 0.04
    assert recovered.forward_flops == collapsed.forward_flops


def test_zeros_of_magnitude_stay_in_what_neurons_leave(trained: nn.Module, digits: DataSet) -> None:
    form = pruned("prune(magnitude, 0.5) -> prune(neurons, 0.5) -> finetune", trained, digits)
    assert isinstance(form.module, Mlp)
    zeros = sum(int(zero.sum()) for zero in masks_of(form.module).values())
    assert zeros > 1000
    assert form.num_params == form.module.config.params - zeros


def test_channels_of_a_convolutional_net(digits: DataSet) -> None:
    images = digits.as_images()
    config = ConvConfig(widths=(16, 32), blocks_per_stage=(2, 1))
    model = build(config)
    train(model, images, replace(RECIPE, num_steps=40))
    form = pruned("prune(structured, 0.5)", model.eval(), images)
    assert isinstance(form.module, ConvNet)
    assert form.module.config == replace(config, widths=(8, 16))
    assert form.num_params == form.module.config.params
    assert form.forward_flops == form.module.config.forward_flops(1)
    assert form.module(images.test.inputs[:3]).shape == (3, 10)
    assert not torch.equal(form.module.stem[1].running_mean, torch.zeros(8)), "norms go along"  # type: ignore[arg-type]
    features = pruned("prune(structured, 0.5) -> distil(features)", model, images)
    assert features.cost.training_flops > 20 * config.forward_flops(32)


class Own(nn.Module):
    """A user's model: an embedding of pixels' sum, two towers that add up, a head."""

    def __init__(self, reshapes: bool = False) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, 20), nn.Linear(64, 20)
        self.norm = nn.LayerNorm(20)
        self.head = nn.Linear(20, 10)
        self.reshapes = reshapes

    def forward(self, inputs: Tensor) -> Tensor:
        hidden = self.norm(torch.relu(self.first(inputs) + self.second(inputs)))
        if self.reshapes:
            hidden = hidden.view(-1, 4, 5).transpose(1, 2).reshape(-1, 20)
        logits: Tensor = self.head(hidden)
        return logits


def test_a_model_of_the_users_own(digits: DataSet) -> None:
    torch.manual_seed(0)
    model = Own()
    form = pruned("prune(neurons, 0.5) -> finetune", model, digits)
    assert form.num_params == 2 * (64 * 10 + 10) + 2 * 10 + 10 * 10 + 10
    products = 2 * (2 * 64 * 10 + 10 * 10)
    assert form.forward_flops == products
    assert form.cost.training_flops == pytest.approx(20 * 32 * 3 * products, rel=0.4)
    counted = count_dispatched(form.module, digits.test.inputs[:1], "here", training=False)
    assert counted.flops == products
    assert zero_share(pruned("prune(magnitude, 0.5)", model, digits).module) == pytest.approx(0.5, abs=1e-3)
    with pytest.raises(
        MeasurementError, match=r"narrower, whose layers are first \(Linear\), second \(Linear\), head"
    ):
        pruned("prune(neurons, 0.5)", Own(reshapes=True), digits)
    with pytest.raises(MeasurementError, match=r"distil\(features\): .* not of Own"):
        pruned("distil(features)", model, digits)


@pytest.mark.parametrize(
    ("recipe", "reason"),
    [
        ("prune(magnitude, 0.9999)", r"would leave 0 weights of .*; the largest share that works is 0\.9"),
        ("prune(gradual, 0.9999)", "would leave 0 weights of"),
        ("prune(magnitude, 0.9999, layer)", r"layers\.4 \(Linear 10 x 128\).* is 0\.9992"),
        (
            "prune(neurons, 0.999)",
            r"would leave 0 of 128 in layers\.0; the largest share that works is 0\.996",
        ),
        ("prune(neurons, 0.001)", r"rounds to nothing removed of 128 in layers\.0.* is 0\.005"),
        (
            "prune(heads, 0.5)",
            r"prune\(heads, 0\.5\): no attention .* Mlp, whose layers are layers\.0 \(Linear\)",
        ),
        ("prune(layers, 0.5)", r"no blocks of a transformer .* in Mlp"),
    ],
)
def test_what_cannot_be_pruned_is_said(recipe: str, reason: str, trained: nn.Module, digits: DataSet) -> None:
    with pytest.raises(MeasurementError, match=reason):
        pruned(recipe, trained, digits)


def test_the_share_named_in_the_error_works(trained: nn.Module, digits: DataSet) -> None:
    for recipe in ("prune(magnitude, {})", "prune(magnitude, {}, layer)", "prune(neurons, {})"):
        with pytest.raises(MeasurementError) as error:
            pruned(recipe.format(0.9999), trained, digits)
        largest = float(str(error.value).rpartition(" ")[2])
        pruned(recipe.format(largest), trained, digits)
    with pytest.raises(MeasurementError) as error:
        pruned("prune(neurons, 0.001)", trained, digits)
    smallest = float(str(error.value).rpartition(" ")[2])
    pruned(f"prune(neurons, {smallest})", trained, digits)


def test_a_model_without_layers_to_prune(digits: DataSet) -> None:
    with pytest.raises(MeasurementError, match="no linear or convolutional layer in Flatten"):
        pruned("prune(magnitude)", nn.Flatten(), digits)
    with pytest.raises(MeasurementError, match="no layer before the last one, 0: nothing to narrow"):
        pruned("prune(neurons)", nn.Sequential(nn.Linear(64, 10)), digits)


def test_without_torch_pruning_the_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, trained: nn.Module, digits: DataSet
) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name == "torch_pruning":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(MeasurementError, match=r"pip install 'benchplan\[compress\]'"):
        pruned("prune(neurons)", trained, digits)


def test_widths_stay_multiples_of_eight_where_they_can() -> None:
    [step] = read_recipe("prune(neurons)").steps
    kept = {
        (count, share): kept_count(count, share, step, "a layer")
        for count, share in [
            (128, 0.75),
            (128, 0.7),
            (128, 0.97),
            (128, 0.01),
            (130, 0.7),
            (20, 0.5),
            (3, 0.5),
        ]
    }
    assert list(kept.values()) == [32, 40, 4, 127, 39, 10, 2]


def test_same_seed_same_result(trained: nn.Module, digits: DataSet) -> None:
    for recipe in ("prune(gradual, 0.8)", "prune(neurons) -> distil(features)", "restart -> finetune"):
        first, second = (pruned(recipe, trained, digits).module.state_dict() for _ in range(2))
        assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_training_on_is_the_training_loop(digits: DataSet) -> None:
    plain = build(MlpConfig())
    train(plain, digits, Studio(plain, digits, "cpu", BRIEF).training())
    form = pruned("finetune", build(MlpConfig()), digits)
    assert all(
        torch.equal(value, form.module.state_dict()[name]) for name, value in plain.state_dict().items()
    )
