"""What the catalogue says of a key that a scenario leaves out, for the model and the accelerators that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from math import exp, log, sqrt

from planner import catalogue
from planner.catalogue import Fact
from planner.errors import CatalogueError
from planner.scenario.distributions import LogitNormal, Lognormal
from planner.scenario.keys import Key
from planner.scenario.quantities import Quantity
from planner.scenario.schema import Company
from planner.units import is_share

SHAPE = (
    "num_layers", "model_width", "num_attention_heads", "num_key_value_heads", "head_width", "ffn_width",
    "vocabulary_size", "num_experts", "num_active_experts", "tied_embeddings", "qkv_bias",
)  # fmt: skip
ASKED_FOR_TOGETHER = (
    ("serving_tokens_per_gpu_second", "gpus_per_replica"),
    ("vendor_input_usd_per_million_tokens", "vendor_output_usd_per_million_tokens"),
)
"""Keys of `serving` that the catalogue knows from one row, so that what it lacks is said once for both."""

LONGEST_YEAR_TERM_MONTHS = 24.0
"""A commitment is discounted as one of a year up to this term, and as one of three years beyond it."""


def published(scenario: Company, key: Key) -> tuple[Quantity, Fact]:
    """Return the catalogue's value of a key, with its range where that is a reference fact's, and the fact.

    Raises CatalogueError where the catalogue has none; the text names every key that is to be written instead.
    """
    name = key.name
    try:
        if name in PUBLISHED:
            fact = PUBLISHED[name](scenario)
            return Quantity(fact.value), fact
        return around(_reference(name, scenario))
    except CatalogueError as error:
        known = str(error) if name in PUBLISHED else key.description
        raise CatalogueError(f"{_asked_for(scenario, key)} needed but not written; {known}") from error


def _reference(name: str, scenario: Company) -> Fact:
    """Return the reference fact of a key; a discount is that of the published term next to the scenario's."""
    if name != "commitment_discount_share":
        return catalogue.reference(name)
    term = "3_years" if scenario.serving.commitment_months.value > LONGEST_YEAR_TERM_MONTHS else "1_year"
    return replace(catalogue.reference(f"commitment_discount_{term}_share"), name=name)


def around(fact: Fact) -> tuple[Quantity, Fact]:
    """Return a fact as a quantity whose median is the fact's value, and the fact with a note that says so.

    The range that its source gives, p5 to p95, is moved as a whole, in logarithms or for a share in log-odds, until
    its middle lies on the value: read as it stands, its middle would be the median in place of the value.
    """
    if fact.low is None or fact.high is None or not fact.low < fact.high:
        return Quantity(fact.value), fact
    if is_share(fact.name):
        half = (_log_odds(fact.high) - _log_odds(fact.low)) / 2.0
        low, high = (_share(_log_odds(fact.value) + step) for step in (-half, half))
        distribution: LogitNormal | Lognormal = LogitNormal(_short(low), _short(high))
    else:
        ratio = sqrt(fact.high / fact.low)
        distribution = Lognormal(_short(fact.value / ratio), _short(fact.value * ratio))
    note = (
        f"published value {fact.value:g}, published range {fact.low:g} to {fact.high:g}; "
        "drawn with the published value as the median"
    )
    return Quantity(fact.value, distribution), fact.noted(note)


def other_shape(scenario: Company) -> list[str]:
    """Return the keys of the model's shape whose written value is not that of `base`."""
    written = {name: getattr(scenario.model, name) for name in SHAPE}
    return [
        f"model.{name}"
        for name, value in written.items()
        if value is not None and (value.is_uncertain or value.value != _shape(name, scenario).value)
    ]


def _asked_for(scenario: Company, key: Key) -> str:
    """Return the keys that a problem is about, with their verb."""
    for together in ASKED_FOR_TOGETHER:
        if key.name in together:
            missing = [f"serving.{each}" for each in together if getattr(scenario.serving, each) is None]
            return f"{' and '.join(missing)}: {'are' if len(missing) > 1 else 'is'}"
    return f"{key.path}: is"


