"""What compressing language models was published to bring: speed on an accelerator at a batch, size, quality."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from math import log
from typing import Literal

from planner.catalogue.facts import EvidenceKind, Row, table, unknown
from planner.errors import CatalogueError, nearest

QualityKind = Literal["score", "loss", "perplexity"]

NOT_STATED = "not stated"
"""Stands for a baseline precision that the source does not tell: nothing is planned on such a row."""

_SAME_WIDTH = {"fp16": "bf16"}
"""Both have sixteen bits and the same peak, so what is published over one holds over the other."""


@dataclass(frozen=True, slots=True)
class CompressionRun:
    """One published run: a recipe on a model, with what the source tells and None for what it does not."""

    recipe: str
    family: str
    """What the recipe makes smaller: `weights only`, `weights and activations`, `smaller model`,
    `fewer experts`, `2 of 4`, `single weights`, `keys and values`."""
    model: str
    params: float
    baseline_precision: str
    accelerator: str
    """Name in the catalogue of accelerators; empty where no speed is told."""
    batch_requests: float | None
    input_tokens_per_request: float | None
    output_tokens_per_request: float | None
    speedup_ratio: float | None
    """How many times as many tokens a second, for each accelerator."""
    weights_ratio: float | None
    """Bytes of the weights with the recipe over those without."""
    quality_metric: str
    quality_kind: QualityKind | None
    quality_before: float | None
    quality_after: float | None
    making_gpu_hours: float | None
    """Accelerator-hours that making it took, where the source tells."""
    engine: str
    as_of: str
    source: str
    evidence: EvidenceKind
    note: str

    @property
    def quality_ratio(self) -> float | None:
        """Quality with the recipe over without: of scores, or of losses turned round; a perplexity counts as its loss.

        None where the source tells no quality.
        """
        if self.quality_kind is None or self.quality_before is None or self.quality_after is None:
            return None
        if self.quality_kind == "score":
            return self.quality_after / self.quality_before
        if self.quality_kind == "loss":
            return self.quality_before / self.quality_after
        return log(self.quality_before) / log(self.quality_after)

    @property
    def quality_told(self) -> str:
        """Say how the quality was measured, and what it was before and after; nothing where the source tells none."""
        if self.quality_kind is None:
            return ""
        return f"{self.quality_metric} {self.quality_before:g} before, {self.quality_after:g} after"

    def is_over(self, precision: str) -> bool:
        """Tell whether the run is measured against a model served in this precision."""
        return same_precision(self.baseline_precision) == same_precision(precision)


def same_precision(precision: str) -> str:
    """Return one name for precisions that are as wide and as fast."""
    return _SAME_WIDTH.get(precision, precision)


@cache
def compression_runs() -> tuple[CompressionRun, ...]:
    """Return all published runs, in the order of the file."""
    return tuple(map(_run, table("compression")))


def compression_recipes() -> tuple[str, ...]:
    """Return the names of all recipes, sorted."""
    return tuple(sorted({run.recipe for run in compression_runs()}))


def runs_of(recipe: str) -> tuple[CompressionRun, ...]:
    """Return the published runs of a recipe, however its name is spaced.

    Raises CatalogueError with the nearest spelling.
    """
    found = tuple(run for run in compression_runs() if spelt(run.recipe) == spelt(recipe))
    if not found:
        raise unknown("compression recipe", recipe, compression_recipes(), recipe_hint(recipe, ()))
    return found


def recipe_hint(recipe: str, more: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the nearest known recipe, those that only a record has (`more`) among them."""
    by_spelling = {spelt(name): name for name in (*compression_recipes(), *more)}
    close = nearest(spelt(recipe), by_spelling)
    return f"; did you mean '{by_spelling[close[0]]}'?" if close else ""


def spelt(recipe: str) -> str:
    """Return a recipe's name as it is compared: in lower case, without spaces."""
    return "".join(recipe.lower().split())


def _run(row: Row) -> CompressionRun:
    numbers = {name: float(row[name]) if row[name] else None for name in _NUMBERS}
    kind = row["quality_kind"]
    if kind not in ("", "score", "loss", "perplexity"):
        raise CatalogueError(f"compression.csv: unknown kind of quality '{kind}'")
    return CompressionRun(
        recipe=row["recipe"],
        family=row["family"],
        model=row["model"],
        params=float(row["params"]),
        baseline_precision=row["baseline_precision"],
        accelerator=row["accelerator"],
        quality_metric=row["quality_metric"],
        quality_kind=kind or None,  # type: ignore[arg-type]  # checked above
        engine=row["engine"],
        as_of=row["as_of"],
        source=row["source"],
        evidence="published" if row["evidence"] == "published" else "assumed",
        note=row["note"],
        **numbers,
    )


_NUMBERS = (
    "batch_requests", "input_tokens_per_request", "output_tokens_per_request", "speedup_ratio", "weights_ratio",
    "quality_before", "quality_after", "making_gpu_hours",
)  # fmt: skip
