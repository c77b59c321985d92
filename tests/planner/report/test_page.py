"""What the page says: the outlook, the evidence of each figure, money that adds up."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from planner.formulas import common
from planner.report import render
from planner.report.entries import Entries
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.money import FLOWS, Money
from planner.report.outlook import KINDS, evident, is_choice, outlook
from planner.report.page import page
from planner.resources import templates
from planner.result import Result
from tests.planner.report.reading import Planner, Reader


def test_the_outlook_counts_who_is_short_before_the_first_round_and_who_starts_late(planned: Planner) -> None:
    result = planned("base", "finance.opening_cash_usd=500e3", draws=256)
    seen, cash = outlook(result), result["cash_usd"].draws
    assert seen.first_round_month == 3
    assert seen.short_before_share == max(np.mean(cash[0] < 300e3), np.mean(cash[1] < 300e3)) > 0
    assert seen.late_revenue_share == np.mean(result["first_revenue_month"].draws > 5) > 0
    assert outlook(planned("base", "finance.rounds=[]")).short_before_share == 0


def test_what_a_list_without_items_would_hold_is_not_shown_as_assumed(planned: Planner) -> None:
    result = planned("base", draws=256)
    entries = Entries(result, Formats(messages("en"), "2027-01"))
    shown = {row.name: row for rows in entries.inputs.values() for row in rows}
    assert shown["loan_usd"].kind == "unused"
    assert all(row.values for row in shown.values() if row.kind in KINDS)
    counted = Counter(row.kind for row in shown.values() if row.kind in KINDS)
    assert counted == Counter({kind: count for kind, count in outlook(result).kinds.items() if count})


def test_the_limits_do_not_deny_what_the_plan_has(html: str, planned: Planner) -> None:
    loan = "finance.loans=[{loan_month: 4, loan_usd: 2e5, loan_rate_share_per_year: 0.12}]"
    bought = "finance.purchases=[{purchase_month: 4, purchase_gpus: 1, purchase_usd_per_gpu: 3e4}]"
    rich = page(planned("base", loan, bought))
    prompt = page(planned("base", "finance.supplier_payment_days=0"))
    no_debt, rented, at_once = (
        "There is no debt",
        "Nothing is capitalised",
        "Suppliers and staff are paid in the month of the cost",
    )
    for text, is_said in ((html, (1, 1, 0)), (rich, (0, 0, 0)), (prompt, (1, 1, 1))):
        assert tuple(text.count(words) for words in (no_debt, rented, at_once)) == is_said


def test_every_kind_of_cost_has_a_colour_in_each_light(planned: Planner) -> None:
    result = planned("base", draws=256)
    style = (templates() / "report.css").read_text("utf-8")
    for number in range(1, len(Money(result, outlook(result), Formats(messages("en"), "2027-01")).costs) + 1):
        assert f".kind-{number} {{ --c: var(--kind-{number}); }}" in style
        assert style.count(f"--kind-{number}: #") == 3  # light, dark and print


def test_every_figure_and_every_input_has_its_entry(html: str, planned: Planner) -> None:
    result, ids = planned("base", draws=256), Reader(html).ids
    of_a_switch = {name for name in (*result, *result.leaves) if name.startswith("second_")} | {
        "switch_month",
        "successor_month",
    }
    idle = {
        name
        for name in result
        if result[name].function is not None
        and result[name].function.__module__ == common.__name__
        and not result.program.nodes[name].parameters
    }  # what a strategy has only so that the company can add up
    figures = {name for name in result if name not in result.leaves} - idle
    assert idle
    assert not {f"figure-{name}" for name in idle} & set(ids)
    assert {f"figure-{name}" for name in figures - of_a_switch} <= set(ids)
    assert {f"input-{name}" for name in result.used_leaves().keys() - of_a_switch} <= set(ids)
    assert not {f"{kind}-{name}" for name in of_a_switch for kind in ("input", "figure")} & set(ids)
    switched = page(planned("base", "model.switch_source=api", "model.switch_month=30"))
    assert 'id="input-switch_month"' in switched
    assert 'id="figure-second_training_share"' in switched


def test_entries_show_the_formula_and_the_evidence(html: str) -> None:
    entry = html.split('id="figure-funding_need_usd"')[1].split("</details>")[0]
    assert "return np.maximum(funding_buffer_usd - lowest_cash_before_funding_usd, 0.0)" in entry
    assert 'href="#figure-lowest_cash_before_funding_usd"' in entry
    assert 'href="#input-funding_buffer_usd"' in entry
    assert ">assumed</span>" in entry


def test_an_input_that_is_multiplied_by_nothing_is_not_counted_and_says_so(
    planned: Planner, html: str
) -> None:
    result = planned("base", draws=256)
    idle = {
        "vendor_input_usd_per_million_tokens",
        "vendor_output_usd_per_million_tokens",
        "pretraining_tokens",
    }
    assert not idle & set(evident(result))
    for name in idle & set(result.used_leaves()):
        assert ">not used</span>" in html.split(f'id="input-{name}"')[1].split("</li>")[0]
    bought = evident(planned("base", "model.source=api"))
    assert "vendor_input_usd_per_million_tokens" in bought
    assert "serving_usd_per_gpu_hour" not in bought


def test_a_distribution_is_spelt_out_where_its_ends_do_not_say_it(planned: Planner) -> None:
    shown = page(
        planned("base", "finance.opening_cash_usd=choice(5e5:0.92, 1e5:0.08)",
                "finance.funding_buffer_usd=1e5 to 4e5 within 2e5 .. 3e5", draws=2)
    )  # fmt: skip
    cash = shown.split('id="input-opening_cash_usd"')[1].split("</li>")[0]
    assert "90% range $100K to $500K, mean $468K (choice(100000:0.08, 500000:0.92))" in cash
    buffer = shown.split('id="input-funding_buffer_usd"')[1].split("</li>")[0]
    assert "within 200000..300000 (truncated lognormal)" in buffer


def test_it_says_what_depends_on_what_and_what_could_not_be_met(dependent: Result) -> None:
    limits = page(dependent).split('<section id="limits"')[1].split("</section>")[0]
    text = re.sub(r"\s+", " ", re.sub("<[^>]+>", "", limits))
    assert "The factor price war drives: People who could use the platform (+0.7), " in text
    assert (
        "People who could use the platform and Marketing for one new subscriber: rank correlation +0.95"
        in text
    )
    assert "(people.roles.1.role_salary_usd_per_person_year)" in text
    assert "Not all of this can hold at once." in text
    assert dependent.drawing.dependence.repairs
    assert text.count(": asked") == len(dependent.drawing.dependence.repairs)
    assert "Inputs are drawn independently of each other, apart from those named above." in text
    assert 'href="#input-addressable_users"' in limits


def test_what_was_set_for_one_run_rests(planned: Planner, dependent: Result) -> None:
    result = planned(dependent.loaded.path, "open_platform.addressable_users=1e6", draws=256)
    limits = page(result).split('<section id="limits"')[1].split("</section>")[0]
    assert "its dependence on other inputs rests" in limits
    assert "People who could use the platform" not in limits


def test_independent_inputs_are_said_to_be(html: str) -> None:
    assert "Inputs are drawn independently of each other." in html
    assert "What depends on what" not in html


def test_the_parts_of_the_start_add_up(planned: Planner) -> None:
    result = planned("base", draws=256)
    money = Money(result, outlook(result), Formats(messages("en"), "2027-01"))
    parts = [float(result[name].central) for name in money.startup_labels()]
    assert sum(parts) == pytest.approx(float(result["startup_cost_usd"].central))
    assert sum(parts) == pytest.approx(
        float(result["startup_one_off_usd"].central) + float(result["startup_running_usd"].central)
    )


def test_the_costs_of_the_chart_are_all_costs(planned: Planner) -> None:
    result = planned("base", draws=256)
    total = sum(
        np.asarray(row)
        for _label, row in Money(result, outlook(result), Formats(messages("en"), "2027-01")).costs.values()
    )
    np.testing.assert_allclose(total, result["total_cost_usd"].central)


def test_a_round_that_comes_too_late_is_not_said_to_be_enough(planned: Planner) -> None:
    late = planned(
        "base", "horizon_months=36", "finance.rounds=[{round_month: 36, round_usd: 1e9}]", draws=64
    )
    seen = outlook(late)
    assert seen.rounds_usd > seen.need_usd.p90
    assert seen.runs_out_share > 0
    assert seen.covered_share <= 1 - seen.runs_out_share
    in_time = planned(
        "base", "horizon_months=36", "finance.rounds=[{round_month: 1, round_usd: 1e9}]", draws=64
    )
    assert outlook(in_time).covered_share == 1


def test_an_entry_shows_the_number_that_led_to_it(planned: Planner, html: str) -> None:
    result, formats = planned("base", draws=256), Formats(messages("en"), "2027-01")
    for name in ("funding_need_usd", "startup_cost_usd", "runway_months", "break_even_month"):
        entry = html.split(f'id="figure-{name}"')[1].split("</details>")[0]
        for label, q in (("p10", 0.1), ("p50", 0.5), ("p90", 0.9)):
            assert f"{label} {formats.quantity(float(result[name].quantile(q)), name)}" in entry
    happens = formats.chance(float(result["break_even_month"].probability(np.isfinite)))
    assert f"it happens within the plan in {happens} of the draws" in html
    undrawn = page(planned("base")).split('id="figure-funding_need_usd"')[1].split("</details>")[0]
    assert "Over the draws" not in undrawn


def test_the_years_add_up_to_the_plan(planned: Planner) -> None:
    result = planned("base", "horizon_months=30")
    formats = Formats(messages("en"), "2027-01")
    years = Money(result, outlook(result), formats).years()
    assert [year.dates for year in years] == ["Jan to Dec 2027", "Jan to Dec 2028", "Jan to Jun 2029"]
    for place, name in enumerate(FLOWS):
        row = np.asarray(result[name].central)
        said = [year.flows[place] for year in years]
        sums = [float(row[start : start + 12].sum()) for start in (0, 12, 24)]
        assert said == [(name, formats.money(usd)) for usd in sums]


def test_what_is_not_served_has_no_price(planned: Planner) -> None:
    model = (
        page(planned("technology_services", "pull_through_share=0"))
        .split('<section id="model"')[1]
        .split("</section>")[0]
    )
    assert "No tokens are served in this plan" in model
    assert "Served on" not in model
    assert "Serving as it is used" not in model
    assert "Served on" in page(planned("base"))


def test_the_chance_of_the_month_is_no_assumption(planned: Planner, html: str) -> None:
    assert "shock_demand_share" not in evident(planned("base", draws=256))
    entry = html.split('id="input-shock_demand_share"')[1].split("</li>")[0]
    assert ">chance</span>" in entry
    assert ">assumed</span>" not in entry


def test_it_says_what_was_measured_and_how(html: str) -> None:
    bench = html.split('<section id="bench"')[1].split("</section>")[0]
    for word in (
        "Data preparation",
        "Model choice",
        "Parameter settings",
        "Training",
        "Evaluation",
        "Saving and loading",
    ):
        assert f">{word}</th>" in bench
    assert "times the speed of fp32" in bench
    assert "fp32 against itself" in bench


def test_choices_are_no_assumptions(planned: Planner) -> None:
    result = planned("base", draws=256)
    choices = [leaf for leaf in result.used_leaves().values() if is_choice(leaf)]
    assert {"weight_bits_per_param", "switch_month"} <= {leaf.name for leaf in choices}
    assert not {leaf.name for leaf in choices} & set(evident(result))


def test_in_chinese(planned: Planner, tmp_path: Path) -> None:
    shown = render(planned("base", draws=256), tmp_path / "r.html", lang="zh").read_text("utf-8")
    for word in (
        '<html lang="zh">',
        "需要多少资金？",
        "参数数量庞大",
        "计算需求高",
        "数据需求大",
        "优化难度大",
        "实测",
        "开放平台",
    ):
        assert word in shown


def test_every_kind_of_cost_has_a_colour_of_its_own(planned: Planner) -> None:
    money = Money(planned("base"), outlook(planned("base")), Formats(messages("en"), "2027-01"))
    style = (templates() / "report.css").read_text("utf-8")
    for number in range(1, len(money.costs) + 1):
        assert f".kind-{number} {{" in style
        assert len(set(re.findall(rf"--kind-{number}: (#\w+)", style))) == 2, "light and dark"
