"""The wheel, built from the source archive, holds everything and works in a fresh environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
SHIPPED = {
    "planner": "planner",
    "bench": "bench",
    "templates": "planner/_resources/templates",
    "scenarios": "planner/_resources/scenarios",
}


@dataclass(frozen=True)
class Installed:
    """A fresh environment that holds the wheel, and a folder elsewhere to run it from."""

    wheel: Path
    environment: Path
    folder: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment and return what it printed; it must succeed."""
        variables = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        done = subprocess.run(
            [str(self.environment / "bin" / program), *arguments],
            cwd=self.folder,
            env={**variables, "PYTHONNOUSERSITE": "1"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{program} {arguments}: {done.stderr}{done.stdout}"
        assert "Traceback" not in done.stderr
        return done.stdout


def call(*command: str | Path) -> None:
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("packaging")
    # Without --wheel or --sdist, `build` makes the source archive and then the wheel out of it.
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", ROOT)
    (wheel,) = (folder / "dist").glob("*.whl")
    environment = folder / "venv"
    call(sys.executable, "-m", "venv", "--without-pip", environment)
    call(
        sys.executable, "-m", "pip", "--python", environment / "bin" / "python",
        "install", "--quiet", "--no-deps", "--no-index", wheel,
    )  # fmt: skip
    # The dependencies are those of this environment. A path file inside a folder that another path file names
    # is not read, so the editable install of this checkout stays out of sight.
    (packages,) = (environment / "lib").glob("python*/site-packages")
    (packages / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    return Installed(wheel, environment, elsewhere)


def test_wheel_holds_every_source_file_and_nothing_else(installed: Installed) -> None:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *SHIPPED]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    expected = {
        f"{SHIPPED[top]}/{rest}"
        for name in listing.stdout.split("\0")
        if name and (ROOT / name).is_file()
        for top, _, rest in [name.partition("/")]
    }
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert any(name.endswith("licenses/NOTICE") for name in names)


def test_it_is_the_wheel_that_runs(installed: Installed) -> None:
    code = (
        "import json, planner, bench; from planner import resources; "
        "found = [planner.__file__, bench.__file__, resources.templates(), resources.scenarios()]; "
        "print(json.dumps([str(path) for path in found]))"
    )
    for place in json.loads(installed.run("python", "-c", code)):
        assert Path(place).is_relative_to(installed.environment)


def test_help_names_the_commands(installed: Installed) -> None:
    text = installed.run("benchplan", "--help")
    for command in ("report", "plan", "check", "schema", "init", "trace", "bench"):
        assert command in text


def test_a_stranger_gets_from_init_to_a_report(installed: Installed) -> None:
    installed.run("benchplan", "init", "mine")
    made = sorted((installed.folder / "mine").glob("*.yaml"))
    assert made
    for scenario in made:
        installed.run("benchplan", "check", str(scenario))
    plan = json.loads(installed.run("benchplan", "plan", str(made[0]), "--json"))
    assert plan["figures"]["funding_need_usd"]["unit"]
    assert plan["evidence"]
    installed.run("benchplan", "report", str(made[0]), "-o", "report.html")
    page = (installed.folder / "report.html").read_text("utf-8")
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "</html>" in page


def test_schema_is_a_json_schema(installed: Installed) -> None:
    schema = json.loads(installed.run("benchplan", "schema"))
    assert schema["type"] == "object"
    assert schema["properties"]
