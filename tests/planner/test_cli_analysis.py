"""The commands that ask questions of plans: what they print, their exit status, their JSON, and what they refuse."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.planner.conftest import RECORD, ROOT, Ran, Run

BASE = ROOT / "scenarios" / "base.yaml"
SERVICES = ROOT / "scenarios" / "technology_services.yaml"
SHORT = ("--measurements", RECORD, "--set", "horizon_months=12", "--draws", "64")


def refused(ran: Ran) -> str:
    """Check that a run ended in one clear message, and return it."""
    assert (ran.code, ran.out) == (2, ""), ran
    assert "Traceback" not in ran.err
    return ran.err


# compare


def test_compare_prints_plans_side_by_side(run: Run) -> None:
    ran = run("compare", BASE, SERVICES, *SHORT)
    assert (ran.code, ran.err) == (0, "")
    for line in (
        "B less A, draw by draw",
        "medians over the same 64 draws, seed 0",
        "inputs that differ (A | B): ",
    ):
        assert line in ran.out
    assert not re.search(r"\bnan\b", ran.out)


def test_compare_of_three_is_one_json_document(run: Run) -> None:
    ran = run("compare", BASE, SERVICES, BASE, *SHORT, "--json", "--seed", "3")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert (document["draws"], document["seed"], len(document["plans"])) == (64, 3, 3)
    assert document["plans"][0]["figures"]["funding_need_usd"]["quantiles"]["p50"] > 0
    same = document["differences"][1]["figures"]
    assert {one["median"] for one in same} <= {0.0, None}
    assert sum(plan["regret"]["best_share"] for plan in document["plans"]) >= 1


def test_compare_gives_the_same_on_any_number_of_processes(run: Run) -> None:
    asked = ("compare", BASE, SERVICES, *SHORT, "--json")
    alone = run(*asked)
    assert (alone.code, alone.err) == (0, "")
    assert run(*asked, "--workers", "2") == alone
    assert run(*asked, "--workers", "4", "-o", "page.html").out == alone.out


def test_no_process_is_no_number_of_them(run: Run) -> None:
    assert "--workers" in refused(run("compare", BASE, SERVICES, *SHORT, "--workers", "0"))


def test_compare_writes_a_page_beside_json(run: Run, tmp_path: Path) -> None:
    ran = run("compare", BASE, SERVICES, *SHORT, "-o", "page.html", "--json")
    assert ran.code == 0
    assert "page.html: 2 plans on 64 draws" in ran.err
    assert json.loads(ran.out)["schema"] == "benchplan.comparison/1"
    assert (tmp_path / "page.html").read_text("utf-8").startswith("<!")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((BASE,), "give at least two scenarios to compare"),
        ((BASE, "absent.yaml"), "absent.yaml"),
        ((BASE, SERVICES, "--draws", "0"), "--draws 0"),
        ((BASE, SERVICES, "--draws", "5000000"), "plans are compared draw by draw"),
        ((BASE, SERVICES, "-o", "page.html", "--lang", "xx"), "xx"),
        ((BASE, ROOT / "scenarios" / "open_platform.yaml"), "--set horizon_months=48"),
    ],
)
def test_compare_refuses(run: Run, arguments: tuple[str | Path, ...], words: str) -> None:
    assert words in refused(run("compare", *arguments, "--measurements", RECORD))


# solve

SOLVE = ("solve", BASE, "--vary", "finance.opening_cash_usd", "--target", "runway_months >= 10")


def test_solve_as_json(run: Run) -> None:
    ran = run(*SOLVE, *SHORT, "--probability", "0.8", "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert document["schema"] == "benchplan.solution/1"
    assert document["is_found"]
    assert document["probability_share"] >= document["wanted_probability_share"] == 0.8
    assert document["interval"]["low"] <= document["value"] <= document["interval"]["high"]
    assert len(document["searched"]) == 17


def test_solve_gives_the_same_on_any_number_of_processes(run: Run) -> None:
    asked = (*SOLVE, "--measurements", RECORD, "--set", "horizon_months=3", "--draws", "5000", "--json")
    assert run(*asked, "--workers", "1") == run(*asked, "--workers", "2")


def test_solve_on_the_central_path(run: Run) -> None:
    ran = run(*SOLVE, *SHORT[:-1], "1")
    assert ran.code == 0
    assert "holds with every other input at its median" in ran.out
    assert "interval" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--probability", "80"), "--probability 80: give a number between 0 and 1"),
        (("--set", "finance.opening_cash_usd=0"), "gives no range to search"),
        (("--draws", "4000000", "--target", "cash_usd > 0"), "give --draws 349525"),
    ],
)
def test_solve_refuses(run: Run, arguments: tuple[str, ...], words: str) -> None:
    assert words in refused(run(*SOLVE, *SHORT, *arguments))


# gate


def test_gate_passes_and_fails_by_its_exit_status(run: Run) -> None:
    good = run(
        "gate", BASE, *SHORT, "--require", "startup_cost_usd@p90 > 0", "--require", "P(people > 0) > 0.5"
    )
    assert (good.code, good.err) == (0, "")
    assert [line.split()[0] for line in good.out.splitlines()] == ["met", "met"]
    bad = run("gate", BASE, *SHORT, "--require", "startup_cost_usd@p90 > 0", "--require", "people@p50 > 1e6")
    assert (bad.code, bad.err) == (1, "")
    assert bad.out.splitlines()[1].startswith("not met  people@p50 > 1e6")


def test_gate_as_json(run: Run) -> None:
    ran = run(
        "gate",
        BASE,
        *SHORT,
        "--json",
        "--require",
        "P(cash_usd < 0) <= 1",
        "--require",
        "break_even_month@p50 < 2",
    )
    assert ran.code == 1
    document = json.loads(ran.out, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
    assert document["schema"] == "benchplan.gate/1"
    first, second = document["requirements"]
    assert (first["requirement"], first["is_met"], second["is_met"]) == ("P(cash_usd < 0) <= 1", True, False)
    assert 0 <= first["found"] <= 1
    assert (second["found"], second["status"]) == (None, "not within the horizon")


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("cash > 0", "say how sure it is to be"),
        ("cash@p10 > 0", "there is no figure or input 'cash'"),
        ("cash_usd ~ 0", "is no condition; write it like"),
        ("addressable_users@p10 > 0", "is an input, not a figure"),
        ("cash_usd[13]@p10 > 0", "the plan has months 1 to 12, not 13"),
    ],
)
def test_gate_refuses_with_another_status_than_not_met(run: Run, requirement: str, words: str) -> None:
    assert words in refused(run("gate", BASE, *SHORT, "--require", requirement))


def test_gate_needs_a_requirement(run: Run) -> None:
    assert "--require" in refused(run("gate", BASE))


def test_gate_refuses_more_draws_than_it_can_look_at_one_by_one(run: Run) -> None:
    asked = ("--draws", "1000000", "--require", "P(cash_usd < 0) < 0.1")
    assert "room for 349,525 single draws" in refused(run("gate", BASE, *SHORT, *asked))


@pytest.mark.parametrize("command", ["compare", "solve", "gate"])
def test_help_names_every_option_with_a_sentence(run: Run, command: str) -> None:
    ran = run(command, "--help")
    assert ran.code == 0
    options = re.findall(r"^  (-[^\n]*?)(?:  |\n)", ran.out, flags=re.MULTILINE)
    assert len(options) >= 6
    assert not re.search(r"^  --\S+ ?\S*$\n  -", ran.out, flags=re.MULTILINE), (
        "an option without a word of help"
    )
