"""Files, what they extend and `--set` become one scenario, or every problem is said at its place."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from planner.errors import ScenarioError
from planner.scenario.distributions import Lognormal
from planner.scenario.files import split
from planner.scenario.quantities import Quantity

Write = Callable[..., Path]
Load = Callable[..., Any]
Problems = Callable[..., tuple[str, ...]]


def test_what_is_written_wins_over_the_defaults(write: Write, load_company: Load) -> None:
    loaded = load_company(write("name: A\nmarket:\n  price_usd_per_million_tokens: 3\n"))
    assert loaded.scenario.name == "A"
    assert loaded.scenario.market.price_usd_per_million_tokens == Quantity(3.0)
    assert loaded.scenario.market.churn_share_per_month.note == "subscriptions"
    assert loaded.written == {"name", "market", "market.price_usd_per_million_tokens"}
    assert str(loaded.positions["market.price_usd_per_million_tokens"]) == "plan.yaml:3:3"
    assert loaded.path == Path("plan.yaml")
    assert loaded.overrides == {}


def test_texts_become_dates_lists_and_aliased_keys(write: Write, load_company: Load) -> None:
    loaded = load_company(
        write(
            """
            schema: test/1
            name: A
            first_day: 2026-11-23
            people:
              roles:
                - {role: engineer, role_people: 3 to 5}
            market: {country_weight: {de: 1, at: 0.5}}
            """
        )
    )
    assert loaded.scenario.first_day.isoformat() == "2026-11-23"
    assert loaded.scenario.people.roles[0].role_people.distribution == Lognormal(3, 5)
    assert loaded.scenario.market.country_weight["at"].value == 0.5
    assert {"schema", "people.roles.0.role_people", "market.country_weight.de"} <= loaded.written


def test_evidence_is_read_and_counts_as_one_key(write: Write, load_company: Load) -> None:
    loaded = load_company(
        write("name: A\ntraining:\n  training_usd_per_gpu_hour:\n    value: 2\n    source: offer 17\n")
    )
    assert loaded.scenario.training.training_usd_per_gpu_hour.source == "offer 17"
    assert "training.training_usd_per_gpu_hour" in loaded.written
    assert not any(key.endswith(".value") for key in loaded.written)


def test_extends_goes_file_by_file_relative_to_each(write: Write, load_company: Load) -> None:
    write("name: bottom\nhorizon_months: 12\nmarket: {price_usd_per_million_tokens: 1}\n", "lib/bottom.yaml")
    write("extends: bottom.yaml\nname: middle\nmarket: {subsidy_usd: -5}\n", "lib/middle.yaml")
    loaded = load_company(write("extends: lib/middle.yaml\nname: top\n"))
    assert loaded.scenario.name == "top"
    assert loaded.scenario.horizon_months == 12
    assert loaded.scenario.market.price_usd_per_million_tokens.value == 1
    assert loaded.scenario.market.subsidy_usd.value == -5
    assert str(loaded.positions["horizon_months"]) == "lib/bottom.yaml:2:1"
    assert "extends" not in loaded.written


def test_an_override_is_laid_over_and_lists_and_quantities_are_replaced_whole(
    write: Write, load_company: Load
) -> None:
    base = write(
        """
        name: A
        people: {roles: [{role: a, role_people: 1}, {role: b, role_people: 2}]}
        market: {price_usd_per_million_tokens: {value: 3, source: offer}, subsidy_usd: 7}
        """
    )
    over = write(
        """
        people: {roles: [{role: c, role_people: 9}]}
        market: {price_usd_per_million_tokens: {value: 4}}
        """,
        "over.yaml",
    )
    last = write("market: {subsidy_usd: 8}\n", "last.yaml")
    loaded = load_company(f"{base}+{over}+{last}")
    assert [role.role for role in loaded.scenario.people.roles] == ["c"]
    assert loaded.scenario.market.price_usd_per_million_tokens == Quantity(4.0)
    assert loaded.scenario.market.subsidy_usd.value == 8
    assert loaded.path == base
    assert str(loaded.positions["market.subsidy_usd"]) == "last.yaml:1:10"


def test_a_plus_in_a_file_name_is_part_of_the_name(write: Write, load_company: Load) -> None:
    write("name: A\n", "a+b.yaml")
    write("name: B\n", "c.yaml")
    assert load_company("a+b.yaml").scenario.name == "A"
    assert load_company("a+b.yaml+c.yaml").scenario.name == "B"
    assert split("no.yaml+such.yaml") == [Path("no.yaml"), Path("such.yaml")]


def test_set_takes_dotted_keys_last_segments_and_items(write: Write, load_company: Load) -> None:
    plan = write("name: A\npeople: {roles: [{role: a, role_people: 1}]}\n")
    loaded = load_company(
        plan,
        "market.price_usd_per_million_tokens=2 to 4",
        "training_mfu_share={value: 0.4, source: paper}",
        "people.roles.0.role_people=7",
        "source=open_weights",
        "horizon_months=24",
        "horizon_months=36",
        "name=no",
    )
    scenario = loaded.scenario
    assert scenario.market.price_usd_per_million_tokens.distribution == Lognormal(2, 4)
    assert scenario.training.training_mfu_share == Quantity(0.4, source="paper")
    assert scenario.people.roles[0].role_people.value == 7
    assert scenario.model.source == "open_weights"
    assert scenario.horizon_months == 36
    assert scenario.name == "no"
    assert str(loaded.positions["horizon_months"]) == "--set horizon_months=36"
    assert loaded.overrides == {}


def test_set_of_anything_else_overrides_a_figure(write: Write, load_company: Load) -> None:
    plan = write("name: A\nfigures: {revenue_usd: 5, tokens_share: {value: 0.5, source: log}}\n")
    loaded = load_company(
        plan,
        "churn_cost_usd=normal(-3, 4)",
        "open_platform.revenue_usd=2e6",
        "model.cost_usd=-1",
        "figures.x.y=3",
    )
    assert {name: quantity.value for name, quantity in loaded.overrides.items()} == {
        "revenue_usd": 5,
        "tokens_share": 0.5,
        "churn_cost_usd": 0.5,
        "open_platform.revenue_usd": 2e6,
        "model.cost_usd": -1,
        "x.y": 3,
    }
    assert loaded.overrides["tokens_share"].source == "log"
    assert str(loaded.positions["figures.revenue_usd"]) == "plan.yaml:2:24"


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("horizon_months", "--set horizon_months: write --set key=value"),
        ("=5", "--set =5: write --set key=value"),
        ("a=", "--set a=: write --set key=value"),
        ("a=# nothing", "--set a=# nothing: a: has no value"),
        ("a=[1", "--set a=[1: not YAML: a list or mapping in brackets is not closed"),
        ("a=*x", "--set a=*x: an alias (*x) is not read"),
        ("horizon_months=0", "--set horizon_months=0: horizon_months: must be at least 1 (was 0)"),
        (
            "training_mfu_share=45",
            "--set training_mfu_share=45: training.training_mfu_share: 45 is outside 0 and 1",
        ),
        (
            "revenue_usd=10 to 5",
            "--set revenue_usd=10 to 5: figures.revenue_usd: `10 to 5` does not run from low to high",
        ),
        ("input_share=2", "--set input_share=2: figures.input_share: 2 is outside 0 and 1"),
        (
            "role_people=2",
            "--set role_people=2: role_people: says not which one is meant; write people.roles.0.role_people",
        ),
        ("people.roles.0.role=x", "--set people.roles.0.role=x: people.roles.0.role: has no item 0"),
        (
            "market.price_usd_per_million_token=3",
            "--set market.price_usd_per_million_token=3: market.price_usd_per_million_token: is not a key; "
            "did you mean 'price_usd_per_million_tokens'?",
        ),
        (
            "market.price_eur_per_token=3",
            "--set market.price_eur_per_token=3: market.price_eur_per_token: is not a key; write",
        ),
        ("market.a.b=3", "--set market.a.b=3: market.a.b: is not a key"),
        ("market=3", "--set market=3: market: must be a mapping of keys to values (was 3)"),
    ],
)
def test_what_cannot_be_set_is_said_with_the_setting(
    write: Write, problems_of: Problems, setting: str, expected: str
) -> None:
    [problem] = problems_of(write("name: A\n"), setting)
    assert problem.startswith(expected)


def test_an_item_that_a_list_lacks_cannot_be_set(write: Write, problems_of: Problems) -> None:
    plan = write("name: A\npeople: {roles: [{role: a, role_people: 1}]}\n")
    [problem] = problems_of(plan, "people.roles.1.role=x")
    assert problem.endswith("has no item 1; the list has 1, counted from 0")


def test_all_problems_at_once_in_the_order_of_their_places(write: Write, problems_of: Problems) -> None:
    write("horizon_months: 0\nmarket: {churn_percent: 5}\n", "base.yaml")
    write("market: {subsidy_usd: x}\n", "over.yaml")
    write(
        """\
        extends: base.yaml
        model: {source: opn_weights}
        model: {source: api}
        people:
          roles:
            - {role: 5, role_people: -1}
            - {rolle: b}
        training_mfu_share: 0.4
        """
    )
    found = problems_of("plan.yaml+over.yaml", "horizon=1 to 0", "training_mfu_share=2")
    assert [problem.split(": ")[:2] for problem in found] == [
        ["plan.yaml:1:1", "name"],
        ["plan.yaml:2:17", "model.source"],
        ["plan.yaml:3:1", "model"],
        ["plan.yaml:6:14", "people.roles.0.role"],
        ["plan.yaml:6:30", "people.roles.0.role_people"],
        ["plan.yaml:7:7", "people.roles.1.role"],
        ["plan.yaml:7:7", "people.roles.1.role_people"],
        ["plan.yaml:7:8", "people.roles.1.rolle"],
        ["plan.yaml:8:1", "training_mfu_share"],
        ["base.yaml:1:17", "horizon_months"],
        ["base.yaml:2:10", "market.churn_percent"],
        ["over.yaml:1:23", "market.subsidy_usd"],
        ["--set horizon=1 to 0", "figures.horizon"],
        ["--set training_mfu_share=2", "training.training_mfu_share"],
    ]


def test_what_a_lost_file_may_hold_is_not_missed(write: Write, problems_of: Problems) -> None:
    found = problems_of(write("extends: bsae.yaml\nhorizon_months: x\n"))
    assert found == (
        "plan.yaml:1:10: extends: there is no file bsae.yaml",
        "plan.yaml:2:17: horizon_months: must be a whole number (was 'x')",
    )


def test_files_that_extend_each_other_are_refused_with_their_path(
    write: Write, problems_of: Problems
) -> None:
    write("extends: b.yaml\n", "a.yaml")
    write("extends: a.yaml\n", "b.yaml")
    assert problems_of("a.yaml") == (
        "b.yaml:1:10: extends: files extend each other in a circle: a.yaml -> b.yaml -> a.yaml",
    )
    write("extends: self.yaml\nname: A\n", "self.yaml")
    assert problems_of("self.yaml")[0].endswith("in a circle: self.yaml -> self.yaml")


def test_the_same_base_under_two_files_is_no_circle(write: Write, load_company: Load) -> None:
    write("name: A\n", "base.yaml")
    write("extends: base.yaml\nhorizon_months: 12\n", "a.yaml")
    write("extends: base.yaml\n", "b.yaml")
    assert load_company("a.yaml+b.yaml").scenario.horizon_months == 12


def test_a_missing_file_is_named_with_the_nearest(write: Write, problems_of: Problems) -> None:
    write("name: A\n", "plans/open_platform.yaml")
    assert problems_of("plans/open_plattform.yaml") == (
        "plans/open_plattform.yaml: there is no file plans/open_plattform.yaml; "
        "did you mean 'open_platform.yaml'?",
    )
    assert problems_of("plans/x.yaml") == ("plans/x.yaml: there is no file plans/x.yaml",)
    [problem] = problems_of("nowhere/a.yaml")
    assert "there is no folder nowhere either" in problem


def test_a_folder_is_refused_with_a_file_in_it(write: Write, problems_of: Problems) -> None:
    write("name: A\n", "plans/a.yaml")
    assert problems_of("plans") == ("plans: plans is a folder; name a file in it, such as a.yaml",)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "plan.yaml:1:1: the file is empty"),
        (b"# comment\n", "plan.yaml:1:1: the file is empty"),
        (b"~\n", "plan.yaml:1:1: the file is empty"),
        (b"- a\n- b\n", "plan.yaml:1:1: the file is no mapping of keys to values"),
        (b"just a text\n", "plan.yaml:1:1: the file is no mapping of keys to values"),
        (b"name: A\ndescription: caf\xe9\n", "plan.yaml:2:17: byte 0xe9 is not UTF-8"),
        ("name: A\n".encode("utf-16"), "plan.yaml:1:1: byte 0xff is not UTF-8"),
        (b"name: " + b"a" * 1_000_001, "plan.yaml: plan.yaml is over 1,000,000 bytes"),
    ],
)
def test_what_is_no_scenario_is_refused(
    write: Write, problems_of: Problems, content: bytes, expected: str
) -> None:
    [problem] = problems_of(write(content))
    assert problem.startswith(expected)


def test_a_byte_order_mark_and_windows_line_ends_are_read(write: Write, load_company: Load) -> None:
    loaded = load_company(write(b"\xef\xbb\xbfname: A\r\nhorizon_months: 12\r\n"))
    assert loaded.scenario.horizon_months == 12
    assert str(loaded.positions["horizon_months"]) == "plan.yaml:2:1"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_refused(write: Write, problems_of: Problems) -> None:
    plan = write("name: A\n")
    plan.chmod(stat.S_IWUSR)
    assert "permission denied" in problems_of(plan)[0]


def test_a_name_that_no_file_can_have_is_refused(write: Write, problems_of: Problems) -> None:
    write("name: A\n")
    for name in ("a\0b", "x" * 5000):
        [problem] = problems_of(name)
        assert "cannot read" in problem


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(max_size=40))
def test_any_setting_is_taken_or_refused_in_words(write: Write, load_company: Load, setting: str) -> None:
    plan = write("name: A\n")
    with pytest.raises(ScenarioError) as raised:
        load_company(plan, setting, "horizon_months=0")
    assert all(problem.startswith("--set ") for problem in raised.value.problems)
