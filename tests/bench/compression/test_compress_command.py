"""`bench compress` measures what each recipe is worth, keeps what fails with its reason, and resumes."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bench.cli import bench
from bench.errors import BenchplanError, InputError
from bench.record import Measurement, Record, load_folder

SHORT = ["compress", "--steps", "60", "--tuning-steps", "20", "--device", "cpu"]
RECIPES = ["prune(magnitude, 0.9)", "prune(neurons, 0.5) -> distil", "prune(heads, 0.5)", "int8"]
DISTILLED, CONTROL = "prune(neurons, 0.5) -> distil", "prune(neurons, 0.5) -> restart -> finetune"


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(bench, [str(argument) for argument in arguments])


def recipes(*texts: str) -> list[str]:
    return [part for text in texts for part in ("--recipe", text)]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Record, Path, Result]:
    folder = tmp_path_factory.mktemp("compress")
    kept = folder / "kept"
    result = invoke(
        *SHORT, *recipes(*RECIPES), "--seeds", "2", "--checkpoint", kept, "-o", folder / "measurements"
    )
    assert result.exit_code == 0, result.output
    [(_, record)] = load_folder(folder / "measurements")
    return record, kept, result


def found(record: Record, variant: str, name: str, **conditions: float) -> Measurement:
    measurement = record.find("mlp", name, variant, **conditions)
    assert measurement is not None, f"{variant} {name}"
    return measurement


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--recipe", "prun(neurons)"], "did you mean 'prune'?"),
        (["--recipe", "prune(neurons, 1)"], "would remove everything"),
        (["--resume"], "--checkpoint DIR"),
        (["--max-bytes", "1000"], "give --search SECONDS as well"),
        (["--search", "5"], "needs a bound"),
        (["--model", "gtp"], "gpt"),
    ],
)
def test_what_cannot_be_asked_for_is_refused_with_what_can(
    arguments: list[str], said: str, tmp_path: Path
) -> None:
    result = invoke("compress", *arguments, "-o", tmp_path)
    assert isinstance(result.exception, InputError), result.output
    assert said in str(result.exception)
    assert not list(tmp_path.iterdir())


def test_each_recipe_has_size_speed_quality_and_cost(finished: tuple[Record, Path, Result]) -> None:
    record, _, result = finished
    assert record.suite == "compress"
    for variant in (RECIPES[0], DISTILLED, "int8"):
        for batch in (1, 32):
            ratio = found(record, variant, "latency_ratio", batch=batch)
            assert ratio.low is not None
            assert "fp32 against itself" in ratio.note
        for name in ("file_ratio", "params", "loss_ratio", "recipe_seconds", "dominating_recipes"):
            assert found(record, variant, name).value is not None
        assert len(found(record, variant, "accuracy_difference_share").method) > 10
        assert variant in result.output
    assert found(record, DISTILLED, "file_ratio").value == pytest.approx(0.4, abs=0.15)
    assert found(record, DISTILLED, "recipe_training_flops").value


def test_distillation_is_told_beside_its_control_with_both_numbers(
    finished: tuple[Record, Path, Result],
) -> None:
    record, _, _ = finished
    mine, other = (found(record, variant, "accuracy_share") for variant in (DISTILLED, CONTROL))
    difference = found(record, DISTILLED, "scratch_accuracy_difference_share")
    assert mine.value is not None
    assert other.value is not None
    assert difference.value == pytest.approx(mine.value - other.value)
    assert difference.low is not None
    assert "over 2 seed(s) it" in difference.note
    assert record.find("mlp", "latency_ratio", CONTROL, batch=1) is None


def test_zeros_that_are_run_dense_gain_nothing_and_the_verdict_says_so(
    finished: tuple[Record, Path, Result],
) -> None:
    record, _, _ = finished
    ratio = found(record, RECIPES[0], "latency_ratio", batch=1)
    assert ratio.value == pytest.approx(1.0, abs=0.25)
    if not ratio.note.startswith("faster"):
        assert "zeros are multiplied like any other number" in ratio.note or "quiet machine" in ratio.note


def test_what_cannot_be_made_is_told_with_its_reason_and_the_rest_goes_on(
    finished: tuple[Record, Path, Result],
) -> None:
    record, _, result = finished
    failed = found(record, "prune(heads, 0.5)", "latency_ratio", batch=1)
    assert failed.value is None
    assert failed.note.startswith("not measured: prune(heads")
    assert "prune(heads, 0.5) was not measured" in result.output


@pytest.mark.slow
def test_a_run_goes_on_from_its_checkpoint_with_the_same_scores(
    finished: tuple[Record, Path, Result], tmp_path: Path
) -> None:
    record, kept, _ = finished
    arguments = [*SHORT, *recipes(*RECIPES[:2]), "--seeds", "2", "--checkpoint", kept, "-o", tmp_path]
    refused = invoke(*arguments)
    assert isinstance(refused.exception, BenchplanError)
    assert "--resume" in str(refused.exception)
    result = invoke(*arguments, "--resume")
    assert result.exit_code == 0, result.output
    [(_, again)] = load_folder(tmp_path)
    for variant in ("fp32", RECIPES[0], DISTILLED, CONTROL):
        before, after = (found(each, variant, "loss_nats_per_item") for each in (record, again))
        assert (before.value, before.low, before.high) == (after.value, after.low, after.high)


@pytest.mark.slow
def test_a_search_says_what_keeps_to_the_budget_or_that_nothing_does(tmp_path: Path) -> None:
    arguments = [*SHORT, *recipes("prune(neurons, 0.5) -> finetune"), "--seeds", "1", "--search", "15"]
    result = invoke(*arguments, "--max-bytes", "30000", "--max-accuracy-loss", "0.5", "-o", tmp_path)
    assert result.exit_code == 0, result.output
    assert "The search for at most 30,000 bytes" in result.output
    [(_, record)] = load_folder(tmp_path)
    sizes = [m.value for m in record.measurements if m.name == "file_bytes" and m.value]
    assert min(sizes) <= 30_000 or "found none" in result.output
