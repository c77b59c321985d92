"""The rules of the house that a program can check: who imports whom, how long, how quick to start."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / "scenarios" / "base.yaml"
MAX_FILE_LINES = 350
# A strategy is one file by design: its inputs with their reasons, and its figures.
MAX_STRATEGY_LINES = 450
MAX_FUNCTION_LINES = 50

PACKAGE_FILES = sorted(path for package in ("planner", "bench") for path in (ROOT / package).rglob("*.py"))
CODE_FILES = [
    *PACKAGE_FILES,
    *sorted((ROOT / "benchmarks").glob("*.py")),
    *sorted((ROOT / "scenarios").rglob("*.py")),
]

# Runs one command line in this process, then says on the last line which of the heavy modules were loaded.
LOADED = """
import json, sys
sys.argv = ["benchplan", *json.loads(sys.argv[1])]
from planner.cli import main
code = 0
try:
    main()
except SystemExit as stop:
    code = stop.code or 0
heavy = {"numpy", "pandas", "scipy", "torch", "sklearn", "fvcore"}
print()
print(json.dumps({"code": code, "heavy": sorted(heavy & set(sys.modules))}))
"""

# Spelt in pieces, so that this file does not hold what it looks for.
INDEX_HOST = re.compile("|".join([r"pypi" r"\.org", r"pythonhosted" r"\.org", r"download\.pytorch" r"\.org"]))
INDEX_OPTION = re.compile(r"-" r"-(extra-)?index-url|-" r"-find-links|file" r"://")
MACHINE_PATH = re.compile(r"(?<![\w.~-])/(home|Users|root|work|workspace|opt|srv|mnt)/\w")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, (node.end_lineno or node.lineno) - node.lineno + 1


def tracked_files() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for name in listing.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_packages_are_where_the_rules_look() -> None:
    assert {"planner/errors.py", "bench/record.py"} <= {relative(path) for path in PACKAGE_FILES}


def test_import_rules_hold() -> None:
    lint = "from importlinter.cli import lint_imports; raise SystemExit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", PACKAGE_FILES, ids=relative)
def test_files_and_functions_are_short(path: Path) -> None:
    lines = len(path.read_text("utf-8").splitlines())
    most = MAX_STRATEGY_LINES if path.parent.name == "strategies" else MAX_FILE_LINES
    assert lines <= most, f"{relative(path)} has {lines} lines; give a part of it a file of its own"
    long = {name: length for name, length in functions(path) if length > MAX_FUNCTION_LINES}
    assert not long, f"{relative(path)}: functions over {MAX_FUNCTION_LINES} lines: {long}"


def test_code_is_ascii() -> None:
    wrong = [
        f"{relative(path)}:{number}"
        for path in CODE_FILES
        for number, line in enumerate(path.read_bytes().splitlines(), start=1)
        if not line.isascii()
    ]
    assert not wrong


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        relative(path)
        for path in CODE_FILES
        if path.stat().st_size and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert not silent


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["--help"], set()),
        (["check", str(BASE)], {"numpy"}),
        (["plan", str(BASE), "--json"], {"numpy"}),
    ],
    ids=["help", "check", "plan"],
)
def test_quick_commands_load_nothing_heavy(arguments: list[str], allowed: set[str], tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADED, json.dumps(arguments)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["code"] == 0, done.stdout + done.stderr
    assert set(result["heavy"]) <= allowed


def test_no_tracked_file_names_a_machine_or_an_index() -> None:
    found = []
    for path in tracked_files():
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
            pinned = path.name.startswith(("constraints", "requirements")) and "://" in line
            if pinned or INDEX_HOST.search(line) or INDEX_OPTION.search(line) or MACHINE_PATH.search(line):
                found.append(f"{relative(path)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("line", "pattern"),
    [
        ("data = '" + "/home" + "/ann/data.csv'", MACHINE_PATH),
        ("see " + "/work" + "/main", MACHINE_PATH),
        ("-" + "-extra-index-url x", INDEX_OPTION),
        ("https://pypi" + ".org/simple", INDEX_HOST),
    ],
    ids=["home", "work", "option", "host"],
)
def test_what_is_looked_for_would_be_found(line: str, pattern: re.Pattern[str]) -> None:
    assert pattern.search(line)
