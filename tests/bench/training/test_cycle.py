"""The cycle chooses on the validation part alone, and keeps the default unless another is better beyond doubt."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from bench.data.digits import load_digits
from bench.data.splits import Batch, DataSet
from bench.errors import MeasurementError
from bench.models.building import Model, build
from bench.models.mlp import MlpConfig
from bench.training import cycle
from bench.training.cycle import Trial, Workload, choose_shape, run_cycle, save_and_load
from bench.training.loop import Recipe, Scores

SHORT = Recipe(num_steps=40, num_rows=32, learning_rate=0.0, warmup_steps=5)


def workload(data: DataSet) -> Workload:
    return Workload(
        subject="mlp",
        make_data=lambda: data,
        candidates=(MlpConfig(), MlpConfig(hidden_widths=(1,))),
        learning_rates=(1e-5, 3e-3, 1e-6),
        search=SHORT,
        final=SHORT,
        throughput_rows=8,
    )


def trial(name: str, losses: tuple[float, ...]) -> Trial:
    return Trial(name, MlpConfig(), SHORT, Scores(losses, losses))


def test_the_better_learning_rate_is_found_and_every_trial_told() -> None:
    trained = run_cycle(
        replace(workload(load_digits()), learning_rates=(1e-6, 1e-5, 3e-3)), "cpu", lambda text: None
    )
    assert trained.recipe.learning_rate == 3e-3
    assert len(trained.trials) == 4
    assert len(trained.test.losses_nats) == len(trained.data.test.inputs)
    assert trained.compared_outputs == 32 * 10


def test_the_test_part_has_no_say() -> None:
    data = load_digits()
    shuffled = replace(data, test=Batch(data.test.inputs.flip(0), data.test.targets))
    runs = [run_cycle(workload(each), "cpu", lambda text: None) for each in (data, shuffled)]
    assert runs[0].recipe == runs[1].recipe
    for a, b in zip(runs[0].model.parameters(), runs[1].model.parameters(), strict=True):
        assert torch.equal(a, b)
    assert runs[0].test.loss_nats != runs[1].test.loss_nats


def test_the_default_stays_unless_another_is_better_beyond_doubt() -> None:
    default = trial("default", (1.0, 2.0, 1.0, 2.0, 1.0, 2.0))
    luckier = trial("luckier", (2.0, 1.0, 2.0, 1.0, 1.9, 0.9))
    better = trial("better", (0.9, 1.8, 0.9, 1.7, 0.8, 1.9))
    best = trial("best", (0.5, 1.5, 0.5, 1.5, 0.5, 1.5))
    assert choose_shape([default]).label == "default"
    assert choose_shape([default, luckier]).label == "default"
    assert choose_shape([default, luckier, better]).label == "better"
    assert choose_shape([default, best, better]).label == "best"


def test_a_loaded_model_that_differs_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_another(path: object) -> Model:
        return build(MlpConfig(), seed=1)

    monkeypatch.setattr(cycle, "load_model", load_another)
    data = load_digits()
    with pytest.raises(MeasurementError, match="gives other outputs"):
        save_and_load(build(MlpConfig(), seed=0), data.test, "cpu")
