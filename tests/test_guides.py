"""What the guides show works as it stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from planner.planning import plan
from planner.scenario.distributions import Distribution

ROOT = Path(__file__).resolve().parents[1]
GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))

Runner = Callable[..., "subprocess.CompletedProcess[str]"]


def shown(pattern: str) -> list[tuple[str, str]]:
    return [
        (guide.name, found)
        for guide in GUIDES
        for found in re.findall(pattern, guide.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    ]


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.stem)
def test_scenarios_in_guides_are_good(guide: Path, tmp_path: Path) -> None:
    """Each is laid over what the guide has shown before."""
    below = ROOT / "scenarios" / "base.yaml"
    for number, (name, block) in enumerate(shown(r"^```yaml\n(.*?)^```")):
        if name != guide.name:
            continue
        scenario = tmp_path / f"shown-{number}.yaml"
        scenario.write_text(f"extends: {below}\n{block}", "utf-8")
        result = plan(scenario, draws=4, figures=["runway_months"])
        written = [leaf for leaf in result.used_leaves().values() if str(scenario) in leaf.evidence.reference]
        if name == "uncertainty.md":
            assert len(written) >= 3
            assert all(isinstance(q.distribution, Distribution) for leaf in written for q in leaf.quantities)
        below = scenario


@pytest.mark.parametrize(("guide", "command"), shown(r"^    benchplan ([^\n]*)$"))
def test_commands_in_guides_run(guide: str, command: str, benchplan: Runner) -> None:
    assert benchplan("init", "mine").returncode == 0
    done = benchplan(*shlex.split(command, comments=True), "--draws", "16")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("guide", "link"), shown(r"\]\((?!https?:)([^)#]+)\)"))
def test_links_in_guides_lead_somewhere(guide: str, link: str) -> None:
    assert (ROOT / "docs" / "guides" / link).exists()
