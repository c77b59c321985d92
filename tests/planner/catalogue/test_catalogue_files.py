"""Every row of the catalogue is a number with a unit, a date and a source."""

import csv
import math
from datetime import date
from pathlib import Path

import pytest

import planner.catalogue
from planner import units
from planner.catalogue import accelerator_ids, model_ids
from planner.catalogue.facts import Row, first_day, table

FOLDER = Path(planner.catalogue.__file__).parent
FACT_TABLES = (
    "accelerators", "prices", "models", "serving_throughput", "api_prices", "reference", "compression",
)  # fmt: skip
BARE_COUNTS = {
    "num_layers", "model_width", "num_attention_heads", "num_key_value_heads", "head_width", "ffn_width",
    "vocabulary_size", "num_experts", "num_active_experts", "tied_embeddings", "qkv_bias",
}  # fmt: skip
SHAPE = {*BARE_COUNTS, "published_params"}


def quantities(name: str, row: Row) -> dict[str, str]:
    """The numbers of a row by the name that carries their unit."""
    if name in ("accelerators", "prices", "models"):
        return {row["quantity"]: row["value"]}
    if name == "reference":
        return {row["name"]: row["value"]}
    columns = [column for column in row if units.unit_of(column).numerator]
    return {column: row[column] for column in columns if row[column]}


def all_rows() -> list[tuple[str, int, Row]]:
    return [(name, line, row) for name in FACT_TABLES for line, row in enumerate(table(name), start=2)]


def test_every_csv_file_is_checked_here() -> None:
    files = {path.stem for path in FOLDER.glob("*.csv")}
    assert files == {*FACT_TABLES, "accelerator_names", "model_names"}


@pytest.mark.parametrize("name", [*FACT_TABLES, "accelerator_names", "model_names"])
def test_every_row_has_every_column_and_no_stray_space(name: str) -> None:
    with (FOLDER / f"{name}.csv").open(encoding="ascii", newline="") as file:
        header, *rows = list(csv.reader(file))
    assert rows
    for line, row in enumerate(rows, start=2):
        assert len(row) == len(header), f"{name}.csv:{line}"
        assert all(cell == cell.strip() for cell in row), f"{name}.csv:{line}"
    assert len(set(map(tuple, rows))) == len(rows), f"{name}.csv holds a row twice"


def test_every_value_is_a_finite_number_that_cannot_be_negative() -> None:
    for name, line, row in all_rows():
        found = quantities(name, row)
        assert found, f"{name}.csv:{line} holds no number"
        for quantity, text in found.items():
            value = float(text)
            assert math.isfinite(value), f"{name}.csv:{line}: {quantity}"
            assert value > 0 or quantity in {"tied_embeddings", "qkv_bias"}, f"{name}.csv:{line}: {quantity}"


def test_every_name_carries_a_unit_or_is_a_known_bare_count() -> None:
    for name, line, row in all_rows():
        for quantity in quantities(name, row):
            assert units.unit_of(quantity).numerator or quantity in BARE_COUNTS, (
                f"{name}.csv:{line}: {quantity}"
            )


def test_shares_lie_between_zero_and_one() -> None:
    for name, line, row in all_rows():
        for quantity, text in quantities(name, row).items():
            if units.is_share(quantity):
                ends = [float(text), *(float(row[end]) for end in ("low", "high") if row.get(end))]
                assert all(0 < end < 1 for end in ends), f"{name}.csv:{line}: {quantity}"


def test_every_row_has_date_source_and_evidence() -> None:
    for name, line, row in all_rows():
        assert date(1980, 1, 1) < first_day(row["as_of"]) <= date(2026, 12, 31), f"{name}.csv:{line}"
        assert len(row["source"]) > 4, f"{name}.csv:{line}"
        assert row["evidence"] in ("published", "assumed"), f"{name}.csv:{line}"


def test_what_comes_from_memory_is_never_published() -> None:
    for name, line, row in all_rows():
        if row["source"].startswith("from memory") or "assumed" in row["note"]:
            assert row["evidence"] == "assumed", f"{name}.csv:{line}"


def test_ids_are_consistent_between_the_files() -> None:
    known = set(accelerator_ids())
    assert len(known) == len(accelerator_ids())
    assert {row["accelerator"] for row in table("accelerators")} == known
    assert {row["accelerator"] for row in table("prices")} <= known
    assert {row["accelerator"] for row in table("serving_throughput")} <= known
    assert {row["accelerator"] for row in table("compression") if row["accelerator"]} <= known
    assert {row["model"] for row in table("models")} == set(model_ids())
    assert {row["model"] for row in table("serving_throughput")} <= set(model_ids())


@pytest.mark.parametrize(("names", "key"), [("accelerator_names", "accelerator"), ("model_names", "model")])
def test_no_spelling_means_two_things(names: str, key: str) -> None:
    spellings = [
        (spelling.lower(), row[key])
        for row in table(names)
        for spelling in {row[key], row["display_name"].lower(), *filter(None, row["aliases"].split(";"))}
    ]
    meanings: dict[str, set[str]] = {}
    for spelling, meaning in spellings:
        meanings.setdefault(spelling, set()).add(meaning)
    assert {spelling: ids for spelling, ids in meanings.items() if len(ids) > 1} == {}


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("accelerators", ("accelerator", "quantity")),
        ("models", ("model", "quantity")),
        ("reference", ("name",)),
        ("api_prices", ("vendor", "model")),
        (
            "serving_throughput",
            (
                "model",
                "accelerator",
                "weight_precision",
                "input_tokens_per_request",
                "output_tokens_per_request",
            ),
        ),
    ],
)
def test_a_key_stands_once(name: str, key: tuple[str, ...]) -> None:
    keys = [tuple(row[column] for column in key) for row in table(name)]
    assert len(set(keys)) == len(keys)


def test_every_model_has_its_whole_shape() -> None:
    for model in model_ids():
        assert {row["quantity"] for row in table("models") if row["model"] == model} == SHAPE


def test_ranges_hold_their_value() -> None:
    for row in table("reference"):
        low, high = row["low"] or row["value"], row["high"] or row["value"]
        assert float(low) <= float(row["value"]) <= float(high), row["name"]


def test_a_purchase_is_priced_by_the_piece_and_a_rental_by_the_hour() -> None:
    for row in table("prices"):
        expected = "usd_per_gpu" if row["term"] == "purchase" else "usd_per_gpu_hour"
        assert row["quantity"] == expected
