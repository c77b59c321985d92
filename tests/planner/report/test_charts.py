"""Charts are well-formed SVG that says what the data say; parts add up."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from planner.report import charts, svg
from planner.report.formats import Formats
from planner.report.messages import messages
from planner.report.money import apportioned

FORMATS = Formats(messages("en"), "2027-01")
HOSTILE = '<script>alert("1")</script>&'


def drawings(markup: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(f"<all>{markup}</all>"))


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_a_fan_is_well_formed_for_any_row(row: list[float]) -> None:
    rows = dict.fromkeys(("central", "p5", "p25", "p50", "p75", "p95"), row)
    wide, narrow = drawings(charts.fan("cash", "Cash", "Summary", rows, [(1, "+$1M")], FORMATS))
    for drawing in (wide, narrow):
        assert drawing.find("title") is not None
        assert drawing.find("desc") is not None
        assert drawing.get("role") == "img"
    assert "nan" not in ElementTree.tostring(wide, "unicode")


def test_a_fan_of_one_draw_has_no_band() -> None:
    markup = charts.fan("cash", "Cash", "Summary", {"central": [1.0, -2.0, 3.0]}, [], FORMATS)
    assert "band" not in markup
    assert 'class="central"' in markup


def test_text_in_charts_is_escaped() -> None:
    markup = charts.fan("cash", HOSTILE, HOSTILE, {"central": [1.0, 2.0]}, [(1, HOSTILE)], FORMATS)
    assert "<script" not in markup
    assert drawings(markup)[0].findtext("title") == HOSTILE


def test_stacked_columns_reach_the_sum_of_their_kinds() -> None:
    markup = charts.stacked("costs", "Costs", "", {"a": [10.0, 20.0], "b": [5.0, 0.0]}, [0.0, 20.0], FORMATS)
    wide = drawings(markup)[0]
    paths = {path.get("class"): path.get("d") or "" for path in wide.iter("path")}
    # The first column of b starts where the first column of a ends; b has no second column.
    assert (
        paths["kind-1"].split("V")[1].split("h")[0]
        == paths["kind-2"].split("M")[1].split("h")[0].split(" ")[1]
    )
    assert paths["kind-1"].count("z") == 2
    assert paths["kind-2"].count("z") == 1


def test_a_bar_is_as_long_as_its_value() -> None:
    bar = drawings(charts.spans([(0.0, 25.0, "part")], 0.0, 100.0, mark=50.0))[0]
    piece, mark = bar.iter("rect")
    assert float(piece.get("width") or 0) == pytest.approx(250)
    assert float(mark.get("x") or 0) == pytest.approx(500, abs=2)


@pytest.mark.parametrize("row", [[], [1.0], [math.nan, 1.0], [math.inf, 2.0]])
def test_no_spark_where_there_is_no_line(row: list[float]) -> None:
    assert charts.spark(row) == ""


@given(st.floats(-1e12, 1e12), st.floats(1e-6, 1e12), st.integers(2, 9))
def test_ticks_cover_the_range(low: float, span: float, count: int) -> None:
    marks = svg.ticks(low, low + span, count)
    if low + span > low:
        step = marks[1] - marks[0]
        assert marks[0] <= low + 1e-6 * step
        assert marks[-1] >= low + span - 1e-6 * step
        assert len(marks) <= 2 * count + 3


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=12), st.integers(1, 4))
def test_rounded_parts_add_up_to_the_rounded_whole(parts: list[float], digits: int) -> None:
    texts, whole = apportioned(parts, digits), sum(parts)
    if whole > 1e-200:
        unit = 10.0 ** (math.floor(math.log10(whole)) - digits + 1)
        assert sum(round(part / unit) for part in texts) == round(whole / unit)
        assert all(abs(text - part) < unit * 1.0001 for text, part in zip(texts, parts, strict=True))


def test_next_to_nothing_is_rounded_to_nothing() -> None:
    assert apportioned([5e-324, 0.0], 4) == [0.0, 0.0]
