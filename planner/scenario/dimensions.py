"""Which dimension of the sequence each input has, for good: a registry, so that new inputs move no old one.

`dimensions.csv` gives every name its dimension. A name keeps it for as long as the file lives, wherever it stands in
the schema; a new one takes the lowest that is free. Low dimensions are spread most evenly, so they belong to what is
uncertain and matters; items of lists are registered by number (`role_people.0`), common factors as `factor.NAME`.
What is not registered (more items, overridden figures, other factors), or stands behind the evenly spread dimensions,
is drawn from a stream of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

NUM_EVEN_DIMENSIONS = 140
"""Dimensions below this one were chosen so that no two of them correlate by 0.02 in 16,384 draws; some above do."""


@cache
def dimensions() -> Mapping[str, int]:
    """Return the dimension of every registered name."""
    text = files("planner.scenario").joinpath("dimensions.csv").read_text(encoding="ascii")
    return MappingProxyType({row["name"]: int(row["dimension"]) for row in csv.DictReader(text.splitlines())})
