"""Open models: their shapes, how fast they are served, and what vendors ask for a million tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import hypot, inf, log
from statistics import median

from planner.catalogue.accelerators import accelerator
from planner.catalogue.facts import Fact, Row, aliases, fact, first_day, named, resolve, table, unknown
from planner.errors import CatalogueError, nearest

_SAME_WIDTH = {"bf16": "fp16"}
"""Both types have sixteen bits and the same peak, so what is published for one holds for the other."""

NEAR_RATIO, FARTHEST_RATIO = 2.0, 8.0
"""Requests of up to twice the published lengths are taken as published, of up to eight times as an assumption."""

_REPLICA_KEYS = (
    "`serving.serving_tokens_per_gpu_second: {value: ..., source: ...}` (tokens read and written) and "
    "`serving.gpus_per_replica`"
)


@dataclass(frozen=True, slots=True)
class Model:
    """A published model and its shape."""

    id: str
    display_name: str
    organisation: str
    facts: tuple[Fact, ...]

    def fact(self, quantity: str) -> Fact:
        """Return one figure of the shape, for example `num_layers`.

        Raises CatalogueError where the catalogue has none, with the figures that it has.
        """
        return named(self.facts, quantity, self.id)


@dataclass(frozen=True, slots=True)
class ApiPrice:
    """List prices of a model behind an interface, in USD per million tokens."""

    model: str
    input_price: Fact
    output_price: Fact
    cached_input_price: Fact | None


def model_ids() -> tuple[str, ...]:
    """Return the ids of all models, in the order of the file."""
    return tuple(row["model"] for row in table("model_names"))


@cache
def model(name: str) -> Model:
    """Return a model by its id, its display name or its name on the Hugging Face hub.

    Raises CatalogueError with the nearest spelling.
    """
    found = resolve("model", name, aliases("model_names", "model"))
    row = next(row for row in table("model_names") if row["model"] == found)
    rows = [each for each in table("models") if each["model"] == found]
    facts = tuple(fact(each, each["quantity"], each["value"]) for each in rows)
    return Model(found, row["display_name"], row["organisation"], facts)


def serving_set_ups() -> tuple[tuple[str, str, str], ...]:
    """Return every (model, accelerator, precision of the weights) that has published throughput."""
    return tuple(sorted({_set_up(row) for row in table("serving_throughput")}))


def serving_throughput(
    model_name: str, accelerator_name: str, precision: str, input_tokens: float, output_tokens: float
) -> Fact:
    """Return the published throughput at full load: tokens read and written, per GPU and second.

    Taken is the row whose requests are nearest in two logarithms, without interpolation: of the ratio of input
    to output tokens, because reading is far cheaper than writing, and of their sum, because long requests leave
    room for few at a time. A row with a length more than 8 times off counts only when all are. bf16 and fp16
    stand for each other. Where a length is more than twice off, the fact is `assumed` and says how far.

    Formula: total = output_rate * (input_tokens + output_tokens) / output_tokens of the published requests.
    Raises CatalogueError where nothing is published for the three, with what is, where a length is more than 8
    times that of every published request, or less than an eighth, and where one is not positive.
    """
    row = _nearest_row(model_name, accelerator_name, precision, input_tokens, output_tokens)
    into, out = _lengths(row)
    rate = float(row["output_tokens_per_gpu_second"])
    known = fact(row, "serving_tokens_per_gpu_second", str(rate * (into + out) / out))
    note = (
        f"{row['engine']} {row['engine_version']}, {row['weight_precision']} weights, "
        f"GPUs per replica: {row['gpus_per_replica']}, requests of {into:g} input and {out:g} output tokens "
        f"(asked: {input_tokens:g} and {output_tokens:g}), {rate:g} output tokens per GPU and second at full "
        f"load; total = {rate:g} x ({into:g} + {out:g}) / {out:g}; {known.note}"
    )
    return _as_far(replace(known, note=note), row, input_tokens, output_tokens)


def serving_gpus_per_replica(
    model_name: str, accelerator_name: str, precision: str, input_tokens: float, output_tokens: float
) -> Fact:
    """Return how many GPUs one replica had where `serving_throughput` was measured.

    Raises CatalogueError as `serving_throughput` does.
    """
    row = _nearest_row(model_name, accelerator_name, precision, input_tokens, output_tokens)
    known = fact(row, "gpus_per_replica", row["gpus_per_replica"])
    return _as_far(known, row, input_tokens, output_tokens)


def api_price(name: str) -> ApiPrice:
    """Return the list prices of a model: `gpt-5.4-mini`, `openai/gpt-5.4-mini`, or an open model by its id.

    Where several vendors offer it, each price is the median over them.

    Raises CatalogueError with the nearest spelling.
    """
    rows = _api_rows(name)
    cached = [row for row in rows if row["cached_input_usd_per_million_tokens"]]
    return ApiPrice(
        model=rows[0]["model"],
        input_price=_median_fact(rows, "input_usd_per_million_tokens"),
        output_price=_median_fact(rows, "output_usd_per_million_tokens"),
        cached_input_price=_median_fact(cached, "cached_input_usd_per_million_tokens") if cached else None,
    )


def _api_rows(name: str) -> list[Row]:
    asked = name.strip().lower()
    spellings = aliases("model_names", "model")
    asked = spellings.get(asked, asked)
    rows = [row for row in table("api_prices") if asked in (row["model"], f"{row['vendor']}/{row['model']}")]
    if not rows:
        known = {row["model"] for row in table("api_prices")}
        close = nearest(asked.rpartition("/")[2], known)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise unknown("model with a list price", name, known, hint)
    return rows


def _median_fact(rows: Sequence[Row], quantity: str) -> Fact:
    if len(rows) == 1:
        return fact(rows[0], quantity, rows[0][quantity])
    values = [float(row[quantity]) for row in rows]
    offers = ", ".join(f"{row['vendor']} {float(row[quantity]):g} ({row['as_of']})" for row in rows)
    return Fact(
        name=quantity,
        value=median(values),
        as_of=max((row["as_of"] for row in rows), key=first_day),
        source=f"planner/catalogue/api_prices.csv, median of: {offers}",
        evidence="published" if all(row["evidence"] == "published" for row in rows) else "assumed",
        note=f"list prices of {len(rows)} vendors from {min(values):g} to {max(values):g}",
        low=min(values),
        high=max(values),
    )


def _nearest_row(
    model_name: str, accelerator_name: str, precision: str, input_tokens: float, output_tokens: float
) -> Row:
    if not (0 < input_tokens < inf and 0 < output_tokens < inf):
        raise CatalogueError(
            f"requests of {input_tokens:g} input and {output_tokens:g} output tokens: both must be above zero"
        )
    asked = (model(model_name).id, accelerator(accelerator_name).id, _SAME_WIDTH.get(precision, precision))
    rows = [row for row in table("serving_throughput") if _set_up(row) == asked]
    if not rows:
        raise _no_throughput(*asked)
    found = min(rows, key=lambda row: _distance(row, input_tokens, output_tokens))
    if _off(found, input_tokens, output_tokens) > FARTHEST_RATIO:
        raise _too_far(found, input_tokens, output_tokens)
    return found


def _set_up(row: Row) -> tuple[str, str, str]:
    return row["model"], row["accelerator"], row["weight_precision"]


def _lengths(row: Row) -> tuple[float, float]:
    return float(row["input_tokens_per_request"]), float(row["output_tokens_per_request"])


def _distance(row: Row, input_tokens: float, output_tokens: float) -> tuple[bool, float]:
    """Return whether a row is too far to be used, and how far it is in its ratio of lengths and their sum."""
    into, out = _lengths(row)
    ratio = log((into / out) / (input_tokens / output_tokens))
    total = log((into + out) / (input_tokens + output_tokens))
    return _off(row, input_tokens, output_tokens) > FARTHEST_RATIO, hypot(ratio, total)


def _off(row: Row, input_tokens: float, output_tokens: float) -> float:
    """Return by what factor the lengths of a row differ from those asked, the larger of the two."""
    into, out = _lengths(row)
    return max(into / input_tokens, input_tokens / into, out / output_tokens, output_tokens / out)


def _as_far(known: Fact, row: Row, input_tokens: float, output_tokens: float) -> Fact:
    """Return a fact of a row as what it is worth for the requests asked."""
    off = _off(row, input_tokens, output_tokens)
    if off <= NEAR_RATIO:
        return known
    into, out = _lengths(row)
    far = (
        f"measured with requests of {into:g} input and {out:g} output tokens, up to {off:.2g} times off those "
        f"asked ({input_tokens:g} and {output_tokens:g})"
    )
    return replace(known.noted(far), evidence="assumed")


def _too_far(row: Row, input_tokens: float, output_tokens: float) -> CatalogueError:
    into, out = _lengths(row)
    return CatalogueError(
        f"the nearest published requests, of {into:g} input and {out:g} output tokens, are too far from those of "
        f"the scenario, of {input_tokens:g} and {output_tokens:g} (at most {FARTHEST_RATIO:g} times off). "
        f"To go on, measure your own requests and write {_REPLICA_KEYS}"
    )


def _no_throughput(model_id: str, accelerator_id: str, precision: str) -> CatalogueError:
    having = [f"{gpu} {bits}" for of, gpu, bits in serving_set_ups() if of == model_id]
    known = f"published for this model: {', '.join(having)}" if having else "none is published for this model"
    choice = "choose one of these, or write" if having else "write"
    return CatalogueError(
        f"no published throughput of '{model_id}' with {precision} weights on '{accelerator_id}'; {known}. "
        f"To go on, {choice} what you measured or were told into the scenario: {_REPLICA_KEYS}"
    )
