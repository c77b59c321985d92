"""A small schema, so that these tests hold whatever keys the real one has; ways to write and load files."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Literal, Self

import pytest
from pydantic import Field, model_validator

from planner.errors import ScenarioError
from planner.scenario.base import Section, assumed
from planner.scenario.loading import Loaded, load
from planner.scenario.quantities import MAY_BE_NEGATIVE, Quantity


class Model(Section):
    source: Literal["api", "open_weights", "fine_tuned"] = "api"
    """Where the model comes from."""
    launch_month: Quantity = assumed(4, "three months to build")
    """First month in which customers are served."""
    is_open: bool = False
    """Whether the weights are published."""


class Training(Section):
    training_mfu_share: Quantity | None = None
    """Share of the peak that training reaches."""
    training_usd_per_gpu_hour: Quantity = assumed(
        2.5, "list price", source="a price list", as_of=date(2026, 11, 1)
    )
    """Price of an hour of one accelerator."""


class Role(Section):
    role: str
    """What they are called."""
    role_people: Quantity
    """How many."""
    role_salary_usd_per_person_year: Quantity = assumed("9e4 to 2e5", "engineers")
    """Yearly salary."""


class People(Section):
    roles: tuple[Role, ...] = ()
    """The people who are hired."""


class Market(Section):
    price_usd_per_million_tokens: Quantity = assumed("0.5 to 2", "list prices")
    """List price of a million tokens."""
    churn_share_per_month: Quantity = assumed("0.02 to 0.08", "subscriptions")
    """Share of the customers who leave each month."""
    subsidy_usd: Annotated[Quantity, MAY_BE_NEGATIVE] = assumed(0, "none")
    """Money that the state adds, or takes."""
    country_weight: dict[str, Quantity] | None = None
    """How much each country counts."""


class Company(Section):
    """A company."""

    version: Annotated[Literal["test/1"], Field(alias="schema")] = "test/1"
    """Version of this format."""
    name: str
    """Name of the plan."""
    start_month: Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] = "2027-01"
    """First month of the plan, as year-month."""
    first_day: date | None = None
    """Day on which the company is founded."""
    horizon_months: Annotated[int, Field(ge=1, le=240)] = 48
    """Months that are planned."""
    model: Model = Model()
    """Where the model comes from, and when."""
    training: Training = Training()
    """How models are trained."""
    people: People = People()
    """Staff."""
    market: Market = Market()
    """Prices."""

    @model_validator(mode="after")
    def _launch_is_planned(self) -> Self:
        if self.model.launch_month.value > self.horizon_months:
            raise ValueError("the launch lies after the last month that is planned")
        return self


Write = Callable[..., Path]
Load = Callable[..., Loaded[Company]]
Problems = Callable[..., tuple[str, ...]]


@pytest.fixture
def schema() -> type[Company]:
    return Company


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Write a file into an empty folder, which is the working folder, and return its name."""
    monkeypatch.chdir(tmp_path)

    def write(text: str | bytes, name: str = "plan.yaml") -> Path:
        content = text if isinstance(text, bytes) else dedent(text).encode()
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    return write


@pytest.fixture
def load_company() -> Load:
    def load_company(path: str | Path, *sets: str) -> Loaded[Company]:
        return load(path, sets, model=Company)

    return load_company


@pytest.fixture
def problems_of(load_company: Load) -> Problems:
    """Return the problems that loading reports, one line each."""

    def problems_of(path: str | Path, *sets: str) -> tuple[str, ...]:
        with pytest.raises(ScenarioError) as raised:
            load_company(path, *sets)
        assert raised.value.exit_status == 2
        assert str(raised.value) == "\n".join(raised.value.problems)
        return raised.value.problems

    return problems_of
