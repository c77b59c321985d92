"""What a plan takes for its recipe: the user's, measured on its hardware, published for it, or an estimate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.record import Measurement, Record, load, save
from planner.compression_evidence import Known, known_recipes, used
from planner.compression_evidence.known import Asked
from planner.compression_evidence.roofline import estimated, roofline_ratio
from planner.errors import ScenarioError
from planner.leaves import Leaf
from planner.measurements import find
from planner.preparing import prepare
from tests.planner.conftest import RECORD, ROOT

QUIET = load(ROOT / "scenarios" / "measurements" / "quick-cpu-x86-2-cores.json")
MACHINE = ROOT / "scenarios" / "this_machine.yaml"
OPEN = ROOT / "scenarios" / "open_platform.yaml"
RECIPE = "prune(heads, 0.5) -> distil -> onnx(int8)"
H200 = (
    "serving.serving_accelerator=h200-sxm", "serving.weight_precision=bf16",
    "serving.serving_tokens_per_gpu_second=1500", "serving.gpus_per_replica=2",
)  # fmt: skip
FP32 = (
    "serving.weight_precision=fp32",
    f"serving.compression={RECIPE}",
    "serving.compression_batch_requests=32",
)

Write = Callable[..., Path]


@pytest.fixture
def record(tmp_path: Path) -> Write:
    """Write a record of the suite `compress`, of the shipped record's machine or another, beside a quick run."""

    def write(
        values: Mapping[tuple[str, str, tuple[int, ...]], float | None] = {},
        *,
        fingerprint: str = "",
        subject: str = "gpt",
        recipe: str = RECIPE,
        note: str = "",
    ) -> Path:
        machine = QUIET.machine
        if fingerprint:
            machine = machine.model_copy(update={"fingerprint": fingerprint, "description": "Another CPU"})
        found = [
            _measurement(subject, variant, name, where, value, note)
            for (variant, name, where), value in (measured(recipe) | dict(values)).items()
        ]
        made = Record(
            suite="compress", device="cpu", created_at=datetime(2026, 11, 26, tzinfo=UTC), benchplan_version="0.1.0",
            machine=machine, measurements=tuple(found), duration_seconds=1.0, contended=False,
        )  # fmt: skip
        folder = tmp_path / "records"
        folder.mkdir(exist_ok=True)
        save(made, folder / f"compress-{len(list(folder.iterdir()))}.json")
        save(
            QUIET.model_copy(update={"created_at": datetime(2026, 11, 27, tzinfo=UTC)}), folder / "quick.json"
        )
        return folder

    return write


def measured(recipe: str) -> dict[tuple[str, str, tuple[int, ...]], float | None]:
    """A reading takes 2 s for a batch, a step of writing 0.1 s; the recipe makes them 2 and 4 times as fast."""
    return {
        ("fp32", "params", ()): 1.7e6,
        ("fp32", "prefill_seconds", (32, 100)): 2.0,
        ("fp32", "decode_seconds_per_token", (32, 100)): 0.1,
        (recipe, "prefill_ratio", (32, 100)): 2.0,
        (recipe, "decode_ratio", (32, 100)): 4.0,
        (recipe, "decode_ratio", (1, 100)): 9.0,
        (recipe, "latency_ratio", (1,)): 5.0,
        (recipe, "file_ratio", ()): 0.1,
        (recipe, "loss_ratio", ()): 1.25,
        (recipe, "recipe_seconds", ()): 7200.0,
    }


def _measurement(
    subject: str, variant: str, name: str, where: tuple[int, ...], value: float | None, note: str
) -> Measurement:
    names = ("batch", "context_tokens")
    conditions: dict[str, int | float | str] = dict(zip(names, where, strict=False))
    return Measurement(
        subject=subject, variant=variant, name=name, conditions=conditions, value=value, method="timed",
        note=note if value is None else "",
    )  # fmt: skip


def leaves_of(path: Path, *sets: str, measurements: str | Path = RECORD) -> dict[str, Leaf]:
    return dict(prepare(path, sets, str(measurements)).leaves)


