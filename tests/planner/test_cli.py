"""The command line as a user meets it: what it prints, its exit status, and one paragraph for every bad input."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from planner import cli
from tests.planner.conftest import RECORD, ROOT, Ran, Run

BASE = ROOT / "scenarios" / "base.yaml"
SHIPPED = sorted((ROOT / "scenarios").glob("*.yaml"))


def refused(ran: Ran, code: int = 2) -> str:
    """Check that a run ended in one clear message, and return it."""
    assert ran.code == code, ran
    assert ran.out == ""
    assert "Traceback" not in ran.err
    assert ran.err.strip()
    return ran.err


# What works


def test_plan_prints_the_headlines(run: Run) -> None:
    ran = run("plan", BASE, "--measurements", RECORD)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("Assistant for a profession: 48 months, one draw: every input at its median\n")
    assert "funding_need_usd" in ran.out
    assert "p90" not in ran.out


def test_plan_with_draws_prints_quantiles(run: Run) -> None:
    ran = run("plan", BASE, "--measurements", RECORD, "--draws", "16", "--seed", "7")
    assert ran.code == 0
    assert "16 draws, seed 7" in ran.out
    assert "p90" in ran.out


def test_plan_as_json_is_one_document_on_standard_output(run: Run) -> None:
    ran = run("plan", BASE, "--json", "--measurements", RECORD)
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert set(document["figures"]["funding_need_usd"]) == {"unit", "value"}
    assert document["evidence"]["filter_bytes_per_machine_second"]["kind"] == "measured"
    assert json.loads(run("plan", BASE, "--json", "--draws", "8", "--measurements", RECORD).out)["figures"][
        "funding_need_usd"
    ]["quantiles"].keys() == {"p5", "p10", "p25", "p50", "p75", "p90", "p95"}


def test_trace_prints_a_tree_and_json(run: Run) -> None:
    ran = run("trace", BASE, "funding_need_usd", "--measurements", RECORD)
    assert (ran.code, ran.err) == (0, "")
    assert all(f"[{kind}]" in ran.out for kind in ("measured", "published", "assumed"))
    document = json.loads(
        run("trace", BASE, "cash_usd", "--month", "3", "--json", "--measurements", RECORD).out
    )
    assert (document["name"], document["month"]) == ("cash_usd", 3)


@pytest.mark.parametrize("scenario", SHIPPED, ids=[path.stem for path in SHIPPED])
def test_every_shipped_scenario_is_good_and_rests_on_shipped_measurements(run: Run, scenario: Path) -> None:
    ran = run("check", scenario)
    assert (ran.code, ran.err) == (0, "")
    assert f"{scenario}: good; " in ran.out


def test_check_reads_several_and_tells_all_that_is_wrong(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        "schema: benchplan.scenario/1\nname: x\nstrategies: [open_platform]\nhorizont: 3\n", encoding="utf-8"
    )
    ran = run("check", BASE, bad, tmp_path / "none.yaml")
    assert ran.code == 2
    assert f"{BASE}: good" in ran.out
    assert f"{bad}:4:1: horizont" in ran.err
    assert "none.yaml" in ran.err


def test_a_mix_plans_from_the_command_line(run: Run) -> None:
    both = "strategies=[open_platform, technology_services]"
    ran = run("plan", BASE, "--json", "--set", both, "--measurements", RECORD)
    figures = json.loads(ran.out)["figures"]
    parts = zip(
        figures["open_platform.revenue_usd"]["value"],
        figures["technology_services.revenue_usd"]["value"],
        strict=True,
    )
    assert figures["revenue_usd"]["value"] == pytest.approx([a + b for a, b in parts])


def test_the_committed_schema_is_the_one_that_is_printed(run: Run) -> None:
    ran = run("schema")
    assert (ran.code, ran.err) == (0, "")
    committed = (ROOT / "scenarios" / "scenario.schema.json").read_text(encoding="utf-8")
    assert json.loads(ran.out) == json.loads(committed), (
        "run `benchplan schema > scenarios/scenario.schema.json`"
    )


def test_init_copies_the_examples_which_plan_where_they_are(run: Run, tmp_path: Path) -> None:
    ran = run("init", "mine")
    assert (ran.code, ran.err) == (0, "")
    assert "next: benchplan report mine/base.yaml" in ran.out
    assert run("check", "mine/base.yaml").code == 0
    assert (tmp_path / "mine" / "scenario.schema.json").is_file()


def test_init_never_writes_over_anything(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    mine = tmp_path / "mine" / "base.yaml"
    mine.write_text("name: my own work\n", encoding="utf-8")
    message = refused(run("init", "mine"))
    assert "nothing is written over" in message
    assert mine.read_text(encoding="utf-8") == "name: my own work\n"
    assert sorted(path.name for path in (tmp_path / "mine").iterdir()) == ["base.yaml"]


def test_init_into_what_is_no_folder_is_refused(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert "file" in refused(run("init", "file/scenarios"))


def test_help_and_version(run: Run) -> None:
    ran = run("--help")
    assert ran.code == 0
    for command in ("bench", "check", "init", "plan", "report", "schema", "trace"):
        assert f"\n  {command}" in ran.out
    assert run("--version").out.startswith("benchplan")


# What is wrong


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("training.trainig_mfu_share=0.4", "did you mean 'training_mfu_share'"),
        ("trainig_mfu_share=0.4", "did you mean 'training_mfu_share'"),
        ("market.price_eur_per_million_tokens=2", "price_usd_per_million_tokens"),
        ("serving.serving_usd_per_gpu_hour=-2", "cannot be negative"),
        ("training_mfu_share=1.2", "outside 0 and 1"),
        ("training_mfu_share=45", "write 0.45 for 45 %"),
        ("horizon_months=0", "horizon_months"),
        ("horizon_months=1000", "at most 240"),
        ("opening_cash_usd=-5 to 10", "touches zero or goes below"),
        ("model.source=opne_weights", "did you mean 'open_weights'"),
        ("model.base=llama-3.1-8", "did you mean"),
        ("strategies=[open_platfrom]", "did you mean 'open_platform'"),
        ("churn_share_per_mont=0.1", "did you mean 'churn_share_per_month'"),
        ("nonsense", "key=value"),
        ("gpus_per_replica=0", "serving.gpus_per_replica: must be above zero (was 0)"),
    ],
)
def test_a_bad_setting_is_refused_with_what_is_allowed(run: Run, setting: str, said: str) -> None:
    message = refused(run("plan", BASE, "--measurements", RECORD, "--set", setting))
    assert said in message
    assert message.startswith("benchplan: ")


def test_a_bad_file_is_refused_with_every_place(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(
        BASE.read_text(encoding="utf-8")
        .replace("horizon_months: 48", "horizon_months: 0")
        .replace("weight_precision: fp8", "weight_precison: fp8")
        .replace("price_usd_per_million_tokens: 1.2", "price_usd_per_million_tokens: -1.2", 1),
        encoding="utf-8",
    )
    message = refused(run("plan", bad, "--measurements", RECORD))
    assert message.count("bad.yaml:") == 3
    assert "horizon_months: must be at least 1 (was 0)" in message
    assert "did you mean 'weight_precision'" in message
    assert "must be above zero" in message


def test_a_missing_file_is_refused_with_the_nearest(run: Run, tmp_path: Path) -> None:
    (tmp_path / "company.yaml").write_text("name: x\n", encoding="utf-8")
    message = refused(run("plan", "compnay.yaml"))
    assert "compnay.yaml" in message
    assert "company.yaml" in message
    assert "folder" in refused(run("plan", tmp_path))


def test_a_missing_newer_or_half_written_record_is_refused(run: Run, tmp_path: Path) -> None:
    text = RECORD.read_text(encoding="utf-8")
    (tmp_path / "newer.json").write_text(text.replace("measurement/1", "measurement/9"), encoding="utf-8")
    (tmp_path / "half.json").write_text(text[:999], encoding="utf-8")
    assert "newer" in refused(run("plan", BASE, "--measurements", "newer.json"))
    assert "half.json" in refused(run("plan", BASE, "--measurements", "half.json"))
    assert "did you mean 'half.json'" in refused(run("plan", BASE, "--measurements", "halv.json"))


def test_without_measurements_what_to_do_is_said(run: Run) -> None:
    message = refused(run("plan", BASE, "--measurements", "none"))
    assert "run `benchplan bench run`" in message


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("plam", BASE), "Did you mean 'plan'?"),
        (("frobnicate",), "There are: "),
        (("plan",), "Missing argument"),
        (("plan", BASE, "--drws", "3"), "--draws"),
        (("plan", BASE, "--draws", "many"), "--draws"),
        (("plan", BASE, "--draws", "0"), "--draws 0"),
        (("plan", BASE, "--seed", "-1"), "--seed"),
        (("trace", BASE, "casch_usd", "--measurements", RECORD), "did you mean 'cash_usd'"),
        (("trace", BASE, "cash_usd", "--month", "99", "--measurements", RECORD), "months 1 to 48"),
        (("trace", BASE), "Missing argument"),
    ],
)
def test_bad_usage_is_refused_with_a_hint(run: Run, arguments: tuple[str | Path, ...], said: str) -> None:
    assert said in refused(run(*arguments))


@pytest.mark.parametrize("output", ["file/r.html", "."])
def test_an_output_that_cannot_be_written_is_refused_before_planning(
    run: Run, tmp_path: Path, output: str
) -> None:
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    ran = run("report", BASE, "-o", output, "--measurements", RECORD, "--draws", "1")
    assert ran.code in (1, 2)
    assert "Traceback" not in ran.err
    assert ran.err.startswith("benchplan: ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text(encoding="utf-8") == "mine"


def test_debug_shows_the_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from planner.errors import InputError

    monkeypatch.setattr("sys.argv", ["benchplan", "--debug", "plan", "none.yaml"])
    with pytest.raises(InputError):
        cli.main()


def test_ctrl_c_is_told_in_a_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("planner.planning.plan", interrupted)
    assert "stopped; nothing half-written is left behind" in refused(run("plan", BASE), 1)


def test_the_real_process_ends_with_its_status_and_without_a_traceback(
    benchplan: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    bad = benchplan("plan", "nowhere.yaml")
    assert bad.returncode == 2
    assert bad.stdout == ""
    assert bad.stderr.startswith("benchplan: ")
    assert "Traceback" not in bad.stderr
    good = benchplan("plan", BASE, "--json", "--measurements", RECORD)
    assert good.returncode == 0
    assert json.loads(good.stdout)["figures"]["funding_need_usd"]["value"] > 0
    assert good.stderr == ""
