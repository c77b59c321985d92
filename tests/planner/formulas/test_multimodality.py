"""Requests with images take more tokens, and their cost is told apart."""

from __future__ import annotations

import pytest

from planner.formulas import multimodality, serving


def test_images_add_tokens_in_proportion() -> None:
    # A fifth of the requests with 1,000 tokens of images over 2,000 of text: a tenth more tokens.
    overhead = multimodality.multimodal_overhead_ratio(0.2, 1000.0, 1200.0, 800.0)
    assert overhead == pytest.approx(0.1)
    assert serving.served_tokens(1e9, overhead) == pytest.approx(1.1e9)
    assert multimodality.multimodal_usd(1000.0, 100.0, overhead) == pytest.approx(100.0)


def test_text_alone_costs_nothing_more() -> None:
    assert multimodality.multimodal_overhead_ratio(0.0, 1000.0, 1000.0, 1000.0) == 0
    assert multimodality.multimodal_usd(1000.0, 0.0, 0.0) == 0
