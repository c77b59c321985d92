"""What compression is worth is said honestly, also when it is worth nothing."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from bench.record import Record, load
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.worth import compression

FORMATS = Formats(messages("en"))


@pytest.fixture(scope="module")
def record(root: Path) -> Record:
    return load(root / "tests" / "data" / "quick-record.json")


def changed(record: Record, name: str, **values: float | str | None) -> Record:
    kept = tuple(
        m.model_copy(update=values) if (m.subject, m.variant, m.name) == ("gpt", "int8", name) else m
        for m in record.measurements
    )
    return record.model_copy(update={"measurements": kept})


def said(record: Record | None, saving_usd: float, need_usd: float = 2e6) -> tuple[str, str]:
    found = compression(record, saving_usd, need_usd, "int8", FORMATS)
    return found.headline, " ".join(found.sentences)


def test_faster_and_worth_it(record: Record) -> None:
    faster = changed(record, "throughput_ratio", value=1.5, low=1.4, high=1.6, note="faster")
    headline, text = said(faster, 50e3)
    assert headline == "Faster: 1.5 times the speed"
    assert "Over the plan it saves $50K against fp32." in text
    assert "little" not in text


def test_faster_and_little_money(record: Record) -> None:
    faster = changed(record, "throughput_ratio", value=1.5, low=1.4, high=1.6, note="faster")
    assert "That is little beside a funding need of $2M" in said(faster, 900.0)[1]


def test_slower(record: Record) -> None:
    slower = changed(record, "throughput_ratio", value=0.8, low=0.7, high=0.9, note="slower")
    headline, text = said(slower, -5e3)
    assert headline == "Slower: 0.8 times the speed"
    assert "it would cost $5K more than fp32: leave the filter uncompressed." in text


@pytest.mark.parametrize(
    "values",
    [
        {"value": 1.07, "low": 0.93, "high": 1.24, "note": ""},
        {"value": 1.07, "low": None, "high": None, "note": ""},
        {"value": 1.07, "low": 1.01, "high": 1.1, "note": "no difference that can be told from noise"},
    ],
)
def test_noise_is_no_saving(record: Record, values: dict[str, float | str | None]) -> None:
    headline, text = said(changed(record, "throughput_ratio", **values), 17e3)
    assert headline == "No difference in speed that can be told from noise"
    assert "differ by $17K, which may as well be nothing" in text
    assert "saves" not in text


def test_quality(record: Record) -> None:
    worse = changed(record, "loss_difference_nats_per_byte", value=0.01, low=0.008, high=0.012)
    assert "0.01 nats per byte higher" in said(worse, 1.0)[1]
    same = changed(record, "loss_difference_nats_per_byte", value=0.01, low=-0.01, high=0.03)
    assert "cannot be told from that of fp32" in said(same, 1.0)[1]


def test_nothing_measured(record: Record) -> None:
    assert said(None, math.nan)[0] == "Not measured"
    assert (
        said(changed(record, "throughput_ratio", value=None, low=None, high=None), 1.0)[0] == "Not measured"
    )


def test_a_missing_speed_gives_no_money(record: Record) -> None:
    assert "cannot be said" in said(record, math.nan)[1]