def recipes_of(path: Path, *sets: str, measurements: str | Path = RECORD) -> tuple[Known, ...]:
    ready = prepare(path, sets, str(measurements))
    return known_recipes(ready.loaded.scenario, ready.measured, 70.6e9)


def ratio(leaves: Mapping[str, Leaf], name: str = "speedup") -> float:
    return float(leaves[f"compression_{name}_ratio"].central())


def test_without_a_recipe_nothing_changes() -> None:
    leaves = leaves_of(OPEN)
    assert [ratio(leaves, name) for name in ("speedup", "weights", "quality")] == [1, 1, 1]
    assert leaves["compression_usd"].central() == 0
    assert leaves["compression_speedup_ratio"].evidence.reference == "choice of the scenario"


@pytest.mark.parametrize(("batch", "speedup"), [(1, 1.93), (8, 1.03), (64, 0.88), (200, 0.88)])
def test_a_published_run_is_the_one_of_the_nearest_batch(batch: int, speedup: float) -> None:
    leaves = leaves_of(
        OPEN, *H200, "serving.compression=int4_awq", f"serving.compression_batch_requests={batch}"
    )
    leaf = leaves["compression_speedup_ratio"]
    assert ratio(leaves) == speedup
    assert leaf.evidence.kind == ("assumed" if batch == 200 else "published")
    assert "h200-sxm, batch" in leaf.evidence.note
    assert len(leaf.beside) > 2


def test_a_run_at_a_batch_too_far_off_is_told_and_not_used() -> None:
    leaves = leaves_of(OPEN, *H200, "serving.compression=int4_awq", "serving.compression_batch_requests=4096")
    leaf = leaves["compression_speedup_ratio"]
    assert leaf.evidence.kind == "assumed"
    assert leaf.evidence.reference.startswith("estimate")
    assert ratio(leaves) <= 1, "arithmetic is the same, so that nothing is faster at such a batch"
    assert any("more than 8 times off" in line for line in leaf.beside)


def test_the_nearest_size_goes_before_the_nearest_batch() -> None:
    small = leaves_of(OPEN, *H200, "model.base=llama-3.1-8b", "serving.compression=int4_awq")
    large = leaves_of(OPEN, *H200, "serving.compression=int4_awq")
    assert (ratio(small), ratio(large)) == (0.83, 0.88)


def test_size_and_quality_come_from_the_same_recipe_elsewhere() -> None:
    leaves = leaves_of(OPEN, *H200, "serving.compression=int4_awq")
    assert ratio(leaves, "weights") == pytest.approx(4.125 / 16)
    assert leaves["compression_weights_ratio"].evidence.kind == "assumed"
    assert ratio(leaves, "quality") == pytest.approx(1 - 0.0107)
    assert "MMLU" in leaves["compression_quality_ratio"].evidence.note
    assert leaves["compression_usd"].evidence.kind == "assumed"
    assert leaves["compression_usd"].uncertain


def test_what_the_user_writes_wins_and_the_rest_is_told_beside() -> None:
    sets = ("serving.compression=int4_awq", "serving.compression_speedup_ratio=1.4")
    leaf = leaves_of(OPEN, *H200, *sets)["compression_speedup_ratio"]
    assert leaf.central() == 1.4
    assert "0.88 times as fast" in leaf.beside[0]
    assert "the user's value stands" in leaf.beside[0]


def test_measured_on_the_hardware_goes_before_all_else(record: Write) -> None:
    leaves = leaves_of(MACHINE, *FP32, measurements=record())
    speedup = leaves["compression_speedup_ratio"]
    # 100 tokens read take 2 s and 20 written 2 s: 4 s become 1 + 0.5.
    assert ratio(leaves) == pytest.approx(4 / 1.5)
    assert speedup.evidence.kind == "measured"
    assert speedup.evidence.basis is not None
    assert speedup.evidence.basis.fingerprint == QUIET.machine.fingerprint[:12]
    assert ratio(leaves, "weights") == 0.1
    assert ratio(leaves, "quality") == pytest.approx(1 / 1.25)
    usd, price = leaves["compression_usd"], leaves["serving_usd_per_gpu_hour"].central()
    assert usd.central() == pytest.approx(2 * price, rel=0.01), (
        "as many hours as were measured, on as large a model"
    )
    assert usd.evidence.kind == "measured"


