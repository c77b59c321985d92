"""What the README shows works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text("utf-8")
TOUR = [
    shlex.split(line, comments=True)[1:]
    for line in re.findall(r"^    (benchplan .*)$", README, flags=re.MULTILINE)
]
LONG = ("report", "bench")

Runner = Callable[..., "subprocess.CompletedProcess[str]"]


def test_tour_names_every_command(benchplan: Runner) -> None:
    table = benchplan("--help").stdout.partition("Commands:")[2]
    commands = set(re.findall(r"^  (\w+)", table, flags=re.MULTILINE))
    assert commands
    assert commands == {arguments[0] for arguments in TOUR}


def test_quick_commands_of_the_tour_run_in_their_order(benchplan: Runner) -> None:
    for arguments in TOUR:
        if arguments[0] in LONG:
            continue
        command = arguments[: arguments.index(">")] if ">" in arguments else arguments
        done = benchplan(*command)
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if "--json" in command or command == ["schema"]:
            assert json.loads(done.stdout)


def test_scenario_in_the_readme_is_good(benchplan: Runner, tmp_path: Path) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", README, flags=re.DOTALL)
    assert blocks
    for number, block in enumerate(blocks):
        scenario = tmp_path / f"shown{number}.yaml"
        scenario.write_text(f"extends: {ROOT / 'scenarios' / 'base.yaml'}\n{block}", "utf-8")
        done = benchplan("check", scenario)
        assert done.returncode == 0, done.stderr


def test_python_call_in_the_readme_works(tmp_path: Path) -> None:
    import planner

    (call,) = re.findall(r"`planner\.plan\(\"mine/base\.yaml\", draws=(\d+)\)`", README)
    result = planner.plan(ROOT / "scenarios" / "base.yaml", draws=int(call))
    assert result["runway_months"].quantile(0.5) > 0


@pytest.mark.parametrize("name", re.findall(r"\]\((?!https?:)([^)#]+)\)", README))
def test_links_lead_somewhere(name: str) -> None:
    assert (ROOT / name).exists()
