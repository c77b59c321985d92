"""The shipped folders are found in a checkout and in an installed package, and their absence is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from planner import resources
from planner.errors import BenchplanError


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
