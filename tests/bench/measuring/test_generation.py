"""Prefill and decoding are timed over what they are said to be timed over."""

from __future__ import annotations

import pytest
import torch

from bench.errors import InputError
from bench.measuring.generation import Cell, calls, cells, time_generation
from bench.measuring.interleaving import Schedule
from bench.models.building import build
from bench.models.gpt import Gpt, GptConfig

CONFIG = GptConfig(width=64, num_layers=2, num_heads=4, feed_forward_width=256, context_tokens=128)
BRIEF = Schedule(rounds=5, blocks=2, block_seconds=1e-4, max_warm_up_seconds=0.05)


@pytest.fixture
def model() -> Gpt:
    found = build(CONFIG)
    assert isinstance(found, Gpt)
    return found.eval()


def test_cells_are_all_combinations() -> None:
    assert cells([1, 4], [16, 128], 128) == [Cell(1, 16), Cell(1, 128), Cell(4, 16), Cell(4, 128)]
    assert Cell(4, 16).conditions == {"batch": 4, "context_tokens": 16}


@pytest.mark.parametrize(("batches", "contexts"), [([0], [16]), ([], [16]), ([1], [1]), ([1], [129])])
def test_cells_that_cannot_be_are_refused(batches: list[int], contexts: list[int]) -> None:
    with pytest.raises(InputError, match=r"batch sizes|context lengths"):
        cells(batches, contexts, 128)


def test_a_step_of_decoding_gives_the_token_that_the_whole_prompt_gives(model: Gpt) -> None:
    with torch.inference_mode():
        prefill, decode = calls(model, Cell(3, 20))
        first = prefill()
        assert first.shape == (3,)
        assert torch.equal(decode(), first)
        assert torch.equal(decode(), first), "a repeated step starts from the same place"
        assert torch.equal(prefill(), first)


def test_prefill_takes_longer_with_more_tokens_and_decoding_with_more_sequences(model: Gpt) -> None:
    found = {t.cell: t for t in time_generation(model, cells([1, 16], [8, 128], 128), BRIEF)}
    counts = {len(timing.seconds) for t in found.values() for timing in (t.prefill, t.decode)}
    assert len(counts) == 1, "all in the same rounds"
    assert 5 <= counts.pop() <= 10

    def prefill(batch: int, tokens: int) -> float:
        return min(found[Cell(batch, tokens)].prefill.seconds)

    assert prefill(16, 128) > 4 * prefill(1, 8)
    assert prefill(16, 128) > min(found[Cell(16, 128)].decode.seconds)
    assert min(found[Cell(16, 128)].decode.seconds) > min(found[Cell(1, 8)].decode.seconds)
