"""The page as a file: nothing from outside, nothing unescaped, every link leads somewhere, every case renders."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest

import planner
from planner.errors import InputError
from planner.report import check_language, check_output, render
from planner.report.entries import prose
from planner.report.page import page
from tests.planner.report.reading import Planner, Reader

MAX_BYTES = 1_000_000


def test_it_is_one_small_file_that_loads_nothing(document: str) -> None:
    assert len(document.encode()) < MAX_BYTES
    assert Reader(document).loads == ["data:,"]
    assert "@import" not in document
    assert "url(" not in document


def test_the_policy_allows_exactly_the_style_and_the_script_inside(document: str) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', document)
    assert policy
    rules = policy[1].replace("&#39;", "'")
    assert rules.startswith("default-src 'none'; ")
    assert "unsafe" not in rules
    for tag in ("style", "script"):
        inside = re.findall(rf"<{tag}>(.*?)</{tag}>", document, re.DOTALL)
        assert len(inside) == 1
        expected = base64.b64encode(hashlib.sha256(inside[0].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{expected}'" in rules


def test_every_link_leads_somewhere_and_every_id_is_its_own(document: str) -> None:
    reader = Reader(document)
    assert reader.open == []
    assert [name for name, count in reader.ids.items() if count > 1] == []
    inside = {link[1:] for link in reader.links if link.startswith("#")}
    assert inside - set(reader.ids) == set()
    assert all(link.startswith(("#", "https://", "http://")) for link in reader.links)


def test_headings_are_in_order(document: str) -> None:
    levels = Reader(document).headings
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_drawings_are_well_formed(document: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", document, re.DOTALL)
    assert len(drawings) > 20
    for drawing in drawings:
        ElementTree.fromstring(drawing)


def test_hostile_names_are_only_text(planned: Planner) -> None:
    hostile = "<script>alert(1)</script>"
    shown = page(planned("base", f"name={hostile}", "description='\"><img src=x onerror=alert(1)>'"))
    assert hostile not in shown
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert "<img" not in shown
    Reader(shown)


@pytest.mark.parametrize(
    ("scenario", "sets", "expected"),
    [
        ("base", ("revenue_usd=0",), "no revenue comes before the plan ends"),
        (
            "base",
            ("horizon_months=1", "model.launch_month=1", "finance.rounds=[]"),
            "one month, January 2027",
        ),
        ("base", ("finance.opening_cash_usd=1e9",), "At least nine draws in ten need no new money."),
        ("base", ("model.source=api",), "Nothing is trained, so no training data is needed."),
        ("base", ("model.source=open_weights",), "The company trains no model of its own."),
        (
            "base",
            ("model.switch_source=pretrained", "model.switch_month=30", "training.pretraining_tokens=1e12"),
            "From June 2029 on: pretrained by the company itself.",
        ),
        ("base", ("finance.rounds=[]", "people.roles=[]"), "The scenario plans no funding round."),
        ("base", ("churn_share_per_month=0.2",), 'id="input-open_platform.churn_share_per_month"'),
        ("open_platform", (), "Open platform"),
        ("technology_services", (), "Technology services"),
        ("base", ("strategies=[open_platform, technology_services]",), "Open platform, Technology services"),
    ],
)
def test_every_kind_of_plan_has_a_page(
    planned: Planner, scenario: str, sets: tuple[str, ...], expected: str
) -> None:
    shown = page(planned(scenario, *sets, draws=64))
    assert expected in shown
    check_page(shown)


def test_without_measurements_it_says_how_to_get_them(planned: Planner) -> None:
    shown = page(planned("base", "data.filter_bytes_per_machine_second=2e5", measurements="none"))
    assert "This plan rests on no measurements." in shown
    assert "benchplan bench run" in shown
    assert "one draw, the central path" in shown
    check_page(shown)


def check_page(shown: str) -> None:
    assert len(shown.encode()) < MAX_BYTES
    assert not re.search(r">\s*(nan|inf|None)\b", shown)
    reader = Reader(shown)
    assert {link[1:] for link in reader.links if link.startswith("#")} <= set(reader.ids)


def test_addresses_become_links_and_nothing_else_does() -> None:
    shown = prose('see https://example.org/a?b=1&c=2. <b> `key` "x"')
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener noreferrer">' in shown
    assert "&lt;b&gt; <code>key</code>" in shown
    assert "<a" not in prose("javascript:alert(1)")


def test_an_unknown_language_is_refused_with_what_there_is() -> None:
    with pytest.raises(InputError, match=r"--lang zz: .*allowed: en, zh"):
        check_language("zz")


def test_writing_makes_folders_and_replaces_the_old_page(planned: Planner, tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "r.html"
    assert planner.render(planned("base"), path) == path
    path.write_text("old")
    render(planned("base"), path)
    assert path.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert [p.name for p in path.parent.iterdir()] == ["r.html"]


def test_what_cannot_be_written_is_refused_before_anything_is_planned(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("kept")
    with pytest.raises(InputError, match="is a folder"):
        check_output(tmp_path)
    with pytest.raises(InputError, match="is a file, not a folder"):
        check_output(file / "r.html")
    check_output(tmp_path / "a" / "b.html")
    assert file.read_text() == "kept"
    assert not (tmp_path / "a").exists()