def test_the_nearest_measured_batch_counts(record: Write) -> None:
    sets = (*FP32[:2], "serving.compression_batch_requests=1")
    leaves = leaves_of(MACHINE, *sets, measurements=record({(RECIPE, "prefill_ratio", (32, 100)): None}))
    assert ratio(leaves) == 9
    assert "writing tokens alone" in leaves["compression_speedup_ratio"].evidence.note


def test_a_record_of_another_machine_is_told_and_never_used(record: Write) -> None:
    folder = record(fingerprint="ab" * 16)
    with pytest.raises(ScenarioError, match=r"serving\.compression_speedup_ratio: how much faster"):
        leaves_of(MACHINE, *FP32, measurements=folder)
    written = ("serving.compression_speedup_ratio=1.5", "serving.compression_weights_ratio=0.5",
               "serving.compression_quality_ratio=1", "serving.compression_usd=0")  # fmt: skip
    leaf = leaves_of(MACHINE, *FP32, *written, measurements=folder)["compression_speedup_ratio"]
    assert leaf.central() == 1.5
    assert any(
        "measured on another machine than measured-machine, so refused" in line for line in leaf.beside
    )


def test_a_ratio_of_a_cpu_is_never_used_for_an_accelerator(record: Write) -> None:
    folder = record(recipe="int8_weight")
    sets = (*H200, "serving.compression=int8_weight")
    with_record, without = (
        leaves_of(OPEN, *sets, measurements=each)["compression_speedup_ratio"] for each in (folder, RECORD)
    )
    assert with_record.central() == without.central()
    assert with_record.evidence == without.evidence
    assert with_record.refused is not None
    assert with_record.refused.use == "refused"
    (found,) = (k for k in recipes_of(OPEN, *H200, measurements=folder) if k.kind == "measured")
    assert found.use == "refused"
    assert found.speedup_ratio is not None
    assert "another machine than h200-sxm" in found.why


def test_measured_over_another_precision_is_refused_with_what_to_write(record: Write) -> None:
    folder = record()
    found = find(str(folder))
    scenario = prepare(MACHINE, (), str(folder)).loaded.scenario
    (known,) = known_recipes(scenario, found, 1.7e6)[:1]
    assert (known.use, scenario.serving.weight_precision) == ("refused", "int8")
    assert "write serving.weight_precision: fp32" in known.why


def test_a_model_that_is_no_language_model_stands_beside(record: Write) -> None:
    folder = record(subject="mlp")
    with pytest.raises(ScenarioError, match="how much faster"):
        leaves_of(MACHINE, *FP32, measurements=folder)
    scenario = prepare(MACHINE, ["serving.weight_precision=fp32"], str(folder)).loaded.scenario
    (known,) = (k for k in known_recipes(scenario, find(str(folder)), 1.7e6) if k.kind == "measured")
    assert (known.use, known.why) == ("beside", "measured on mlp, which is no language model")


def test_a_recipe_that_failed_is_known_without_a_speed(record: Write) -> None:
    gone = {key: None for key in measured(RECIPE) if key[0] == RECIPE}
    folder = record(gone, note="not measured: torchao is not installed")
    scenario = prepare(MACHINE, ["serving.weight_precision=fp32"], str(folder)).loaded.scenario
    (known,) = (k for k in known_recipes(scenario, find(str(folder)), 1.7e6) if k.kind == "measured")
    assert known.speedup_ratio is None
    assert known.why == "not measured: torchao is not installed"


@pytest.mark.parametrize(
    ("sets", "words"),
    [
        (
            ["serving.compression=int4_aqw"],
            ["no recipe 'int4_aqw'", "did you mean 'int4_awq'?", "compression_usd"],
        ),
        (["serving.compression=fp8"], ["over bf16, fp16, but serving.weight_precision is fp8", "2:4+fp8"]),
        (["serving.compression=fp8_kv"], ["without the precision that it is over"]),
        (["serving.compression_quality_ratio=0.9"], ["write serving.compression as well"]),
        (["serving.compression=2:4+fp8"], ["serving.compression_usd: what making it costs"]),
        (
            ["serving.compression=mine", "serving.compression_speedup_ratio=2"],
            ["compression_weights_ratio", "compression_quality_ratio", "compression_usd"],
        ),
    ],
)
def test_bad_recipes_are_told_with_what_to_write(sets: list[str], words: list[str]) -> None:
    with pytest.raises(ScenarioError) as refused:
        leaves_of(OPEN, *sets)
    assert [word for word in words if word not in str(refused.value)] == []


