"""The teacher's loss is Hinton's, vanishes for a student that is its teacher, and moves a student towards it."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from bench.compression.distillation import RESTART_SEED_OFFSET, distillation_loss
from bench.compression.forms import Form, Studio, follow
from bench.compression.hidden_states import HiddenStates, evenly_mapped, match
from bench.compression.recipes import read_recipe
from bench.compression.tuning import stored_bytes
from bench.data.splits import DataSet
from bench.errors import MeasurementError
from bench.models.building import build
from bench.models.mlp import MlpConfig
from bench.training.loop import Recipe

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPE = Recipe(num_steps=60, num_rows=32, learning_rate=3e-3, warmup_steps=5)


def followed(recipe: str, student: nn.Module, studio: Studio) -> Form:
    form = Form(student, len(stored_bytes(student)), sum(p.numel() for p in student.parameters()))
    return follow(read_recipe(recipe), form, studio)


def divergence(student: nn.Module, teacher: nn.Module, inputs: Tensor) -> float:
    with torch.no_grad():
        return float(distillation_loss(student(inputs), teacher(inputs), 1.0))


def test_the_loss_worked_by_hand() -> None:
    logits, taught = torch.zeros(1, 2), torch.tensor([[2 * math.log(3), 0.0]])
    # At temperature 2 the teacher says 3/4 and 1/4, the student 1/2 and 1/2.
    expected = 4 * (0.75 * math.log(1.5) + 0.25 * math.log(0.5))
    assert float(distillation_loss(logits, taught, 2.0)) == pytest.approx(expected, rel=1e-6)
    tokens = distillation_loss(logits.expand(3, 5, 2), taught.expand(3, 5, 2), 2.0)
    assert float(tokens) == pytest.approx(expected, rel=1e-6), "a mean over all predictions"


@pytest.mark.parametrize("temperature", [0.5, 1.0, 8.0])
def test_a_student_that_is_its_teacher_has_nothing_to_learn(
    temperature: float, teacher: nn.Module, digits: DataSet
) -> None:
    logits = teacher(digits.test.inputs).detach().requires_grad_()
    loss = distillation_loss(logits, logits.detach(), temperature)
    [gradient] = torch.autograd.grad(loss, [logits])
    assert abs(float(loss)) < 1e-6
    assert float(gradient.abs().max()) < 1e-7


def test_gradients_hardly_depend_on_a_high_temperature(teacher: nn.Module, digits: DataSet) -> None:
    taught = teacher(digits.test.inputs).detach()
    norms = []
    for temperature in (50.0, 100.0):
        logits = torch.zeros_like(taught, requires_grad=True)
        [gradient] = torch.autograd.grad(distillation_loss(logits, taught, temperature), [logits])
        norms.append(float(gradient.norm()))
    assert norms[0] == pytest.approx(norms[1], rel=0.1)


@pytest.mark.parametrize("source", ["logits", "features"])
def test_a_student_comes_nearer_to_its_teacher_than_by_the_data_alone(
    source: str, teacher: nn.Module, digits: DataSet
) -> None:
    student, inputs = build(MlpConfig(hidden_widths=(24, 24)), seed=7), digits.test.inputs
    studio = Studio(teacher, digits, "cpu", replace(RECIPE, num_steps=150))
    before = {name: value.clone() for name, value in teacher.state_dict().items()}
    taught = followed(f"distil({source}, 2)", student, studio)
    alone = followed("finetune", student, studio)
    assert divergence(taught.module, teacher, inputs) < divergence(alone.module, teacher, inputs)
    assert divergence(alone.module, teacher, inputs) < divergence(student, teacher, inputs)
    assert all(torch.equal(value, before[name]) for name, value in teacher.state_dict().items())
    assert not any(p.grad is not None for p in student.parameters()), "the student given is left alone"
    shape = MlpConfig(hidden_widths=(24, 24))
    own, beside = shape.training_flops(32), MlpConfig().forward_flops(32)
    assert taught.cost.training_flops == 150 * (own + beside)
    assert alone.cost.training_flops == 150 * own
    assert taught.cost.seconds > 0
    assert taught.module.state_dict().keys() == student.state_dict().keys(), "projections were thrown away"
    assert ("2 of them through linear layers" in taught.method) == (source == "features")
    assert "temperature 2" in taught.method


def test_features_alone_pull_hidden_states_together(teacher: nn.Module, digits: DataSet) -> None:
    student, inputs = build(MlpConfig(hidden_widths=(24,)), seed=7), digits.training.inputs[:64]
    with HiddenStates(student, "here") as own, HiddenStates(teacher, "here") as taught:
        matched = match(student, teacher, own, taught, inputs, seed=0)
        optimizer = torch.optim.Adam(matched.parameters(), lr=1e-2)
        losses = []
        for _ in range(30):
            matched(inputs)
            teacher(inputs)
            loss = matched.loss()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(float(loss.detach()))
    assert losses[-1] < 0.3 * losses[0]
    assert [type(each) for each in matched.projections] == [nn.Linear]


def test_a_teacher_as_student_matches_its_own_features(teacher: nn.Module, digits: DataSet) -> None:
    with HiddenStates(teacher, "here") as own, HiddenStates(teacher, "here") as taught:
        matched = match(teacher, teacher, own, taught, digits.test.inputs, seed=0)
        matched(digits.test.inputs)
        assert float(matched.loss()) == 0
    assert not any(module._forward_hooks for module in teacher.modules()), "nothing stays behind"


def test_states_are_mapped_evenly_and_the_last_to_the_last() -> None:
    assert evenly_mapped(2, 4) == [(0, 1), (1, 3)]
    assert evenly_mapped(3, 3) == [(0, 0), (1, 1), (2, 2)]
    assert evenly_mapped(3, 12) == [(0, 3), (1, 7), (2, 11)]
    assert evenly_mapped(4, 1) == [(0, 0), (1, 0), (2, 0), (3, 0)]


def test_hidden_states_of_unknown_models_are_refused(digits: DataSet) -> None:
    for model in (nn.Sequential(nn.Linear(64, 10)), build(MlpConfig(hidden_widths=()))):
        with pytest.raises(
            MeasurementError, match=r"distil\(features\): hidden states .* take distil\(logits\)"
        ):
            followed("distil(features)", model, Studio(model, digits, "cpu", RECIPE))


def test_restart_draws_the_weights_of_a_new_seed(teacher: nn.Module, digits: DataSet) -> None:
    studio = Studio(teacher, digits, "cpu", replace(RECIPE, seed=4))
    form = followed("restart", teacher, studio)
    fresh = build(MlpConfig(), seed=4 + RESTART_SEED_OFFSET).state_dict()
    assert all(torch.equal(value, fresh[name]) for name, value in form.module.state_dict().items())
    own = nn.Sequential(nn.Linear(64, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 10))
    first, second = (followed("restart", own, studio).module.state_dict() for _ in range(2))
    assert all(torch.equal(value, second[name]) for name, value in first.items())
    assert not torch.equal(first["0.weight"], own[0].weight)


def test_restart_names_what_cannot_draw_new_weights(digits: DataSet) -> None:
    class Scaled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(64))
            self.head = nn.Linear(64, 10)

        def forward(self, inputs: Tensor) -> Tensor:
            logits: Tensor = self.head(self.scale * inputs)
            return logits

    model = Scaled()
    with pytest.raises(MeasurementError, match=r"restart: no reset_parameters.* the model itself \(Scaled\)"):
        followed("restart", model, Studio(model, digits, "cpu", RECIPE))


def test_the_control_without_a_teacher_is_trained_as_long(teacher: nn.Module, digits: DataSet) -> None:
    recipe = read_recipe("prune(neurons, 0.75) -> distil(logits, 2, 30)")
    studio = Studio(teacher, digits, "cpu", RECIPE)
    taught, control = (followed(str(each), teacher, studio) for each in (recipe, recipe.control()))
    assert taught.cost.training_steps == control.cost.training_steps == 30
    assert taught.num_params == control.num_params
    assert "drawn anew" in control.method


def test_bf16_autocast_serves_student_and_teacher(digits: DataSet) -> None:
    model = build(MlpConfig())
    studio = Studio(model, digits, "cpu", replace(RECIPE, num_steps=3, autocast="on"))
    form = followed("distil(features)", model, studio)
    assert all(value.dtype == torch.float32 for value in form.module.state_dict().values())


def test_a_failed_training_is_an_error_of_measuring(digits: DataSet) -> None:
    bad = build(MlpConfig())
    with torch.no_grad():
        bad.layers[0].weight.fill_(math.inf)  # type: ignore[union-attr,operator]
    with pytest.raises(MeasurementError, match="loss"):
        followed("finetune", bad, Studio(bad, digits, "cpu", RECIPE))
