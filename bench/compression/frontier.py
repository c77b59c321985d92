"""Which recipes another one beats in every respect: size, speed and quality."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """Where a form stands: bytes and loss, the less the better, and how many times faster than before."""

    file_bytes: float
    speed_ratio: float
    loss_nats: float

    def dominates(self, other: Place) -> bool:
        """Tell whether this is nowhere worse and somewhere better."""
        pairs = (
            (self.file_bytes, other.file_bytes),
            (other.speed_ratio, self.speed_ratio),
            (self.loss_nats, other.loss_nats),
        )
        return all(mine <= its for mine, its in pairs) and any(mine < its for mine, its in pairs)


def dominating(places: Mapping[str, Place]) -> dict[str, list[str]]:
    """Return for each form those that dominate it; none for a form on the frontier."""
    return {
        name: [other for other, its in places.items() if its.dominates(place)]
        for name, place in places.items()
    }