def _shape(name: str, scenario: Company) -> Fact:
    return catalogue.model(scenario.model.base).fact(name)


def _power(name: str) -> Fact:
    """Return the power of an accelerator with its share of a server: the chip's limit, times load and server."""
    chip = catalogue.accelerator(name).fact("thermal_design_watts")
    load, server = (catalogue.reference(each) for each in ("training_power_share", "server_power_ratio"))
    note = (
        f"{chip.value:g} W of the chip x {load.value:g} of its power in use x {server.value:g} for the server"
    )
    source = "; ".join(dict.fromkeys(fact.source for fact in (chip, load, server)))
    return replace(chip, value=chip.value * load.value * server.value, source=source).noted(note)


def _set_up(scenario: Company) -> tuple[str, str, str, float, float]:
    serving = scenario.serving
    if other := other_shape(scenario):
        raise CatalogueError(
            f"the shape differs from {scenario.model.base} ({', '.join(other)}), for which it was measured; "
            "write serving.serving_tokens_per_gpu_second and serving.gpus_per_replica"
        )
    lengths = serving.input_tokens_per_request.value, serving.output_tokens_per_request.value
    return scenario.model.base, serving.serving_accelerator, serving.weight_precision, *lengths


def _vendor(scenario: Company) -> str:
    if not scenario.serving.vendor_model and (other := other_shape(scenario)):
        raise CatalogueError(
            f"the shape differs from {scenario.model.base} ({', '.join(other)}), for which vendors ask their "
            "prices; write both prices, or serving.vendor_model for the model that is bought"
        )
    return scenario.serving.vendor_model or scenario.model.base


def _log_odds(share: float) -> float:
    return log(share / (1.0 - share))


def _share(log_odds: float) -> float:
    return 1.0 / (1.0 + exp(-log_odds))


def _short(value: float) -> float:
    """Keep the digits that a report shows."""
    return float(f"{value:.6g}")


PUBLISHED: Mapping[str, Callable[[Company], Fact]] = {
    **{name: partial(_shape, name) for name in SHAPE},
    "training_usd_per_gpu_hour": lambda s: catalogue.price(
        s.training.training_accelerator, s.training.training_term, key="training.training_usd_per_gpu_hour"
    ),
    "training_peak_flops_per_gpu_second": lambda s: catalogue.accelerator(
        s.training.training_accelerator
    ).fact("peak_bf16_flops_per_second"),
    "training_memory_bytes_per_gpu": lambda s: catalogue.accelerator(s.training.training_accelerator).fact(
        "memory_bytes"
    ),
    "serving_memory_bytes_per_gpu": lambda s: catalogue.accelerator(s.serving.serving_accelerator).fact(
        "memory_bytes"
    ),
    "serving_bandwidth_bytes_per_gpu_second": lambda s: catalogue.accelerator(
        s.serving.serving_accelerator
    ).fact("memory_bandwidth_bytes_per_second"),
    "training_watts_per_gpu": lambda s: _power(s.training.training_accelerator),
    "serving_watts_per_gpu": lambda s: _power(s.serving.serving_accelerator),
    "serving_usd_per_gpu_hour": lambda s: catalogue.price(
        s.serving.serving_accelerator, s.serving.serving_term, key="serving.serving_usd_per_gpu_hour"
    ),
    "serving_tokens_per_gpu_second": lambda s: catalogue.serving_throughput(*_set_up(s)),
    "gpus_per_replica": lambda s: catalogue.serving_gpus_per_replica(*_set_up(s)),
    "vendor_input_usd_per_million_tokens": lambda s: catalogue.api_price(_vendor(s)).input_price,
    "vendor_output_usd_per_million_tokens": lambda s: catalogue.api_price(_vendor(s)).output_price,
}
"""Where the catalogue's value of a key that the scenario leaves out comes from; other keys are reference facts."""
