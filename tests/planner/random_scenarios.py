"""Random scenarios for property tests: any strategies, any inputs within what the schema allows, any lists of money.

`scenarios()` gives settings in the form of `--set`, to be laid over a shipped scenario:

    @given(scenarios())
    def test_something(sets: tuple[str, ...]) -> None:
        figures = every_figure(sets)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, get_args

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st

from planner import strategies
from planner.engine import Program
from planner.errors import FigureError, ScenarioError
from planner.preparing import Prepared, Source
from planner.scenario.base import Section
from planner.scenario.keys import ANY, Key, keys
from planner.scenario.quantities import AboveZero, Quantity
from planner.units import is_share, unit_of
from tests.planner.conftest import RECORD, ROOT

BASE = ROOT / "scenarios" / "base.yaml"
MOST_KEYS = 10
LEFT_ALONE = {
    # They say of what there is, and other keys limit them.
    "opening_users", "opening_paid_users", "opening_developers", "launch_month",
}  # fmt: skip
SOURCES = ("open_weights", "fine_tuned", "api")


@cache
def above_zero() -> frozenset[str]:
    """The keys of quantities that something is divided by."""

    def marked(part: object) -> bool:
        return isinstance(part, AboveZero) or any(map(marked, get_args(part)))

    def walk(section: type[Section]) -> set[str]:
        found = set()
        for name, field in section.model_fields.items():
            if any(map(marked, (field.annotation, *field.metadata))):
                found.add(name)
            inner = [field.annotation, *get_args(field.annotation)]
            for one in inner:
                if isinstance(one, type) and issubclass(one, Section):
                    found |= walk(one)
        return found

    return frozenset(walk(strategies.scenario_model()))


@cache
def free_keys(chosen: tuple[str, ...]) -> tuple[Key, ...]:
    """The quantities outside lists that have a default and that these strategies or the company read."""
    others = set(strategies.names()) - set(chosen)
    return tuple(
        key
        for path, key in keys(strategies.scenario_model()).items()
        if isinstance(key.default, Quantity)
        and ANY not in path
        and path.partition(".")[0] not in others
        and key.name not in LEFT_ALONE
    )


@st.composite
def written(draw: st.DrawFn, key: Key) -> str:
    """A value for a key, as a scenario writes it: a number, sometimes none, or an interval."""
    default: Quantity = key.default
    may_be_none = key.name not in above_zero()
    if is_share(key.name):
        share = draw(st.one_of(st.floats(0.02, 0.9), *([st.sampled_from([0.0, 1.0])] if may_be_none else [])))
        spread = 0.02 <= share <= 0.9 and draw(st.booleans())
        return f"{share * 0.8!r} to {min(share * 1.1, 0.95)!r}" if spread else repr(share)
    if may_be_none and draw(st.integers(0, 5)) == 0:
        return "0"
    usual = default.value or {"usd": 1e4, "months": 6.0, "days": 20.0}.get(unit_of(key.name).text, 1.0)
    value = usual * 10 ** draw(st.floats(-0.7, 0.7))
    if unit_of(key.name).numerator == ("ratio",):
        value = usual * 10 ** draw(st.floats(-0.3, 0.3))
    return f"{value * 0.8!r} to {value * 1.25!r}" if draw(st.booleans()) else repr(value)


def _list(name: str, items: Sequence[dict[str, object]]) -> str:
    inside = ", ".join(
        "{" + ", ".join(f"{key}: {value}" for key, value in one.items()) + "}" for one in items
    )
    return f"finance.{name}=[{inside}]"


def months(last: int) -> st.SearchStrategy[str]:
    """A month of the plan, whole or not, or an interval."""
    return st.one_of(
        st.integers(1, last).map(str),
        st.floats(1.0, last).map(repr),
        st.floats(1.0, last / 1.5).map(lambda month: f"{month!r} to {1.5 * month!r}"),
    )


def usd(most: float) -> st.SearchStrategy[str]:
    """An amount, sometimes none, or an interval."""
    amounts = st.floats(1e3, most)
    return st.one_of(st.just("0"), amounts.map(repr), amounts.map(lambda low: f"{low!r} to {2 * low!r}"))


def _dicts(most: int, **fields: st.SearchStrategy[object]) -> st.SearchStrategy[list[dict[str, object]]]:
    return st.lists(st.fixed_dictionaries(fields), max_size=most)


@st.composite
def money(draw: st.DrawFn, horizon: int) -> list[str]:
    """Rounds, loans and purchases of any kind, and how the books are kept."""
    shares = st.one_of(st.sampled_from(["0", "1", '"chance(0.7)"']), st.floats(0, 1).map(repr))
    small = st.one_of(st.just("0"), st.floats(0, 0.3).map(repr))
    rounds = _dicts(
        3, round_month=months(horizon), round_usd=usd(1e7), round_kind=st.sampled_from(["priced", "safe"]),
        round_pre_money_usd=usd(1e8), safe_cap_usd=usd(1e8), round_pool_share=small, round_success_share=shares,
        round_delay_months=st.floats(0, 5).map(repr),
    )  # fmt: skip
    loans = _dicts(
        2, loan_month=months(horizon), loan_usd=usd(1e6), loan_rate_share_per_year=small,
        loan_term_months=st.floats(0.5, 60).map(repr),
    )  # fmt: skip
    purchases = _dicts(
        2, purchase_month=months(horizon), purchase_gpus=st.sampled_from(["0", "8", "2 to 16"]),
        purchase_usd_per_gpu=usd(4e4), purchase_life_months=st.floats(0.5, 60).map(repr), resale_month=months(horizon),
        resale_decline_share_per_month=small,
    )  # fmt: skip
    lists = {"rounds": rounds, "loans": loans, "purchases": purchases}
    free, training = (
        draw(st.sampled_from(["cost_of_revenue", "marketing"])),
        draw(st.sampled_from(["expensed", "capitalised"])),
    )
    return [
        *(_list(name, draw(items)) for name, items in lists.items()),
        f"finance.free_tier_policy={free}",
        f"finance.training_policy={training}",
    ]


@st.composite
def scenarios(draw: st.DrawFn, longest: int = 30) -> tuple[str, ...]:
    """Settings of a whole scenario over `BASE`: strategies, horizon, inputs, rounds, loans, purchases, policies."""
    chosen = tuple(draw(st.lists(st.sampled_from(strategies.names()), min_size=1, unique=True)))
    horizon = draw(st.integers(2, longest))
    changed = draw(
        st.lists(st.sampled_from(free_keys(chosen)), max_size=MOST_KEYS, unique_by=lambda k: k.path)
    )
    return (
        f"strategies=[{', '.join(chosen)}]",
        f"horizon_months={horizon}",
        f"model.launch_month={draw(st.integers(1, horizon))}",
        f"model.source={draw(st.sampled_from(SOURCES))}",
        *(f"{key.path}={draw(written(key))}" for key in changed),
        *draw(money(horizon)),
    )


@cache
def source() -> Source:
    """The base of all random scenarios, read once."""
    return Source(BASE, str(RECORD))


def prepared(sets: Sequence[str]) -> Prepared:
    """A random scenario, read and wired; one that the program refuses with good words is no example."""
    try:
        return source().prepare(sets)
    except ScenarioError:
        reject()


def run(program: Program, leaves: dict[str, Any], horizon: int) -> dict[str, np.ndarray]:
    """All figures of a program, those of each month as months by draws."""
    names = [name for name in program.order if program.nodes[name].function]
    try:
        found = program.run(leaves, horizon, names)
    except FigureError:
        reject()
    return {
        name: np.asarray(value, dtype=float)
        if np.ndim(value) > 1 or program.phases[name] != "monthly"
        else np.asarray(value, dtype=float)[:, None]
        for name, value in found.items()
    }


def every_figure(sets: Sequence[str], draws: int = 8) -> dict[str, np.ndarray]:
    """All figures of a random scenario in some draws, those of each month as months by draws."""
    from planner.drawing import draws_of

    ready = prepared(sets)
    drawn = draws_of(ready.leaves, ready.program.leaves, ready.loaded, draws, 0)
    return run(ready.program, drawn.block(0, draws), ready.loaded.scenario.horizon_months)
