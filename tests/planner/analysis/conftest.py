"""Plans whose draws are given, so that answers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import ArrayLike

from planner.result import Result
from tests.planner.conftest import Planned

Given = Callable[..., Result]


@pytest.fixture(scope="session")
def given(planned: Planned) -> Given:
    """Return a plan of some draws with the draws of some figures replaced: `given(cash_usd=[[...], ...])`."""

    def make(**figures: ArrayLike) -> Result:
        result = planned("base", "horizon_months=3", "model.launch_month=1", draws=4)
        found = {
            name: replace(result.figures[name], draws=np.array(rows, dtype=float))
            for name, rows in figures.items()
        }
        return replace(result, figures={**result.figures, **found})

    return make
