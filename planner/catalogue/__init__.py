"""Published facts: accelerators, prices, models, throughput and reference points, with source and date.

The facts are the CSV files of this folder; the modules only read them. `evidence` is `published` where the
number was read in the source that is named, and `assumed` everywhere else.
"""

from planner.catalogue.accelerators import (
    TERMS,
    Accelerator,
    Term,
    accelerator,
    accelerator_ids,
    price,
    prices,
)
from planner.catalogue.compression import (
    NOT_STATED,
    CompressionRun,
    compression_recipes,
    compression_runs,
    recipe_hint,
    runs_of,
    same_precision,
    spelt,
)
from planner.catalogue.facts import EvidenceKind, Fact
from planner.catalogue.models import (
    ApiPrice,
    Model,
    api_price,
    model,
    model_ids,
    serving_gpus_per_replica,
    serving_set_ups,
    serving_throughput,
)
from planner.catalogue.reference import reference, reference_names

__all__ = [
    "NOT_STATED",
    "TERMS",
    "Accelerator",
    "ApiPrice",
    "CompressionRun",
    "EvidenceKind",
    "Fact",
    "Model",
    "Term",
    "accelerator",
    "accelerator_ids",
    "api_price",
    "compression_recipes",
    "compression_runs",
    "model",
    "model_ids",
    "price",
    "prices",
    "recipe_hint",
    "reference",
    "reference_names",
    "runs_of",
    "same_precision",
    "serving_gpus_per_replica",
    "serving_set_ups",
    "serving_throughput",
    "spelt",
]
