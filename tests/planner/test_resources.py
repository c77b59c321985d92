"""The shipped folders are found in a checkout and in an installed package, and their absence is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner import resources
from planner.errors import BenchplanError, InputError


def test_folders_are_real_folders() -> None:
    assert resources.templates().is_dir()
    assert resources.scenarios().is_dir()
    assert resources.templates().name == "templates"
    assert resources.scenarios().name == "scenarios"


def test_installed_copy_wins_over_a_neighbour(tmp_path: Path) -> None:
    package = tmp_path / "planner"
    (package / "_resources" / "scenarios").mkdir(parents=True)
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "pyproject.toml").touch()
    assert resources._folder("scenarios", package) == package / "_resources" / "scenarios"


def test_checkout_is_known_by_its_project_file(tmp_path: Path) -> None:
    package = tmp_path / "planner"
    package.mkdir()
    (tmp_path / "templates").mkdir()
    with pytest.raises(BenchplanError, match="'templates' that belongs to Benchplan is missing"):
        resources._folder("templates", package)
    (tmp_path / "pyproject.toml").touch()
    assert resources._folder("templates", package) == tmp_path / "templates"


def test_a_file_in_the_place_of_the_folder_is_no_folder(tmp_path: Path) -> None:
    package = tmp_path / "planner"
    (package / "_resources").mkdir(parents=True)
    (package / "_resources" / "scenarios").touch()
    with pytest.raises(BenchplanError, match="install Benchplan again"):
        resources._folder("scenarios", package)


def test_copied_scenarios_are_equal_and_without_records(tmp_path: Path) -> None:
    written = resources.copy_scenarios(tmp_path / "new" / "mine")
    assert tmp_path / "new" / "mine" / "base.yaml" in written
    for path in written:
        original = resources.scenarios() / path.relative_to(tmp_path / "new" / "mine")
        assert path.read_bytes() == original.read_bytes()
    found = {path for path in tmp_path.rglob("*") if path.is_file()}
    assert found == set(written)
    assert not any("measurements" in path.parts for path in written)


def test_copying_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("mine")
    with pytest.raises(InputError, match="nothing is written over"):
        resources.copy_scenarios(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["base.yaml"]
    assert (tmp_path / "base.yaml").read_text() == "mine"


def test_a_file_in_the_way_of_the_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    with pytest.raises(InputError, match="taken: cannot be written"):
        resources.copy_scenarios(tmp_path / "taken")
