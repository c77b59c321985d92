"""The records that ship are whole, name no place of a machine, and say what they are evidence of."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.record import load

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "scenarios" / "measurements").rglob("*.json"))
PLACE = re.compile(r"(?<![\w.:/])/[\w.-]+/[\w./-]*")
"""An absolute path, on any machine."""
ACCELERATORS = [file for file in FILES if file.parent.name == "accelerators"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_shipped_record_is_whole_and_names_no_place(file: Path) -> None:
    record = load(file)
    assert record.measurements
    assert not record.contended
    assert PLACE.findall(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("file", ACCELERATORS, ids=lambda file: file.name)
def test_a_record_of_an_accelerator_names_it(file: Path) -> None:
    record = load(file)
    assert record.device == "cuda"
    assert record.machine.accelerator
    assert (record.machine.accelerator_memory_bytes or 0) > 10**10


def test_the_compression_records_cover_what_only_gpus_can() -> None:
    variants = {m.variant for file in ACCELERATORS for m in load(file).measurements if m.value is not None}
    joined = " ".join(variants)
    for step in (
        "fp8",
        "sparse(2:4)",
        "torchao(int8_weight)",
        "torchao(fp8_dynamic)",
        "compile",
        "prune(2:4",
    ):
        assert step in joined
