"""What the user writes about requests that hold more than text."""

from __future__ import annotations

from planner.scenario.base import Section, assumed
from planner.scenario.quantities import Quantity


class Multimodality(Section):
    """Requests with images: how many, and what reading them costs."""

    multimodal_share: Quantity = assumed(0, "text only")
    """Share of the requests that hold images."""
    image_tokens_per_request: Quantity = assumed(
        "300 to 3000", "one to a few images of some hundred to a thousand tokens each"
    )
    """Tokens that the images of such a request take."""
