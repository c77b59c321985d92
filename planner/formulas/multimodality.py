"""What requests with images add to the tokens that are served, and to their cost."""

from __future__ import annotations

from planner.units import Array


def multimodal_overhead_ratio(
    multimodal_share: Array,
    image_tokens_per_request: Array,
    input_tokens_per_request: Array,
    output_tokens_per_request: Array,
) -> Array:
    """Tokens of images that are served for one token of text.

    Source: definition.
    """
    text_tokens_per_request = input_tokens_per_request + output_tokens_per_request
    return multimodal_share * image_tokens_per_request / text_tokens_per_request


def multimodal_usd(serving_usd: Array, screening_usd: Array, multimodal_overhead_ratio: Array) -> Array:
    """Part of the month's serving and screening that images cause.

    Source: definition; by tokens.
    """
    return (serving_usd + screening_usd) * multimodal_overhead_ratio / (1.0 + multimodal_overhead_ratio)
