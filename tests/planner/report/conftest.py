"""The page that the tests of the report share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from planner.report.page import page
from planner.result import Result


@pytest.fixture(scope="session")
def html(planned: Callable[..., Result]) -> str:
    """The page of the base scenario, on the record of a real run, with enough draws to speak of odds."""
    return page(planned("base", draws=256))
