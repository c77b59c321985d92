"""Published runs of compression: ratios as the sources have them, and no baseline that nobody told."""

from __future__ import annotations

from collections import Counter
from math import log

import pytest

from planner.catalogue import (
    NOT_STATED,
    compression_recipes,
    compression_runs,
    runs_of,
    same_precision,
    spelt,
)
from planner.catalogue.facts import table
from planner.errors import CatalogueError
from planner.scenario.compute import Serving

PRECISIONS = {same_precision(each) for each in Serving.model_fields["weight_precision"].annotation.__args__}


def test_a_run_of_the_file() -> None:
    (run,) = (r for r in runs_of("int4_awq") if r.model == "Llama-3.1-70B" and r.batch_requests == 64)
    assert (run.accelerator, run.speedup_ratio, run.baseline_precision) == ("h200-sxm", 0.88, "bf16")
    assert (run.input_tokens_per_request, run.output_tokens_per_request) == (2048, 128)
    assert "TensorRT-Model-Optimizer" in run.source


def test_quality_of_scores_losses_and_perplexities() -> None:
    by_kind = {run.quality_kind: run for run in compression_runs() if run.quality_ratio is not None}
    score, loss, perplexity = (by_kind[kind] for kind in ("score", "loss", "perplexity"))
    assert score.quality_ratio == pytest.approx(score.quality_after / score.quality_before)
    assert loss.quality_ratio == pytest.approx(loss.quality_before / loss.quality_after)
    before, after = perplexity.quality_before, perplexity.quality_after
    assert perplexity.quality_ratio == pytest.approx(log(before) / log(after))


def test_all_runs_are_of_known_precisions_and_kinds() -> None:
    for run in compression_runs():
        assert run.baseline_precision == NOT_STATED or same_precision(run.baseline_precision) in PRECISIONS
        assert run.speedup_ratio is not None or run.quality_ratio is not None or run.weights_ratio is not None
        assert (run.speedup_ratio is None) == (run.accelerator == ""), run
        assert not run.weights_ratio or 0 < run.weights_ratio < 1.5
        assert run.quality_ratio is None or 0.05 < run.quality_ratio < 1.1, run


def test_a_recipe_is_of_one_kind() -> None:
    kinds = Counter(recipe for recipe, _ in {(run.recipe, run.family) for run in compression_runs()})
    assert {recipe for recipe, count in kinds.items() if count > 1} == set()
    assert len({spelt(recipe) for recipe in compression_recipes()}) == len(compression_recipes())


def test_spaces_and_capitals_do_not_matter() -> None:
    assert runs_of("prune(layers,0.25)->DISTIL") == runs_of("prune(layers, 0.25) -> distil")


def test_a_misspelt_recipe_is_answered_with_the_nearest() -> None:
    with pytest.raises(
        CatalogueError, match="unknown compression recipe 'int4_aqw'; did you mean 'int4_awq'"
    ):
        runs_of("int4_aqw")


def test_the_file_says_of_every_row_which_kind_of_recipe_it_is() -> None:
    assert all(row["family"] and row["source"] and row["recipe"] for row in table("compression"))
