"""Each file of `tests/broken/scenario` holds a mistake and, in `# says line:column: words`, what is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

BROKEN = Path(__file__).resolve().parents[2] / "broken" / "scenario"


@pytest.mark.parametrize("path", sorted(BROKEN.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_mistake_is_said_at_its_place_and_nothing_else(
    path: Path, problems_of: Callable[..., tuple[str, ...]]
) -> None:
    expected = re.findall(r"^# says (.*)$", path.read_text(), re.MULTILINE)
    assert expected, "the file says not what it expects"
    problems = problems_of(path)
    assert len(problems) == len(expected)
    for problem, words in zip(problems, expected, strict=True):
        assert problem.startswith(f"{path}:{words}")


def test_there_are_broken_files() -> None:
    assert len(list(BROKEN.glob("*.yaml"))) > 40