def test_a_measured_recipe_is_suggested_as_well(record: Write) -> None:
    with pytest.raises(ScenarioError, match=r"did you mean 'prune\(heads, 0.5\) -> distil -> onnx\(int8\)'"):
        leaves_of(MACHINE, "serving.compression=prune(heads,0.5)->distil->onx(int8)", measurements=record())


def test_hours_of_making_are_published_and_scale_with_the_model() -> None:
    sets = ("serving.compression=prune(layers, 0.25) -> distil", "training.training_usd_per_gpu_hour=2")
    leaf = leaves_of(OPEN, *sets)["compression_usd"]
    assert leaf.central() == pytest.approx(6000 * 70.6e9 / 8.2e9 * 2, rel=0.001)
    with pytest.raises(ScenarioError, match=r"but training\.training_accelerator is another"):
        leaves_of(OPEN, *sets, "training.training_accelerator=a100-sxm-80gb")


def test_every_recipe_has_at_most_one_thing_that_is_used_and_it_comes_first() -> None:
    known = recipes_of(OPEN, *H200)
    recipes = list(dict.fromkeys(each.recipe for each in known))
    assert len(recipes) > 30
    for recipe in recipes:
        same = [each for each in known if each.recipe == recipe]
        assert [each.use for each in same].count("used") <= 1
        assert used(same) in (None, same[0])
        assert all(each.why for each in same), recipe
    assert {each.hardware for each in known if each.use == "used"} == {"h200-sxm"}
    assert {each.baseline for each in known if each.use == "used"} <= {"bf16", "fp16"}


def test_an_estimate_is_no_more_than_recipes_of_its_kind_reached() -> None:
    asked = Asked("h200-sxm", "bf16", 70.6e9, 70.6e9, 64.0, 1000.0, 1000.0, "h200-sxm")
    found = estimated("int4_weight_g64", asked)
    assert isinstance(found, Known)
    assert found.speedup_ratio == 0.88
    assert found.high == pytest.approx(roofline_ratio(asked, 0.2811, 1.0))
    assert "int4_awq on h200-sxm" in found.why


def test_the_roofline_by_hand() -> None:
    # 70.6 GB in eight bits at 3.35 TB/s take 21.07 ms a step; at batch 1 writing is all reading, at 10,000 arithmetic.
    def at(batch: float, read: float = 0.0) -> float:
        return roofline_ratio(Asked("h100-sxm", "fp8", 70.6e9, 70.6e9, batch, read, 1.0, ""), 0.5, 1.0)

    assert at(1) == pytest.approx(2)
    assert at(10_000) == 1
    # at batch 1 with as many tokens read as take as long as one written: 2 becomes 1.5
    peak, bandwidth = 1.979e15, 3.35e12
    tokens = 70.6e9 / bandwidth / (2 * 70.6e9 / peak)
    assert at(1, tokens) == pytest.approx(2 / 1.5, rel=0.01)


@given(st.floats(0.05, 1), st.floats(1, 1e5), st.floats(1, 10))
def test_fewer_bytes_never_slow_the_roofline_and_never_gain_more_than_they_are(
    weights: float, batch: float, times: float
) -> None:
    asked = Asked("h100-sxm", "bf16", 7e9, 7e9, batch, 500.0, 500.0, "")
    found = roofline_ratio(asked, weights, 1.0)
    assert 1 - 1e-12 <= found <= 1 / weights + 1e-12
    later = Asked("h100-sxm", "bf16", 7e9, 7e9, batch * times, 500.0, 500.0, "")
    assert roofline_ratio(later, weights, 1.0) <= found + 1e-12
