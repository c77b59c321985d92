"""What recipes save in money: the table agrees with the plan that names one, and refused ratios are said to be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from bench.record import load, save
from planner.analysis.recipes import recipe_savings
from planner.report.compression_money import CompressionMoney
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.page import page
from planner.result import Result
from tests.planner.report.compress_records import compress_record

RECIPE = "prune(layers, 0.25) -> distil"
NAMED = (f"serving.compression={RECIPE}", "serving.compression_usd=4e3")
Planned = Callable[..., Result]


@pytest.fixture(scope="module")
def named(planned: Planned) -> Result:
    return planned("base", *NAMED)


@pytest.fixture(scope="module")
def cpu(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The record of a real run, and compression measured on the same machine."""
    where = tmp_path_factory.mktemp("measurements")
    whole = load(root / "tests" / "data" / "quick-record.json")
    save(whole, where / "quick.json")
    save(compress_record().model_copy(update={"machine": whole.machine}), where / "compress.json")
    return where


@pytest.fixture(scope="module")
def named_html(named: Result) -> str:
    return page(named)


def section(html: str) -> str:
    inside = html.split('<section id="compression"')[1].split("</section>")[0]
    return unescape(re.sub(r"\s+", " ", re.sub(r"</?[a-z][^>]*>", " ", inside)))


def money(result: Result) -> CompressionMoney:
    formats = Formats(messages("en"))
    return CompressionMoney(result, Entries(result, formats), formats)


def test_the_table_agrees_with_the_plan_that_names_the_recipe(named: Result, planned: Planned) -> None:
    saving = next(each for each in recipe_savings(named).usable if each.known.recipe == RECIPE)
    assert saving.saved_usd_per_month == pytest.approx(
        float(named["compression_saving_usd_per_month"].central)
    )
    assert saving.saved_usd_per_month > 0
    assert saving.payback_months == pytest.approx(4e3 / saving.saved_usd_per_month)
    without = next(each for each in recipe_savings(planned("base")).usable if each.known.recipe == RECIPE)
    # Without it the plan has a few more customers, whom the recipe's quality costs.
    assert without.saved_usd_per_month == pytest.approx(saving.saved_usd_per_month, rel=0.01)
    assert without.making_usd > 4e3  # as published; the plan that names it has its own cost


def test_a_million_tokens_cost_less_by_what_is_saved(named: Result) -> None:
    found = recipe_savings(named)
    for each in found.usable:
        saved = found.plain_usd_per_million_tokens - each.usd_per_million_tokens
        assert saved == pytest.approx(each.saved_usd_per_million_tokens)


def test_the_recipe_of_the_plan_stands_first_with_its_figures(named: Result, named_html: str) -> None:
    said = section(named_html)
    assert said.index("What the recipe of this plan saves") < said.index("What each known recipe would save")
    assert f"Paid back by {money(named).own[-2].value}" in said
    assert [row.is_of_the_plan for row in money(named).rows].count(True) == 1
    assert "published for it in this plan" in said
    assert "costs $4K to make" in said


def test_the_table_is_folded_where_no_recipe_is_named(html: str, named_html: str) -> None:
    title = "<summary><h3>What each known recipe"
    assert f'<details class="subject">{title}' in html
    assert "What the recipe of this plan saves" not in html
    assert f'<details class="subject" open>{title}' in named_html


def test_ratios_of_a_cpu_are_said_to_be_refused_for_an_accelerator(planned: Planned, cpu: Path) -> None:
    result = planned("base", measurements=str(cpu))
    assert money(result).refused == sum(k.kind == "measured" for k in recipe_savings(result).others) > 20
    lines = [line for group in money(result).others for line in group.lines]
    assert any("measured on another machine than h100-sxm, so refused" in line for line in lines)
    assert all(each.known.kind != "measured" for each in recipe_savings(result).usable)


def test_ratios_of_the_plans_own_machine_are_used(planned: Planned, cpu: Path) -> None:
    like = ("serving.weight_precision=fp32", "serving.compression_batch_requests=1")
    result = planned("this_machine", *like, measurements=str(cpu))
    row = next(row for row in money(result).rows if "int8" in str(row.recipes[0]))
    assert (row.kind, row.kind_words) == ("measured", "measured on it")
    assert money(result).is_shown


def test_estimates_of_one_speed_share_a_row(planned: Planned) -> None:
    result = planned("base", "serving.weight_precision=fp16")
    usable, rows = recipe_savings(result).usable, money(result).rows
    assert sum(len(row.recipes) for row in rows) == len(usable) > len(rows)
    slower = next(row for row in rows if "costs" in row.saved)
    assert slower.payback.value == "never"
    assert [row.kind for row in rows] == sorted(
        (row.kind for row in rows), key=lambda kind: kind == "assumed"
    )


def test_nothing_is_made_up_where_a_cost_or_a_quality_is_not_known(planned: Planned) -> None:
    usable = recipe_savings(planned("base")).usable
    unknown = next(each for each in usable if math.isnan(each.making_usd))
    row = next(
        r for r in money(planned("base")).rows if unknown.known.recipe.split("(")[0] in str(r.recipes[0])
    )
    assert row.payback.small == ("cost not known",)
    assert math.isnan(unknown.payback_months)


def test_a_plan_that_serves_nothing_itself_has_no_table(planned: Planned) -> None:
    bought = planned("base", "model.source=api")
    assert math.isnan(recipe_savings(bought).plain_usd_per_million_tokens)
    assert money(bought).rows == []
    assert 'id="compression"' not in page(bought)
